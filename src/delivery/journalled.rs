//! A [`Delivery`] and a [`Journal`] in one, for blocking code. `asynchronous.rs` is the same for asynchronous code.
//!
//! It does what the delivery advises. It must not decide anything itself.

use super::cursor::Token;
use super::delivery::{Advice, Counts, Delivery, Gap, Reading};
use super::full_sync::SyncAction;
use super::journal::{Journal, JournalError, Serial};
use super::position::Sequence;
use super::record::Record;
use crate::codec::{Buffer, Event};
use crate::jitter::Jitter;
use crate::time::Instant;

/// What became of an event.
///
/// ```
/// use embedded_sse::delivery::Kept;
///
/// fn goes_on(kept: Kept) -> bool {
///     match kept {
///         Kept::Stored | Kept::Duplicate | Kept::Announced => true,
///         Kept::Reconnect => false,
///         Kept::Full => false, // keep the event, and stop reading until the application has committed one
///     }
/// }
/// assert!(!goes_on(Kept::Full));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "an event that was not stored has to be passed again"]
pub enum Kept {
    /// It is in the journal.
    Stored,
    /// It has been delivered before, or is in the journal.
    Duplicate,
    /// It announced a gap, which is in the journal.
    Announced,
    /// Drop the event, close the connection, and open one that resumes after the state; see [`Advice::Reconnect`].
    Reconnect,
    /// There is no room. Keep the event, stop reading from the connection, and pass the event again once records have been
    /// committed.
    Full,
}

/// What the application has to do next.
///
/// ```
/// use embedded_sse::delivery::Next;
///
/// fn shown(next: &Next<'_>) -> String {
///     match next {
///         Next::Event(event, _) => event.data_lossy().to_string(),
///         Next::Sync { .. } => "fetch the state".into(),
///         Next::Nothing => "wait for events".into(),
///     }
/// }
/// assert_eq!(shown(&Next::Nothing), "wait for events");
/// ```
#[derive(Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
pub enum Next<'b> {
    /// Handle this event, and then commit it with the token. Until then, it is the next one.
    Event(Event<'b>, Token),
    /// Events after the one with the ID `since` are missing. Do what [`poll`](Journalled::poll) returns. The ID is empty if
    /// there was no event before.
    Sync {
        /// The ID of the last event before the gap.
        since: &'b [u8],
    },
    /// All is handled.
    Nothing,
}

/// A [`Delivery`] and a [`Journal`] in one.
///
/// The task that reads from the connection calls [`receive`](Self::receive), the one that handles events calls
/// [`peek`](Self::peek) and [`commit`](Self::commit). They can be one task, or share this in a mutex.
///
/// `P` is the policy for IDs, `S` the store, `B` a [`Buffer`] that holds the longest record.
///
/// ```
/// use embedded_sse::delivery::{Decimal, Delivery, JournalError, Journalled, Kept, Next, RamRing};
/// use embedded_sse::{Decoder, Event};
///
/// let mut journal = Journalled::new(Delivery::new(Decimal), RamRing::new([0; 1024]), [0; 256])?;
/// let mut decoder = Decoder::new([0; 64]);
/// let mut chunk = &b"id: 7\ndata: light on\n\nid: 7\n\nid: 8\ndata: light off\n\n"[..];
/// while let Some(event) = decoder.next_event(&mut chunk) {
///     assert_eq!(journal.receive(&event?)?, Kept::Stored);
/// }
/// let mut seen = Vec::new();
/// while let Next::Event(event, token) = journal.peek()? {
///     seen.push(event.data_lossy().to_string());
///     journal.commit(token)?;
/// }
/// assert_eq!(seen, ["light on", "light off"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Journalled<P, S, B> {
    delivery: Delivery<P>,
    store: S,
    buffer: B,
}

impl<P: Sequence, S: Journal, B: Buffer> Journalled<P, S, B> {
    /// Joins the two, and continues after the last event in the journal.
    ///
    /// # Errors
    ///
    /// See [`Journal::last_id`].
    pub fn new(delivery: Delivery<P>, store: S, buffer: B) -> Result<Self, JournalError<S::Error>> {
        let mut this = Self { delivery, store, buffer };
        this.resume_from()?;
        Ok(this)
    }

    /// Returns the ID that the next request should send as `Last-Event-ID`: that of the last event in the journal. Empty
    /// if there is none. Call it before each attempt: an event that was received and not stored is then new.
    ///
    /// # Errors
    ///
    /// See [`Journal::last_id`].
    pub fn resume_from(&mut self) -> Result<&[u8], JournalError<S::Error>> {
        let id = self.store.last_id(self.buffer.as_mut())?;
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
    /// See [`Journal::append`]. The event is not stored.
    pub fn receive(&mut self, event: &Event<'_>) -> Result<Kept, JournalError<S::Error>> {
        loop {
            let advice = self.delivery.received(event);
            match advice {
                Advice::Drop => return Ok(Kept::Duplicate),
                Advice::Reconnect => return Ok(Kept::Reconnect),
                Advice::Deliver { .. } | Advice::Gap(_) => {}
            }
            let since = self.store.last_id(self.buffer.as_mut())?;
            let record = advice.record(event, since);
            match self.store.append(&record) {
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
    /// See [`Journal::append`]. The gap is not stored.
    pub fn missed(&mut self) -> Result<Kept, JournalError<S::Error>> {
        let gap = Gap { missing: None, until: &[], announced: true };
        let since = self.store.last_id(self.buffer.as_mut())?;
        match self.store.append(&Record::Gap { since, until: gap.until, announced: gap.announced }) {
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
    /// See [`Journal::read`] and [`Journal::commit`].
    pub fn peek(&mut self) -> Result<Next<'_>, JournalError<S::Error>> {
        let Some((serial, record)) = self.store.read(Serial::START, self.buffer.as_mut())? else {
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
    /// See [`Journal::commit`].
    pub fn commit(&mut self, token: Token) -> Result<(), JournalError<S::Error>> {
        self.store.commit(Serial(token.0), &[])
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
    /// See [`Journal::read`] and [`Journal::commit`]. The gap is still in the journal, so [`peek`](Self::peek) returns it.
    pub fn synced(&mut self, id: &[u8]) -> Result<bool, JournalError<S::Error>> {
        let Some(mut state) = self.delivery.synced(id) else { return Ok(false) };
        let mut through = Serial::START;
        while let Some((serial, record)) = self.store.read(through, self.buffer.as_mut())? {
            if !state.contains(&record, &self.delivery) {
                break;
            }
            through = serial;
        }
        let is_ahead = self.delivery.resume_after(&state);
        self.store.commit(through, if is_ahead { id } else { &[] })?;
        Ok(true)
    }

    /// Returns what has been counted so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.delivery.counts()
    }

    /// Returns the buffer, so that it can be made larger.
    #[cfg(feature = "event-source")]
    pub(crate) const fn buffer_mut(&mut self) -> &mut B {
        &mut self.buffer
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
