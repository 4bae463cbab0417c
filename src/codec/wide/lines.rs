//! What a line is and how long, at one look.
//!
//! Knows the names of fields and their colon, if they lie whole in the chunk. Must not know what is cut or rare: that is the
//! tokenizer's business.

use super::scan::{is_line_end, is_plain_up_to};
use crate::codec::field::Field;
use crate::codec::line_end::find_line_end;
use crate::codec::read::tokenizer::{Line, State, Tokenizer};

/// What a line is, by its beginning.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Blank,
    Line {
        field: Field,
        /// Where its value starts.
        start: usize,
    },
    Other,
}

/// How long the last line of a kind was. Types, ids and comments are often as long as the ones before them.
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

/// What the line is that begins at `at`: blank, a comment, or of a known name whose colon and one more byte are there. All
/// that is rare, such as `retry`, or cut is [`Other`](Kind::Other), and for [`next_piece`](Tokenizer::next_piece).
#[inline(always)]
pub(crate) fn kind(tokenizer: &Tokenizer, chunk: &[u8], at: usize) -> Kind {
    if !matches!(tokenizer.state, State::LineStart) {
        return Kind::Other;
    }
    let rest = chunk.get(at..).unwrap_or_default();
    // Names are first looked for together with their space: then the start of the value follows from a branch, which a CPU
    // foresees, and not from a byte, for which the search for the line's end would have to wait.
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

/// How long the value is that starts at `start`, or the part of it that is there.
#[inline(always)]
pub(crate) fn length(chunk: &[u8], start: usize) -> usize {
    let rest = chunk.get(start..).unwrap_or_default();
    find_line_end(rest).unwrap_or(rest.len())
}

/// The same for a value that is perhaps as long as the last one of its kind, whose length is in `last`.
#[inline(always)]
pub(crate) fn length_like(last: &mut usize, chunk: &[u8], start: usize) -> usize {
    let rest = chunk.get(start..).unwrap_or_default();
    *last = find_line_end_like(*last, rest).unwrap_or(rest.len());
    *last
}

/// Whether a `data` value goes on with the next byte.
#[inline(always)]
pub(crate) const fn is_in_data(tokenizer: &Tokenizer) -> bool {
    matches!(tokenizer.state, State::Value(Line::Field(Field::Data)))
}

/// Whether a comment goes on with the next byte.
#[inline(always)]
pub(crate) const fn is_in_comment(tokenizer: &Tokenizer) -> bool {
    matches!(tokenizer.state, State::Value(Line::Field(Field::Comment)))
}

/// The value goes as far as `end`, where its line ends or the chunk does. Moves behind that; `true`: the line has ended.
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

/// Moves behind the line end at `at` if one stands there, which makes a blank line.
#[inline(always)]
pub(crate) fn blank_line(tokenizer: &mut Tokenizer, chunk: &[u8], at: &mut usize) -> bool {
    let blank = matches!(tokenizer.state, State::LineStart) && matches!(chunk.get(*at), Some(b'\r' | b'\n'));
    if blank {
        tokenizer.end_line(chunk, at);
    }
    blank
}

/// [`find_line_end`] for a line that is perhaps as long as the last one of its kind. Then its length does not follow from its
/// bytes, for which the next line would have to wait, but from a branch, which a CPU foresees.
#[inline(always)]
pub(crate) fn find_line_end_like(length: usize, bytes: &[u8]) -> Option<usize> {
    if is_line_end(bytes.get(length)) && is_plain_up_to(length, bytes) {
        #[cfg(test)]
        crate::codec::work::looked_at(length + 1);
        return Some(length);
    }
    find_line_end(bytes)
}
