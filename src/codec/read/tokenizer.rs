//! Splits bytes into pieces of fields without a buffer: line ends, field names and the byte order mark.
//!
//! No other module parses line ends, field names or the BOM. Whatever a chunk border can cut is a state here: half a
//! BOM, half a name, the CR of a CR LF. This module must not depend on events, and it stores no bytes.
//!
//! For maintainers: [`Tokenizer::next_piece`] is the main loop of the crate. A line that lies whole in the chunk goes
//! through `LineStart` to one search for its end and is returned as one piece; every other state exists for lines that
//! are split. All paths lead to the single search at the bottom, so that flash holds its code only once.

use crate::codec::field::Field;
use crate::codec::line_end::find_line_end;

/// Describes a part of a stream, in pieces as they arrive.
///
/// ```
/// use embedded_sse::{Field, Token, Tokenizer};
///
/// let mut tokenizer = Tokenizer::new();
/// let mut input = &b"data: x\n\n"[..];
/// assert_eq!(tokenizer.next_token(&mut input), Some(Token::Value(Field::Data, b"x")));
/// assert_eq!(tokenizer.next_token(&mut input), Some(Token::EndOfField(Field::Data)));
/// assert_eq!(tokenizer.next_token(&mut input), Some(Token::EndOfEvent));
/// assert_eq!(tokenizer.next_token(&mut input), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Token<'c> {
    /// Bytes of a field's value or of a comment's text. Never empty. One value can arrive in any number of pieces,
    /// split wherever the chunks were split, even within a UTF-8 sequence.
    Value(Field, &'c [u8]),
    /// The line of this field has ended. Reported once for every field, even if its value is empty and no
    /// [`Value`](Self::Value) came.
    EndOfField(Field),
    /// A blank line ([R21]). Whether it dispatches an event depends on the lines before it ([R35]).
    ///
    /// [R21]: crate::rules#r21
    /// [R35]: crate::rules#r35
    EndOfEvent,
}

/// Splits a stream into [`Token`]s without storing it: values of any size pass through 3 bytes of state.
///
/// Use it for values that are too large for any buffer; otherwise use a [`Decoder`](crate::Decoder). Fields with
/// unknown names are skipped ([R33]), the one optional space after the colon is removed ([R24]), and a leading byte order
/// mark is dropped ([R13]).
///
/// ```
/// use embedded_sse::{Field, Token, Tokenizer};
///
/// let mut tokenizer = Tokenizer::new();
/// let mut length = 0;
/// for mut chunk in [&b"data: a long va"[..], b"lue\n\n"] {
///     while let Some(token) = tokenizer.next_token(&mut chunk) {
///         match token {
///             Token::Value(Field::Data, piece) => length += piece.len(),
///             Token::EndOfEvent => assert_eq!(length, 12),
///             _ => {}
///         }
///     }
/// }
/// ```
///
/// [R33]: crate::rules#r33
/// [R24]: crate::rules#r24
/// [R13]: crate::rules#r13
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Tokenizer {
    pub(crate) state: State,
    /// One more than the number of the field whose last piece was returned and whose end was not reported yet, or 0. A
    /// tokenizer then begins as all zeros, and a `static` one takes no flash for its initial value.
    ended: u8,
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum State {
    /// The line matches [`NAMES`] up to this offset. At [`START`], nothing of the stream has been read.
    Name(u8),
    /// A line has ended with CR; an LF here belongs to it ([R18](crate::rules#r18)).
    AfterCr,
    LineStart,
    /// One space may be removed here ([R24](crate::rules#r24)).
    AfterColon(Field),
    Value(Line),
}

/// The kind of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum Line {
    Blank,
    Field(Field),
    /// A field with an unknown name, which is ignored ([R33](crate::rules#r33)).
    Ignored,
}

/// A part of a line within a chunk. Offsets are relative to that chunk.
#[derive(Clone, Copy)]
pub(crate) struct Piece {
    pub(crate) line: Line,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The field begins with this piece.
    pub(crate) first: bool,
    /// The line ends after this piece.
    pub(crate) last: bool,
}

