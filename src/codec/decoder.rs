//! Pieces of fields to whole events: what each field does and what a blank line dispatches (R21 to R44).
//!
//! Knows the meaning of fields. How lines are cut from bytes is the tokenizer's, where bytes are kept is the block's and the
//! last event ID's business.
//!
//! For those who change it: [`Machine`] is the whole decoder and has no type parameters, so that one copy of it stands in
//! flash however many kinds of buffers a program uses. [`Decoder`] only lends it memory.

use core::fmt;
use core::time::Duration;

use super::block::{Block, Span, slice};
use super::event::{Event, Item, TooLong};
use super::field::{Field, Retry};
use super::last_event_id::LastEventId;
use super::tokenizer::{Head, Piece, Tokenizer};

/// Decodes an event stream in memory that the caller chose.
///
/// `buffer` is any `AsRef<[u8]> + AsMut<[u8]>`: an array, a slice, a box, a vector. It has to hold the data and the type of the
/// longest event that chunks cut in two; an event that lies whole in one chunk and has one `data` line is lent from the chunk
/// and needs no buffer at all. `ID` is the length in bytes of the longest last event ID; its store lies in the decoder, twice,
/// apart from the buffer, so that a long id cannot take the room of data.
///
/// A stream is decoded exactly as the HTML Standard says, whatever the bytes and wherever they are cut; there is no malformed
/// stream (R33). Nothing is ever cut short: what is too long is left out as a whole and reported once, as [`TooLong`].
///
/// # Use
///
/// Give each chunk until it says `None`, then the next. When a stream ends, throw away what is unfinished with
/// [`reset`](Self::reset) and go on with the next stream: the last event ID and the reconnection time live on (R62).
///
/// ```
/// use embedded_sse::Decoder;
///
/// let mut decoder = Decoder::new([0; 64]);
/// let mut seen = 0;
/// for mut chunk in [&b"data: ligh"[..], b"t on\n\nevent: off\nda", b"ta\n\n"] {
///     while let Some(event) = decoder.next_event(&mut chunk) {
///         let event = event?;
///         match seen {
///             0 => assert_eq!(event.data, b"light on"),
///             _ => assert_eq!((event.event_type, event.data), (&b"off"[..], &b""[..])),
///         }
///         seen += 1;
///     }
/// }
/// assert_eq!(seen, 2);
/// # Ok::<(), embedded_sse::TooLong>(())
/// ```
#[derive(Clone, Debug)]
pub struct Decoder<B, const ID: usize = 64> {
    machine: Machine,
    ids: [[u8; ID]; 2],
    buffer: B,
}

impl<B> Decoder<B> {
    /// Stands before the first byte of a stream, with room for last event IDs of 64 bytes.
    #[must_use]
    pub const fn new(buffer: B) -> Self {
        Self::with_id_capacity(buffer)
    }
}

impl<B, const ID: usize> Decoder<B, ID> {
    /// Stands before the first byte of a stream, with room for last event IDs of `ID` bytes:
    /// `Decoder::<_, 256>::with_id_capacity(buffer)`.
    #[must_use]
    pub const fn with_id_capacity(buffer: B) -> Self {
        Self { machine: Machine::NEW, ids: [[0; ID]; 2], buffer }
    }

