//! Finds out which events have an ID of their own. The event source only reports the last event ID.
//!
//! This module reads the stream a second time, without a buffer. It must not depend on the event source.

use core::mem::take;
use std::collections::VecDeque;

use embedded_sse::{Field, Token, Tokenizer};

#[derive(Default)]
pub(crate) struct Ids {
    tokenizer: Tokenizer,
    /// Whether the current block has an ID, and whether it becomes an event.
    has_id: bool,
    has_data: bool,
    /// For each event that was read and not yet reported, whether it has an ID.
    events: VecDeque<bool>,
}

impl Ids {
    /// Reads a piece of the stream.
    pub(crate) fn read(&mut self, mut piece: &[u8]) {
        while let Some(token) = self.tokenizer.next_token(&mut piece) {
            match token {
                Token::EndOfField(Field::Id) => self.has_id = true,
                Token::EndOfField(Field::Data) => self.has_data = true,
                Token::EndOfEvent => {
                    let has_id = take(&mut self.has_id);
                    if take(&mut self.has_data) {
                        self.events.push_back(has_id);
                    }
                }
                _ => {}
            }
        }
    }

    /// Returns whether the next event has an ID.
    pub(crate) fn next_event(&mut self) -> bool {
        self.events.pop_front().unwrap_or_default()
    }
}