/// No line end is above this byte. One comparison rules out both.
pub(crate) const LINE_END: u8 = b'\r';

/// The possible beginnings of a stream or a line, each followed by what it identifies: [`Field::Comment`], which has no
/// name, for the byte order mark, and the [`Field`] for a name.
pub(crate) const NAMES: &[u8] = b"\xEF\xBB\xBF\x00data\x01event\x02id\x03retry\x04";
pub(crate) const START: u8 = 0;
const DATA: u8 = 4;
const EVENT: u8 = 9;
const ID: u8 = 15;
const RETRY: u8 = 18;

impl Tokenizer {
    /// Creates a tokenizer at the start of a stream.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::Name(START), ended: 0 }
    }

    /// Returns the next token and advances `input` past the consumed bytes.
    ///
    /// `None` means that `input` is used up: continue with the next chunk. Where chunks are split, and whether some are
    /// empty, affects only how values are split into pieces. At the end of the stream nothing needs to be done: an
    /// unfinished line does not count ([R20]). Each call takes time proportional to the bytes that it consumes.
    ///
    /// [R20]: crate::rules#r20
    #[inline]
    pub fn next_token<'c>(&mut self, input: &mut &'c [u8]) -> Option<Token<'c>> {
        let chunk = *input;
        match (chunk, self.state) {
            // A single byte, such as a UART delivers, usually continues a value.
            (&[byte], State::Value(Line::Field(field))) if byte > LINE_END => {
                *input = chunk.get(1..).unwrap_or_default();
                Some(Token::Value(field, chunk))
            }
            ([], State::Value(_)) => None,
            _ => self.next_token_in(input),
        }
    }

    /// Kept out of line so that single bytes do not pay for it.
    #[inline(never)]
    fn next_token_in<'c>(&mut self, input: &mut &'c [u8]) -> Option<Token<'c>> {
        if let Some(field) = named(core::mem::take(&mut self.ended).wrapping_sub(1)) {
            return Some(Token::EndOfField(field));
        }
        let chunk = *input;
        let mut at = 0;
        loop {
            let piece = self.next_piece(chunk, &mut at);
            *input = chunk.get(at..).unwrap_or_default();
            let Piece { line: Line::Field(field), start, end, last, .. } = piece? else {
                return Some(Token::EndOfEvent);
            };
            let value = chunk.get(start..end).unwrap_or_default();
            if !value.is_empty() {
                self.ended = if last { field as u8 + 1 } else { 0 };
                return Some(Token::Value(field, value));
            }
            if last {
                return Some(Token::EndOfField(field));
            }
        }
    }

    /// Prepares for a new stream: discards an unfinished line, and drops a byte order mark again ([R13]).
    ///
    /// [R13]: crate::rules#r13
    pub const fn reset(&mut self) {
        *self = Self::new();
    }

    /// Returns whether a line has begun that would count if it were finished.
    pub(crate) const fn is_mid_field(&self) -> bool {
        match self.state {
            State::Name(place) => matches!(place, DATA..RETRY),
            State::AfterColon(field) | State::Value(Line::Field(field)) => {
                matches!(field, Field::Data | Field::Event | Field::Id)
            }
            _ => false,
        }
    }

    /// Returns the next piece at or after `at` and moves `at` past it, or `None` when the chunk is used up. A first
    /// piece may be empty, so that the beginning of a field is always reported.
    pub(crate) fn next_piece(&mut self, chunk: &[u8], at: &mut usize) -> Option<Piece> {
        loop {
            let (line, start, first) = loop {
                let &byte = chunk.get(*at)?;
                let is_line_end = matches!(byte, b'\r' | b'\n');
                match self.state {
                    State::Value(line) => break (line, *at, false),
                    State::AfterColon(field) => break (Line::Field(field), *at + usize::from(byte == b' '), true),
                    State::LineStart if byte == b':' => break (Line::Field(Field::Comment), *at + 1, true),
                    State::LineStart if is_line_end => break (Line::Blank, *at, true),
                    State::LineStart => match chunk.get(*at..) {
                        // Most lines. Compared at once, the name costs a fraction of the states below.
                        Some([b'd', b'a', b't', b'a', b':', next, ..]) => {
                            break (Line::Field(Field::Data), *at + 5 + usize::from(*next == b' '), true);
                        }
                        _ => self.state = begin_name(byte),
                    },
                    State::AfterCr => {
                        *at += usize::from(byte == b'\n');
                        self.state = State::LineStart;
                    }
                    State::Name(place) => {
                        let expected = NAMES.get(usize::from(place)).copied().unwrap_or_default();
                        match named(expected) {
                            Some(Field::Comment) => self.state = State::LineStart,
                            Some(field) if is_line_end => break (Line::Field(field), *at, true),
                            Some(field) if byte == b':' => {
                                *at += 1;
                                self.state = State::AfterColon(field);
                            }
                            None if byte == expected => {
                                *at += 1;
                                self.state = State::Name(place + 1);
                            }
                            None if place == START => self.state = State::LineStart,
                            // A partial byte order mark is not a mark but the beginning of an unknown name (R13, R26).
                            _ => self.state = State::Value(Line::Ignored),
                        }
                    }
                }
            };
            let end = chunk.get(start..).and_then(find_line_end).map_or(chunk.len(), |length| start + length);
            *at = end;
            let last = end < chunk.len();
            if last {
                self.end_line_apart(chunk, at);
            } else {
                self.state = State::Value(line);
            }
            if line != Line::Ignored {
                return Some(Piece { line, start, end, first, last });
            }
        }
    }

    /// Calls [`end_line`](Self::end_line) out of line, which is smaller than a copy of it in the loop above.
    #[inline(never)]
    fn end_line_apart(&mut self, chunk: &[u8], at: &mut usize) {
        self.end_line(chunk, at);
    }

    /// Moves `at` past the line end. A CR ends its line at once; an LF at the start of the next chunk is then dropped
    /// ([R19](crate::rules#r19)).
    #[inline(always)]
    pub(crate) fn end_line(&mut self, chunk: &[u8], at: &mut usize) {
        let cr = chunk.get(*at) == Some(&b'\r');
        *at += 1;
        self.state = State::LineStart;
        if cr {
            match chunk.get(*at) {
                Some(b'\n') => *at += 1,
                Some(_) => {}
                None => self.state = State::AfterCr,
            }
        }
    }
}

