//! Joins continuity and full sync: an event received or a record read is a fact, and what to do with it is the advice.
//!
//! It must not depend on connections, nor on how a journal stores its records.

use super::continuity::{Continuity, Verdict};
use super::full_sync::{FullSync, SyncAction};
use super::position::{Position, Sequence};
use super::record::Record;
use crate::codec::Event;
use crate::jitter::Jitter;
use crate::time::Instant;

/// What to do with an event that was received.
///
/// ```
/// use embedded_sse::Event;
/// use embedded_sse::delivery::{Advice, Decimal, Delivery};
///
/// let mut delivery = Delivery::new(Decimal);
/// let event = |last_event_id| Event { event_type: b"message", data: b"on", last_event_id };
/// for (id, own) in [(b"1", &b"1"[..]), (b"1", b""), (b"2", b"2")] {
///     assert_eq!(delivery.received(&event(id)), Advice::Deliver { id: own });
///     delivery.kept(&event(id)); // it is in the journal, or the application has it
/// }
/// assert_eq!(delivery.received(&event(b"1")), Advice::Drop);
/// assert!(matches!(delivery.received(&event(b"9")), Advice::Gap(gap) if gap.missing == Some(6)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
pub enum Advice<'e> {
    /// The event is new. Append it to the journal, or hand it to the application, and then report it with
    /// [`kept`](Delivery::kept). If that is not possible now, stop reading, and pass the event again later.
    Deliver {
        /// The event's own ID. Empty if it has none: the last event ID is then that of an earlier event.
        id: &'e [u8],
    },
    /// The event has been delivered. Drop it.
    Drop,
    /// Events are missing before this one. Report the gap with [`gap_stored`](Delivery::gap_stored) after you have
    /// appended it to the journal, or without a journal with [`sync_needed`](Delivery::sync_needed). Then pass the event
    /// again, unless it only [announced](Gap::announced) the gap.
    Gap(Gap<'e>),
    /// The server has restarted, and the application has a state from after that, while this connection is behind. Drop the
    /// event, close the connection, and open one that resumes after the state. It has what comes next.
    Reconnect,
}

/// A hole in the stream.
///
/// ```
/// use embedded_sse::Event;
/// use embedded_sse::delivery::{Advice, Decimal, Delivery, Gap};
///
/// // What `server::Replay` leads to if the client was away for too long.
/// let mut delivery = Delivery::new(Decimal).gap_event("cut");
/// let event = Event { event_type: b"cut", data: b"", last_event_id: b"90" };
/// assert_eq!(delivery.received(&event), Advice::Gap(Gap { missing: None, until: b"90", announced: true }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Gap<'e> {
    /// How many events are missing, or `None` if that is unknown.
    pub missing: Option<u64>,
    /// The ID of the event after the gap, or if it was [`announced`](Self::announced), of the last event in it. Empty if that is not known.
    pub until: &'e [u8],
    /// The server said that events are missing. If an event said so, that is all it is for, and it is not delivered.
    pub announced: bool,
}

impl<'e> Advice<'e> {
    /// Returns the record for the journal: the event, or the gap before it. `last_id` is the last ID in the journal. An
    /// event without an ID of its own gets it as its last event ID.
    #[must_use]
    pub fn record(&self, event: &Event<'e>, last_id: &'e [u8]) -> Record<'e> {
        match *self {
            Self::Gap(Gap { until, announced, .. }) => Record::Gap { since: last_id, until, announced },
            Self::Deliver { id: &[] } | Self::Drop | Self::Reconnect => {
                Record::Event { event: Event { last_event_id: last_id, ..*event }, has_id: false }
            }
            Self::Deliver { id } => Record::Event { event: Event { last_event_id: id, ..*event }, has_id: true },
        }
    }
}

/// What to do with a record that was read from the journal.
///
/// ```
/// use embedded_sse::client::Instant;
/// use embedded_sse::delivery::{Decimal, Delivery, Reading, Record, SyncAction};
///
/// let mut delivery = Delivery::new(Decimal);
/// let gap = Record::Gap { since: b"5", until: b"9", announced: false };
/// assert_eq!(delivery.read(&gap), Reading::Sync);
/// assert_eq!(delivery.poll(Instant::ZERO), SyncAction::Fetch);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
pub enum Reading {
    /// Hand the event to the application. Commit it when it is handled.
    Deliver,
    /// The state has to be fetched before anything else is read: do what [`poll`](Delivery::poll) returns. Do not commit.
    Sync,
}

