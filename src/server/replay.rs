//! The latest events, in a ring buffer of a fixed size, for clients that reconnect and for clients that read slowly.
//!
//! This module stores frames as bytes with an ID. The codec encodes them. It does not know the clients: each of them has
//! its own cursor.
//!
//! ```text
//! buffer   [ third | fourth | free |      first | second | unused ]
//!                    ^ newest             ^ oldest         ^ wrap
//! record   [ length of the id, 4 | length of the frame, 4 | id | frame ]
//! ```
//!
//! A record never wraps around, so that each frame can be borrowed as one slice. A record that does not fit before the
//! end of the buffer is placed at its start.

use core::fmt;
use core::iter::FusedIterator;
use core::num::NonZero;

use crate::codec::{Buffer, Frame, Lossy, copy};

/// Keeps the newest frames that fit into `buffer`, and finds those after a given `Last-Event-ID`.
///
/// `buffer` is any [`Buffer`]. A frame takes its encoded length, the length of its ID, and 8 bytes. Up
/// to the length of one frame is unused at the end of the buffer. New frames replace the oldest ones.
///
/// Use each ID once, also across restarts. Otherwise a client that comes back with an ID from before the restart is taken
/// for one that has received the newer event with the same ID. Begin each ID with something that differs from start to
/// start, such as the time of the start or a random number, as [`EventId::in_epoch`](crate::EventId::in_epoch) does.
///
/// Any number of clients can read at their own pace, each with a [`Cursor`].
///
/// ```
/// use embedded_sse::{Frame, event_id};
/// use embedded_sse::server::{Replay, Resume};
///
/// let mut replay = Replay::new([0; 1024]);
/// replay.push(&Frame::new().id(event_id!("1")).data("light on"))?;
/// replay.push(&Frame::new().id(event_id!("2")).data("light off"))?;
///
/// let Resume::Events(mut missed) = replay.after(b"1") else { unreachable!() };
/// assert_eq!(missed.next().unwrap().frame, b"id: 2\ndata: light off\n\n");
/// assert_eq!(missed.next(), None);
/// assert!(matches!(replay.after(b"2"), Resume::UpToDate));
/// assert!(matches!(replay.after(b"before the reboot"), Resume::Cut));
/// assert!(matches!(replay.after(b""), Resume::New));
/// # Ok::<(), embedded_sse::server::PushError>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Replay<B> {
    buffer: B,
    /// The number of records.
    count: usize,
    /// The start of the oldest record.
    oldest: usize,
    /// The start of the newest record.
    newest: usize,
    /// The end of the older records, if newer ones continue at the start of the buffer.
    wrap: Option<NonZero<usize>>,
    /// The number of frames so far, also of those that were too long. Wraps around.
    pushed: usize,
}

/// What a client has to receive, as returned by [`Replay::after`].
///
/// ```
/// use embedded_sse::server::{Replay, Resume};
/// use embedded_sse::{BufferFull, Frame, event_id, single_line};
///
/// /// Returns the first bytes of a response, in a stream whose events are changes to a state.
/// fn begin(replay: &Replay<[u8; 256]>, last_event_id: &str, state: &Frame<'_>) -> Result<Vec<u8>, BufferFull> {
///     Ok(match replay.after(last_event_id.as_bytes()) {
///         Resume::Events(missed) => missed.flat_map(|kept| kept.frame).copied().collect(),
///         Resume::UpToDate => Vec::new(),
///         // The client has no state, or an unknown one.
///         _ => state.encode(&mut [0; 128])?.to_vec(),
///     })
/// }
///
/// let mut replay = Replay::new([0; 256]);
/// replay.push(&Frame::new().id(event_id!("1")).data("light on"))?;
/// // The state after event 1, so with its ID: a reconnect resumes after it.
/// let state = Frame::new().event_type(single_line!("state")).id(event_id!("1")).data("the light is on");
/// assert_eq!(begin(&replay, "", &state)?, b"event: state\nid: 1\ndata: the light is on\n\n");
/// assert_eq!(begin(&replay, "1", &state)?, b"");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
#[non_exhaustive]
pub enum Resume<'r> {
    /// The client missed these frames, at least one. Write them, then continue with new events.
    Events(Frames<'r>),
    /// The client has received everything. Continue with new events.
    UpToDate,
    /// The client has no last event ID: it is new, or has not received an event with an ID yet. It missed nothing that
    /// it could name.
    ///
    /// If the events are changes to a state, send the state first, with the ID of the newest event
    /// ([`Replay::newest_id`]). If the latest events are useful by themselves, send those of [`Replay::all`]. Then
    /// continue with new events.
    New,
    /// The event is not kept, or it never existed, so it is not known what the client missed. Send an event of your own
    /// that contains the whole state, or that makes the client fetch it again. Then continue with new events.
    ///
    /// Give that event the ID of the newest event ([`Replay::newest_id`]). Otherwise the client keeps its old ID, and is
    /// cut again if it reconnects before the next event.
    Cut,
}

