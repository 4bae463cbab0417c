//! When to write a keep-alive to an open response, and when to end the response.
//!
//! This module only needs the times of the writes. It does not depend on what is written, or where.

use core::time::Duration;

use crate::jitter::{Jitter, below};
use crate::time::{Instant, millis};

/// Decides when to write a keep-alive to one response, and when to end it.
///
/// Call [`poll`](Self::poll) whenever there is nothing else to write, and report each write with
/// [`wrote`](Self::wrote). `poll` changes nothing and can be called at any time. A duration longer than `u32::MAX`
/// milliseconds, 49 days, counts as that.
///
/// ```
/// use core::time::Duration;
/// use embedded_sse::client::Instant;
/// use embedded_sse::server::{Schedule, Turn};
///
/// let at = Instant::from_millis;
/// let mut schedule = Schedule::new(at(0)).keep_alive(Duration::from_secs(15));
/// assert_eq!(schedule.poll(at(10_000)), Turn::WaitUntil(at(15_000)));
/// schedule.wrote(at(12_000)); // an event was written
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

/// What to do for a response now, as returned by [`Schedule::poll`].
///
/// ```
/// use core::time::Duration;
/// use embedded_sse::Frame;
/// use embedded_sse::client::{Instant, NoJitter};
/// use embedded_sse::server::{Schedule, Turn};
///
/// let mut now = Instant::from_millis(0);
/// let seconds = Duration::from_secs;
/// let mut schedule = Schedule::new(now).keep_alive(seconds(15)).lifetime(seconds(60), seconds(0), &mut NoJitter);
/// let mut written = Vec::new();
/// loop {
///     match schedule.poll(now) {
///         Turn::KeepAlive => {
///             written.extend_from_slice(Frame::KEEP_ALIVE.encode(&mut [0; 8])?);
///             schedule.wrote(now);
///         }
///         Turn::WaitUntil(at) => now = at, // wait for an event until then
///         Turn::Wait => { /* wait for an event */ }
///         Turn::Close => break,
///         _ => break, // added by a later version
///     }
/// }
/// assert_eq!(written, b":\n\n:\n\n:\n\n");
/// assert_eq!(now, Instant::from_millis(60_000));
/// # Ok::<(), embedded_sse::BufferFull>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
#[non_exhaustive]
pub enum Turn {
    /// Write [`Frame::KEEP_ALIVE`](crate::Frame::KEEP_ALIVE), and report it with [`Schedule::wrote`].
    KeepAlive,
    /// End the response, after a complete frame. The client reconnects with its last event ID ([R52], [R60]).
    ///
    /// [R52]: crate::rules#r52
    /// [R60]: crate::rules#r60
    Close,
    /// Do nothing until this time, unless there is an event.
    WaitUntil(Instant),
    /// Do nothing until there is an event: the schedule has no keep-alive and no lifetime.
    Wait,
}

impl Schedule {
    /// Creates the schedule of a response that begins now, without a keep-alive and without a lifetime.
    #[must_use]
    pub const fn new(now: Instant) -> Self {
        Self { wrote: now, keep_alive: None, close: None }
    }

    /// Sets the longest time between two writes, at least 1 ms. Every write counts, not only keep-alives.
    ///
    /// Keep-alives prevent timeouts in clients and proxies, and let the server notice that a client is gone. Browsers
    /// and proxies give up after 30 s at the earliest; 15 s is a usual value.
    #[must_use]
    pub const fn keep_alive(self, every: Duration) -> Self {
        let every = millis(every);
        Self { keep_alive: Some(if every == 0 { 1 } else { every }), ..self }
    }

    /// Ends the response after `length`, plus a random time up to `spread`.
    ///
    /// A limited lifetime lets load move to new servers, and makes clients send fresh credentials. The random time
    /// keeps clients that connected at the same moment from reconnecting at the same moment.
    #[must_use]
    pub fn lifetime(self, length: Duration, spread: Duration, jitter: &mut impl Jitter) -> Self {
        let close = self.wrote.after(millis(length)).after(below(millis(spread), jitter));
        Self { close: Some(close), ..self }
    }

    /// Reports that something was written, such as an event or a comment.
    pub const fn wrote(&mut self, now: Instant) {
        self.wrote = now;
    }

    /// Returns what to do now. A time in the result is later than `now`.
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
