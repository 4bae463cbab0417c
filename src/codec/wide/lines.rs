//! Determines the kind and the length of a line in one look.
//!
//! Handles known field names that lie whole in the chunk with their colon. Lines that are split or rare go to the
//! tokenizer.

use super::scan::{is_line_end, is_plain_up_to};
use crate::codec::field::Field;
use crate::codec::line_end::find_line_end;
use crate::codec::read::tokenizer::{Line, State, Tokenizer};

/// The kind of a line, determined by its beginning.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Blank,
    Line {
        field: Field,
        /// The start of its value.
        start: usize,
    },
    Other,
}

/// The length of the last line of each kind. Types, ids and comments are often as long as the previous ones.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Lengths {
    event: usize,
    id: usize,
    comment: usize,
}

impl Lengths {
    pub(crate) const UNKNOWN: Self = Self { event: 0, id: 0, comment: 0 };

    #[inline(always)]
    pub(crate) const fn of(&mut self, field: Field) -> &mut usize {
        match field {
            Field::Event => &mut self.event,
            Field::Id => &mut self.id,
            _ => &mut self.comment,
        }
    }
}

/// Returns the kind of the line that begins at `at`: blank, a comment, or a known name with its colon and at least one
/// more byte in the chunk. Everything that is rare, such as `retry`, or split is [`Other`](Kind::Other) and is left to
/// [`next_piece`](Tokenizer::next_piece).
#[inline(always)]
pub(crate) fn kind(tokenizer: &Tokenizer, chunk: &[u8], at: usize) -> Kind {
    if !matches!(tokenizer.state, State::LineStart) {
        return Kind::Other;
    }
    let rest = chunk.get(at..).unwrap_or_default();
    // Names are first compared together with their space. The start of the value then follows from a branch, which the
    // CPU predicts, and not from a byte, which the search for the line end would have to wait for.
    let (field, name) = match rest.first() {
        Some(b'\n' | b'\r') => return Kind::Blank,
        Some(b'd') if rest.starts_with(b"data: ") => return Kind::Line { field: Field::Data, start: at + 6 },
        Some(b'd') if rest.starts_with(b"data:") => (Field::Data, 5),
        Some(b':') => return Kind::Line { field: Field::Comment, start: at + 1 },
        Some(b'e') if rest.starts_with(b"event: ") => return Kind::Line { field: Field::Event, start: at + 7 },
        Some(b'e') if rest.starts_with(b"event:") => (Field::Event, 6),
        Some(b'i') if rest.starts_with(b"id: ") => return Kind::Line { field: Field::Id, start: at + 4 },
        Some(b'i') if rest.starts_with(b"id:") => (Field::Id, 3),
        _ => return Kind::Other,
    };
    match rest.get(name) {
        None | Some(b' ') => Kind::Other,
        Some(_) => Kind::Line { field, start: at + name },
    }
}

/// Returns the length of the value that starts at `start`, or of the part of it that is in the chunk.
#[inline(always)]
pub(crate) fn length(chunk: &[u8], start: usize) -> usize {
    let rest = chunk.get(start..).unwrap_or_default();
    find_line_end(rest).unwrap_or(rest.len())
}

/// Like [`length`], for a value that may be as long as the last one of its kind, whose length is in `last`.
#[inline(always)]
pub(crate) fn length_like(last: &mut usize, chunk: &[u8], start: usize) -> usize {
    let rest = chunk.get(start..).unwrap_or_default();
    *last = find_line_end_like(*last, rest).unwrap_or(rest.len());
    *last
}

/// Returns whether the next byte continues a `data` value.
#[inline(always)]
pub(crate) const fn is_in_data(tokenizer: &Tokenizer) -> bool {
    matches!(tokenizer.state, State::Value(Line::Field(Field::Data)))
}

/// Returns whether the next byte continues a comment.
#[inline(always)]
pub(crate) const fn is_in_comment(tokenizer: &Tokenizer) -> bool {
    matches!(tokenizer.state, State::Value(Line::Field(Field::Comment)))
}

/// Ends the value at `end`, where its line or the chunk ends, and moves `at` past it. Returns whether the line has
/// ended.
#[inline(always)]
pub(crate) fn end_value(tokenizer: &mut Tokenizer, line: Line, chunk: &[u8], end: usize, at: &mut usize) -> bool {
    *at = end;
    let ended = end < chunk.len();
    if ended {
        tokenizer.end_line(chunk, at);
    } else {
        tokenizer.state = State::Value(line);
    }
    ended
}

/// Moves `at` past a line end if there is one at the start of a line, which makes a blank line. Returns whether there
/// was one.
#[inline(always)]
pub(crate) fn blank_line(tokenizer: &mut Tokenizer, chunk: &[u8], at: &mut usize) -> bool {
    let blank = matches!(tokenizer.state, State::LineStart) && matches!(chunk.get(*at), Some(b'\r' | b'\n'));
    if blank {
        tokenizer.end_line(chunk, at);
    }
    blank
}

/// Like [`find_line_end`], for a line that may be as long as the last one of its kind. The length then follows from a
/// branch, which the CPU predicts, and not from the line's bytes, which the next line would have to wait for.
#[inline(always)]
pub(crate) fn find_line_end_like(length: usize, bytes: &[u8]) -> Option<usize> {
    if is_line_end(bytes.get(length)) && is_plain_up_to(length, bytes) {
        #[cfg(test)]
        crate::codec::work::looked_at(length + 1);
        return Some(length);
    }
    find_line_end(bytes)
}