impl<B> Replay<B> {
    /// Creates an empty replay buffer.
    #[must_use]
    pub const fn new(buffer: B) -> Self {
        Self { buffer, count: 0, oldest: 0, newest: 0, wrap: None, pushed: 0 }
    }
}

impl<B: Buffer> Replay<B> {
    /// Adds a frame, and removes the oldest ones as needed. Call this for each frame that you send.
    ///
    /// # Errors
    ///
    /// - [`PushError::NoId`]: the frame has no ID, so that no client could name it in `Last-Event-ID`. Nothing has
    ///   changed.
    /// - [`PushError::TooLong`]: the frame does not fit into the whole buffer. All frames are removed, because a client
    ///   that has not received this one cannot resume from an earlier one: such a client gets [`Resume::Cut`]. So does a
    ///   client that did receive it from you, unless you then push a frame with its ID alone:
    ///
    /// ```
    /// use embedded_sse::server::{PushError, Replay, Resume};
    /// use embedded_sse::{Frame, event_id};
    ///
    /// let mut replay = Replay::new([0; 32]);
    /// let long = Frame::new().id(event_id!("8")).data("longer than the whole buffer");
    /// // Connected clients receive `long` all the same.
    /// if let Err(PushError::TooLong { .. }) = replay.push(&long) {
    ///     replay.push(&Frame::new().id(event_id!("8")))?;
    /// }
    /// assert!(matches!(replay.after(b"8"), Resume::UpToDate)); // was connected
    /// assert!(matches!(replay.after(b"7"), Resume::Cut)); // was not
    /// # Ok::<(), PushError>(())
    /// ```
    pub fn push(&mut self, frame: &Frame<'_>) -> Result<(), PushError> {
        let id = frame.id.map(|id| id.as_str().as_bytes()).filter(|id| !id.is_empty()).ok_or(PushError::NoId)?;
        let length = frame.encoded_len();
        let needed = HEAD.saturating_add(id.len()).saturating_add(length);
        self.pushed = self.pushed.wrapping_add(1);
        if needed > self.buffer.as_ref().len() {
            self.forget();
            return Err(PushError::TooLong { needed });
        }
        let start = loop {
            match self.place(needed) {
                Some(start) => break start,
                None => self.drop_oldest(),
            }
        };
        let place = self.buffer.as_mut().get_mut(start..start + needed).unwrap_or_default();
        if write_record(place, id, length, frame).is_none() {
            // A length does not fit into 32 bits.
            self.forget();
            return Err(PushError::TooLong { needed });
        }
        let end = self.end_of_newest();
        if start < end {
            self.wrap = NonZero::new(end);
        }
        self.newest = start;
        self.count += 1;
        Ok(())
    }