/// What to do about a server that has restarted, so that it counts in a new epoch.
///
/// ```
/// use embedded_sse::delivery::{Delivery, EpochDecimal, Restart};
///
/// // The server keeps its history over restarts, or tells the gap with an event.
/// let delivery = Delivery::new(EpochDecimal).restart(Restart::Continue);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Restart {
    /// Fetch the full state: what the server had sent before it went down may be missing. The default.
    #[default]
    Sync,
    /// Go on: the server sends what was missed, or says what it cannot send. It counts from 1, so that the first event of
    /// the epoch is not missing unnoticed.
    Continue,
}

/// Numbers for a summary. They saturate.
///
/// ```
/// use embedded_sse::delivery::{Counts, Decimal, Delivery};
///
/// assert_eq!(Delivery::new(Decimal).counts(), Counts::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Counts {
    /// Gaps noticed.
    pub gaps: u32,
    /// Full syncs completed.
    pub syncs: u32,
    /// Duplicates dropped.
    pub duplicates: u32,
}

/// Decides what happens to each event between the session and the application.
///
/// It has two sides. Report each event of the connection with [`received`](Self::received). With a journal, report each
/// record that you read from it with [`read`](Self::read). Before you handle anything, do what [`poll`](Self::poll) returns.
/// [`Journalled`](super::Journalled) is this and a journal in one.
///
/// # Without a journal
///
/// ```
/// use embedded_sse::client::{Instant, NoJitter};
/// use embedded_sse::delivery::{Advice, Cursor, Decimal, Delivery, SyncAction};
/// use embedded_sse::{Decoder, Event};
///
/// /// Fetches the state, and returns the ID of the last event that it contains.
/// fn fetch_state() -> &'static [u8] {
///     b"14"
/// }
///
/// fn handle(event: &Event<'_>, delivery: &mut Delivery<Decimal>, cursor: &mut Cursor) {
///     loop {
///         match delivery.received(event) {
///             Advice::Deliver { id } => {
///                 let Ok(token) = cursor.received(id) else { return };
///                 delivery.kept(event);
///                 println!("{event:?}");
///                 return cursor.commit(token);
///             }
///             Advice::Drop => return,
///             Advice::Reconnect => return, // and close the connection
///             Advice::Gap(gap) => {
///                 delivery.sync_needed(&gap);
///                 let id = fetch_state(); // if it fails: report `failed`, and do what `poll` returns
///                 let Some(state) = delivery.synced(id) else { return };
///                 delivery.resume_after(&state);
///                 if cursor.set(id).is_err() || gap.announced {
///                     return;
///                 }
///             }
///         }
///     }
/// }
///
/// let (mut delivery, mut cursor) = (Delivery::new(Decimal), Cursor::new([0; 128]));
/// let mut decoder = Decoder::new([0; 64]);
/// let mut chunk = &b"id: 10\ndata\n\nid: 15\ndata\n\nid: 16\ndata\n\n"[..];
/// while let Some(event) = decoder.next_event(&mut chunk) {
///     handle(&event?, &mut delivery, &mut cursor);
/// }
/// assert_eq!(cursor.resume_from(), b"16");
/// assert_eq!(delivery.counts().syncs, 1);
/// # Ok::<(), embedded_sse::TooLong>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Delivery<P> {
    continuity: Continuity<P>,
    sync: FullSync,
    gap_event: &'static [u8],
    restart: Restart,
    /// An event waits for the state, and is passed again.
    is_held: bool,
    /// The state is of another epoch than the events of this connection, so the two cannot be compared.
    must_reconnect: bool,
    counts: Counts,
}

impl<P> Delivery<P> {
    /// Creates one that has seen no event.
    #[must_use]
    pub const fn new(policy: P) -> Self {
        Self {
            continuity: Continuity::new(policy),
            sync: FullSync::new(),
            gap_event: &[],
            restart: Restart::Sync,
            is_held: false,
            must_reconnect: false,
            counts: Counts { gaps: 0, syncs: 0, duplicates: 0 },
        }
    }

    /// Sets the type of the events by which the server tells that something is missing, such as the event that you send
    /// at [`Resume::Cut`](crate::server::Resume::Cut). They are not delivered. None by default.
    #[must_use]
    pub fn gap_event(mut self, event_type: &'static str) -> Self {
        self.gap_event = event_type.as_bytes();
        self
    }

