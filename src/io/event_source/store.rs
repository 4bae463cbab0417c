//! The application's delivery and journal, with their types erased, so that the event source has no type parameters.
//!
//! This module passes on. What to keep and what to hand over, the delivery decides.

use alloc::vec;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;
use core::mem::take;

use super::link::BoxError;
use super::source::Random;
use crate::client::Instant;
use crate::codec::{OwnedEvent, SetIdError};
use crate::delivery::{
    Counts, Delivery, Journal, JournalError, Journalled, Kept, Next, Sequence, Serial, SyncAction, Token,
};

/// Why a journal did not do what an event source asked for.
///
/// Nothing is lost: what could not be stored is kept, and tried again with the next call.
///
/// ```
/// use embedded_sse::io::event_source::StoreError;
///
/// fn is_worth_another_try(error: &StoreError) -> bool {
///     matches!(error, StoreError::Failed(_)) // for example because the disk is full
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no room, although all events are committed. Provide a larger store.
    Full,
    /// An event or an ID does not fit, not even if the store is empty. Provide a larger one.
    TooLong {
        /// The number of bytes that are needed.
        needed: usize,
    },
    /// What is stored cannot be read. Make the store empty and fetch the full state.
    Damaged,
    /// The memory under the journal failed. The error of the store is the [`source`](Error::source).
    Failed(BoxError),
    /// The stream cannot be resumed from an ID that you gave, or that the journal held from elsewhere.
    Id(SetIdError),
}

impl<E: Into<BoxError>> From<JournalError<E>> for StoreError {
    fn from(error: JournalError<E>) -> Self {
        match error {
            JournalError::Full => Self::Full,
            JournalError::TooLong { needed } => Self::TooLong { needed },
            JournalError::Damaged => Self::Damaged,
            JournalError::Store(error) => Self::Failed(error.into()),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the journal is full although all is committed: provide a larger one"),
            Self::TooLong { needed } => write!(f, "too long for the journal: {needed} bytes are needed"),
            Self::Damaged => f.write_str("the journal is damaged: make it empty and fetch the full state"),
            Self::Failed(error) => write!(f, "cannot use the memory of the journal: {error}"),
            Self::Id(error) => write!(f, "cannot resume the stream from an ID: {error}"),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(error) => Some(&**error),
            Self::Id(error) => Some(error),
            Self::Full | Self::TooLong { .. } | Self::Damaged => None,
        }
    }
}

/// What the connection has brought and the journal does not have yet.
pub(super) enum Held {
    Event(OwnedEvent),
    /// Events are missing, as something other than an event told.
    Gap,
}

/// What the application has to do next.
pub(super) enum Todo {
    Event(OwnedEvent, Token),
    /// Fetch the state: events after the one with this ID are missing.
    Fetch(Vec<u8>),
    /// Fetch the state at this time.
    WaitUntil(Instant),
    Nothing,
}

/// A [`Journalled`] of any type.
pub(super) trait Store: Send {
    /// Makes a journal without any ID begin after this one.
    fn begin_after(&mut self, id: &[u8]) -> Result<(), StoreError>;
    /// Makes a journal that nothing was ever in begin with a gap.
    fn begin_with_gap(&mut self, now: Instant) -> Result<(), StoreError>;
    fn resume_from(&mut self) -> Result<Vec<u8>, StoreError>;
    fn connected(&mut self);
    fn keep(&mut self, held: &Held) -> Result<Kept, StoreError>;
    fn next(&mut self, now: Instant) -> Result<Todo, StoreError>;
    fn commit(&mut self, token: Token) -> Result<(), StoreError>;
    fn fetching(&mut self);
    fn failed(&mut self, now: Instant, random: &mut Random);
    fn synced(&mut self, id: &[u8]) -> Result<bool, StoreError>;
    fn flush(&mut self) -> Result<(), StoreError>;
    fn counts(&self) -> Counts;
}