    /// Returns what a client with this last event ID has to receive.
    ///
    /// Pass the value of the request's `Last-Event-ID` header, or an empty slice if the header is missing or empty. If
    /// an ID was used several times, the result starts after its first use: nothing is missing, but some events may be
    /// repeated.
    pub fn after(&self, last_event_id: &[u8]) -> Resume<'_> {
        if last_event_id.is_empty() {
            return Resume::New;
        }
        let mut frames = self.all();
        if !frames.any(|kept| kept.id == last_event_id) {
            Resume::Cut
        } else if frames.left == 0 {
            Resume::UpToDate
        } else {
            Resume::Events(frames)
        }
    }

    /// Returns the ID of the newest frame, or `None` if no frame is kept: before the first one, and after one that was
    /// [too long](PushError::TooLong).
    ///
    /// An event that gives a client the whole state needs this ID, so that a reconnect resumes after it. To have an ID
    /// from the start, push a frame that has nothing but an ID. It tells a client where it is without an event
    /// ([R35](crate::rules#r35)).
    ///
    /// ```
    /// use embedded_sse::server::{Replay, Resume};
    /// use embedded_sse::{EventId, Frame, event_id, single_line};
    ///
    /// let mut replay = Replay::new([0; 256]);
    /// assert_eq!(replay.newest_id(), None);
    /// replay.push(&Frame::new().id(event_id!("1a2b3c-0")))?; // at the start
    /// assert_eq!(replay.newest_id(), Some(&b"1a2b3c-0"[..]));
    ///
    /// if let Resume::Cut = replay.after(b"from before the restart") {
    ///     let mut state = Frame::new().event_type(single_line!("state")).data("the light is on");
    ///     if let Some(id) = replay.newest_id() {
    ///         state = state.id(EventId::new(str::from_utf8(id)?)?);
    ///     }
    ///     assert_eq!(state.encode(&mut [0; 64])?, b"event: state\nid: 1a2b3c-0\ndata: the light is on\n\n");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn newest_id(&self) -> Option<&[u8]> {
        self.newest().map(|(kept, _)| kept.id)
    }

    /// Returns all frames that are kept, the oldest first.
    pub fn all(&self) -> Frames<'_> {
        Frames { buffer: self.buffer.as_ref(), left: self.count, at: self.oldest, wrap: self.wrap }
    }

    /// Returns the cursor of a client with this last event ID, or `None` if the ID is empty: the client is
    /// [new](Resume::New).
    ///
    /// If [`after`](Self::after) returns [`Resume::Cut`] for the ID, the first [`next`](Self::next) returns
    /// [`Next::Cut`]. This searches the frames for the ID; `next` does not.
    #[must_use]
    pub fn resume(&self, last_event_id: &[u8]) -> Option<Cursor> {
        let missed = match self.after(last_event_id) {
            Resume::New => return None,
            Resume::Events(missed) => missed,
            Resume::UpToDate => return Some(self.end()),
            // Before the oldest frame, whatever happens next.
            Resume::Cut => return Some(Cursor { passed: self.start().passed.wrapping_sub(1), at: 0 }),
        };
        Some(Cursor { passed: self.pushed.wrapping_sub(missed.left), at: missed.at })
    }

    /// Returns the cursor before the oldest frame: the client receives all frames that are kept, then the new ones.
    #[must_use]
    pub const fn start(&self) -> Cursor {
        Cursor { passed: self.pushed.wrapping_sub(self.count), at: self.oldest }
    }

    /// Returns the cursor after the newest frame: the client receives only new frames.
    #[must_use]
    pub fn end(&self) -> Cursor {
        Cursor { passed: self.pushed, at: self.end_of_newest() }
    }

    /// Returns the next frame for the client that has this cursor, and moves the cursor after it. To look at the frame
    /// and move later, pass a copy of the cursor.
    ///
    /// The time that this takes depends neither on the number of frames nor on the number of clients.
    pub fn next(&self, cursor: &mut Cursor) -> Next<'_> {
        let behind = self.pushed.wrapping_sub(cursor.passed);
        if behind == 0 {
            return Next::UpToDate;
        }
        let at = match self.wrap {
            // The frame before this one may be gone, and the end of the older records with it.
            _ if behind == self.count => self.oldest,
            Some(wrap) if wrap.get() == cursor.at => 0,
            _ => cursor.at,
        };
        match record(self.buffer.as_ref(), at) {
            Some((kept, end)) if behind <= self.count => {
                *cursor = Cursor { passed: cursor.passed.wrapping_add(1), at: end };
                Next::Frame(kept)
            }
            _ => {
                *cursor = self.start();
                Next::Cut
            }
        }
    }

    fn newest(&self) -> Option<(Kept<'_>, usize)> {
        record(self.buffer.as_ref(), self.newest).filter(|_| self.count > 0)
    }

    fn end_of_newest(&self) -> usize {
        self.newest().map_or(0, |(_, end)| end)
    }

    /// Returns the start of free space for a record of `needed` bytes, if there is any.
    fn place(&self, needed: usize) -> Option<usize> {
        let end = self.end_of_newest();
        let fits = |start: usize, end: usize| (end.checked_sub(start)? >= needed).then_some(start);
        match self.wrap {
            Some(_) => fits(end, self.oldest),
            None => fits(end, self.buffer.as_ref().len()).or_else(|| fits(0, self.oldest)),
        }
    }

    fn drop_oldest(&mut self) {
        let mut frames = self.all();
        frames.next();
        (self.oldest, self.count, self.wrap) = (frames.at, frames.left, frames.wrap);
        if self.count == 0 {
            self.forget();
        }
    }

    const fn forget(&mut self) {
        (self.count, self.oldest, self.newest, self.wrap) = (0, 0, 0, None);
    }
}

