//! Points in time, counted in milliseconds by whatever clock the caller has.
//!
//! Knows no clock. Bridges to the clocks of `std` and of embassy are in `io/`.

use core::time::Duration;

/// A point in time: milliseconds since any fixed start, such as power-on.
///
/// The start does not matter and need not be known, but it must stay the same. Arithmetic saturates at both ends; `u64`
/// milliseconds last for 584 million years.
///
/// The clock should never go backwards. If it does, what is waited for comes later, never earlier; if it jumps forward,
/// what is waited for is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Instant(u64);

impl Instant {
    /// The clock's start.
    pub const ZERO: Self = Self(0);

    /// The point that many milliseconds after the clock's start.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the clock's start.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// This point moved by `duration`, of which parts of a millisecond are dropped.
    #[must_use]
    pub const fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(whole_millis(duration)))
    }

    /// How long ago `earlier` was; zero when it was not.
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    pub(crate) const fn after(self, millis: u32) -> Self {
        Self(self.0.saturating_add(millis as u64))
    }

    /// Milliseconds since then; zero when it was not earlier. Saturates.
    pub(crate) const fn millis_since(self, earlier: Self) -> u32 {
        let millis = self.0.saturating_sub(earlier.0);
        if millis > u32::MAX as u64 { u32::MAX } else { millis as u32 }
    }
}

/// A span of time as the machine computes with it: whole milliseconds, at most 49 days. More saturates, because wrapping
/// would turn an absurd time into a short one (D5).
pub(crate) const fn millis(duration: Duration) -> u32 {
    let millis = whole_millis(duration);
    if millis > u32::MAX as u64 { u32::MAX } else { millis as u32 }
}

/// `Duration::as_millis` is `u128`.
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
