//! Every number that the machine can be given, and the presets.
//!
//! Values only: what they do is in `backoff.rs` (waits) and `reconnect.rs` (the rest).

use core::fmt;
use core::time::Duration;

use super::backoff::{Backoff, Spread};
use crate::time::{Instant, millis};

/// When to try again, when to give up a connection and when to give up altogether.
///
/// Each preset begins like [`Policy::new`]: no bound on attempts or time, a connection is stable after 60 s, or after 20 s if it
/// delivered an event, an attempt has 30 s, liveness is learned, progress is not watched, and the end of a stream means another
/// attempt (R52). Times saturate at `u32::MAX` milliseconds, 49 days; a limit of that length is none.
///
/// ```
/// use core::time::Duration;
/// use embedded_sse::client::Policy;
/// const POLICY: Policy = Policy::mobile().max_attempts(20).progress(Some(Duration::from_secs(300)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Policy {
    pub(super) backoff: Backoff,
    pub(super) max_attempts: Limit,
    pub(super) max_elapsed: Limit,
    pub(super) stable_after: u32,
    pub(super) stable_after_event: u32,
    pub(super) connect_timeout: Limit,
    /// None while it is learned.
    pub(super) liveness: Limit,
    pub(super) learns_liveness: bool,
    pub(super) progress: Limit,
    pub(super) stops_at_end: bool,
}

/// Milliseconds or a number, or no limit, in four bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Limit(u32);

impl Limit {
    pub(super) const NONE: Self = Self(u32::MAX);

    const fn time(time: Option<Duration>) -> Self {
        match time {
            Some(time) => Self(millis(time)),
            None => Self::NONE,
        }
    }

    pub(super) const fn is_reached_by(self, value: u32) -> bool {
        value >= self.0
    }

    /// Whether this is more. What saturates at `u32::MAX` is never more than no limit.
    pub(super) const fn is_exceeded_by(self, value: u32) -> bool {
        value > self.0
    }

    /// What is left of it; no limit stays none.
    pub(super) const fn less(self, value: u32) -> Self {
        if self.0 == u32::MAX { self } else { Self(self.0.saturating_sub(value)) }
    }

    pub(super) fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }

    /// When it is over, if it began at `since`.
    pub(super) fn after(self, since: Instant) -> Option<Instant> {
        (self.0 != u32::MAX).then(|| since.after(self.0))
    }

    pub(super) const fn millis(millis: u32) -> Self {
        Self(millis)
    }
}

impl fmt::Debug for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == u32::MAX { f.write_str("None") } else { self.0.fmt(f) }
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Limit {
    fn format(&self, f: defmt::Formatter<'_>) {
        if self.0 == u32::MAX {
            defmt::write!(f, "None");
        } else {
            defmt::write!(f, "{}", self.0);
        }
    }
}

impl Policy {
    /// What browsers do at first, and what a fleet needs after that: the reconnection time, 3 s until the server sets
    /// another (R45, R58), and a random time up to 5 s on top; after a failure up to 20 s, then up to 60 s on top (R59).
    ///
    /// The 5 s are what one client waits longer, 2.5 s in the mean, so that 10,000 that lost a server in the same moment do
    /// not all return in the same moment.
    #[must_use]
    pub const fn standard() -> Self {
        Self::new(Backoff::above_floor(Duration::from_secs(3), Duration::from_secs(5), Duration::from_secs(60)))
    }

    /// What SDKs for telephones do: 1 s, doubled with each failure up to 30 s from the fifth doubling on, times a random
    /// number from 0.5 to 1.0.
    #[must_use]
    pub const fn mobile() -> Self {
        let backoff = Backoff::exponential(Duration::from_secs(1), Duration::from_secs(30));
        Self::new(backoff.spread(Spread::Equal))
    }

    /// What Ktor's client does: 3 s, or the server's reconnection time, without any spread, and so many attempts. (Its own
    /// default for `max_attempts` is 0.) Other than there a connection has to be stable before the attempts count anew.
    #[must_use]
    pub const fn ktor(max_attempts: u32) -> Self {
        Self::new(Backoff::fixed(Duration::from_secs(3))).max_attempts(max_attempts)
    }

