//! Bytes to pieces of fields, without a buffer: where lines end, which field a line is, and the byte order mark.
//!
//! The only reader of line ends, of field names and of the BOM. Whatever a chunk border cuts is a state here: half a BOM, half
//! a name, the CR of a CR LF. Knows no events and keeps no bytes.
//!
//! For those who change it: [`Tokenizer::next_piece`] is the hot loop of the crate. A line that lies whole in the chunk goes
//! through `LineStart` to one search for its end and comes back as one piece; every other state exists for lines that are cut.
//! All roads lead to the one search at the bottom, so that its code stands only once in flash.

use crate::codec::field::Field;
use crate::codec::line_end::find_line_end;

/// What stands in a stream, in pieces as they arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Token<'c> {
    /// Bytes of a field's value, or of a comment's text. Never empty. One value can come in any number of pieces, cut wherever
    /// the chunks were cut, in the middle of a UTF-8 sequence too.
    Value(Field, &'c [u8]),
    /// The line of this field has ended. It comes once for every field, also when its value is empty and no
    /// [`Value`](Self::Value) came.
    EndOfField(Field),
    /// A blank line (R21). Whether it dispatches an event depends on what came before it (R35).
    EndOfEvent,
}

/// Cuts a stream into [`Token`]s and keeps nothing: values of any size pass through 3 bytes of state.
///
/// For those to whom no buffer is large enough; others want a [`Decoder`](crate::Decoder). Fields of unknown name are left out
/// (R33), the one space behind the colon is taken off (R24), a leading byte order mark is dropped (R13).
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
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Tokenizer {
    pub(crate) state: State,
    /// The field whose last piece was handed out as a token and whose end was not.
    ended: Option<Field>,
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum State {
    /// The line agrees with what stands in [`NAMES`] up to this place. At [`START`], nothing of the stream was read.
    Name(u8),
    /// A line has ended with CR; an LF here belongs to it (R18).
    AfterCr,
    LineStart,
    /// One space may be taken off here (R24).
    AfterColon(Field),
    Value(Line),
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum Line {
    Blank,
    Field(Field),
    /// It means nothing (R33).
    Ignored,
}

/// A part of a line within a chunk; offsets are into that chunk.
#[derive(Clone, Copy)]
pub(crate) struct Piece {
    pub(crate) line: Line,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The field begins with this piece.
    pub(crate) first: bool,
    /// The line ends behind this piece.
    pub(crate) last: bool,
}

/// What a stream or a line can begin with, each followed by what it is: the byte order mark by zero, a name by its [`Field`].
const NAMES: &[u8] = b"\xEF\xBB\xBF\x00data\x01event\x02id\x03retry\x04";
const START: u8 = 0;
const DATA: u8 = 4;
const EVENT: u8 = 9;
const ID: u8 = 15;
const RETRY: u8 = 18;

impl Tokenizer {
    /// Stands before the first byte of a stream.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::Name(START), ended: None }
    }

    /// Takes the next token from the front of `input`.
    ///
    /// `None` means that `input` is used up: go on with the next chunk. Whether chunks are cut here or there, or are empty,
    /// changes only the cuts between pieces of one value. At the end of the stream nothing has to be done: a line without its
    /// end does not count (R20). Each call takes time in proportion to the bytes that it takes from `input`.
    pub fn next_token<'c>(&mut self, input: &mut &'c [u8]) -> Option<Token<'c>> {
        if let Some(field) = self.ended.take() {
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
                self.ended = last.then_some(field);
                return Some(Token::Value(field, value));
            }
            if last {
                return Some(Token::EndOfField(field));
            }
        }
    }

    /// A new stream begins: an unfinished line is forgotten, a byte order mark is dropped again (R13).
    pub const fn reset(&mut self) {
        *self = Self::new();
    }

    /// Whether a line has begun that would count if it were finished.
    pub(crate) const fn is_mid_field(&self) -> bool {
        match self.state {
            State::Name(place) => matches!(place, DATA..RETRY),
            State::AfterColon(field) | State::Value(Line::Field(field)) => {
                matches!(field, Field::Data | Field::Event | Field::Id)
            }
            _ => false,
        }
    }

    /// The next piece at or behind `at`, which is moved behind it; `None` when the chunk is used up. A first piece may be
    /// empty, so that the beginning of a field is always told.
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
                    State::LineStart => self.state = begin_name(byte),
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
                            // A part of a mark is no mark but the beginning of a name that nobody knows (R13, R26).
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

    /// [`end_line`](Self::end_line) by a call, which is shorter than a copy of it in the loop above.
    #[inline(never)]
    fn end_line_apart(&mut self, chunk: &[u8], at: &mut usize) {
        self.end_line(chunk, at);
    }

    /// Moves over the line end at `at`. A CR ends its line at once; an LF in the next chunk is dropped then (R19).
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
const fn begin_name(first: u8) -> State {
    State::Name(match first {
        b'd' => DATA,
        b'e' => EVENT,
        b'i' => ID,
        b'r' => RETRY,
        _ => return State::Value(Line::Ignored),
    })
}

/// What ends here, if this byte of [`NAMES`] belongs to no name. The mark is told as a comment, which has no name.
const fn named(byte: u8) -> Option<Field> {
    const DATA: u8 = Field::Data as u8;
    const EVENT: u8 = Field::Event as u8;
    const ID: u8 = Field::Id as u8;
    const RETRY: u8 = Field::Retry as u8;
    match byte {
        0 => Some(Field::Comment),
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

    /// As its documentation says. On 32-bit cores `tests/firmware/budgets.toml` holds it to that.
    #[test]
    fn the_state_takes_three_bytes() {
        assert_eq!(size_of::<Tokenizer>(), 3);
    }
}
