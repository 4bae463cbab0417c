//! Bytes to pieces of fields, without a buffer: where lines end, which field a line is, and the byte order mark.
//!
//! The only reader of line ends, of field names and of the BOM. Whatever a chunk border cuts is a state here: half a BOM, half
//! a name, the CR of a CR LF. Knows no events and keeps no bytes.
//!
//! For those who change it: [`Tokenizer::next_piece`] is the hot loop of the crate. A line that lies whole in the chunk goes
//! through `LineStart` to one search for its end and comes back as one piece; every other state exists for lines that are cut.
//! All roads lead to the one search at the bottom, so that its code stands only once in flash.

use super::field::Field;
use super::scan::find_line_end;

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

/// Cuts a stream into [`Token`]s and keeps nothing: values of any size pass through 4 bytes of state.
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
    pub(super) state: State,
    /// The field whose last piece was handed out as a token and whose end was not.
    ended: Option<Field>,
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) enum State {
    /// Nothing of the stream was read but this many bytes of a byte order mark.
    Start(u8),
    /// A line has ended with CR; an LF here belongs to it (R18).
    AfterCr,
    LineStart,
    /// The line agrees with the name of this field so far.
    Name(Field, u8),
    /// One space may be taken off here (R24).
    AfterColon(Field),
    Value(Field),
    /// In a line that means nothing.
    Ignored,
}

/// A part of a line within a chunk; offsets are into that chunk.
#[derive(Clone, Copy)]
pub(super) enum Piece {
    Blank,
    Part {
        field: Field,
        start: usize,
        end: usize,
        /// The field begins with this piece.
        first: bool,
        /// The line ends behind this piece.
        last: bool,
    },
}

const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

impl Tokenizer {
    /// Stands before the first byte of a stream.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::Start(0), ended: None }
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
            let Piece::Part { field, start, end, last, .. } = piece? else {
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
    pub(super) const fn is_mid_field(&self) -> bool {
        matches!(
            self.state,
            State::Name(field, _) | State::AfterColon(field) | State::Value(field)
                if matches!(field, Field::Data | Field::Event | Field::Id)
        )
    }

    /// The value goes as far as `end`, where its line ends or the chunk does. Moves behind that; `true`: the line has ended.
    #[inline(always)]
    pub(super) fn end_value(&mut self, field: Field, chunk: &[u8], end: usize, at: &mut usize) -> bool {
        *at = end;
        let ended = end < chunk.len();
        if ended {
            self.end_line(chunk, at);
        } else {
            self.state = State::Value(field);
        }
        ended
    }

    /// The next piece at or behind `at`, which is moved behind it; `None` when the chunk is used up. A first piece may be
    /// empty, so that the beginning of a field is always told.
    #[inline(never)]
    pub(super) fn next_piece(&mut self, chunk: &[u8], at: &mut usize) -> Option<Piece> {
        let (field, start, first) = loop {
            let rest = chunk.get(*at..)?;
            let &byte = rest.first()?;
            let is_line_end = matches!(byte, b'\r' | b'\n');
            match self.state {
                State::Value(field) => break (field, *at, false),
                State::AfterColon(field) => break (field, *at + usize::from(byte == b' '), true),
                State::Ignored => {
                    *at += find_line_end(rest).unwrap_or(rest.len());
                    if *at < chunk.len() {
                        self.end_line(chunk, at);
                    }
                }
                State::LineStart if byte == b':' => break (Field::Comment, *at + 1, true),
                State::LineStart if is_line_end => {
                    self.end_line(chunk, at);
                    return Some(Piece::Blank);
                }
                State::LineStart => self.state = begin_name(byte),
                State::Name(field, matched) => match field.name().as_bytes().get(usize::from(matched)) {
                    Some(next) if *next == byte => {
                        *at += 1;
                        self.state = State::Name(field, matched + 1);
                    }
                    None if byte == b':' => {
                        *at += 1;
                        self.state = State::AfterColon(field);
                    }
                    None if is_line_end => break (field, *at, true),
                    _ => self.state = State::Ignored,
                },
                State::AfterCr => {
                    *at += usize::from(byte == b'\n');
                    self.state = State::LineStart;
                }
                State::Start(matched) => {
                    self.state = match BYTE_ORDER_MARK.get(usize::from(matched)) {
                        Some(next) if *next == byte => {
                            *at += 1;
                            State::Start(matched + 1)
                        }
                        // A part of a mark is no mark but the beginning of a name that nobody knows (R13, R26).
                        Some(_) if matched > 0 => State::Ignored,
                        _ => State::LineStart,
                    };
                }
            }
        };
        let end = chunk.get(start..).and_then(find_line_end).map_or(chunk.len(), |length| start + length);
        let last = self.end_value(field, chunk, end, at);
        Some(Piece::Part { field, start, end, first, last })
    }

    /// Moves over the line end at `at`. A CR ends its line at once; an LF in the next chunk is dropped then (R19).
    #[inline(always)]
    pub(super) fn end_line(&mut self, chunk: &[u8], at: &mut usize) {
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
const fn begin_name(first: u8) -> State {
    match first {
        b'd' => State::Name(Field::Data, 0),
        b'e' => State::Name(Field::Event, 0),
        b'i' => State::Name(Field::Id, 0),
        b'r' => State::Name(Field::Retry, 0),
        _ => State::Ignored,
    }
}
