//! The straight path: the lines that nearly all streams consist of, taken whole, in front of the general machine.
//!
//! Nothing here means anything that the machine does not say too; it is faster, and only that. A small core does without it, for
//! its code is as large as the rest of the decoder.
//!
//! For those who change it: these are the hot loops of the crate. The next line cannot be looked at before the end of this one is
//! known, so what counts is the chain of operations from one line's start to the next one's, and branches are cheaper on it than
//! arithmetic.

pub(super) mod copy;
pub(super) mod frame;
pub(super) mod lines;
pub(super) mod plain;

use self::copy::{copy_line, copy_line_like};
use self::lines::Head;
use crate::codec::field::Field;
use crate::codec::line_end::find_line_end;
use crate::codec::read::block::Block;
use crate::codec::read::machine::{Machine, Memory, Phase};
use crate::codec::read::span::{Span, slice};
use crate::codec::read::step::{Found, Step};
use crate::codec::read::tokenizer::{Line, Piece, Tokenizer};

impl Machine {
    /// What streams of tokens are: a `data` value that goes on, or an event that begins with its `data` line. `Err`: from this
    /// place on the step is for the general walk.
    #[inline(always)]
    pub(crate) fn go_straight(&mut self, chunk: &[u8], memory: &mut Memory<'_>) -> Result<Step, usize> {
        let mut at = 0;
        if self.tokenizer.is_in_data() {
            let Some(length) = self.block.copy_data(chunk, memory.buffer) else { return Err(0) };
            if !self.tokenizer.end_value(Line::Field(Field::Data), chunk, length, &mut at) {
                return Ok(Step { consumed: at, found: None });
            }
            if !self.id.is_pending() && !self.block.event_type.is_lost() && self.tokenizer.blank_line(chunk, &mut at) {
                self.phase = Phase::Dispatched;
                return Ok(Step { consumed: at, found: Some(Found::Event) });
            }
        } else if self.tokenizer.is_in_comment() && self.line.is_absent() {
            let end = find_line_end(chunk).unwrap_or(chunk.len());
            if self.tokenizer.end_value(Line::Field(Field::Comment), chunk, end, &mut at) {
                self.end_comment();
            }
        } else if self.phase == Phase::Dispatched {
            let Head::Line { field: Field::Data, start } = self.tokenizer.head(chunk, 0) else { return Err(0) };
            let end = start + Tokenizer::length(chunk, start);
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
    pub(crate) fn whole_lines(
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
                    self.blank_line()
                }
                Head::Line { field: Field::Data, start } if self.block.data.is_absent() => {
                    let end = start + Tokenizer::length(chunk, start);
                    self.block.data = Span::Chunk { start, end };
                    self.tokenizer.end_value(Line::Field(Field::Data), chunk, end, at);
                    if self.tokenizer.blank_line(chunk, at) { self.blank_line() } else { None }
                }
                Head::Line { field: Field::Data, start } => {
                    *at = self.more_data(start, chunk, memory);
                    None
                }
                Head::Line { field: Field::Comment, start } if !items => {
                    *at = self.skip_comments(start, chunk);
                    None
                }
                Head::Line { field: Field::Id, start }
                    if self.id.take_line(*self.lengths.of(Field::Id), slice(chunk, start, chunk.len()), memory.ids) =>
                {
                    let end = start + *self.lengths.of(Field::Id);
                    self.tokenizer.end_value(Line::Field(Field::Id), chunk, end, at);
                    None
                }
                Head::Line { field, start } => {
                    let end = start + Tokenizer::length_like(self.lengths.of(field), chunk, start);
                    let last = self.tokenizer.end_value(Line::Field(field), chunk, end, at);
                    if last && field == Field::Event {
                        self.block.set_type(Span::Chunk { start, end }, &mut []);
                        None
                    } else {
                        self.field(Piece { line: Line::Field(field), start, end, first: true, last }, memory, items)
                    }
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
        let idle = self.block.is_absent() && !self.id.is_pending();
        let mut length = *self.lengths.of(Field::Comment);
        loop {
            let mut at = 0;
            let end = start + Tokenizer::length_like(&mut length, chunk, start);
            if self.tokenizer.end_value(Line::Field(Field::Comment), chunk, end, &mut at) {
                self.end_comment();
            }
            // With nothing under way a blank line says nothing (R35).
            while idle && self.tokenizer.blank_line(chunk, &mut at) {
                self.phase = Phase::UnderWay;
            }
            match self.tokenizer.head(chunk, at) {
                Head::Line { field: Field::Comment, start: next } => start = next,
                _ => {
                    *self.lengths.of(Field::Comment) = length;
                    return at;
                }
            }
        }
    }

    /// A `data` line that is not the first, and those that follow it at once. They have to be copied (R28), and a loop of its
    /// own is what a CPU wants for that. Returns the place behind them.
    #[inline(never)]
    fn more_data(&mut self, mut start: usize, chunk: &[u8], memory: &mut Memory<'_>) -> usize {
        let room = self.block.room(memory.buffer);
        self.block.data.settle(0, chunk, room);
        if let Span::Stored { start: from, end: mut behind } = self.block.data {
            let mut length = usize::MAX;
            while let Some(copied) = copy_joined(length, chunk.get(start..).unwrap_or_default(), room, behind) {
                length = copied;
                behind += 1 + length;
                let mut at = 0;
                self.tokenizer.end_value(Line::Field(Field::Data), chunk, start + length, &mut at);
                match self.tokenizer.head(chunk, at) {
                    Head::Line { field: Field::Data, start: next } => start = next,
                    _ => {
                        self.block.data = Span::Stored { start: from, end: behind };
                        return at;
                    }
                }
            }
            self.block.data = Span::Stored { start: from, end: behind };
        }
        let end = start + Tokenizer::length(chunk, start);
        self.block.push_data(slice(chunk, start, end), true, chunk, memory.buffer);
        let mut at = end;
        self.tokenizer.end_value(Line::Field(Field::Data), chunk, end, &mut at);
        at
    }
}

/// Copies an LF, which joins the lines, and the line behind it, which is perhaps of this length.
#[inline(always)]
fn copy_joined(length: usize, rest: &[u8], room: &mut [u8], at: usize) -> Option<usize> {
    let (byte, place) = room.get_mut(at..)?.split_first_mut()?;
    *byte = b'\n';
    copy_line_like(length, rest, place)
}

impl Block {
    /// A `data` line, or the rest of one, that begins with `rest` and has to be copied: copies it and returns its length, which
    /// is all of `rest` unless a line end stands behind it. `None`: there is no room, and nothing has changed.
    #[inline(always)]
    pub(crate) fn copy_data(&mut self, rest: &[u8], buffer: &mut [u8]) -> Option<usize> {
        let Span::Stored { start, end } = self.data else { return None };
        let room = self.room(buffer).get_mut(end..)?;
        let copied = copy_line(rest, room)?;
        self.data = Span::Stored { start, end: end + copied };
        Some(copied)
    }
}
