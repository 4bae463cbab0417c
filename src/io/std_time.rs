//! Conversion between the clock of `std` and [`Instant`].

use core::time::Duration;
use std::time;

use crate::client::Instant;

/// Reads the clock of `std` as an [`Instant`]: milliseconds since the clock was created.
///
/// Instants of two clocks cannot be compared.
///
/// ```
/// use core::time::Duration;
/// use embedded_sse::io::StdClock;
///
/// let clock = StdClock::new();
/// let due = clock.now().saturating_add(Duration::from_millis(1));
/// if let Some(due) = clock.to_std(due) {
///     std::thread::sleep(due.saturating_duration_since(std::time::Instant::now()));
/// }
/// assert!(clock.now() >= due);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StdClock {
    start: time::Instant,
}

impl StdClock {
    /// Creates a clock that counts from now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: time::Instant::now() }
    }

    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.instant(time::Instant::now())
    }

    /// Converts from `std`, rounding down to a millisecond. Returns [`Instant::ZERO`] if `at` is before the clock was
    /// created.
    #[must_use]
    pub fn instant(&self, at: time::Instant) -> Instant {
        Instant::ZERO.saturating_add(at.saturating_duration_since(self.start))
    }

    /// Converts to `std`, for example for a timer. Returns `None` if `std` cannot represent the time: treat it as
    /// never.
    #[must_use]
    pub fn to_std(&self, at: Instant) -> Option<time::Instant> {
        self.start.checked_add(Duration::from_millis(at.as_millis()))
    }
}

impl Default for StdClock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let clock = StdClock::new();
        for millis in [0, 1, 999, 86_400_000] {
            let at = Instant::from_millis(millis);
            assert_eq!(clock.to_std(at).map(|at| clock.instant(at)), Some(at));
        }
        let start = clock.to_std(Instant::ZERO).unwrap();
        assert_eq!(clock.instant(start - Duration::from_nanos(1)), Instant::ZERO);
        assert_eq!(clock.instant(start + Duration::from_micros(1999)), Instant::from_millis(1));
        assert!(clock.now() <= clock.now());
        // The result depends on the platform; it must not panic.
        let _ = clock.to_std(Instant::from_millis(u64::MAX));
    }
}
