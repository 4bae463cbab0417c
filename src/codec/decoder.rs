//! The public decoder: the machine together with the memory it works on.
//!
//! This module holds state and builds views. What a field does is the machine's part. `Decoder` is the only type of the
//! reading side with parameters; the machine has none, so that flash holds one copy of it however many kinds of buffers
//! a program uses.

#[cfg(feature = "alloc")]
use alloc::{boxed::Box, vec};
use core::fmt;
use core::time::Duration;

use super::buffer::Buffer;
use super::event::{Event, Item, TooLong};
use super::pace::{self, Walk};
use super::read::machine::Memory;
use super::read::step::{Found, Step};

/// Decodes an event stream in memory that you provide.
///
/// `buffer` is any [`Buffer`]: an array, a slice, a box or a vector. It must hold the data and the type of the longest
/// event that is split between chunks. An event that lies whole in one chunk and has one `data` line is borrowed from
/// the chunk and needs no buffer at all. Where data consists of several lines, the LF that joins two of them takes room
/// too. Ids have a store of their own, so that a long id cannot take room from the data. The store holds two ids: the
/// last event ID and the id of the event that is being received.
///
/// A stream is decoded exactly as the HTML Standard prescribes, whatever its bytes and wherever it is split; no stream
/// is malformed ([R33]). Nothing is ever truncated: an item that is too long is left out as a whole and reported once, as
/// [`TooLong`].
///
/// # Use
///
/// Pass each chunk until the result is `None`, then the next chunk. When a stream ends, discard the unfinished event
/// with [`reset`](Self::reset) and continue with the next stream: the last event ID and the reconnection time are kept
/// ([R62]).
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
///
/// # One byte at a time
///
/// A chunk may be a single byte, for example from a UART. In a `static` or a field of a struct, the type names both arrays:
///
/// ```
/// use embedded_sse::Decoder;
///
/// struct Port {
///     decoder: Decoder<[u8; 300], [u8; 200]>, // `Decoder<[u8; 300]>` if it is from `Decoder::new`
///     is_on: bool,
/// }
///
/// impl Port {
///     fn received(&mut self, byte: u8) {
///         let mut chunk = &[byte][..];
///         while let Some(event) = self.decoder.next_event(&mut chunk) {
///             self.is_on = event.is_ok_and(|event| event.data == b"on");
///         }
///     }
/// }
///
/// let mut port = Port { decoder: Decoder::with_id_store([0; 300], [0; 200]), is_on: false };
/// b"data: on\n\n".iter().for_each(|byte| port.received(*byte));
/// assert!(port.is_on);
/// ```
///
/// [R33]: crate::rules#r33
/// [R62]: crate::rules#r62
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Decoder<B, I = [u8; 128]> {
    walk: Walk,
    ids: I,
    buffer: B,
}

impl<B> Decoder<B> {
    /// Creates a decoder at the start of a stream, with room for last event IDs of up to 64 bytes: a store of 128 bytes.
    #[must_use]
    pub const fn new(buffer: B) -> Self {
        Self::with_id_store(buffer, [0; 128])
    }
}

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
impl Decoder<Box<[u8]>, Box<[u8]>> {
    /// Creates a decoder at the start of a stream, with its memory on the heap: a buffer of `max_event` bytes, and room
    /// for last event IDs of up to 4096 bytes, which is more than most servers accept in a header.
    ///
    /// Allocates now and never later.
    ///
    /// ```
    /// use embedded_sse::Decoder;
    ///
    /// let mut decoder = Decoder::boxed(1 << 20);
    /// assert_eq!(decoder.set_last_event_id(&[b'7'; 4096]), Ok(()));
    /// ```
    #[must_use]
    pub fn boxed(max_event: usize) -> Self {
        Self::with_id_store(vec![0; max_event].into(), vec![0; 2 * 4096].into())
    }
}

impl<B, I> Decoder<B, I> {
    /// Creates a decoder at the start of a stream. `ids` is any [`Buffer`]; ids may be up to half as long as it is.
    ///
    /// ```
    /// use embedded_sse::Decoder;
    ///
    /// let mut decoder = Decoder::with_id_store([0; 64], [0; 2 * 256]);
    /// assert_eq!(decoder.set_last_event_id(&[b'7'; 256]), Ok(()));
    /// ```
    #[must_use]
    pub const fn with_id_store(buffer: B, ids: I) -> Self {
        Self { walk: Walk::NEW, ids, buffer }
    }

    /// Returns the buffer, for another use. The state of the stream and the last event ID are dropped.
    ///
    /// ```
    /// use embedded_sse::Decoder;
    ///
    /// let mut memory = [0; 64];
    /// let decoder = Decoder::new(&mut memory);
    /// let memory = decoder.into_buffer();
    /// assert_eq!(memory.len(), 64);
    /// ```
    #[must_use]
    pub fn into_buffer(self) -> B {
        self.buffer
    }