    /// The last event ID string: what an event carries, and what a reconnect sends as `Last-Event-ID` unless it is empty (R60).
    /// It changes only at blank lines (R34) and outlives [`reset`](Self::reset).
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        self.machine.id.committed(self.ids.as_flattened())
    }

    /// Sets the last event ID string, for one that was kept in storage. Empty forgets it.
    ///
    /// # Errors
    ///
    /// The bytes are no id that a stream could have sent, or are more than `ID`; then nothing has changed.
    pub fn set_last_event_id(&mut self, id: &[u8]) -> Result<(), SetIdError> {
        if id.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n')) {
            return Err(SetIdError::Forbidden);
        }
        if self.machine.id.set(id, self.ids.as_flattened_mut()) { Ok(()) } else { Err(SetIdError::TooLong) }
    }

    /// The reconnection time that the server asked for last (R30), `None` if it never did. It outlives
    /// [`reset`](Self::reset). A number larger than `u64::MAX` milliseconds counts as that (D5): clamp it before you wait.
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        match self.machine.retry.time() {
            Some(millis) => Some(Duration::from_millis(millis)),
            None => None,
        }
    }

    /// A new connection begins: the unfinished event is forgotten and its id with it (R41), a byte order mark is dropped again
    /// (R13). The last event ID string and the reconnection time stay (R62).
    pub const fn reset(&mut self) {
        self.machine.reset();
    }

    /// Whether the stream, if it ended here, would lose an event or an id that has begun (R41). Comments and `retry` lines are
    /// no loss.
    #[must_use]
    pub fn is_mid_event(&self) -> bool {
        self.machine.is_mid_event()
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>, const ID: usize> Decoder<B, ID> {
    /// Takes the next event from the front of `input`, and of `input` what it took.
    ///
    /// `None` means that `input` is used up: go on with the next chunk. The event borrows from the decoder and from the chunk;
    /// it is over when the next one is asked for.
    ///
    /// # Errors
    ///
    /// [`TooLong`] stands in the place of an event that had no room, or behind the event whose id had none. The event is gone,
    /// the stream is not: ask again.
    pub fn next_event<'a, 'c: 'a>(&'a mut self, input: &mut &'c [u8]) -> Option<Result<Event<'a>, TooLong>> {
        let chunk = *input;
        let step = self.step(chunk);
        *input = chunk.get(step.consumed..).unwrap_or_default();
        match step.found? {
            Found::TooLong(too_long) => Some(Err(too_long)),
            _ => Some(Ok(self.event(chunk))),
        }
    }

    /// Like [`next_event`](Self::next_event), but with comments and `retry` lines, each at the end of its line.
    ///
    /// A comment that was cut by a chunk's end needs room in the buffer beside the event around it; so does what came of an event
    /// before a comment or a `retry` line inside it.
    ///
    /// # Errors
    ///
    /// As for [`next_event`](Self::next_event), and for a comment that had no room.
    pub fn next_item<'a, 'c: 'a>(&'a mut self, input: &mut &'c [u8]) -> Option<Result<Item<'a>, TooLong>> {
        let chunk = *input;
        let step = self.step_item(chunk);
        *input = chunk.get(step.consumed..).unwrap_or_default();
        Some(match step.found? {
            Found::TooLong(too_long) => Err(too_long),
            Found::Retry => Ok(Item::Retry(self.reconnection_time().unwrap_or_default())),
            Found::Comment => Ok(Item::Comment(self.comment(chunk))),
            Found::Event => Ok(Item::Event(self.event(chunk))),
        })
    }

    /// One step of [`next_event`](Self::next_event) that lends nothing, for those who read into a buffer of their own in a loop:
    /// advance with `step` until it has found something, and build the view with [`event`](Self::event) behind the loop.
    ///
    /// Nothing found means that the whole chunk was consumed. Something found may have consumed nothing.
    #[must_use = "what was not consumed has to be given again"]
    pub fn step(&mut self, chunk: &[u8]) -> Step {
        self.machine.step(chunk, self.buffer.as_mut(), self.ids.as_flattened_mut(), false)
    }

    /// One step of [`next_item`](Self::next_item) that lends nothing; see [`step`](Self::step).
    #[must_use = "what was not consumed has to be given again"]
    pub fn step_item(&mut self, chunk: &[u8]) -> Step {
        self.machine.step(chunk, self.buffer.as_mut(), self.ids.as_flattened_mut(), true)
    }

    /// The event that the last step has found: [`Found::Event`]. `chunk` is the very slice that this step was given. After
    /// anything else the event is empty.
    #[must_use]
    pub fn event<'a>(&'a self, chunk: &'a [u8]) -> Event<'a> {
        let buffer = self.buffer.as_ref();
        let event_type = match self.machine.block.event_type(chunk, buffer) {
            [] => Event::DEFAULT_TYPE.as_bytes(),
            event_type => event_type,
        };
        Event { event_type, data: self.machine.block.data(chunk, buffer), last_event_id: self.last_event_id() }
    }

    /// The comment that the last step has found: [`Found::Comment`]. `chunk` is the very slice that this step was given. After
    /// anything else it is some text or none.
    #[must_use]
    pub fn comment<'a>(&'a self, chunk: &'a [u8]) -> &'a [u8] {
        self.machine.block.line(chunk, self.buffer.as_ref()).unwrap_or_default()
    }
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Step {
    /// How many bytes of the chunk are done with. All of them when nothing was found.
    pub consumed: usize,
    /// What stands at the end of them.
    pub found: Option<Found>,
}

/// What a step has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Found {
    /// An event: [`Decoder::event`] lends it.
    Event,
    /// A comment: [`Decoder::comment`] lends it.
    Comment,
    /// A reconnection time, which is now [`Decoder::reconnection_time`].
    Retry,
    /// Something had no room.
    TooLong(TooLong),
}

/// Why a last event ID cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SetIdError {
    /// It holds CR, LF or NUL, which no id can (R9, R42).
    Forbidden,
    /// It is longer than the decoder's store.
    TooLong,
}

impl fmt::Display for SetIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forbidden => "an event ID cannot hold CR, LF or NUL",
            Self::TooLong => "event ID too long for its store",
        })
    }
}

impl core::error::Error for SetIdError {}

