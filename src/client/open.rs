//! An open connection: how long it has been good, and how long it may be silent.
//!
//! Knows what was heard and when; does not know what happens to a connection that is given up.

use super::policy::{Liveness, Policy};
use super::time::Instant;

/// What was heard on a connection. Report it once per read; where several variants apply, the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Heard {
    /// Bytes.
    Bytes,
    /// The end of a comment, or a blank line outside an event: what servers send only to keep the connection alive. A blank
    /// line that directly follows a comment belongs to that comment, and part of a comment is just [`Bytes`](Self::Bytes).
    Heartbeat,
    /// The end of an event.
    Event,
}

/// What is known of an open connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Open {
    /// When the response was accepted.
    since: Instant,
    /// When anything came last. Time in which nobody listened has been taken out by moving this later.
    heard: Instant,
    /// Milliseconds from the last event, or else from `since`, to `heard`.
    event_ago: u32,
    /// Milliseconds from the last heartbeat to `heard`; [`NEVER`] if an event came after it.
    beat_ago: u32,
    /// The longest of the gaps between heartbeats that count.
    beat: u32,
    /// How many gaps count, at most [`SEVERAL`].
    beats: u8,
    /// An event came.
    delivered: bool,
}

const NEVER: u32 = u32::MAX;

/// So many gaps in a row, none of them more than twice as long as another, are a rhythm. A greeting of a few comments is not,
/// however slowly it arrives.
const SEVERAL: u8 = 3;

/// Heartbeats that follow each other within this time came in one burst.
const BURST: u32 = 1_000;

/// The shortest window that is learned.
const LEAST_WINDOW: u32 = 10_000;

impl Open {
    pub(super) const fn new(now: Instant) -> Self {
        Self { since: now, heard: now, event_ago: 0, beat_ago: NEVER, beat: 0, beats: 0, delivered: false }
    }

    /// Something came.
    pub(super) fn heard(mut self, now: Instant, what: Heard) -> Self {
        let silence = u32::try_from(now.millis_since(self.heard)).unwrap_or(u32::MAX);
        // What was read before the application was busy, and is looked at now, ends no silence.
        self.heard = self.heard.max(now);
        self.event_ago = self.event_ago.saturating_add(silence);
        self.beat_ago = self.beat_ago.saturating_add(silence);
        match what {
            Heard::Bytes => {}
            Heard::Heartbeat => {
                if self.beat_ago >= BURST && self.beat_ago != NEVER {
                    self.learn(self.beat_ago);
                }
                self.beat_ago = 0;
            }
            Heard::Event => {
                self.event_ago = 0;
                self.beat_ago = NEVER;
                self.delivered = true;
            }
        }
        self
    }

    /// Heartbeats came this far apart.
    fn learn(&mut self, gap: u32) {
        match self.learned() {
            // A connection that was silent for longer would have been given up, had anybody watched.
            Some(window) if gap > window => {}
            Some(_) => self.beat = self.beat.max(gap),
            None if gap / 2 <= self.beat && self.beat / 2 <= gap => {
                self.beat = self.beat.max(gap);
                self.beats += 1;
            }
            None => (self.beat, self.beats) = (gap, 1),
        }
    }

    /// The window that the heartbeats so far suggest.
    fn learned(&self) -> Option<u32> {
        (self.beats >= SEVERAL).then(|| self.beat.saturating_mul(3).max(LEAST_WINDOW))
    }

    /// Nobody listened from `since` to `now`: that time counts neither as silence nor as time without an event.
    pub(super) fn resumed(self, since: Instant, now: Instant) -> Self {
        let away = now.millis_since(self.heard.max(since));
        Self { heard: self.heard.later(away), ..self }
    }

    /// When the connection is to be given up, if nothing comes.
    pub(super) fn deadline(&self, policy: &Policy) -> Option<Instant> {
        let window = match policy.liveness {
            Liveness::Unwatched => None,
            Liveness::Within(window) => Some(window),
            Liveness::Learned => self.learned(),
        };
        let progress = policy.progress.map(|window| window.saturating_sub(self.event_ago));
        let (alive, progress) = (deadline(self.heard, window), deadline(self.heard, progress));
        match (alive, progress) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        }
    }

    /// Whether an event came on it.
    pub(super) const fn has_delivered(&self) -> bool {
        self.delivered
    }

    /// Whether its loss begins a new row of failures. A connection that fell silent was good only until then.
    pub(super) fn is_stable(&self, now: Instant, policy: &Policy) -> bool {
        let silent = self.deadline(policy).is_some_and(|until| until <= now);
        let good_until = if silent { self.heard } else { now };
        let enough = if self.delivered { policy.stable_after_event } else { policy.stable_after };
        good_until.millis_since(self.since) >= enough.min(policy.stable_after).into()
    }
}

/// The end of a window, if there is one.
pub(super) fn deadline(since: Instant, window: Option<u32>) -> Option<Instant> {
    Some(since.after(window?))
}
