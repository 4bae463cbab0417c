//! The straight path: the lines that nearly all streams consist of, taken whole, in front of the general machine.
//!
//! Nothing here means anything that the machine does not say too; it is faster, and only that. A small core does without it, for
//! its code is as large as the rest of the decoder.
//!
//! For those who change it: these are the hot loops of the crate. The next line cannot be looked at before the end of this one is
//! known, so what counts is the chain of operations from one line's start to the next one's, and branches are cheaper on it than
//! arithmetic.

use super::block::Block;
use super::field::Field;
use super::head::Head;
use super::machine::{Machine, Memory, Phase};
use super::scan::{copy_line, find_line_end};
use super::span::{Span, slice};
use super::step::{Found, Step};
use super::tokenizer::{Line, Piece, Tokenizer};

impl Machine {
    /// What streams of tokens are: a `data` value that goes on, or an event that begins with its `data` line. `Err`: from this
    /// place on the step is for the general walk.
    #[inline(always)]
    pub(super) fn go_straight(&mut self, chunk: &[u8], memory: &mut Memory<'_>) -> Result<Step, usize> {
        let mut at = 0;
        if self.tokenizer.is_in_data() {
            let Some(length) = self.block.copy_data(chunk, false, memory.buffer) else { return Err(0) };
            if !self.tokenizer.end_value(Line::Field(Field::Data), chunk, length, &mut at) {
                return Ok(Step { consumed: at, found: None });
            }
            if !self.id.is_pending() && !self.block.event_type.is_lost() && self.tokenizer.blank_line(chunk, &mut at) {
                self.phase = Phase::Dispatched;
                return Ok(Step { consumed: at, found: Some(Found::Event) });
            }
        } else if self.tokenizer.is_in_comment() && self.line.is_absent() {
            let end = find_line_end(chunk).unwrap_or(chunk.len());
            self.tokenizer.end_value(Line::Field(Field::Comment), chunk, end, &mut at);
        } else if self.phase == Phase::Dispatched {
            let Head::Line { field: Field::Data, start } = self.tokenizer.head(chunk, 0) else { return Err(0) };
            let end = start + Tokenizer::length(Field::Data, chunk, start);
            self.block.clear();
            if !self.tokenizer.end_value(Line::Field(Field::Data), chunk, end, &mut at) {
                self.phase = Phase::UnderWay;
                self.block.push_data(slice(chunk, start, end), true, chunk, memory.buffer);
                return Ok(Step { consumed: at, found: None });
            }
            self.block.data = Span::Chunk { start, end };
            if self.tokenizer.blank_line(chunk, &mut at) {
                return Ok(Step { consumed: at, found: Some(Found::Event) });
            }
            self.phase = Phase::UnderWay;
        }
        Err(at)
    }

    /// Goes from line to line as long as they are of known names, until something is found or one is of another kind or cut.
    #[inline(always)]
    pub(super) fn whole_lines(
        &mut self,
        chunk: &[u8],
        at: &mut usize,
        memory: &mut Memory<'_>,
        items: bool,
    ) -> Option<Found> {
        loop {
            let found = match self.tokenizer.head(chunk, *at) {
                Head::Blank => {
                    self.tokenizer.blank_line(chunk, at);
                    self.blank_line(memory)
                }
                Head::Line { field: Field::Data, start } if self.block.data.is_absent() => {
                    let end = start + Tokenizer::length(Field::Data, chunk, start);
                    self.block.data = Span::Chunk { start, end };
                    self.tokenizer.end_value(Line::Field(Field::Data), chunk, end, at);
                    None
                }
                Head::Line { field: Field::Data, start } => {
                    *at = self.more_data(start, chunk, memory);
                    None
                }
                Head::Line { field: Field::Event, start } => {
                    let end = start + Tokenizer::length(Field::Event, chunk, start);
                    if self.tokenizer.end_value(Line::Field(Field::Event), chunk, end, at) {
                        self.block.set_type(Span::Chunk { start, end }, &mut []);
                        None
                    } else {
                        let piece = Piece { line: Line::Field(Field::Event), start, end, first: true, last: false };
                        self.field(piece, memory, items)
                    }
                }
                Head::Line { field: Field::Comment, start } if !items => {
                    *at = self.skip_comments(start, chunk);
                    None
                }
                Head::Line { field, start } => {
                    let end = start + Tokenizer::length(field, chunk, start);
                    let last = self.tokenizer.end_value(Line::Field(field), chunk, end, at);
                    self.field(Piece { line: Line::Field(field), start, end, first: true, last }, memory, items)
                }
                Head::Other => return None,
            };
            if found.is_some() {
                return found;
            }
        }
    }

    /// A comment that nobody wants, and those that follow it. Returns the place behind them.
    #[inline(never)]
    fn skip_comments(&mut self, mut start: usize, chunk: &[u8]) -> usize {
        self.line = Span::Absent;
        let idle = self.block.is_empty() && !self.id.is_pending();
        loop {
            let mut at = 0;
            let end = start + Tokenizer::length(Field::Comment, chunk, start);
            self.tokenizer.end_value(Line::Field(Field::Comment), chunk, end, &mut at);
            // With nothing under way a blank line says nothing (R35).
            while idle && self.tokenizer.blank_line(chunk, &mut at) {}
            match self.tokenizer.head(chunk, at) {
                Head::Line { field: Field::Comment, start: next } => start = next,
                _ => return at,
            }
        }
    }

    /// A `data` line that is not the first, and those that follow it at once. They have to be copied (R28), and a loop of its
    /// own is what a CPU wants for that. Returns the place behind them.
    #[inline(never)]
    fn more_data(&mut self, mut start: usize, chunk: &[u8], memory: &mut Memory<'_>) -> usize {
        self.block.data.settle(0, chunk, self.block.room(memory.buffer));
        loop {
            let end = match self.block.copy_data(chunk.get(start..).unwrap_or_default(), true, memory.buffer) {
                Some(length) => start + length,
                None => {
                    let end = start + Tokenizer::length(Field::Data, chunk, start);
                    self.block.push_data(slice(chunk, start, end), true, chunk, memory.buffer);
                    end
                }
            };
            let mut at = end;
            self.tokenizer.end_value(Line::Field(Field::Data), chunk, end, &mut at);
            match self.tokenizer.head(chunk, at) {
                Head::Line { field: Field::Data, start: next } => start = next,
                _ => return at,
            }
        }
    }
}

impl Block {
    /// A `data` line, or the rest of one, that begins with `rest` and has to be copied: copies it and returns its length, which
    /// is all of `rest` unless a line end stands behind it. `None`: there is no room, and nothing has changed.
    #[inline(always)]
    pub(super) fn copy_data(&mut self, rest: &[u8], joined: bool, buffer: &mut [u8]) -> Option<usize> {
        let Span::Stored { start, end } = self.data else { return None };
        let mut room = self.room(buffer).get_mut(end..)?;
        if joined {
            let (byte, behind) = room.split_first_mut()?;
            *byte = b'\n';
            room = behind;
        }
        let copied = copy_line(rest, room)?;
        self.data = Span::Stored { start, end: end + usize::from(joined) + copied };
        Some(copied)
    }
}
