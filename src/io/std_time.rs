//! The clock of `std` as [`Instant`], which counts from a moment of its own.

use core::time::Duration;
use std::time;

use crate::client::Instant;

/// Counts milliseconds from the moment it was made. Points in time of two clocks do not compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StdClock {
    start: time::Instant,
}

impl StdClock {
    /// Begins to count now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: time::Instant::now() }
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.instant(time::Instant::now())
    }

    /// A point in time of `std`, rounded down; the start when it is before that.
    #[must_use]
    pub fn instant(&self, at: time::Instant) -> Instant {
        Instant::ZERO.saturating_add(at.saturating_duration_since(self.start))
    }

    /// A point in time for `std`, for example for a timer. `None` when it is further away than `std` can count: never.
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
        // Far away: some time or never, but no panic.
        let _ = clock.to_std(Instant::from_millis(u64::MAX));
    }
}
