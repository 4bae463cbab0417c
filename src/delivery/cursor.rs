//! Where a reconnect resumes if there is no journal: after the last event that the application is done with.
//!
//! It keeps two IDs, that of the last event received and that of the last one committed. It must not depend on what an ID
//! means.

use core::fmt;

use crate::codec::{Buffer, copy};

/// Keeps the ID of the last event received and that of the last one committed apart.
///
/// There is one event at a time between the two. [`received`](Self::received) returns the [`Token`] of that event, and
/// [`commit`](Self::commit) takes it, so that events cannot be committed out of order. With a journal you need no cursor:
/// a reconnect then resumes after the last event that the journal holds.
///
/// A cursor is in RAM. To resume after a restart, store [`resume_from`](Self::resume_from) after each commit, and
/// [`set`](Self::set) it at the start.
///
/// `B` is a [`Buffer`] for both IDs; an ID may be half as long as it is.
///
/// ```
/// use embedded_sse::delivery::Cursor;
///
/// let mut cursor = Cursor::new([0; 2 * 64]);
/// let token = cursor.received(b"7")?;
/// assert_eq!(cursor.resume_from(), b"", "the application is not done with event 7");
/// cursor.commit(token);
/// assert_eq!(cursor.resume_from(), b"7");
/// # Ok::<(), embedded_sse::delivery::CursorError>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Cursor<B = [u8; 128]> {
    ids: B,
    /// The length of the committed ID.
    committed: usize,
    /// An event waits to be committed. The length of its ID, if it has one.
    received: Option<Option<usize>>,
    /// Whether the committed ID is in the second half.
    second: bool,
    /// The number of the token that is valid.
    number: u64,
}

/// The right to commit one event. It comes from the cursor or the journal that delivered the event.
///
/// A token that is dropped commits nothing. A token of an event that was committed or given up is ignored.
///
/// ```
/// use embedded_sse::delivery::Cursor;
///
/// let mut cursor = Cursor::new([0; 128]);
/// let late = cursor.received(b"7")?;
/// cursor.abandon(); // the connection broke, and event 7 will come again
/// let token = cursor.received(b"7")?;
/// cursor.commit(late);
/// assert_eq!(cursor.resume_from(), b"");
/// cursor.commit(token);
/// assert_eq!(cursor.resume_from(), b"7");
/// # Ok::<(), embedded_sse::delivery::CursorError>(())
/// ```
#[derive(Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "an event whose token is dropped is not committed and comes again"]
pub struct Token(pub(super) u64);

/// Why a [`Cursor`] cannot take an event.
///
/// ```
/// use embedded_sse::delivery::{Cursor, CursorError};
///
/// let mut cursor = Cursor::new([0; 4]);
/// assert_eq!(cursor.received(b"100"), Err(CursorError::TooLong));
/// let _token = cursor.received(b"99");
/// assert_eq!(cursor.received(b"100"), Err(CursorError::Busy));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum CursorError {
    /// The event before is not committed. Stop reading until it is.
    Busy,
    /// The ID is longer than half of the buffer. Provide more.
    TooLong,
}

impl fmt::Display for CursorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "the event before is not committed: commit it before you read on",
            Self::TooLong => "event ID too long for the cursor: provide a larger buffer",
        })
    }
}

impl core::error::Error for CursorError {}

impl<B: Buffer> Cursor<B> {
    /// Creates a cursor at the start of a stream.
    #[must_use]
    pub const fn new(ids: B) -> Self {
        Self { ids, committed: 0, received: None, second: false, number: 0 }
    }

    /// Sets the committed ID, such as one restored from storage, or that of a state that the application fetched. An event
    /// that waits to be committed is given up.
    ///
    /// # Errors
    ///
    /// [`CursorError::TooLong`]. The committed ID is then unchanged.
    pub fn set(&mut self, id: &[u8]) -> Result<(), CursorError> {
        self.abandon();
        let token = self.received(id)?;
        self.commit(token);
        Ok(())
    }

    /// Reports an event that the application is about to handle, by its own ID. If that is empty, the committed ID stays.
    ///
    /// # Errors
    ///
    /// [`CursorError::Busy`] or [`CursorError::TooLong`]. Nothing has changed then.
    pub fn received(&mut self, id: &[u8]) -> Result<Token, CursorError> {
        if self.received.is_some() {
            return Err(CursorError::Busy);
        }
        let ids = self.ids.as_mut();
        let middle = ids.len() / 2;
        let start = if self.second { 0 } else { middle };
        let place = ids.get_mut(start..start + middle).and_then(|half| half.get_mut(..id.len()));
        copy(id, place.ok_or(CursorError::TooLong)?);
        self.received = Some((!id.is_empty()).then_some(id.len()));
        self.number = self.number.wrapping_add(1);
        Ok(Token(self.number))
    }

    /// Reports that the application is done with the event of this token.
    pub fn commit(&mut self, token: Token) {
        if token.0 == self.number {
            if let Some(Some(length)) = self.received.take() {
                self.committed = length;
                self.second = !self.second;
            }
        }
    }

    /// Gives up the event that waits to be committed. Report it when the connection is lost: the event comes again on the
    /// next one.
    pub fn abandon(&mut self) {
        self.received = None;
    }

    /// Returns the ID to resume from: that of the last committed event. Empty if there is none.
    #[must_use]
    pub fn resume_from(&self) -> &[u8] {
        let ids = self.ids.as_ref();
        let start = if self.second { ids.len() / 2 } else { 0 };
        ids.get(start..start + self.committed).unwrap_or_default()
    }
}