    /// Sets what to do about a server that has restarted.
    #[must_use]
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// Returns what to do about the full state now. Changes nothing.
    pub fn poll(&self, now: Instant) -> SyncAction {
        self.sync.poll(now)
    }

    /// Reports that the application fetches the state.
    pub fn fetching(&mut self) {
        self.sync.fetching();
    }

    /// Reports that the state could not be fetched, or was [too old](Self::synced).
    pub fn failed(&mut self, now: Instant, jitter: &mut impl Jitter) {
        self.sync.failed(now, jitter);
    }

    /// Returns what has been counted so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }
}

impl<P: Sequence> Delivery<P> {
    /// Continues after the event with this ID: the committed one without a journal, the last one in the journal with one.
    /// Events that were received and not kept are new when they come again.
    pub fn resume(&mut self, id: &[u8]) {
        self.continuity.resume(id);
    }

    /// Reports that a connection has opened; see [`Continuity::connected`].
    pub fn connected(&mut self, last_event_id: &[u8]) {
        self.must_reconnect = false;
        self.continuity.connected(last_event_id);
    }

    /// Compares the header `Last-Event-ID` that was sent with the one that a hub of Mercure sent back
    /// (`Mercure-Last-Event-ID`, or `Last-Event-ID`), and returns a gap if they differ: the hub then does not have all that was missed.
    ///
    /// Without the header, or if no ID was sent, the result is `None`.
    ///
    /// ```
    /// use embedded_sse::delivery::{Decimal, Delivery};
    ///
    /// assert_eq!(Delivery::<Decimal>::gap_in_response(b"7", Some(b"7")), None);
    /// assert!(Delivery::<Decimal>::gap_in_response(b"7", Some(b"earliest")).is_some());
    /// ```
    #[must_use]
    pub fn gap_in_response(sent: &[u8], header: Option<&[u8]>) -> Option<Gap<'static>> {
        let differs = !sent.is_empty() && header.is_some_and(|header| header != sent);
        differs.then_some(Gap { missing: None, until: &[], announced: true })
    }

    /// Reports an event of the connection, and returns what to do with it.
    pub fn received<'e>(&mut self, event: &Event<'e>) -> Advice<'e> {
        if self.must_reconnect {
            return Advice::Reconnect;
        }
        let id = event.last_event_id;
        let at = self.continuity.position(id);
        let verdict = self.continuity.judge_at(at);
        if !self.gap_event.is_empty() && event.event_type == self.gap_event {
            return match verdict {
                Verdict::Unknown => Advice::Gap(Gap { missing: None, until: &[], announced: true }),
                Verdict::Duplicate => Advice::Drop,
                _ => Advice::Gap(Gap { missing: None, until: id, announced: true }),
            };
        }
        let missing = match verdict {
            Verdict::Gap { missing } => Some(missing),
            Verdict::Restarted if self.restart == Restart::Sync => None,
            // The beginning of the new epoch is missing.
            Verdict::Restarted if matches!(at, Some(Position::Counted { number: 2.., .. })) => None,
            Verdict::Duplicate => {
                self.continuity.accept_at(at);
                self.counts.duplicates = self.counts.duplicates.saturating_add(1);
                return Advice::Drop;
            }
            Verdict::Unknown if at.is_some() => return Advice::Deliver { id: &[] },
            _ => return Advice::Deliver { id },
        };
        Advice::Gap(Gap { missing, until: id, announced: false })
    }

    /// Reports that an event which was to be delivered is in the journal, or that the application has it.
    pub fn kept(&mut self, event: &Event<'_>) {
        self.continuity.accept(event.last_event_id);
    }

    /// Reports that a gap is in the journal. The full sync begins when the reading side comes to it.
    pub fn gap_stored(&mut self, gap: &Gap<'_>) {
        self.noticed(gap);
        if !gap.announced {
            // The event after the gap is the first of what follows.
            self.continuity.resume(&[]);
        }
    }

    /// Reports a gap where there is no journal. Do what [`poll`](Self::poll) returns before you pass another event.
    pub fn sync_needed(&mut self, gap: &Gap<'_>) {
        self.sync.needed(self.continuity.last(), self.last_in(gap.until, gap.announced));
        self.is_held = !gap.announced;
        self.noticed(gap);
    }

    fn noticed(&mut self, gap: &Gap<'_>) {
        self.counts.gaps = self.counts.gaps.saturating_add(1);
        if gap.announced {
            self.continuity.accept(gap.until);
        }
    }

    /// Returns the position of the last event in a gap.
    fn last_in(&self, until: &[u8], announced: bool) -> Option<Position> {
        let until = self.continuity.position(until);
        if announced { until } else { until.map(Position::before) }
    }

    /// Reports a record that was read from the journal, and returns what to do with it.
    pub fn read(&mut self, record: &Record<'_>) -> Reading {
        match *record {
            Record::Event { .. } => Reading::Deliver,
            Record::Gap { since, until, announced } => {
                self.sync.needed(self.continuity.position(since), self.last_in(until, announced));
                Reading::Sync
            }
        }
    }

    /// Reports that the application has the state, which contains all events up to the one with this ID. With an empty ID,
    /// it is not known which ones the state contains, and none is dropped.
    ///
    /// Returns `None` if the state is too old to close the gap: report [`failed`](Self::failed). Otherwise pass the result to
    /// [`resume_after`](Self::resume_after). With a journal, first ask it which records it [`contains`](Synced::contains).
    pub fn synced(&mut self, id: &[u8]) -> Option<Synced> {
        let at = self.continuity.position(id);
        let met = at.is_some_and(|at| self.sync.began_in_epoch_of(at));
        if !self.sync.is_needed() || !self.sync.synced(at) {
            return None;
        }
        self.counts.syncs = self.counts.syncs.saturating_add(1);
        Some(Synced { at, met, begun: false })
    }

    /// Continues after a state, if it is ahead of all events that were received. Returns whether it is: a reconnect then has
    /// to resume after the ID of the state. With a journal, commit the records that the state contains and the ID in
    /// one step.
    pub fn resume_after(&mut self, state: &Synced) -> bool {
        let is_held = core::mem::replace(&mut self.is_held, false);
        let is_ahead = match (state.at, self.continuity.last()) {
            (Some(at), Some(last)) if at.is_comparable(last) => !last.contains(at),
            // Of another epoch, the state is the newer one, unless an event of its epoch came before.
            (Some(_), Some(_)) => is_held || !state.met,
            (at, _) => at.is_some(),
        };
        if is_held || is_ahead {
            let is_comparable = |at: Position| self.continuity.last().is_some_and(|last| last.is_comparable(at));
            self.must_reconnect = state.at.is_some_and(|at| !is_comparable(at));
            self.continuity.resume_at(state.at);
        }
        is_ahead
    }
}

