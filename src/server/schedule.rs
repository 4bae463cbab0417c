//! When an open response needs a write that no event brings, and when it should end.
//!
//! Knows what was written when, and nothing of what or where to.

use core::time::Duration;

use crate::jitter::{Jitter, below};
use crate::time::{Instant, millis};

/// The schedule of one connection, on the serving side.
///
/// Ask [`poll`](Self::poll) what to do, whenever there is nothing else to write; report each write. `poll` changes nothing,
/// however often it is asked. Times saturate at `u32::MAX` milliseconds, 49 days.
///
/// ```
/// use core::time::Duration;
/// use embedded_sse::client::Instant;
/// use embedded_sse::server::{Schedule, Turn};
///
/// let at = Instant::from_millis;
/// let mut schedule = Schedule::new(at(0)).keep_alive(Duration::from_secs(15));
/// assert_eq!(schedule.poll(at(10_000)), Turn::WaitUntil(at(15_000)));
/// schedule.wrote(at(12_000)); // an event
/// assert_eq!(schedule.poll(at(15_000)), Turn::WaitUntil(at(27_000)));
/// assert_eq!(schedule.poll(at(27_000)), Turn::KeepAlive);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Schedule {
    wrote: Instant,
    keep_alive: Option<u32>,
    close: Option<Instant>,
}

/// What a connection needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
#[non_exhaustive]
pub enum Turn {
    /// Write [`Frame::KEEP_ALIVE`](crate::Frame::KEEP_ALIVE), and report it [written](Schedule::wrote).
    KeepAlive,
    /// End the response, between two frames. The client comes back with the last event ID it has seen (R52, R60).
    Close,
    /// Nothing until this time.
    WaitUntil(Instant),
    /// Nothing, ever.
    Wait,
}

impl Schedule {
    /// A connection whose response has begun now, and that needs nothing.
    #[must_use]
    pub const fn new(now: Instant) -> Self {
        Self { wrote: now, keep_alive: None, close: None }
    }

    /// Writes something at least this often, so that a client's watchdog stays calm, what stands in between does not hang up,
    /// and a client that is gone is noticed. Any write counts. Browsers and proxies give up after half a minute at the
    /// earliest; 15 s is usual. Less than a millisecond counts as one.
    #[must_use]
    pub const fn keep_alive(self, every: Duration) -> Self {
        let every = millis(every);
        Self { keep_alive: Some(if every == 0 { 1 } else { every }), ..self }
    }

    /// Ends the response at `length` from its beginning, or up to `spread` later at random, so that load moves to new servers
    /// and credentials are asked for again. The spread keeps clients that came together from coming back together.
    #[must_use]
    pub fn lifetime(self, length: Duration, spread: Duration, jitter: &mut impl Jitter) -> Self {
        let close = self.wrote.after(millis(length)).after(below(millis(spread), jitter));
        Self { close: Some(close), ..self }
    }

    /// Something was written: an event, a comment, anything.
    pub const fn wrote(&mut self, now: Instant) {
        self.wrote = now;
    }

    /// What to do now. A time in the answer lies after `now`.
    pub fn poll(&self, now: Instant) -> Turn {
        let keep_alive = self.keep_alive.map(|every| self.wrote.after(every));
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if is_due(self.close) {
            return Turn::Close;
        }
        if is_due(keep_alive) {
            return Turn::KeepAlive;
        }
        match (keep_alive, self.close) {
            (Some(at), Some(close)) => Turn::WaitUntil(at.min(close)),
            (Some(at), None) | (None, Some(at)) => Turn::WaitUntil(at),
            (None, None) => Turn::Wait,
        }
    }
}
