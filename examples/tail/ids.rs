//! Finds out which events have an ID of their own. The decoder only reports the last event ID.
//!
//! This module reads the stream a second time, without a buffer. It must not depend on the session.

use core::mem::take;

use embedded_sse::{Field, Token, Tokenizer};

#[derive(Default)]
pub(crate) struct Ids {
    tokenizer: Tokenizer,
    /// Whether the current block has an ID.
    has_id: bool,
}

impl Ids {
    /// Reads a piece of the stream, which may end with the end of a block. Returns whether that block has an ID.
    pub(crate) fn read(&mut self, mut piece: &[u8]) -> bool {
        let mut had_id = false;
        while let Some(token) = self.tokenizer.next_token(&mut piece) {
            match token {
                Token::EndOfField(Field::Id) => self.has_id = true,
                Token::EndOfEvent => had_id = take(&mut self.has_id),
                _ => {}
            }
        }
        had_id
    }
}
