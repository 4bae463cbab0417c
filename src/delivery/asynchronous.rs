//! A [`Delivery`] and an [`AsyncJournal`] in one. `journalled.rs` is the same for blocking code.
//!
//! It does what the delivery advises. It must not decide anything itself.

use super::cursor::Token;
use super::delivery::{Advice, Counts, Delivery, Gap, Reading};
use super::full_sync::SyncAction;
use super::journal::{AsyncJournal, JournalError, Serial};
use super::journalled::{Kept, Next};
use super::position::Sequence;
use super::record::Record;
use crate::codec::{Buffer, Event};
use crate::jitter::Jitter;
use crate::time::Instant;

/// A [`Delivery`] and an [`AsyncJournal`] in one: [`Journalled`](super::Journalled) for asynchronous code. The methods mean the same.
///
/// If a future is dropped before it is done, the record may be stored or not, and the records may be committed or not. Call
/// [`resume_from`](Self::resume_from) before the next attempt, as always.
///
/// ```
/// use embedded_sse::Event;
/// use embedded_sse::delivery::{AsyncJournal, JournalError, JournalledAsync, Kept, Next, Sequence};
///
/// async fn keep_and_show<P: Sequence, S: AsyncJournal>(
///     journal: &mut JournalledAsync<P, S, [u8; 512]>,
///     event: &Event<'_>,
/// ) -> Result<(), JournalError<S::Error>> {
///     if journal.receive(event).await? == Kept::Stored {
///         if let Next::Event(event, token) = journal.peek().await? {
///             println!("{event:?}");
///             journal.commit(token).await?;
///         }
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct JournalledAsync<P, S, B> {
    delivery: Delivery<P>,
    store: S,
    buffer: B,
}

impl<P: Sequence, S: AsyncJournal, B: Buffer> JournalledAsync<P, S, B> {
    /// Joins the two, and continues after the last event in the journal.
    ///
    /// # Errors
    ///
    /// See [`AsyncJournal::last_id`].
    pub async fn new(delivery: Delivery<P>, store: S, buffer: B) -> Result<Self, JournalError<S::Error>> {
        let mut this = Self { delivery, store, buffer };
        this.resume_from().await?;
        Ok(this)
    }

    /// Returns the ID that the next request should send as `Last-Event-ID`: that of the last event in the journal. Empty
    /// if there is none. Call it before each attempt: an event that was received and not stored is then new.
    ///
    /// # Errors
    ///
    /// See [`AsyncJournal::last_id`].
    pub async fn resume_from(&mut self) -> Result<&[u8], JournalError<S::Error>> {
        let id = self.store.last_id(self.buffer.as_mut()).await?;
        self.delivery.resume(id);
        Ok(id)
    }

    /// Reports that a connection has opened; see [`Continuity::connected`](super::Continuity::connected).
    pub fn connected(&mut self, last_event_id: &[u8]) {
        self.delivery.connected(last_event_id);
    }

    /// Reports an event of the connection. It is in the journal when this returns [`Kept::Stored`].
    ///
    /// # Errors
    ///
    /// See [`AsyncJournal::append`]. The event is not stored.
    pub async fn receive(&mut self, event: &Event<'_>) -> Result<Kept, JournalError<S::Error>> {
        loop {
            let advice = self.delivery.received(event);
            match advice {
                Advice::Drop => return Ok(Kept::Duplicate),
                Advice::Reconnect => return Ok(Kept::Reconnect),
                Advice::Deliver { .. } | Advice::Gap(_) => {}
            }
            let since = self.store.last_id(self.buffer.as_mut()).await?;
            let record = advice.record(event, since);
            match self.store.append(&record).await {
                Err(JournalError::Full) => return Ok(Kept::Full),
                appended => appended?,
            }
            match advice {
                Advice::Gap(gap) => {
                    self.delivery.gap_stored(&gap);
                    if gap.announced {
                        return Ok(Kept::Announced);
                    }
                }
                _ => {
                    self.delivery.kept(event);
                    return Ok(Kept::Stored);
                }
            }
        }
    }

    /// Reports that events are missing, as something other than an event tells: the header of a
    /// [response](Delivery::gap_in_response), or an event that was too long. The gap is in the journal when this returns
    /// [`Kept::Announced`].
    ///
    /// # Errors
    ///
    /// See [`AsyncJournal::append`]. The gap is not stored.
    pub async fn missed(&mut self) -> Result<Kept, JournalError<S::Error>> {
        let gap = Gap { missing: None, until: &[], announced: true };
        let since = self.store.last_id(self.buffer.as_mut()).await?;
        match self.store.append(&Record::Gap { since, until: gap.until, announced: gap.announced }).await {
            Err(JournalError::Full) => return Ok(Kept::Full),
            appended => appended?,
        }
        self.delivery.gap_stored(&gap);
        Ok(Kept::Announced)
    }

    /// Returns what the application has to do next. Until that is done, it stays the next.
    ///
    /// # Errors
    ///
    /// See [`AsyncJournal::read`] and [`AsyncJournal::commit`].
    pub async fn peek(&mut self) -> Result<Next<'_>, JournalError<S::Error>> {
        let Some((serial, record)) = self.store.read(Serial::START, self.buffer.as_mut()).await? else {
            return Ok(Next::Nothing);
        };
        Ok(match (self.delivery.read(&record), record) {
            (Reading::Deliver, Record::Event { event, .. }) => Next::Event(event, Token(serial.0)),
            (_, Record::Gap { since, .. }) => Next::Sync { since },
            (Reading::Sync, Record::Event { event, .. }) => Next::Sync { since: event.last_event_id },
        })
    }

    /// Reports that the application has handled an event.
    ///
    /// # Errors
    ///
    /// See [`AsyncJournal::commit`].
    pub async fn commit(&mut self, token: Token) -> Result<(), JournalError<S::Error>> {
        self.store.commit(Serial(token.0), &[]).await
    }

    /// Returns what to do about the full state; see [`Delivery::poll`].
    pub fn poll(&self, now: Instant) -> SyncAction {
        self.delivery.poll(now)
    }

    /// Reports that the application fetches the state.
    pub fn fetching(&mut self) {
        self.delivery.fetching();
    }

    /// Reports that the state could not be fetched.
    pub fn failed(&mut self, now: Instant, jitter: &mut impl Jitter) {
        self.delivery.failed(now, jitter);
    }

    /// Reports that the application has the state, up to the event with this ID; see [`Delivery::synced`]. The gap, and
    /// all records that the state contains, are committed. Returns `false` if the state is too old: report
    /// [`failed`](Self::failed).
    ///
    /// # Errors
    ///
    /// See [`AsyncJournal::read`] and [`AsyncJournal::commit`]. The gap is still in the journal, so [`peek`](Self::peek) returns it.
    pub async fn synced(&mut self, id: &[u8]) -> Result<bool, JournalError<S::Error>> {
        let Some(mut state) = self.delivery.synced(id) else { return Ok(false) };
        let mut through = Serial::START;
        while let Some((serial, record)) = self.store.read(through, self.buffer.as_mut()).await? {
            if !state.contains(&record, &self.delivery) {
                break;
            }
            through = serial;
        }
        let is_ahead = self.delivery.resume_after(&state);
        self.store.commit(through, if is_ahead { id } else { &[] }).await?;
        Ok(true)
    }

    /// Returns what has been counted so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.delivery.counts()
    }

    /// Returns the store, for what only it can do. Do not append or commit.
    pub fn store_mut(&mut self) -> &mut S {
        &mut self.store
    }

    /// Returns the store.
    pub fn into_store(self) -> S {
        self.store
    }
}
