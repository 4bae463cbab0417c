//! Conversion between [`Instant`] and `embassy_time::Instant`, which both count from power-on, and embassy's timer.
//!
//! Only the timer needs a time driver; the conversions must not.

use embassy_time::TICK_HZ;

use crate::client::Instant;

/// Rounds down to a millisecond. Saturates.
impl From<embassy_time::Instant> for Instant {
    fn from(at: embassy_time::Instant) -> Self {
        let (seconds, ticks) = (at.as_ticks() / TICK_HZ, at.as_ticks() % TICK_HZ);
        Self::from_millis(seconds.saturating_mul(1000).saturating_add(ticks * 1000 / TICK_HZ))
    }
}

/// Rounds up to a tick, so that a timer never completes early. Saturates.
impl From<Instant> for embassy_time::Instant {
    fn from(at: Instant) -> Self {
        let (seconds, millis) = (at.as_millis() / 1000, at.as_millis() % 1000);
        Self::from_ticks(seconds.saturating_mul(TICK_HZ).saturating_add((millis * TICK_HZ).div_ceil(1000)))
    }
}

/// A [`driver::Timer`](super::driver::Timer) on `embassy-time`. Needs a time driver.
///
/// ```
/// use embedded_sse::client::{NoJitter, Policy, Reconnect, Session};
/// use embedded_sse::io::{EmbassyTimer, driver::Driver};
/// use embedded_sse::Decoder;
///
/// let mut session = Session::new(Decoder::new([0; 1024]), Reconnect::new(Policy::standard(), NoJitter));
/// let mut chunk = [0; 512];
/// let driver = Driver::new(&mut session, &mut chunk, EmbassyTimer);
/// # let _ = driver;
/// ```
#[cfg(feature = "embedded-io-async")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EmbassyTimer;

#[cfg(feature = "embedded-io-async")]
impl super::driver::Timer for EmbassyTimer {
    #[inline]
    fn now(&self) -> Instant {
        embassy_time::Instant::now().into()
    }

    #[inline]
    async fn wait_until(&self, at: Instant) {
        embassy_time::Timer::at(at.into()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for millis in [0, 1, 7, 999, 1000, 1001, 86_400_001, u64::from(u32::MAX)] {
            let at = Instant::from_millis(millis);
            assert_eq!(Instant::from(embassy_time::Instant::from(at)), at);
        }
        let tick = embassy_time::Instant::from_ticks(TICK_HZ * 3 - 1);
        assert!(Instant::from(tick) < Instant::from_millis(3000));
    }

    #[test]
    fn the_ends_saturate() {
        assert_eq!(embassy_time::Instant::from(Instant::from_millis(u64::MAX)), embassy_time::Instant::MAX);
        let _ = Instant::from(embassy_time::Instant::MAX);
    }
}
