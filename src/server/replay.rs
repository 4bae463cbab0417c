//! The last events that were sent, for clients that come back.
//!
//! A ring in memory of a fixed size. Knows frames as bytes with an id; how they are written the codec knows.
//!
//! ```text
//! buffer   [ third | fourth | free |      first | second | unused ]
//!                           ^ end         ^ first          ^ wrap
//! record   [ length of the id, 4 | length of the frame, 4 | id | frame ]
//! ```
//!
//! A record never wraps, so that each frame can be lent as one slice; what does not fit before the buffer's end begins at its
//! start.

use core::fmt;
use core::iter::FusedIterator;

use crate::codec::Frame;

/// Keeps the newest frames that fit into `buffer`, and answers what came after a `Last-Event-ID`.
///
/// `buffer` is any `AsRef<[u8]> + AsMut<[u8]>`. A frame takes its own length, that of its id and 8 bytes; up to one frame's
/// length is unused at the buffer's end. The oldest frames make room for the newest.
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
/// assert_eq!(missed.next(), Some(&b"id: 2\ndata: light off\n\n"[..]));
/// assert_eq!(missed.next(), None);
/// assert!(matches!(replay.after(b"2"), Resume::UpToDate));
/// assert!(matches!(replay.after(b"before the reboot"), Resume::Cut));
/// # Ok::<(), embedded_sse::server::PushError>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Replay<B> {
    buffer: B,
    /// How many records there are.
    count: usize,
    /// Where the oldest one begins.
    first: usize,
    /// Where the next one would begin.
    end: usize,
    /// Where the older records end, if the newer ones begin at the buffer's start again.
    wrap: Option<usize>,
    /// A frame that was pushed is no longer here.
    is_cut: bool,
}

/// What came after an event.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
#[non_exhaustive]
pub enum Resume<'r> {
    /// These frames, at least one. Write them, then go on with what comes.
    Events(Events<'r>),
    /// Nothing. Go on with what comes.
    UpToDate,
    /// Nobody knows: the event is no longer here, or never was. Tell the client, by an event of the application's own, to fetch
    /// the whole state anew, and go on with what comes.
    Cut,
}

impl<B> Replay<B> {
    /// Holds nothing yet.
    #[must_use]
    pub const fn new(buffer: B) -> Self {
        Self { buffer, count: 0, first: 0, end: 0, wrap: None, is_cut: false }
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Replay<B> {
    /// Keeps a frame, as it will be sent now; the oldest ones go if they must.
    ///
    /// # Errors
    ///
    /// [`PushError::NoId`]: nothing has changed; a client could not say that it has seen such a frame.
    /// [`PushError::TooLong`]: the frame alone is longer than the buffer. If it is sent all the same, whoever has not seen it can
    /// no longer be told, so all that came before it is forgotten too, and is answered with [`Resume::Cut`].
    pub fn push(&mut self, frame: &Frame<'_>) -> Result<(), PushError> {
        let id = frame.id.map(|id| id.as_str().as_bytes()).filter(|id| !id.is_empty()).ok_or(PushError::NoId)?;
        let length = frame.encoded_len();
        let needed = HEAD.saturating_add(id.len()).saturating_add(length);
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
            // Lengths that 32 bits do not hold.
            self.forget();
            return Err(PushError::TooLong { needed });
        }
        if start < self.end {
            self.wrap = Some(self.end);
        }
        self.end = start + needed;
        self.count += 1;
        Ok(())
    }

    /// What came after the event with this id.
    ///
    /// An empty id, that of a client which has seen nothing, stands before the very first event. If an id was used twice, what
    /// came after its first use is told: nothing is left out, something may come twice.
    pub fn after(&self, last_event_id: &[u8]) -> Resume<'_> {
        let mut events = self.all();
        if last_event_id.is_empty() {
            if self.is_cut {
                return Resume::Cut;
            }
        } else if !events.any_record(last_event_id) {
            return Resume::Cut;
        }
        if events.left == 0 { Resume::UpToDate } else { Resume::Events(events) }
    }

    /// All that is here, the oldest first.
    pub fn all(&self) -> Events<'_> {
        Events { buffer: self.buffer.as_ref(), left: self.count, at: self.first, wrap: self.wrap }
    }

    /// Where a record of this length can begin, if there is room.
    fn place(&self, needed: usize) -> Option<usize> {
        let fits = |start: usize, end: usize| (end.checked_sub(start)? >= needed).then_some(start);
        match self.wrap {
            Some(_) => fits(self.end, self.first),
            None => fits(self.end, self.buffer.as_ref().len()).or_else(|| fits(0, self.first)),
        }
    }

    fn drop_oldest(&mut self) {
        let mut events = self.all();
        events.next();
        (self.first, self.count, self.wrap) = (events.at, events.left, events.wrap);
        self.is_cut = true;
        if self.count == 0 {
            self.forget();
        }
    }

    const fn forget(&mut self) {
        (self.count, self.first, self.end, self.wrap) = (0, 0, 0, None);
        self.is_cut = true;
    }
}

/// Frames from a [`Replay`], each as the bytes to be written.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "iterators are lazy"]
pub struct Events<'r> {
    buffer: &'r [u8],
    left: usize,
    at: usize,
    wrap: Option<usize>,
}

impl<'r> Events<'r> {
    fn next_record(&mut self) -> Option<(&'r [u8], &'r [u8])> {
        self.left = self.left.checked_sub(1)?;
        let (id, behind) = self.buffer.get(self.at..)?.split_first_chunk()?;
        let (frame, behind) = behind.split_first_chunk()?;
        let (id, frame) = (u32::from_le_bytes(*id) as usize, u32::from_le_bytes(*frame) as usize);
        self.at += HEAD + id + frame;
        if self.wrap == Some(self.at) {
            (self.at, self.wrap) = (0, None);
        }
        let (id, behind) = behind.split_at_checked(id)?;
        Some((id, behind.get(..frame)?))
    }

    /// Goes behind the first record with this id.
    fn any_record(&mut self, id: &[u8]) -> bool {
        while let Some((other, _)) = self.next_record() {
            if other == id {
                return true;
            }
        }
        false
    }
}

impl<'r> Iterator for Events<'r> {
    type Item = &'r [u8];

    fn next(&mut self) -> Option<&'r [u8]> {
        self.next_record().map(|(_, frame)| frame)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Events<'_> {}

impl FusedIterator for Events<'_> {}

/// Why a frame cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PushError {
    /// It has no id, or an empty one.
    NoId,
    /// It is longer than the whole buffer.
    #[non_exhaustive]
    TooLong {
        /// How long the buffer must be at least, in bytes.
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

/// The two lengths before a record.
const HEAD: usize = 8;

/// `None`: it has no room, or a length does not fit its 32 bits.
fn write_record(place: &mut [u8], id: &[u8], length: usize, frame: &Frame<'_>) -> Option<()> {
    let (head, rest) = place.split_first_chunk_mut()?;
    *head = u32::try_from(id.len()).ok()?.to_le_bytes();
    let (head, rest) = rest.split_first_chunk_mut()?;
    *head = u32::try_from(length).ok()?.to_le_bytes();
    let (place, rest) = rest.split_at_mut_checked(id.len())?;
    place.copy_from_slice(id);
    frame.encode(rest).ok().map(drop)
}
