//! The transports and the clock of tokio.
//!
//! [`FromTokio`] makes any `AsyncRead`, `AsyncBufRead` or `AsyncWrite` a transport for the readers and writers in
//! [`embedded_io_async`](super::embedded_io_async). [`Clock`] is the timer for the [`driver`](super::driver). The futures
//! are `Send` if the transport is.
//!
//! ```
//! use embedded_sse::Decoder;
//! use embedded_sse::io::embedded_io_async::EventReader;
//! use embedded_sse::io::tokio::FromTokio;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let body = &b"data: light on\n\ndata: light off\n\n"[..]; // or a socket after the response headers
//! let mut events = EventReader::new(FromTokio::new(body), vec![0; 8192], Decoder::boxed(1 << 20));
//! let mut seen = Vec::new();
//! while let Some(event) = events.next().await? {
//!     seen.push(event.data_str()?.to_owned());
//! }
//! assert_eq!(seen, ["light on", "light off"]);
//! # Ok(())
//! # }
//! ```

use core::time::Duration;

use ::tokio::time;
pub use embedded_io_adapters::tokio_1::FromTokio;

use super::driver::Timer;
use crate::client::Instant;

/// Reads tokio's clock as an [`Instant`]: milliseconds since the clock was created.
///
/// Follows tokio's time when it is paused in a test. Instants of two clocks cannot be compared. All methods but those
/// that wait can be called outside a runtime.
///
/// ```
/// use core::time::Duration;
/// use embedded_sse::io::tokio::Clock;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let clock = Clock::new();
/// let due = clock.now().saturating_add(Duration::from_secs(5));
/// clock.sleep_until(due).await;
/// assert!(clock.now() >= due);
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Clock {
    start: time::Instant,
}

impl Clock {
    /// Creates a clock that counts from now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: time::Instant::now() }
    }

    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> Instant {
        Instant::ZERO.saturating_add(self.start.elapsed())
    }

    /// Waits until `at`. Completes at once if `at` is in the past.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with a timer, as [`tokio::time::sleep_until`] does.
    pub fn sleep_until(&self, at: Instant) -> time::Sleep {
        let wait = Duration::from_millis(at.as_millis());
        // An instant that tokio cannot represent becomes the longest sleep that it supports.
        self.start.checked_add(wait).map_or_else(|| time::sleep(Duration::MAX), time::sleep_until)
    }
}

impl Timer for Clock {
    fn now(&self) -> Instant {
        Self::now(self)
    }

    async fn wait_until(&self, at: Instant) {
        self.sleep_until(at).await;
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn wait(timer: impl Timer, wait: Duration) -> Duration {
        let start = timer.now();
        timer.wait_until(start.saturating_add(wait)).await;
        timer.now().saturating_duration_since(start)
    }

    #[::tokio::test(start_paused = true)]
    async fn the_clock_is_a_timer_for_the_driver() {
        assert_eq!(wait(Clock::new(), Duration::from_secs(3600)).await, Duration::from_secs(3600));
    }
}
