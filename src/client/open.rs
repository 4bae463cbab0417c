//! An open connection: how long it has been good, and how long it may stay silent.
//!
//! This module records what was received and after which silence. It does not know the time, and does not decide what
//! happens after a connection is given up.

use super::policy::Policy;
use super::setting::Limit;

/// What was received on a connection, as reported to [`Reconnect::heard`](super::Reconnect::heard). A
/// [`Session`](super::Session) reports it for you.
///
/// Report once for each read. If several variants apply, report the last one.
///
/// ```
/// use embedded_sse::client::{Action, Heard, Instant, NoJitter, Policy, Reconnect};
///
/// let mut reconnect = Reconnect::new(Policy::standard(), NoJitter);
/// let now = Instant::from_millis(0);
/// let Action::Connect(epoch) = reconnect.poll(now) else { unreachable!() };
/// reconnect.connecting(epoch, now);
/// reconnect.opened(epoch, now);
/// reconnect.heard(epoch, now, Heard::Bytes); // "data: li"
/// reconnect.heard(epoch, now, Heard::Event); // "ght on\n\n"
/// reconnect.heard(epoch, now, Heard::Heartbeat); // ":\n\n"
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Heard {
    /// Bytes that complete neither a heartbeat nor an event, such as part of a comment.
    Bytes,
    /// The end of a comment, or a blank line outside an event. Servers send these only to keep the connection alive. A
    /// blank line directly after a comment belongs to that comment.
    Heartbeat,
    /// The blank line that ends an event.
    Event,
}

/// The state of an open connection. *Now* is when bytes last arrived, or when the response was accepted if none did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Open {
    /// Milliseconds from the response to now.
    age: u32,
    /// Milliseconds from the last event, or from the response if there was none, to now.
    event_ago: u32,
    /// Milliseconds from the last heartbeat to now; [`NEVER`] if there was none or an event came after it.
    beat_ago: u32,
    /// The window that the counted gaps between heartbeats suggest: three times the longest one, but at least
    /// [`LEAST_WINDOW`].
    window: u32,
    /// The number of counted gaps, at most [`SEVERAL`].
    beats: u8,
    /// Whether an event was received.
    delivered: bool,
}

const NEVER: u32 = u32::MAX;

/// The number of gaps that count as a regular heartbeat. Each suggests between half and twice the window of those before
/// it, and no silence between them lasts longer than that window.
const SEVERAL: u8 = 3;

/// Heartbeats less than this many milliseconds apart belong to one burst.
const BURST: u32 = 1_000;

/// The shortest window that is learned, in milliseconds. Comments that arrive within this time after the response are a
/// greeting, and no gap between them counts.
const LEAST_WINDOW: u32 = 10_000;

impl Open {
    pub(super) const NEW: Self =
        Self { age: 0, event_ago: 0, beat_ago: NEVER, window: LEAST_WINDOW, beats: 0, delivered: false };

    /// Records that something was received after a silence of this many milliseconds.
    pub(super) fn heard(&mut self, silence: u32, what: Heard) {
        if self.beats < SEVERAL && silence > self.window {
            // The comments so far are no regular heartbeat.
            self.forget_heartbeats();
        }
        self.age = self.age.saturating_add(silence);
        self.event_ago = self.event_ago.saturating_add(silence);
        self.beat_ago = self.beat_ago.saturating_add(silence);
        match what {
            Heard::Bytes => {}
            Heard::Heartbeat => {
                if self.beat_ago >= BURST && self.beat_ago != NEVER && self.age >= LEAST_WINDOW {
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

    /// Counts a gap between two heartbeats.
    fn learn(&mut self, gap: u32) {
        let window = gap.saturating_mul(3).max(LEAST_WINDOW);
        if self.beats < SEVERAL {
            if window / 2 > self.window || self.window / 2 > window {
                self.forget_heartbeats();
            }
            self.beats += 1;
        } else if gap > self.window {
            // The connection would have been given up by now if the application had polled in time.
            return;
        }
        self.window = self.window.max(window);
    }

    const fn forget_heartbeats(&mut self) {
        (self.window, self.beats) = (LEAST_WINDOW, 0);
    }

    /// Records that the application did not read for this many milliseconds. They are part of the gap between two
    /// heartbeats and of the age, but neither silence nor time without an event.
    pub(super) fn resumed(&mut self, away: u32) {
        self.age = self.age.saturating_add(away);
        self.beat_ago = self.beat_ago.saturating_add(away);
    }

    /// Returns how long the connection may stay silent from now on before it is given up.
    pub(super) fn window(&self, policy: &Policy) -> Limit {
        let learned = if self.beats < SEVERAL { Limit::NONE } else { Limit::millis(self.window) };
        let alive = if policy.liveness_is_set { policy.liveness.limit() } else { learned };
        alive.min(policy.progress.limit().less(self.event_ago))
    }

    /// Returns whether an event was received.
    pub(super) const fn has_delivered(&self) -> bool {
        self.delivered
    }

    /// Returns whether the failures so far are forgotten when the connection is lost after this silence. A connection that
    /// went silent was good only until its last byte.
    pub(super) fn is_stable(&self, silence: u32, policy: &Policy) -> bool {
        let is_given_up = self.window(policy).is_reached_by(silence);
        let good_for = if is_given_up { self.age } else { self.age.saturating_add(silence) };
        good_for >= policy.stable_after.get() || (self.delivered && good_for >= policy.stable_after_event.get())
    }
}
