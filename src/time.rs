//! Points in time in milliseconds, on a clock that the caller provides.
//!
//! This module does not read a clock. The conversions from and to the clocks of `std` and embassy are in `io/`.

use core::time::Duration;

/// A point in time: milliseconds since a fixed start, such as power-on.
///
/// The start can be any moment, but it must not change while the program runs. Arithmetic saturates at both ends; a
/// `u64` of milliseconds lasts for 584 million years.
///
/// Use a clock that never goes backwards. If it does go backwards, deadlines are reached later than planned, never
/// earlier. If it jumps forward, every deadline up to the new time is due.
///
/// ```
/// use core::time::Duration;
/// use embedded_sse::client::Instant;
///
/// let sent = Instant::from_millis(5_000);
/// let due = sent.saturating_add(Duration::from_secs(3));
/// assert_eq!(due.as_millis(), 8_000);
/// assert_eq!(due.saturating_duration_since(sent), Duration::from_secs(3));
/// assert_eq!(sent.saturating_duration_since(due), Duration::ZERO); // `due` is not in the past of `sent`
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Instant(u64);

impl Instant {
    /// The start of the clock.
    pub const ZERO: Self = Self(0);

    /// Creates the point `millis` milliseconds after the start of the clock.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since the start of the clock.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Returns the point `duration` later. Fractions of a millisecond are dropped.
    #[must_use]
    pub const fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(whole_millis(duration)))
    }

    /// Returns the time from `earlier` to this point, or zero if `earlier` is later than this point.
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    pub(crate) const fn after(self, millis: u32) -> Self {
        Self(self.0.saturating_add(millis as u64))
    }

    /// Returns the milliseconds from `earlier` to this point, or zero if `earlier` is later. Saturates.
    pub(crate) const fn millis_since(self, earlier: Self) -> u32 {
        let millis = self.0.saturating_sub(earlier.0);
        if millis > u32::MAX as u64 { u32::MAX } else { millis as u32 }
    }
}

/// Converts a duration to the unit of the state machine: whole milliseconds, at most 49 days. Longer times saturate,
/// because wrapping would turn a very long time into a short one ([D5](crate::rules#d5)).
pub(crate) const fn millis(duration: Duration) -> u32 {
    let millis = whole_millis(duration);
    if millis > u32::MAX as u64 { u32::MAX } else { millis as u32 }
}

/// Returns whole milliseconds without the `u128` arithmetic of `Duration::as_millis`.
const fn whole_millis(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1000).saturating_add(duration.subsec_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        let late = Instant::from_millis(u64::MAX - 1);
        assert_eq!(late.saturating_add(Duration::MAX), Instant::from_millis(u64::MAX));
        assert_eq!(late.after(u32::MAX), Instant::from_millis(u64::MAX));
        assert_eq!(Instant::ZERO.saturating_duration_since(late), Duration::ZERO);
        assert_eq!(late.saturating_duration_since(Instant::from_millis(1)), Duration::from_millis(u64::MAX - 2));
        assert_eq!(millis(Duration::MAX), u32::MAX);
        assert_eq!(millis(Duration::from_micros(1_999)), 1);
        assert_eq!(millis(Duration::from_millis(u64::from(u32::MAX) + 1)), u32::MAX);
    }
}
