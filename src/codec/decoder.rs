//! The decoder as its users see it: a machine and the memory that it is lent.
//!
//! Views and state, no rules: what a field does is the machine's business. `Decoder` is the only type here with parameters; the
//! machine has none, so that one copy of it stands in flash however many kinds of buffers a program uses.

use core::fmt;
use core::time::Duration;

use super::event::{Event, Item, TooLong};
use super::pace::Walk;
use super::read::machine::Memory;
use super::read::step::{Found, Step};

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
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Decoder<B, const ID: usize = 64> {
    walk: Walk,
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
        Self { walk: Walk::NEW, ids: [[0; ID]; 2], buffer }
    }

    /// The last event ID string: what an event carries, and what a reconnect sends as `Last-Event-ID` unless it is empty (R60).
    /// It changes only at blank lines (R34) and outlives [`reset`](Self::reset).
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        self.walk.machine.id.committed(self.ids.as_flattened())
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
        if self.walk.machine.id.set(id, self.ids.as_flattened_mut()) { Ok(()) } else { Err(SetIdError::TooLong) }
    }

    /// The reconnection time that the server asked for last (R30), `None` if it never did. It outlives
    /// [`reset`](Self::reset). A number larger than `u64::MAX` milliseconds counts as that (D5): clamp it before you wait.
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        match self.reconnection_millis() {
            Some(millis) => Some(Duration::from_millis(millis)),
            None => None,
        }
    }

    /// The same in milliseconds, for which a small core needs no division.
    pub(crate) const fn reconnection_millis(&self) -> Option<u64> {
        self.walk.machine.retry.time()
    }

    /// A new connection begins: the unfinished event is forgotten and its id with it (R41), a byte order mark is dropped again
    /// (R13). The last event ID string and the reconnection time stay (R62), and so does the report of an id that was too long, if
    /// its event was the last thing found.
    pub const fn reset(&mut self) {
        self.walk.machine.reset();
    }

    /// Whether since the last call a comment ended, or a blank line with neither a comment nor a line that counts before it in its
    /// block. The blank line of a block with a comment belongs to that comment's heartbeat. [`reset`](Self::reset) forgets it.
    pub(crate) const fn take_heartbeat(&mut self) -> bool {
        core::mem::replace(&mut self.walk.machine.heartbeat, false)
    }

    /// Whether since the last [`reset`](Self::reset) a blank line committed an id, and the last one was not empty. An id that was
    /// too long, or that [`set_last_event_id`](Self::set_last_event_id) sets, changes nothing here.
    pub(crate) const fn gave_id(&self) -> bool {
        self.walk.machine.gave_id
    }

    /// Whether the stream, if it ended here, would lose an event or an id that has begun (R41). Comments and `retry` lines are
    /// no loss.
    #[must_use]
    pub fn is_mid_event(&self) -> bool {
        self.walk.machine.is_mid_event()
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
            found => Ok(self.item(found, chunk)),
        })
    }

    /// One step of [`next_event`](Self::next_event) that lends nothing, for those who read into a buffer of their own in a loop:
    /// advance with `step` until it has found something, and build the view with [`event`](Self::event) behind the loop.
    ///
    /// Nothing found means that the whole chunk was consumed. Something found may have consumed nothing.
    #[must_use = "what was not consumed has to be given again"]
    pub fn step(&mut self, chunk: &[u8]) -> Step {
        self.walk.step(&mut Memory { chunk, buffer: self.buffer.as_mut(), ids: self.ids.as_flattened_mut() }, false)
    }

    /// One step of [`next_item`](Self::next_item) that lends nothing; see [`step`](Self::step).
    #[must_use = "what was not consumed has to be given again"]
    pub fn step_item(&mut self, chunk: &[u8]) -> Step {
        self.walk.step(&mut Memory { chunk, buffer: self.buffer.as_mut(), ids: self.ids.as_flattened_mut() }, true)
    }

    /// The event that the last step has found: [`Found::Event`]. `chunk` is the very slice that this step was given.
    ///
    /// After anything else it is no event that a stream dispatched: it shows what has been kept of the block so far, which may be
    /// nothing, or a part that never becomes an event. Look at it only after [`Found::Event`].
    #[must_use]
    pub fn event<'a>(&'a self, chunk: &'a [u8]) -> Event<'a> {
        let buffer = self.buffer.as_ref();
        let event_type = match self.walk.machine.block.event_type.of(chunk, buffer) {
            [] => Event::DEFAULT_TYPE.as_bytes(),
            event_type => event_type,
        };
        Event { event_type, data: self.walk.machine.block.data.of(chunk, buffer), last_event_id: self.last_event_id() }
    }

    /// What the last step has found, which was not [`Found::TooLong`]. `chunk` is the very slice that this step was given.
    pub(crate) fn item<'a>(&'a self, found: Found, chunk: &'a [u8]) -> Item<'a> {
        match found {
            Found::Comment => Item::Comment(self.comment(chunk)),
            Found::Retry => Item::Retry(self.reconnection_time().unwrap_or_default()),
            Found::Event | Found::TooLong(_) => Item::Event(self.event(chunk)),
        }
    }

    /// The comment that the last step has found: [`Found::Comment`]. `chunk` is the very slice that this step was given. After
    /// anything else it is some text or none.
    #[must_use]
    pub fn comment<'a>(&'a self, chunk: &'a [u8]) -> &'a [u8] {
        self.walk.machine.line.of(chunk, self.buffer.as_ref())
    }
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