    /// Returns the reconnection time that the server last asked for ([R30]), or `None` if it never did.
    ///
    /// [`reset`](Self::reset) keeps it. A number above `u64::MAX` milliseconds saturates at that value ([D5]): clamp the
    /// time before you wait.
    ///
    /// [R30]: crate::rules#r30
    /// [D5]: crate::rules#d5
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        match self.reconnection_millis() {
            Some(millis) => Some(pace::milliseconds(millis)),
            None => None,
        }
    }

    /// Returns the reconnection time in milliseconds. A small core needs no division for this form.
    pub(crate) const fn reconnection_millis(&self) -> Option<u64> {
        self.walk.machine.retry.time()
    }

    /// Prepares for a new connection. Discards the unfinished event together with its id ([R41]), and accepts a byte
    /// order mark again ([R13]).
    ///
    /// The last event ID string and the reconnection time are kept ([R62]). So is the report of an id that was too long,
    /// if its event was the last item found.
    ///
    /// ```
    /// use embedded_sse::Decoder;
    ///
    /// let mut decoder = Decoder::new([0; 64]);
    /// assert!(decoder.next_event(&mut &b"data: the connection breaks he"[..]).is_none());
    /// decoder.reset();
    /// let event = decoder.next_event(&mut &b"data: next stream\n\n"[..]).unwrap()?;
    /// assert_eq!(event.data, b"next stream");
    /// # Ok::<(), embedded_sse::TooLong>(())
    /// ```
    ///
    /// [R41]: crate::rules#r41
    /// [R13]: crate::rules#r13
    /// [R62]: crate::rules#r62
    pub const fn reset(&mut self) {
        self.walk.reset();
    }

    /// Returns whether a heartbeat ended since the last call: a comment, or a blank line with neither a comment nor a
    /// line that counts before it in its block. The blank line of a block with a comment belongs to that comment's
    /// heartbeat. [`reset`](Self::reset) discards a heartbeat.
    pub(crate) const fn take_heartbeat(&mut self) -> bool {
        core::mem::replace(&mut self.walk.machine.heartbeat, false)
    }

    /// Returns whether a blank line has committed an id since the last [`reset`](Self::reset), and the latest one was
    /// not empty. An id that was too long or was set by [`set_last_event_id`](Self::set_last_event_id) does not change
    /// the result.
    pub(crate) const fn gave_id(&self) -> bool {
        self.walk.machine.gave_id
    }

    /// Returns whether an event or an id that has begun would be lost if the stream ended here ([R41]). Comments and
    /// `retry` lines do not count.
    ///
    /// [R41]: crate::rules#r41
    #[must_use]
    pub fn is_mid_event(&self) -> bool {
        self.walk.machine.is_mid_event()
    }
}

