//! The limits of the reconnection logic, and the presets.
//!
//! This module only holds values. `backoff.rs` computes waits from them, and `reconnect.rs` applies the rest.

use core::time::Duration;

use super::backoff::{Backoff, Spread};
use super::setting::{NO_LIMIT, Setting};
use crate::time::millis;

/// When to try again, when to give up a connection, and when to stop altogether.
///
/// The presets differ in their [`Backoff`]. Apart from that, each starts with the values of [`Policy::new`]:
///
/// | setting | value |
/// |---|---|
/// | [`max_attempts`](Self::max_attempts), [`max_elapsed`](Self::max_elapsed) | no limit |
/// | [`stable_after`](Self::stable_after) | 60 s |
/// | [`stable_after_event`](Self::stable_after_event) | 20 s |
/// | [`connect_timeout`](Self::connect_timeout) | 30 s |
/// | [`liveness`](Self::liveness) | [learned](Self::learned_liveness) |
/// | [`progress`](Self::progress) | no limit |
/// | end of the stream | another attempt ([R52](crate::rules#r52)) |
///
/// A time longer than `u32::MAX` milliseconds, 49 days, counts as that. A limit of that length is no limit.
///
/// ```
/// use core::time::Duration;
/// use embedded_sse::client::Policy;
///
/// const POLICY: Policy = Policy::mobile().max_attempts(20).progress(Some(Duration::from_secs(300)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Policy {
    pub(super) backoff: Backoff,
    pub(super) max_attempts: Setting<NO_LIMIT>,
    pub(super) max_elapsed: Setting<NO_LIMIT>,
    pub(super) stable_after: Setting<60_000>,
    pub(super) stable_after_event: Setting<20_000>,
    pub(super) connect_timeout: Setting<30_000>,
    /// No limit while it is learned.
    pub(super) liveness: Setting<NO_LIMIT>,
    pub(super) liveness_is_set: bool,
    pub(super) progress: Setting<NO_LIMIT>,
    pub(super) stops_at_end: bool,
}

impl Policy {
    /// Returns the policy for most clients: the reconnection time of browsers, plus a random time that protects the
    /// server.
    ///
    /// The reconnection time is 3 s until the server sets another one ([R45], [R58]). The random time on top is up to 5 s,
    /// after one failure up to 20 s, and after that up to 60 s ([R59]). The first random time delays a client by 2.5 s on
    /// average. Without it, 10,000 clients that lost the server at the same moment would all return at the same moment.
    ///
    /// [R45]: crate::rules#r45
    /// [R58]: crate::rules#r58
    /// [R59]: crate::rules#r59
    #[must_use]
    pub const fn standard() -> Self {
        Self::new(Backoff::above_floor(Duration::from_secs(3), Duration::from_secs(5), Duration::from_secs(60)))
    }

    /// Returns the policy of SDKs for mobile phones: 1 s, doubled with each failure up to 30 s, multiplied by a random
    /// number from 0.5 to 1.0.
    #[must_use]
    pub const fn mobile() -> Self {
        let backoff = Backoff::exponential(Duration::from_secs(1), Duration::from_secs(30));
        Self::new(backoff.spread(Spread::Equal))
    }

    /// Returns the policy of Ktor's client: 3 s or the server's reconnection time, without a random part, and a limit
    /// on the number of attempts (0 by default in Ktor). Unlike in Ktor, the count is reset only after a stable
    /// connection.
    #[must_use]
    pub const fn ktor(max_attempts: u32) -> Self {
        Self::new(Backoff::fixed(Duration::from_secs(3))).max_attempts(max_attempts)
    }

