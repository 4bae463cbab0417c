//! Which events have an id of their own: the decoder only tells the last one that there was.
//!
//! Reads the stream a second time, without a buffer.

use core::mem::take;

use embedded_sse::{Field, Token, Tokenizer};

#[derive(Default)]
pub(crate) struct Ids {
    tokenizer: Tokenizer,
    /// In the block that is being read.
    has_id: bool,
}

impl Ids {
    /// Reads on, to the end of a block if there is one. Whether that block has an id.
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
