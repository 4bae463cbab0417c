//! What a store for records has to offer, for blocking and for asynchronous code.
//!
//! This module must not depend on what the records mean.

use core::error::Error;
use core::fmt;
use core::future::Future;

use super::record::Record;

/// The place of a record in a journal: 1 for the first record that was ever appended, and one more for each later one.
///
/// ```
/// use embedded_sse::delivery::Serial;
///
/// assert!(Serial(1) > Serial::START);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Serial(pub u64);

impl Serial {
    /// Before the first record.
    pub const START: Self = Self(0);

    /// Returns the place after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A store that keeps records in order until they are committed.
///
/// Each store says what survives a loss of power. If all of it does, a record whose `append` has returned is not lost, and one
/// whose `commit` has returned is not read again.
///
/// ```
/// use embedded_sse::Event;
/// use embedded_sse::delivery::{Journal, JournalError, RamRing, Record, Serial};
///
/// fn first<J: Journal>(journal: &mut J) -> Result<(), JournalError<J::Error>> {
///     let mut buffer = [0; 64];
///     if let Some((serial, record)) = journal.read(Serial::START, &mut buffer)? {
///         println!("{record:?}");
///         journal.commit(serial, b"")?;
///     }
///     Ok(())
/// }
///
/// let mut ring = RamRing::new([0; 256]);
/// let event = Event { event_type: b"message", data: b"on", last_event_id: b"7" };
/// ring.append(&Record::Event { event, has_id: true })?;
/// first(&mut ring)?;
/// assert!(ring.read(Serial::START, &mut [0; 64])?.is_none());
/// assert_eq!(ring.last_id(&mut [0; 64])?, b"7");
/// # Ok::<(), JournalError<core::convert::Infallible>>(())
/// ```
pub trait Journal {
    /// What the memory under the journal fails with.
    type Error;

    /// Appends a record.
    ///
    /// # Errors
    ///
    /// [`JournalError::Full`]: nothing has changed, and there is room again after a commit. Stop reading from the connection
    /// until then.
    fn append(&mut self, record: &Record<'_>) -> Result<(), JournalError<Self::Error>>;

    /// Reads the first record that is after `after` and not committed, into `buffer`. Returns `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`JournalError::TooLong`] if the buffer is too short for the record.
    fn read<'b>(&mut self, after: Serial, buffer: &'b mut [u8]) -> ReadResult<'b, Self::Error>;

    /// Commits all records up to this one. If the power fails meanwhile, either all of them are committed afterwards, or the
    /// first of them is not. If `last_id` is not empty, it becomes the last ID in the same step, because the
    /// application has a state that is ahead of all records.
    ///
    /// # Errors
    ///
    /// The memory failed. Whether the records are committed is not known.
    fn commit(&mut self, through: Serial, last_id: &[u8]) -> Result<(), JournalError<Self::Error>>;

    /// Copies the last ID to `buffer`, and returns it: the [`last_event_id`](Record::last_event_id) of the newest record
    /// that has one, even if it is committed, or what was set with a later commit. Empty if there was none.
    ///
    /// # Errors
    ///
    /// [`JournalError::TooLong`] if the buffer is too short.
    fn last_id<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b [u8], JournalError<Self::Error>>;

    /// Returns once all that was appended and committed so far is safe. Call it when nothing more has arrived. A store for
    /// which each call is safe when it returns does nothing; that is the default.
    ///
    /// # Errors
    ///
    /// The memory failed. What is safe is not known.
    fn flush(&mut self) -> Result<(), JournalError<Self::Error>> {
        Ok(())
    }
}

/// What [`Journal::read`] returns: the next record and its place, or `None` at the end.
pub type ReadResult<'b, E> = Result<Option<(Serial, Record<'b>)>, JournalError<E>>;

/// A [`Journal`] whose memory is asynchronous, such as a flash behind a bus. The methods mean the same.
///
/// If a future is dropped before it is done, the record may be stored or not, and the records may be committed or not.
///
/// ```
/// use embedded_sse::delivery::{AsyncJournal, JournalError, Serial};
///
/// async fn is_empty<J: AsyncJournal>(journal: &mut J) -> Result<bool, JournalError<J::Error>> {
///     Ok(journal.read(Serial::START, &mut [0; 256]).await?.is_none())
/// }
/// ```
pub trait AsyncJournal {
    /// See [`Journal::Error`].
    type Error;

    /// See [`Journal::append`].
    fn append(&mut self, record: &Record<'_>) -> impl Future<Output = Result<(), JournalError<Self::Error>>>;

    /// See [`Journal::read`].
    fn read<'b>(&mut self, after: Serial, buffer: &'b mut [u8]) -> impl Future<Output = ReadResult<'b, Self::Error>>;

    /// See [`Journal::commit`].
    fn commit(
        &mut self,
        through: Serial,
        last_id: &[u8],
    ) -> impl Future<Output = Result<(), JournalError<Self::Error>>>;

    /// See [`Journal::last_id`].
    fn last_id<'b>(
        &mut self,
        buffer: &'b mut [u8],
    ) -> impl Future<Output = Result<&'b [u8], JournalError<Self::Error>>>;
}

/// Why a journal did not do what it was asked for.
///
/// ```
/// use embedded_sse::delivery::{Journal, JournalError, RamRing, Record};
///
/// let mut ring = RamRing::new([0; 32]);
/// let gap = Record::Gap { since: &[b'7'; 40], until: b"", announced: true };
/// assert!(matches!(ring.append(&gap), Err(JournalError::TooLong { needed: 49, .. })));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum JournalError<E> {
    /// There is no room until records are committed. Stop reading from the connection.
    Full,
    /// A record or an ID does not fit, not even if the journal is empty, or the buffer is too short.
    TooLong {
        /// The number of bytes that are needed.
        needed: usize,
    },
    /// What is stored cannot be read. Make the journal empty and fetch the full state.
    Damaged,
    /// The memory under the journal failed.
    Store(E),
}

impl<E: fmt::Display> fmt::Display for JournalError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the journal is full: stop reading until records are committed"),
            Self::TooLong { needed } => write!(f, "too long for the journal: {needed} bytes are needed"),
            Self::Damaged => f.write_str("the journal is damaged: make it empty and fetch the full state"),
            Self::Store(error) => write!(f, "cannot use the memory of the journal: {error}"),
        }
    }
}

impl<E: Error + 'static> Error for JournalError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