impl Default for Tokenizer {
    fn default() -> Self {
        Self::new()
    }
}

/// The four names differ in their first letter.
#[inline(never)]
pub(crate) const fn begin_name(first: u8) -> State {
    State::Name(match first {
        b'd' => DATA,
        b'e' => EVENT,
        b'i' => ID,
        b'r' => RETRY,
        _ => return State::Value(Line::Ignored),
    })
}

/// Returns what ends at this byte of [`NAMES`], or `None` if the byte is part of a name. The byte order mark is
/// returned as a comment, which has no name.
pub(crate) const fn named(byte: u8) -> Option<Field> {
    const COMMENT: u8 = Field::Comment as u8;
    const DATA: u8 = Field::Data as u8;
    const EVENT: u8 = Field::Event as u8;
    const ID: u8 = Field::Id as u8;
    const RETRY: u8 = Field::Retry as u8;
    match byte {
        COMMENT => Some(Field::Comment),
        DATA => Some(Field::Data),
        EVENT => Some(Field::Event),
        ID => Some(Field::Id),
        RETRY => Some(Field::Retry),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documentation promises this size. For 32-bit cores, `tests/firmware/budgets.toml` checks it.
    #[test]
    fn the_state_takes_three_bytes() {
        assert_eq!(size_of::<Tokenizer>(), 3);
    }

    #[test]
    fn each_name_is_followed_by_its_field() {
        let fields = [(DATA, Field::Data), (EVENT, Field::Event), (ID, Field::Id), (RETRY, Field::Retry)];
        for (start, field) in fields {
            let name = &NAMES[usize::from(start)..];
            assert!(name.starts_with(field.name().as_bytes()), "{field}");
            assert_eq!(named(name[field.name().len()]), Some(field));
        }
        assert_eq!(named(NAMES[3]), Some(Field::Comment), "after the byte order mark");
    }
}