/// A frame that a [`Replay`] keeps, with its ID.
///
/// ```
/// use embedded_sse::{Frame, event_id};
/// use embedded_sse::server::{Kept, Replay};
///
/// let mut replay = Replay::new([0; 256]);
/// replay.push(&Frame::new().id(event_id!("1")).data("light on"))?;
/// let kept = replay.all().next();
/// assert_eq!(kept, Some(Kept { id: b"1", frame: b"id: 1\ndata: light on\n\n" }));
/// # Ok::<(), embedded_sse::server::PushError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Kept<'r> {
    /// The ID of the frame, never empty.
    pub id: &'r [u8],
    /// The bytes of the whole frame, ready to be written.
    pub frame: &'r [u8],
}

/// Shows the bytes as text.
impl fmt::Debug for Kept<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("id", &Lossy(self.id)).field("frame", &Lossy(self.frame)).finish()
    }
}

/// The place of one client between the frames of a [`Replay`]: those before it were sent to the client.
///
/// A cursor is a small value that you keep with the connection. The replay does not know its cursors: a client that reads
/// slowly costs the others nothing, and a client that leaves needs no call. Use a cursor only with the replay that
/// returned it; with another one it finds other frames, or [`Next::Cut`]. A cursor that was not used for `usize::MAX`
/// frames may do so as well.
///
/// ```
/// use embedded_sse::server::{Next, Replay};
/// use embedded_sse::{BufferFull, Frame, event_id, single_line};
///
/// /// Tells a client that frames are missing.
/// const RESTART: Frame<'static> = Frame::new().event_type(single_line!("restart")).data("");
///
/// let mut replay = Replay::new([0; 64]);
/// replay.push(&Frame::new().id(event_id!("1")).data("light on"))?;
/// let mut fast = replay.resume(b"1").unwrap_or(replay.start());
/// let mut slow = fast;
///
/// let mut sent = Vec::new();
/// for id in [event_id!("2"), event_id!("3"), event_id!("4")] {
///     replay.push(&Frame::new().id(id).data("light off"))?;
///     while let Next::Frame(kept) = replay.next(&mut fast) {
///         sent.extend_from_slice(kept.frame);
///     }
/// }
/// assert_eq!(sent, b"id: 2\ndata: light off\n\nid: 3\ndata: light off\n\nid: 4\ndata: light off\n\n");
///
/// // Two frames fit into the ring: the other client has missed one.
/// let mut sent = Vec::new();
/// loop {
///     match replay.next(&mut slow) {
///         Next::Frame(kept) => sent.extend_from_slice(kept.frame),
///         Next::Cut => sent.extend_from_slice(RESTART.encode(&mut [0; 32])?),
///         _ => break, // wait for the next event
///     }
/// }
/// assert_eq!(sent, b"event: restart\ndata: \n\nid: 3\ndata: light off\n\nid: 4\ndata: light off\n\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Cursor {
    /// The number of frames before this place. Wraps around, like `Replay::pushed`.
    passed: usize,
    /// The end of the frame before this place. It is not used if that frame is gone.
    at: usize,
}

