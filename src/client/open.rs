//! An open connection: how long it has been good, and how long it may be silent.
//!
//! Knows what was heard and when; does not know what happens to a connection that is given up.

use super::policy::{Limit, Policy};
use crate::time::Instant;

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
    /// When anything came last, or else when the response was accepted. Time in which nobody listened has been taken out by
    /// moving this later.
    pub(super) heard: Instant,
    /// Milliseconds from the response to `heard`, without the time in which nobody listened.
    age: u32,
    /// Milliseconds from the last event, or else from the response, to `heard`.
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
        Self { heard: now, age: 0, event_ago: 0, beat_ago: NEVER, beat: 0, beats: 0, delivered: false }
    }

    /// Something came.
    pub(super) fn heard(&mut self, now: Instant, what: Heard) {
        let silence = now.millis_since(self.heard);
        // What was read before the application was busy, and is looked at now, ends no silence.
        self.heard = self.heard.max(now);
        self.age = self.age.saturating_add(silence);
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
    }

    /// Heartbeats came this far apart.
    fn learn(&mut self, gap: u32) {
        if self.beats < SEVERAL {
            if gap / 2 > self.beat || self.beat / 2 > gap {
                (self.beat, self.beats) = (0, 0);
            }
            self.beats += 1;
        } else if self.learned().is_exceeded_by(gap) {
            // A connection that was silent for longer would have been given up, had anybody watched.
            return;
        }
        self.beat = self.beat.max(gap);
    }

    /// The window that the heartbeats so far suggest.
    fn learned(&self) -> Limit {
        if self.beats < SEVERAL { Limit::NONE } else { Limit::millis(self.beat.saturating_mul(3).max(LEAST_WINDOW)) }
    }

    /// For how long after `heard` nothing may come until the connection is given up.
    pub(super) fn window(&self, policy: &Policy) -> Limit {
        let alive = if policy.learns_liveness { self.learned() } else { policy.liveness };
        alive.min(policy.progress.less(self.event_ago))
    }

    /// Whether an event came on it.
    pub(super) const fn has_delivered(&self) -> bool {
        self.delivered
    }

    /// Whether its loss begins a new row of failures. A connection that fell silent was good only until then.
    pub(super) fn is_stable(&self, now: Instant, policy: &Policy) -> bool {
        let silence = now.millis_since(self.heard);
        let is_given_up = self.window(policy).is_reached_by(silence);
        let good_for = if is_given_up { self.age } else { self.age.saturating_add(silence) };
        good_for >= policy.stable_after || (self.delivered && good_for >= policy.stable_after_event)
    }
}