/// A state that the application has fetched.
///
/// ```
/// use embedded_sse::Event;
/// use embedded_sse::delivery::{Decimal, Delivery, Record};
///
/// let mut delivery = Delivery::new(Decimal);
/// let gap = Record::Gap { since: b"5", until: b"9", announced: false };
/// let event = |last_event_id| {
///     Record::Event { event: Event { event_type: b"message", data: b"", last_event_id }, has_id: true }
/// };
/// let _ = delivery.read(&gap);
/// let mut state = delivery.synced(b"10").unwrap();
/// assert!([gap, event(b"9"), event(b"10")].iter().all(|record| state.contains(record, &delivery)));
/// assert!(!state.contains(&event(b"11"), &delivery));
/// assert!(delivery.resume_after(&state), "no event was received");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
pub struct Synced {
    at: Option<Position>,
    /// A record of the state's epoch came before, so that one of another epoch is newer.
    met: bool,
    /// The gap itself has been asked about.
    begun: bool,
}

impl Synced {
    /// Returns whether the state contains a record. Ask about the uncommitted records in their order, the gap first, up to
    /// the first that it does not contain.
    pub fn contains<P: Sequence>(&mut self, record: &Record<'_>, delivery: &Delivery<P>) -> bool {
        let is_first = !core::mem::replace(&mut self.begun, true);
        let (position, has_id) = match *record {
            Record::Gap { until, announced, .. } => (delivery.last_in(until, announced), true),
            Record::Event { event, has_id } => (delivery.continuity.position(event.last_event_id), has_id),
        };
        let contains = match (self.at, position) {
            (Some(at), Some(position)) if at.is_comparable(position) => {
                self.met = true;
                // An event without an ID of its own has the position of the one before it, so it may be missing in a
                // state at that very position.
                at.contains(position) && (has_id || at != position)
            }
            (Some(_), Some(_)) => !self.met,
            _ => false,
        };
        contains || is_first
    }
}