    /// The given waits, and for the rest what the presets have in common.
    #[must_use]
    pub const fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            max_attempts: Limit::NONE,
            max_elapsed: Limit::NONE,
            stable_after: 60_000,
            stable_after_event: 20_000,
            connect_timeout: Limit(30_000),
            liveness: Limit::NONE,
            learns_liveness: true,
            progress: Limit::NONE,
            stops_at_end: false,
        }
    }

    /// Waits in another way.
    #[must_use]
    pub const fn backoff(self, backoff: Backoff) -> Self {
        Self { backoff, ..self }
    }

    /// Stops when more than so many attempts to reconnect would be needed in a row, without a stable connection among them.
    /// The very first attempt is not one to reconnect; with 0 it is the only one.
    #[must_use]
    pub const fn max_attempts(self, attempts: u32) -> Self {
        Self { max_attempts: Limit(attempts), ..self }
    }

    /// Stops when the next attempt would come later than this after the failure that began the row, or after the loss of the
    /// last connection that delivered an event. Time without a network does not count, and neither does the time for which
    /// the server asked by `retry` or `Retry-After`: a server that is away on purpose is not given up.
    #[must_use]
    pub const fn max_elapsed(self, time: Duration) -> Self {
        Self { max_elapsed: Limit(millis(time)), ..self }
    }

    /// How long a connection has to stay good until its loss is the first failure of a new row. Counted from when it opened; a
    /// server that accepts and soon hangs up, cleanly or not, is backed off from like one that does not answer.
    #[must_use]
    pub const fn stable_after(self, time: Duration) -> Self {
        Self { stable_after: millis(time), ..self }
    }

    /// The same for a connection that delivered at least one event; 20 s at first. What is longer than
    /// [`stable_after`](Self::stable_after) has no effect.
    ///
    /// Many proxies end every response after 30 to 60 s. A stream behind one of them ends all the time and is healthy: it should
    /// not be backed off from. A server that sends one event and hangs up at once should.
    #[must_use]
    pub const fn stable_after_event(self, time: Duration) -> Self {
        Self { stable_after_event: millis(time), ..self }
    }

    /// How long an attempt may take until the response is there, redirects included.
    #[must_use]
    pub const fn connect_timeout(self, time: Option<Duration>) -> Self {
        Self { connect_timeout: Limit::time(time), ..self }
    }

    /// Gives up a connection on which nothing at all came for so long, not even a comment; with `None`, never. Time in which the
    /// application did not listen does not count; see [`Reconnect::resumed`](super::Reconnect::resumed).
    #[must_use]
    pub const fn liveness(self, time: Option<Duration>) -> Self {
        Self { liveness: Limit::time(time), learns_liveness: false, ..self }
    }

    /// Learns from each connection how long its silences last. After three gaps between heartbeats, none of them more than twice
    /// as long as another and each at least 1 s, the connection is given up after three times the longest gap, or 10 s if that
    /// is longer. Gaps with an event in them do not count. A server that sends no heartbeats is never suspected.
    #[must_use]
    pub const fn learned_liveness(self) -> Self {
        Self { liveness: Limit::NONE, learns_liveness: true, ..self }
    }

    /// Gives up a connection on which no event came for so long, whatever else did; with `None`, never. Time in which the
    /// application did not listen does not count.
    #[must_use]
    pub const fn progress(self, time: Option<Duration>) -> Self {
        Self { progress: Limit::time(time), ..self }
    }

    /// Takes the end of a stream for the end of all: right for an answer that is streamed once, wrong for a feed (R52).
    #[must_use]
    pub const fn stop_at_end(self) -> Self {
        Self { stops_at_end: true, ..self }
    }
}

impl Default for Policy {
    /// [`Policy::standard`].
    fn default() -> Self {
        Self::standard()
    }
}