/// What to send to a client next, as returned by [`Replay::next`].
///
/// ```
/// use embedded_sse::server::{Next, Replay};
/// use embedded_sse::{Frame, event_id};
///
/// let mut replay = Replay::new([0; 64]);
/// let mut cursor = replay.end();
/// replay.push(&Frame::new().id(event_id!("1")).data("light on"))?;
/// let Next::Frame(kept) = replay.next(&mut cursor) else { unreachable!() };
/// assert_eq!(kept.id, b"1");
/// assert_eq!(replay.next(&mut cursor), Next::UpToDate);
/// # Ok::<(), embedded_sse::server::PushError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
#[non_exhaustive]
pub enum Next<'r> {
    /// Send this frame, and ask again.
    Frame(Kept<'r>),
    /// The client has been sent everything. Ask again when there is a new frame.
    UpToDate,
    /// Frames that the client has not been sent are gone: it is too slow, or it came back with an unknown ID. Tell it, as
    /// for [`Resume::Cut`], and ask again.
    ///
    /// The cursor is now at the [start](Replay::start), so that all frames that are kept follow. The event that tells the
    /// client must then have no ID, or the client's last event ID would go back. If the client gets the whole state
    /// instead, with the [newest ID](Replay::newest_id), set the cursor to the [end](Replay::end).
    Cut,
}

/// An iterator over frames of a [`Replay`], oldest first. Each item is one whole frame, with its ID.
///
/// ```
/// use embedded_sse::{Frame, event_id};
/// use embedded_sse::server::Replay;
///
/// let mut replay = Replay::new([0; 256]);
/// replay.push(&Frame::new().id(event_id!("1")).data("light on"))?;
/// let mut frames = replay.all();
/// assert_eq!(frames.len(), 1);
/// assert_eq!(frames.next().unwrap().frame, b"id: 1\ndata: light on\n\n");
/// # Ok::<(), embedded_sse::server::PushError>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "iterators are lazy"]
pub struct Frames<'r> {
    buffer: &'r [u8],
    left: usize,
    at: usize,
    wrap: Option<NonZero<usize>>,
}

impl<'r> Iterator for Frames<'r> {
    type Item = Kept<'r>;

    fn next(&mut self) -> Option<Kept<'r>> {
        self.left = self.left.checked_sub(1)?;
        let (kept, end) = record(self.buffer, self.at)?;
        self.at = end;
        if self.wrap.is_some_and(|wrap| wrap.get() == end) {
            (self.at, self.wrap) = (0, None);
        }
        Some(kept)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Frames<'_> {}

impl FusedIterator for Frames<'_> {}

/// Why a frame cannot be added to a [`Replay`].
///
/// ```
/// use embedded_sse::Frame;
/// use embedded_sse::server::{PushError, Replay};
///
/// let mut replay = Replay::new([0; 256]);
/// assert_eq!(replay.push(&Frame::new().data("light on")), Err(PushError::NoId));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PushError {
    /// The frame has no ID, or an empty one.
    NoId,
    /// The frame does not fit into the whole buffer.
    #[non_exhaustive]
    TooLong {
        /// The shortest length of a buffer that can hold the frame, in bytes.
        needed: usize,
    },
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoId => f.write_str("a frame without an ID cannot be replayed"),
            Self::TooLong { needed } => write!(f, "the buffer is too short: the frame needs {needed} bytes"),
        }
    }
}

impl core::error::Error for PushError {}

/// The length of the two length fields before a record.
const HEAD: usize = 8;

/// Returns the frame of the record at this place, and the end of the record. Returns `None` if there cannot be a record.
fn record(buffer: &[u8], at: usize) -> Option<(Kept<'_>, usize)> {
    let (id, rest) = buffer.get(at..)?.split_first_chunk()?;
    let (frame, rest) = rest.split_first_chunk()?;
    let (id, rest) = rest.split_at_checked(u32::from_le_bytes(*id) as usize)?;
    let frame = rest.get(..u32::from_le_bytes(*frame) as usize)?;
    Some((Kept { id, frame }, at + HEAD + id.len() + frame.len()))
}

/// Writes a record to `place`. Returns `None` if there is too little space or a length does not fit into 32 bits.
fn write_record(place: &mut [u8], id: &[u8], length: usize, frame: &Frame<'_>) -> Option<()> {
    let (head, rest) = place.split_first_chunk_mut()?;
    *head = u32::try_from(id.len()).ok()?.to_le_bytes();
    let (head, rest) = rest.split_first_chunk_mut()?;
    *head = u32::try_from(length).ok()?.to_le_bytes();
    let (place, rest) = rest.split_at_mut_checked(id.len())?;
    copy(id, place);
    frame.encode(rest).ok().map(drop)
}