    /// Creates a policy with the given waits and the values that all presets share; see the table [above](Self).
    #[must_use]
    pub const fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            max_attempts: Setting::STANDARD,
            max_elapsed: Setting::STANDARD,
            stable_after: Setting::STANDARD,
            stable_after_event: Setting::STANDARD,
            connect_timeout: Setting::STANDARD,
            liveness: Setting::STANDARD,
            liveness_is_set: false,
            progress: Setting::STANDARD,
            stops_at_end: false,
        }
    }

    /// Sets the waits between attempts.
    #[must_use]
    pub const fn backoff(self, backoff: Backoff) -> Self {
        Self { backoff, ..self }
    }

    /// Stops after `attempts` consecutive failed reconnects. A stable connection resets the count.
    ///
    /// The first attempt of all is not a reconnect: with 0 it is the only one.
    #[must_use]
    pub const fn max_attempts(self, attempts: u32) -> Self {
        Self { max_attempts: Setting::new(attempts), ..self }
    }

    /// Stops if the next attempt would start more than `time` after the first of the consecutive failures, or after the
    /// loss of the last connection that delivered an event.
    ///
    /// Time without a network does not count. Neither does the time that the server asked for with `retry` or
    /// `Retry-After`, so that a server under maintenance is not given up.
    #[must_use]
    pub const fn max_elapsed(self, time: Duration) -> Self {
        Self { max_elapsed: Setting::new(millis(time)), ..self }
    }

    /// Sets how long a connection has to stay open, from the accepted response on, before the failures so far are
    /// forgotten.
    ///
    /// A server that accepts the request and soon closes the connection counts as failing, like one that does not
    /// respond.
    #[must_use]
    pub const fn stable_after(self, time: Duration) -> Self {
        Self { stable_after: Setting::new(millis(time)), ..self }
    }

    /// Sets the same time for a connection that delivered at least one event; 20 s by default. A time longer than
    /// [`stable_after`](Self::stable_after) has no effect.
    ///
    /// Many proxies end every response after 30 to 60 s. A stream through such a proxy is healthy, and its waits should
    /// not grow. The waits should grow for a server that sends one event and closes the connection at once.
    #[must_use]
    pub const fn stable_after_event(self, time: Duration) -> Self {
        Self { stable_after_event: Setting::new(millis(time)), ..self }
    }

    /// Sets how long an attempt may take until the response arrives, redirects included. `None`: no limit.
    #[must_use]
    pub const fn connect_timeout(self, time: Option<Duration>) -> Self {
        Self { connect_timeout: Setting::new(limit(time)), ..self }
    }

    /// Gives up a connection on which no byte arrived for `time`, not even a comment. `None`: never.
    ///
    /// Time in which the application did not read does not count if you report it with
    /// [`Session::resumed`](super::Session::resumed).
    #[must_use]
    pub const fn liveness(self, time: Option<Duration>) -> Self {
        Self { liveness: Setting::new(limit(time)), liveness_is_set: true, ..self }
    }

    /// Learns the heartbeat interval of each connection, and gives up the connection when the heartbeats stop.
    ///
    /// The interval is known after three gaps between heartbeats. Each has to last at least 1 s and, where it is longer than
    /// 3 s, between half and twice as long as the longest one before it. From then on, the connection is given up after a silence of three times the
    /// longest gap, but at least 10 s. Without regular heartbeats there is no limit.
    ///
    /// Gaps with an event in them do not count, and neither do those in the first 10 s after the response: a server may
    /// greet with comments, and a network may deliver them one by one. A silence that is longer than the gaps so far
    /// suggest starts the count again, so that comments that come with each event are not taken for heartbeats.
    #[must_use]
    pub const fn learned_liveness(self) -> Self {
        Self { liveness: Setting::STANDARD, liveness_is_set: false, ..self }
    }

    /// Gives up a connection on which no event arrived for `time`, even if other bytes did. `None`: never.
    ///
    /// Time in which the application did not read does not count if you report it with
    /// [`Session::resumed`](super::Session::resumed).
    #[must_use]
    pub const fn progress(self, time: Option<Duration>) -> Self {
        Self { progress: Setting::new(limit(time)), ..self }
    }

    /// Stops at the end of the stream. Use it for an answer that is streamed once, not for a feed, which is resumed
    /// ([R52](crate::rules#r52)).
    #[must_use]
    pub const fn stop_at_end(self) -> Self {
        Self { stops_at_end: true, ..self }
    }
}

impl Default for Policy {
    /// Returns [`Policy::standard`].
    fn default() -> Self {
        Self::standard()
    }
}

/// Returns the milliseconds of a limit that may be absent.
const fn limit(time: Option<Duration>) -> u32 {
    match time {
        Some(time) => millis(time),
        None => NO_LIMIT,
    }
}