/// The decoder without its memory.
#[derive(Clone, Debug)]
struct Machine {
    tokenizer: Tokenizer,
    block: Block,
    id: LastEventId,
    retry: Retry,
    /// Somebody wanted the comment under way when it began.
    comment_wanted: bool,
    phase: Phase,
}

/// What the block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    UnderWay,
    /// It was dispatched and is only kept to be looked at.
    Dispatched,
    /// It was dispatched, and its id was too long, which is still to be told.
    TellId,
}

const _: () = assert!(size_of::<usize>() != 4 || size_of::<Machine>() < 100);

impl Machine {
    const NEW: Self = Self {
        tokenizer: Tokenizer::new(),
        block: Block::EMPTY,
        id: LastEventId::EMPTY,
        retry: Retry::UNSET,
        comment_wanted: false,
        phase: Phase::UnderWay,
    };

    const fn reset(&mut self) {
        self.tokenizer.reset();
        self.block = Block::EMPTY;
        self.id.reset();
        self.phase = Phase::UnderWay;
    }

    fn is_mid_event(&self) -> bool {
        self.tokenizer.is_mid_field()
            || self.id.is_pending()
            || (self.phase == Phase::UnderWay && !self.block.is_empty())
    }

    /// The straight path through what streams mostly are, in front of the general one: a `data` value that goes on, and an
    /// event that begins with its `data` line.
    fn step(&mut self, chunk: &[u8], buffer: &mut [u8], ids: &mut [u8], items: bool) -> Step {
        let mut at = 0;
        if self.tokenizer.is_in_data() {
            if let Some(length) = self.block.copy_data(chunk, false, buffer) {
                if !self.tokenizer.end_value(Field::Data, chunk, length, &mut at) {
                    return Step { consumed: at, found: None };
                }
                if !self.id.is_pending() && !self.block.type_lost && self.tokenizer.blank_line(chunk, &mut at) {
                    self.phase = Phase::Dispatched;
                    return Step { consumed: at, found: Some(Found::Event) };
                }
            }
        } else if self.phase == Phase::Dispatched {
            if let Head::Line { field: Field::Data, start } = self.tokenizer.head(chunk, 0) {
                let end = start + Tokenizer::length(Field::Data, chunk, start);
                self.block = Block::EMPTY;
                if !self.tokenizer.end_value(Field::Data, chunk, end, &mut at) {
                    self.phase = Phase::UnderWay;
                    self.block.push_data(chunk, (start, end), true, buffer);
                    return Step { consumed: at, found: None };
                }
                self.block.data = Span::Chunk { start, end };
                if self.tokenizer.blank_line(chunk, &mut at) {
                    return Step { consumed: at, found: Some(Found::Event) };
                }
                self.phase = Phase::UnderWay;
            }
        }
        self.walk(at, chunk, buffer, ids, items)
    }

    /// Line by line, whatever they are.
    #[inline(never)]
    fn walk(&mut self, mut at: usize, chunk: &[u8], buffer: &mut [u8], ids: &mut [u8], items: bool) -> Step {
        match core::mem::replace(&mut self.phase, Phase::UnderWay) {
            Phase::UnderWay => {}
            Phase::Dispatched => self.block = Block::EMPTY,
            Phase::TellId => {
                self.block = Block::EMPTY;
                return Step { consumed: 0, found: Some(Found::TooLong(TooLong { field: Field::Id })) };
            }
        }
        while at < chunk.len() {
            let found = match self.tokenizer.head(chunk, at) {
                Head::Blank => {
                    self.tokenizer.blank_line(chunk, &mut at);
                    self.blank_line(chunk, ids)
                }
                Head::Line { field: Field::Data, start } if self.block.data == Span::Absent => {
                    let end = start + Tokenizer::length(Field::Data, chunk, start);
                    self.block.data = Span::Chunk { start, end };
                    self.tokenizer.end_value(Field::Data, chunk, end, &mut at);
                    None
                }
                Head::Line { field: Field::Data, start } => {
                    at = self.more_data(start, chunk, buffer);
                    None
                }
                Head::Line { field: Field::Event, start } => {
                    let end = start + Tokenizer::length(Field::Event, chunk, start);
                    if self.tokenizer.end_value(Field::Event, chunk, end, &mut at) {
                        self.block.set_type(start, end);
                        None
                    } else {
                        let piece = Piece::Part { field: Field::Event, start, end, first: true, last: false };
                        self.field(piece, chunk, buffer, ids, items)
                    }
                }
                Head::Line { field: Field::Comment, start } if !items => {
                    let end = start + Tokenizer::length(Field::Comment, chunk, start);
                    self.tokenizer.end_value(Field::Comment, chunk, end, &mut at);
                    self.comment_wanted = false;
                    None
                }
                Head::Line { field, start } => {
                    let end = start + Tokenizer::length(Field::Event, chunk, start);
                    let last = self.tokenizer.end_value(field, chunk, end, &mut at);
                    self.field(Piece::Part { field, start, end, first: true, last }, chunk, buffer, ids, items)
                }
                Head::Other => {
                    // A copy, because what is lent to a call cannot stay in a register.
                    let mut behind = at;
                    let piece = self.tokenizer.next_piece(chunk, &mut behind);
                    at = behind;
                    match piece {
                        Some(Piece::Blank) => self.blank_line(chunk, ids),
                        Some(piece) => self.field(piece, chunk, buffer, ids, items),
                        None => None,
                    }
                }
            };
            if let Some(found) = found {
                return Step { consumed: at, found: Some(found) };
            }
        }
        self.spill(chunk, buffer, ids);
        Step { consumed: chunk.len(), found: None }
    }

