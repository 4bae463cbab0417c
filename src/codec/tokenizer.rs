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
    state: State,
    /// The field whose last piece was handed out as a token and whose end was not.
    ended: Option<Field>,
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum State {
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

    /// [`next_piece`](Self::next_piece) for what nearly all lines are: begun in this chunk, of a known name with its colon. It is
    /// in line in the decoder's loop. `None`: the next byte is something else, and nothing has changed.
    #[inline(always)]
    pub(super) fn next_line(&mut self, chunk: &[u8], at: &mut usize) -> Option<Piece> {
        if !matches!(self.state, State::LineStart) {
            return None;
        }
        let rest = chunk.get(*at..)?;
        let (field, name) = match *rest.first()? {
            b'\n' => {
                *at += 1;
                return Some(Piece::Blank);
            }
            b'd' if rest.starts_with(b"data:") => (Field::Data, 5),
            b':' => (Field::Comment, 1),
            b'e' if rest.starts_with(b"event:") => (Field::Event, 6),
            b'i' if rest.starts_with(b"id:") => (Field::Id, 3),
            b'r' if rest.starts_with(b"retry:") => (Field::Retry, 6),
            b'\r' => {
                self.end_line(chunk, at);
                return Some(Piece::Blank);
            }
            _ => return None,
        };
        let space = field != Field::Comment && *rest.get(name)? == b' ';
        let start = *at + name + usize::from(space);
        Some(self.value(field, start, true, chunk, at))
    }

    /// The rest of a value from `start` on, as far as the chunk has it.
    #[inline(always)]
    fn value(&mut self, field: Field, start: usize, first: bool, chunk: &[u8], at: &mut usize) -> Piece {
        let length = chunk.get(start..).and_then(find_line_end);
        let end = length.map_or(chunk.len(), |length| start + length);
        *at = end;
        match length {
            Some(_) => self.end_line(chunk, at),
            None => self.state = State::Value(field),
        }
        Piece::Part { field, start, end, first, last: length.is_some() }
    }

    /// Whether a `data` value goes on with the next byte.
    #[inline(always)]
    pub(super) const fn is_in_data(&self) -> bool {
        matches!(self.state, State::Value(Field::Data))
    }

    /// The value has ended at `at`, where a line end stands. Moves behind it.
    #[inline(always)]
    pub(super) fn end_value(&mut self, chunk: &[u8], mut at: usize) -> usize {
        self.end_line(chunk, &mut at);
        at
    }

    /// The place behind the blank line that stands at `at`, if one does.
    #[inline(always)]
    pub(super) fn blank_line(&mut self, chunk: &[u8], mut at: usize) -> Option<usize> {
        if !matches!(self.state, State::LineStart) || !matches!(chunk.get(at)?, b'\r' | b'\n') {
            return None;
        }
        self.end_line(chunk, &mut at);
        Some(at)
    }

    /// Where the value starts of a `data` line that begins at `at`, if one does and the value has begun.
    #[inline(always)]
    pub(super) fn data_start(&self, chunk: &[u8], at: usize) -> Option<usize> {
        if !matches!(self.state, State::LineStart) {
            return None;
        }
        let value = chunk.get(at..)?.strip_prefix(b"data:")?;
        Some(at + 5 + usize::from(*value.first()? == b' '))
    }

    /// The chunk ends within a `data` value.
    #[inline(always)]
    pub(super) const fn stay_in_data(&mut self) {
        self.state = State::Value(Field::Data);
    }

    /// The next piece at or behind `at`, which is moved behind it; `None` when the chunk is used up. A first piece may be
    /// empty, so that the beginning of a field is always told.
    #[inline(never)]
    pub(super) fn next_piece(&mut self, chunk: &[u8], at: &mut usize) -> Option<Piece> {
        loop {
            let rest = chunk.get(*at..)?;
            let &byte = rest.first()?;
            let is_line_end = matches!(byte, b'\r' | b'\n');
            match self.state {
                State::Value(field) => return Some(self.value(field, *at, false, chunk, at)),
                State::AfterColon(field) => {
                    let start = *at + usize::from(byte == b' ');
                    return Some(self.value(field, start, true, chunk, at));
                }
                State::Ignored => {
                    *at += find_line_end(rest).unwrap_or(rest.len());
                    if *at < chunk.len() {
                        self.end_line(chunk, at);
                    }
                }
                State::LineStart if byte == b':' => return Some(self.value(Field::Comment, *at + 1, true, chunk, at)),
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
                    None if is_line_end => return Some(self.value(field, *at, true, chunk, at)),
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
        }
    }

    /// Moves over the line end at `at`. A CR ends its line at once; an LF in the next chunk is dropped then (R19).
    #[inline(always)]
    fn end_line(&mut self, chunk: &[u8], at: &mut usize) {
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
