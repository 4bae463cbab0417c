//! An open connection: how long it has been good, and how long it may be silent.
//!
//! Knows what was heard and when; does not know what happens to a connection that is given up.

use super::policy::{Liveness, Policy};
use super::time::Instant;

/// What was heard on a connection. Report once per read, the last that is true of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Heard {
    /// Bytes.
    Bytes,
    /// Bytes that only keep the line alive: a whole comment, or a blank line.
    Heartbeat,
    /// The end of an event.
    Event,
}

/// What is known of an open connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Open {
    /// The connection's first good moment.
    since: Instant,
    /// When anything came, last.
    heard: Instant,
    /// When an event came, last.
    event: Instant,
    /// The longest silence that a heartbeat ended and another heartbeat had begun; 0 at first.
    beat: u32,
    /// What came last was a heartbeat.
    after_heartbeat: bool,
}

impl Open {
    pub(super) const fn new(now: Instant) -> Self {
        Self { since: now, heard: now, event: now, beat: 0, after_heartbeat: false }
    }

    /// Something came.
    pub(super) fn heard(self, now: Instant, what: Heard) -> Self {
        let silence = u32::try_from(now.millis_since(self.heard)).unwrap_or(u32::MAX);
        let heartbeat = matches!(what, Heard::Heartbeat);
        Self {
            heard: now,
            event: if matches!(what, Heard::Event) { now } else { self.event },
            beat: if heartbeat && self.after_heartbeat { self.beat.max(silence) } else { self.beat },
            after_heartbeat: heartbeat,
            ..self
        }
    }

    /// When the connection is to be given up, if nothing comes.
    pub(super) fn deadline(&self, policy: &Policy) -> Option<Instant> {
        let window = match policy.liveness {
            Liveness::Unwatched => None,
            Liveness::Within(window) => Some(window),
            Liveness::Learned if self.beat == 0 => None,
            Liveness::Learned => Some(self.beat.saturating_mul(3).max(10_000)),
        };
        let (alive, progress) = (deadline(self.heard, window), deadline(self.event, policy.progress));
        match (alive, progress) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        }
    }

    /// For how many milliseconds the connection was good. One that fell silent was good only until then.
    pub(super) fn good_for(&self, now: Instant, policy: &Policy) -> u64 {
        let silent = self.deadline(policy).is_some_and(|until| until <= now);
        let good_until = if silent { self.heard } else { now };
        good_until.millis_since(self.since)
    }
}

/// The end of a window, if there is one.
pub(super) fn deadline(since: Instant, window: Option<u32>) -> Option<Instant> {
    Some(since.after(window?))
}