    /// A `data` line that is not the first, and those that follow it at once. They have to be copied (R28), and a loop of its
    /// own is what a CPU wants for that. Returns the place behind them.
    #[inline(never)]
    fn more_data(&mut self, mut start: usize, chunk: &[u8], buffer: &mut [u8]) -> usize {
        self.block.settle_data(chunk, buffer);
        loop {
            let end = match self.block.copy_data(chunk.get(start..).unwrap_or_default(), true, buffer) {
                Some(length) => start + length,
                None => {
                    let end = start + Tokenizer::length(Field::Data, chunk, start);
                    self.block.push_data(chunk, (start, end), true, buffer);
                    end
                }
            };
            let mut at = end;
            self.tokenizer.end_value(Field::Data, chunk, end, &mut at);
            match self.tokenizer.head(chunk, at) {
                Head::Line { field: Field::Data, start: next } => start = next,
                _ => return at,
            }
        }
    }

    #[inline(never)]
    fn field(&mut self, piece: Piece, chunk: &[u8], buffer: &mut [u8], ids: &mut [u8], items: bool) -> Option<Found> {
        let Piece::Part { field, start, end, first, last } = piece else { return None };
        let whole = first && last;
        if !whole {
            // Cut lines are put behind what is in the buffer, so all else must be there already.
            self.spill(chunk, buffer, ids);
        }
        let value = slice(chunk, start, end);
        match field {
            Field::Data if whole && self.block.data == Span::Absent => self.block.data = Span::Chunk { start, end },
            Field::Data => self.block.push_data(chunk, (start, end), first, buffer),
            Field::Event if whole => self.block.set_type(start, end),
            Field::Event => self.block.push_type(value, first, last, buffer),
            Field::Id if whole => self.id.line(chunk, (start, end), ids),
            Field::Id => self.id.part(value, first, last, ids),
            // It counts at the end of its line, without waiting for a blank one (R30).
            Field::Retry => {
                if self.retry.push(value, first, last) && items {
                    self.spill(chunk, buffer, ids);
                    return Some(Found::Retry);
                }
            }
            Field::Comment => {
                if first {
                    self.comment_wanted = items;
                }
                if !(items && self.comment_wanted) {
                    return None;
                }
                if whole {
                    self.spill(chunk, buffer, ids);
                    self.block.set_line(start, end);
                    return Some(Found::Comment);
                }
                self.block.push_line(value, first, buffer);
                let too_long = Found::TooLong(TooLong { field: Field::Comment });
                let fits = self.block.line(&[], buffer).is_some();
                return last.then_some(if fits { Found::Comment } else { too_long });
            }
        }
        None
    }

    /// R34 to R40.
    #[inline(always)]
    fn blank_line(&mut self, chunk: &[u8], ids: &mut [u8]) -> Option<Found> {
        let id_fits = !self.id.is_pending() || self.id.commit(chunk, ids);
        if self.block.data == Span::Absent {
            if !self.block.is_empty() {
                self.block = Block::EMPTY;
            }
            return (!id_fits).then_some(Found::TooLong(TooLong { field: Field::Id }));
        }
        self.phase = if id_fits { Phase::Dispatched } else { Phase::TellId };
        if self.block.data_lost {
            return Some(Found::TooLong(TooLong { field: Field::Data }));
        }
        if self.block.type_lost {
            return Some(Found::TooLong(TooLong { field: Field::Event }));
        }
        Some(Found::Event)
    }

    /// The chunk goes: what is still needed of it is copied.
    #[inline(always)]
    fn spill(&mut self, chunk: &[u8], buffer: &mut [u8], ids: &mut [u8]) {
        if !self.block.is_empty() {
            self.block.spill(chunk, buffer);
        }
        if self.id.is_pending() {
            self.id.spill(chunk, ids);
        }
    }
}