/// The buffer grows when a record needs it.
pub(super) struct Growing<P, S>(Journalled<P, S, Vec<u8>>);

/// Enough for every ID that a record can have.
const BUFFER: usize = 1 << 16;

impl<P: Sequence, S: Journal<Error: Into<BoxError>>> Growing<P, S> {
    pub(super) fn new(delivery: Delivery<P>, store: S) -> Result<Self, StoreError> {
        Ok(Self(Journalled::new(delivery, store, vec![0; BUFFER])?))
    }

    /// Tries again with a larger buffer if it was too short. What did not fit has changed nothing.
    fn grow<T>(
        &mut self,
        mut run: impl FnMut(&mut Journalled<P, S, Vec<u8>>) -> Result<T, JournalError<S::Error>>,
    ) -> Result<T, StoreError> {
        loop {
            match run(&mut self.0) {
                Err(JournalError::TooLong { needed }) if needed > self.0.buffer_mut().len() => {
                    self.0.buffer_mut().resize(needed, 0);
                }
                result => return Ok(result?),
            }
        }
    }

    /// Makes the buffer large enough for all records that wait.
    fn make_room(&mut self) -> Result<(), StoreError> {
        let mut after = Serial::START;
        loop {
            let next = self.grow(|journal| {
                let mut buffer = take(journal.buffer_mut());
                let next = journal.store_mut().read(after, &mut buffer).map(|read| read.map(|(serial, _)| serial));
                *journal.buffer_mut() = buffer;
                next
            });
            match next? {
                Some(serial) => after = serial,
                None => return Ok(()),
            }
        }
    }
}

impl<P: Sequence + Send, S: Journal<Error: Into<BoxError>> + Send> Store for Growing<P, S> {
    fn begin_after(&mut self, id: &[u8]) -> Result<(), StoreError> {
        if self.resume_from()?.is_empty() && !id.is_empty() {
            self.0.store_mut().commit(Serial::START, id)?;
        }
        Ok(())
    }

    fn begin_with_gap(&mut self, now: Instant) -> Result<(), StoreError> {
        if self.resume_from()?.is_empty() && matches!(self.next(now)?, Todo::Nothing) {
            // There is room in an empty journal.
            let _ = self.keep(&Held::Gap)?;
        }
        self.flush()
    }

    fn resume_from(&mut self) -> Result<Vec<u8>, StoreError> {
        self.grow(|journal| journal.resume_from().map(<[u8]>::to_vec))
    }

    fn connected(&mut self) {
        self.0.connected(b"");
    }

    fn keep(&mut self, held: &Held) -> Result<Kept, StoreError> {
        self.grow(|journal| match held {
            Held::Event(event) => journal.receive(&event.as_event()),
            Held::Gap => journal.missed(),
        })
    }

    fn next(&mut self, now: Instant) -> Result<Todo, StoreError> {
        let since = self.grow(|journal| {
            Ok(match journal.peek()? {
                Next::Event(event, token) => Todo::Event(event.into(), token),
                Next::Sync { since } => Todo::Fetch(since.into()),
                Next::Nothing => Todo::Nothing,
            })
        });
        Ok(match (since?, self.0.poll(now)) {
            (Todo::Fetch(_), SyncAction::WaitUntil(at)) => Todo::WaitUntil(at),
            (todo, _) => todo,
        })
    }

    fn commit(&mut self, token: Token) -> Result<(), StoreError> {
        Ok(self.0.commit(token)?)
    }

    fn fetching(&mut self) {
        self.0.fetching();
    }

    fn failed(&mut self, now: Instant, random: &mut Random) {
        self.0.failed(now, random);
    }

    fn synced(&mut self, id: &[u8]) -> Result<bool, StoreError> {
        self.make_room()?;
        Ok(self.0.synced(id)?)
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        Ok(self.0.store_mut().flush()?)
    }

    fn counts(&self) -> Counts {
        self.0.counts()
    }
}