impl<B: Buffer, I: Buffer> Decoder<B, I> {
    /// Returns the last event ID string, which events carry and a reconnect sends as `Last-Event-ID` unless it is empty
    /// ([R60](crate::rules#r60)).
    ///
    /// It changes only at blank lines ([R34](crate::rules#r34)), and [`reset`](Self::reset) keeps it.
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        self.walk.machine.id.committed(self.ids.as_ref())
    }

    /// Sets the last event ID string, for example to one restored from storage. An empty id clears it.
    ///
    /// # Errors
    ///
    /// Returns an error if the bytes are not an id that a stream could have sent, or if they do not fit. The last event
    /// ID is then unchanged.
    ///
    /// ```
    /// use embedded_sse::{Decoder, SetIdError};
    ///
    /// let mut decoder = Decoder::new([0; 64]);
    /// assert_eq!(decoder.set_last_event_id(b"7"), Ok(()));
    /// assert_eq!(decoder.set_last_event_id(b"7\n8"), Err(SetIdError::Forbidden));
    /// assert_eq!(decoder.last_event_id(), b"7");
    /// ```
    pub fn set_last_event_id(&mut self, id: &[u8]) -> Result<(), SetIdError> {
        if id.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n')) {
            return Err(SetIdError::Forbidden);
        }
        if self.walk.machine.id.set(id, self.ids.as_mut()) { Ok(()) } else { Err(SetIdError::TooLong) }
    }

    /// Decodes the next event and advances `input` past the consumed bytes.
    ///
    /// `None` means that `input` is used up: continue with the next chunk. The event borrows from the decoder and from
    /// the chunk, and is valid until the next call. An empty `input` returns `None`, or an outstanding [`TooLong`] for
    /// an id.
    ///
    /// # Errors
    ///
    /// Returns [`TooLong`] in place of an event that did not fit, or after an event whose id did not fit. Only that
    /// item is lost: call again to continue.
    pub fn next_event<'a, 'c: 'a>(&'a mut self, input: &mut &'c [u8]) -> Option<Result<Event<'a>, TooLong>> {
        let chunk = *input;
        if chunk.len() == 1 && self.walk.is_stored(chunk, self.buffer.as_mut(), false) {
            *input = chunk.get(1..).unwrap_or_default();
            return None;
        }
        let found = pace::apart(|| {
            let step = self.step_in(chunk, false);
            *input = chunk.get(step.consumed..).unwrap_or_default();
            step.found
        });
        match found? {
            Found::TooLong(too_long) => Some(Err(too_long)),
            _ => Some(Ok(self.event(chunk))),
        }
    }

    #[inline(always)]
    fn step_in(&mut self, chunk: &[u8], items: bool) -> Step {
        self.walk.step(&mut Memory { chunk, buffer: self.buffer.as_mut(), ids: self.ids.as_mut() }, items)
    }

    /// Decodes the next event, comment or `retry` line; otherwise like [`next_event`](Self::next_event).
    ///
    /// Comments and `retry` lines are reported at the end of their line. A comment that is split between chunks needs
    /// room in the buffer, in addition to the event around it. So does the part of an event that precedes a comment or
    /// a `retry` line inside it.
    ///
    /// # Errors
    ///
    /// Returns [`TooLong`] as [`next_event`](Self::next_event) does, and for a comment that did not fit.
    pub fn next_item<'a, 'c: 'a>(&'a mut self, input: &mut &'c [u8]) -> Option<Result<Item<'a>, TooLong>> {
        let chunk = *input;
        let step = self.step_item(chunk);
        *input = chunk.get(step.consumed..).unwrap_or_default();
        Some(match step.found? {
            Found::TooLong(too_long) => Err(too_long),
            found => Ok(self.item(found, chunk)),
        })
    }

    /// Performs one step of [`next_event`](Self::next_event) without borrowing the event.
    ///
    /// Use it to read in a loop into a buffer of your own: advance with `step` until it finds something, and build the
    /// view with [`event`](Self::event) after the loop. If nothing was found, the whole chunk was consumed. A step that
    /// finds something may consume nothing.
    #[must_use = "what was not consumed has to be given again"]
    pub fn step(&mut self, chunk: &[u8]) -> Step {
        self.advance(chunk, false)
    }

    /// Performs one step of [`next_item`](Self::next_item) without borrowing the item; see [`step`](Self::step).
    #[must_use = "what was not consumed has to be given again"]
    pub fn step_item(&mut self, chunk: &[u8]) -> Step {
        self.advance(chunk, true)
    }

    #[inline(always)]
    fn advance(&mut self, chunk: &[u8], items: bool) -> Step {
        if chunk.len() == 1 && self.walk.is_stored(chunk, self.buffer.as_mut(), items) {
            return Step { consumed: 1, found: None };
        }
        self.step_in(chunk, items)
    }

    /// Returns the event that the last step found, after [`Found::Event`]. `chunk` must be the slice that was passed to
    /// that step.
    ///
    /// After any other step the result is not an event of the stream: it shows the part of the block that is stored so
    /// far, which may be nothing or may never become an event.
    #[must_use]
    pub fn event<'a>(&'a self, chunk: &'a [u8]) -> Event<'a> {
        let buffer = self.buffer.as_ref();
        let event_type = match self.walk.machine.block.event_type.of(chunk, buffer) {
            [] => Event::DEFAULT_TYPE.as_bytes(),
            event_type => event_type,
        };
        Event { event_type, data: self.walk.machine.block.data.of(chunk, buffer), last_event_id: self.last_event_id() }
    }

    /// Returns the item that the last step found, which was not [`Found::TooLong`]. `chunk` must be the slice that was
    /// passed to that step.
    pub(crate) fn item<'a>(&'a self, found: Found, chunk: &'a [u8]) -> Item<'a> {
        match found {
            Found::Comment => Item::Comment(self.comment(chunk)),
            Found::Retry => Item::Retry(self.reconnection_time().unwrap_or_default()),
            Found::Event | Found::TooLong(_) => Item::Event(self.event(chunk)),
        }
    }

    /// Returns the comment that the last step found, after [`Found::Comment`]. `chunk` must be the slice that was
    /// passed to that step. After any other step the result is unspecified text, possibly empty.
    #[must_use]
    pub fn comment<'a>(&'a self, chunk: &'a [u8]) -> &'a [u8] {
        self.walk.machine.line.of(chunk, self.buffer.as_ref())
    }
}

/// Reports why a last event ID cannot be set.
///
/// ```
/// use embedded_sse::{Decoder, SetIdError};
///
/// let mut decoder = Decoder::with_id_store([0; 64], [0; 2 * 4]);
/// assert_eq!(decoder.set_last_event_id(b"12345"), Err(SetIdError::TooLong));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SetIdError {
    /// The id contains CR, LF or NUL, which no id can contain ([R9](crate::rules#r9), [R42](crate::rules#r42)).
    Forbidden,
    /// The id is longer than half of the decoder's id store.
    TooLong,
}

impl fmt::Display for SetIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forbidden => "an event ID cannot hold CR, LF or NUL",
            Self::TooLong => "event ID too long for its memory: provide more",
        })
    }
}

impl core::error::Error for SetIdError {}
