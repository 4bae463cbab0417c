//! Whether an event follows the one before it.
//!
//! It keeps two positions and judges one ID at a time. It must not depend on what a verdict leads to.

use super::position::{Position, Sequence};

/// What an ID says about the event that carries it.
///
/// ```
/// use embedded_sse::delivery::{Continuity, Decimal, Verdict};
///
/// let mut continuity = Continuity::new(Decimal);
/// let verdicts = [&b"5"[..], b"6", b"6", b"5", b"9", b"?"].map(|id| continuity.observe(id));
/// let missing = 2; // 7 and 8
/// assert_eq!(verdicts[..3], [Verdict::First, Verdict::InOrder, Verdict::Unknown]);
/// assert_eq!(verdicts[3..], [Verdict::Duplicate, Verdict::Gap { missing }, Verdict::Unknown]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Verdict {
    /// The first event with a position. Nothing is known about what came before.
    First,
    /// The event follows the last one. With positions that are only [ordered](Position::Ordered), events may be missing
    /// in between all the same.
    InOrder,
    /// The event has been seen, or one after it.
    Duplicate,
    /// Events are missing before this one.
    Gap {
        /// How many.
        missing: u64,
    },
    /// The server counts in a new epoch, so it has restarted. Whether events of the old epoch are missing is unknown.
    Restarted,
    /// The event has no ID of its own, or one that the policy cannot read. It counts as new, because it cannot be compared
    /// with others.
    Unknown,
}

/// Compares the position of each event with the one before it.
///
/// It keeps the highest position, so that events that come again are noticed even if they come far behind. `P` is the
/// policy: [`Decimal`](super::Decimal), [`EpochDecimal`](super::EpochDecimal), [`MillisCounter`](super::MillisCounter), or
/// your own.
///
/// # Events without an ID
///
/// An [`Event`](crate::Event) carries the *last* event ID of the stream, which an earlier event may have set. An event with
/// the same last event ID as the one before it on this connection therefore counts as one without an ID, and is never a
/// duplicate. At the beginning of a connection, that ID is the one that the decoder holds. Some servers send the
/// last event again to a client that resumes. To notice that, clear the ID of the decoder when the connection opens, and
/// report it with [`connected`](Self::connected):
///
/// ```
/// use embedded_sse::delivery::{Continuity, Decimal, Verdict};
///
/// let mut continuity = Continuity::new(Decimal);
/// continuity.resume(b"7");
/// // After the request is sent: `session.set_last_event_id(b"")`.
/// continuity.connected(b"");
/// assert_eq!(continuity.observe(b""), Verdict::Unknown); // an event without an ID
/// assert_eq!(continuity.observe(b"7"), Verdict::Duplicate); // the server repeats the last event
/// assert_eq!(continuity.observe(b"7"), Verdict::Unknown); // another event without an ID
/// assert_eq!(continuity.observe(b"8"), Verdict::InOrder);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Continuity<P> {
    policy: P,
    /// The highest position, which the next event should follow.
    last: Option<Position>,
    /// The last event ID of the connection so far.
    current: Option<Position>,
}

impl<P> Continuity<P> {
    /// Creates one that has seen no event.
    #[must_use]
    pub const fn new(policy: P) -> Self {
        Self { policy, last: None, current: None }
    }
}

impl<P: Sequence> Continuity<P> {
    /// Continues after the event with this ID, such as one restored from storage, or that of a state that the
    /// application has at the start. With an empty ID, or one that the policy cannot read, the next event is the first one.
    pub fn resume(&mut self, id: &[u8]) {
        self.last = self.position(id);
    }

    /// Reports that a connection has opened, and the last event ID that the decoder holds now.
    pub fn connected(&mut self, last_event_id: &[u8]) {
        self.current = self.position(last_event_id);
    }

    /// Judges an event by its last event ID, and continues after it.
    pub fn observe(&mut self, last_event_id: &[u8]) -> Verdict {
        let next = self.position(last_event_id);
        let verdict = self.judge_at(next);
        self.accept_at(next);
        verdict
    }

    /// Judges an event by its last event ID, and changes nothing.
    #[must_use]
    pub fn judge(&self, last_event_id: &[u8]) -> Verdict {
        self.judge_at(self.position(last_event_id))
    }

    pub(super) fn judge_at(&self, next: Option<Position>) -> Verdict {
        let Some(next) = next.filter(|next| self.current != Some(*next)) else {
            return Verdict::Unknown;
        };
        let Some(last) = self.last else { return Verdict::First };
        if last.has_seen(next) {
            return Verdict::Duplicate;
        }
        match (last, next) {
            _ if last.is_of_another_epoch(next) => Verdict::Restarted,
            (Position::Counted { number, .. }, Position::Counted { number: next, .. }) => {
                match next.saturating_sub(number).saturating_sub(1) {
                    0 => Verdict::InOrder,
                    missing => Verdict::Gap { missing },
                }
            }
            _ => Verdict::InOrder,
        }
    }

    /// Makes this event the last one, unless it is older than the last one.
    pub(super) fn accept(&mut self, last_event_id: &[u8]) {
        self.accept_at(self.position(last_event_id));
    }

    pub(super) fn accept_at(&mut self, next: Option<Position>) {
        self.current = next;
        if next.is_some_and(|next| self.last.is_none_or(|last| !last.has_seen(next))) {
            self.last = next;
        }
    }

    /// Returns the position that an ID names.
    pub(super) fn position(&self, id: &[u8]) -> Option<Position> {
        if id.is_empty() { None } else { self.policy.position(id) }
    }

    /// Continues after this position. If there is none, the next event is the first one.
    pub(super) const fn resume_at(&mut self, at: Option<Position>) {
        self.last = at;
    }

    /// Returns the highest position so far.
    pub(super) const fn last(&self) -> Option<Position> {
        self.last
    }
}
