//! The arithmetic of waits: how long to wait before the next attempt.
//!
//! It uses integers only. The number of failures and the server's wishes are arguments; this module has no clock and no
//! state.

use core::num::NonZeroU32;
use core::time::Duration;

use super::setting::Setting;
use crate::jitter::{Jitter, below};
use crate::time::millis;

/// How a wait is computed from the current step of a [`Backoff`], by the formulas that AWS published.
///
/// `random(x)` is a random time from 0 up to `x`, exclusive. The rest of each formula is the fixed part.
///
/// ```
/// use core::time::Duration;
/// use embedded_sse::client::{Backoff, Policy, Spread};
///
/// // 1 s, 2 s, 4 s, ... 30 s, each time half of it fixed and half of it random.
/// let backoff = Backoff::exponential(Duration::from_secs(1), Duration::from_secs(30)).spread(Spread::Equal);
/// let policy = Policy::new(backoff);
/// assert_eq!(policy, Policy::mobile());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Spread {
    /// `step`: no random part.
    None = 1, // leaves zero for the spread of the standard policy; see `Setting`
    /// `random(step)`. [`Backoff::above_floor`] adds it to its floor.
    Full = 0,
    /// `step / 2 + random(step / 2)`
    Equal = 2,
    /// `min(cap, first + random(3 * previous_wait - first))`. The steps are not used.
    Decorrelated = 3,
}

/// How long to wait after each consecutive failure.
///
/// A wait is computed from two times:
///
/// - The **floor** is the reconnection time ([R45]). It is the time that the server asked for with a `retry` field or a
///   `Retry-After` header. Until the server asks for one, it is the floor of the policy.
/// - The **step** starts at `first` and grows with each failure up to `cap`. It is at least the floor, if that is below
///   `cap`.
///
/// The [`Spread`] splits the step into a fixed and a random part:
///
/// ```text
/// wait = max(fixed, floor, min_wait) + random
/// ```
///
/// - No wait is shorter than the time that the server asked for ([R58], [R59]), and none is longer than the cap
///   and the longer one of the floor and `min_wait` together.
/// - With a random part, the waits of a fleet differ, even if the server asked all clients for the same time.
/// - No wait is shorter than [`min_wait`](Self::min_wait). Neither `retry: 0` nor a generator that returns zeros causes
///   a busy loop.
/// - A server can ask for at most [`max_retry`](Self::max_retry) with `retry`, and for at most
///   [`max_retry_after`](Self::max_retry_after) with `Retry-After`. Longer times are lowered to these.
///
/// Times saturate at `u32::MAX` milliseconds, 49 days.
///
/// ```
/// use core::time::Duration;
/// use embedded_sse::client::{Backoff, Policy};
///
/// // At least 2 s, plus a random time up to 1 s, 4 s, 16 s, then 30 s.
/// const BACKOFF: Backoff =
///     Backoff::above_floor(Duration::from_secs(2), Duration::from_secs(1), Duration::from_secs(30))
///         .max_retry_after(Duration::from_secs(600));
/// let policy = Policy::new(BACKOFF);
/// ```
///
/// [R45]: crate::rules#r45
/// [R58]: crate::rules#r58
/// [R59]: crate::rules#r59
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Backoff {
    floor: Setting<3_000>,
    first: Setting<5_000>,
    cap: Setting<60_000>,
    /// Whether the step doubles with each failure. Otherwise it becomes four times as long.
    doubles: bool,
    spread: Spread,
    min_wait: Setting<500>,
    max_retry: Setting<3_600_000>,
    max_retry_after: Setting<86_400_000>,
}

impl Backoff {
    /// Waits for `time`, or for the time that the server asked for ([R30]). Without a random part, unless you set a
    /// [`spread`](Self::spread).
    ///
    /// [R30]: crate::rules#r30
    #[must_use]
    pub const fn fixed(time: Duration) -> Self {
        Self { floor: Setting::new(millis(time)), spread: Spread::None, ..Self::exponential(Duration::ZERO, time) }
    }

    /// Waits for a random time up to `first`, doubled with each failure up to `cap`, on top of
    /// [`min_wait`](Self::min_wait) or of the time that the server asked for. Set another [`spread`](Self::spread) for
    /// a fixed part.
    #[must_use]
    pub const fn exponential(first: Duration, cap: Duration) -> Self {
        Self {
            floor: Setting::new(0),
            first: Setting::new(millis(first)),
            cap: Setting::new(millis(cap)),
            doubles: true,
            spread: Spread::Full,
            min_wait: Setting::STANDARD,
            max_retry: Setting::STANDARD,
            max_retry_after: Setting::STANDARD,
        }
    }

    /// Waits for `floor`, or for the time that the server asked for, plus a random time: up to `first`, four times as
    /// long with each failure, and at most `cap`.
    ///
    /// The factor is four because the clients that lost the server at the same moment return in overlapping waves. With
    /// a factor of two the load stays too high for the first minute; the example `herd` shows it.
    #[must_use]
    pub const fn above_floor(floor: Duration, first: Duration, cap: Duration) -> Self {
        Self { floor: Setting::new(millis(floor)), doubles: false, ..Self::exponential(first, cap) }
    }

    /// Sets how the fixed and the random part of each wait are computed.
    #[must_use]
    pub const fn spread(self, spread: Spread) -> Self {
        Self { spread, ..self }
    }

    /// Sets the shortest wait, at least 1 ms; 500 ms by default, as in Firefox. A shorter `retry` or `Retry-After` is
    /// raised to it.
    #[must_use]
    pub const fn min_wait(self, time: Duration) -> Self {
        let min_wait = millis(time);
        Self { min_wait: Setting::new(if min_wait == 0 { 1 } else { min_wait }), ..self }
    }

    /// Sets the longest time that a server can ask for with `retry`; one hour by default. A longer one is lowered to
    /// it.
    ///
    /// The limit exists because a reconnection time stays in force until the server sends another one. A client that
    /// received a wrong value might not connect again for a very long time.
    #[must_use]
    pub const fn max_retry(self, time: Duration) -> Self {
        Self { max_retry: Setting::new(millis(time)), ..self }
    }

    /// Sets the longest time that a server can ask for with `Retry-After`; one day by default. A longer one is lowered
    /// to it.
    #[must_use]
    pub const fn max_retry_after(self, time: Duration) -> Self {
        Self { max_retry_after: Setting::new(millis(time)), ..self }
    }

    /// Returns the time that the server asked for with `Retry-After`, within the bounds.
    pub(super) fn retry_after(&self, time: Duration) -> NonZeroU32 {
        self.bounded(millis(time), self.max_retry_after.get())
    }

    /// Returns the time that the server asked for with `retry`, within the bounds.
    pub(super) fn asked(&self, millis: u64) -> NonZeroU32 {
        self.bounded(u32::try_from(millis).unwrap_or(u32::MAX), self.max_retry.get())
    }

    /// Never returns zero, so that an `Option` of the result takes no extra memory.
    fn bounded(&self, time: u32, most: u32) -> NonZeroU32 {
        NonZeroU32::new(time.min(most).max(self.min_wait.get())).unwrap_or(NonZeroU32::MIN)
    }

    /// Returns the wait in milliseconds after a failure, of which `failures` consecutive ones came before. `last` is
    /// the state of decorrelated jitter, 0 at the start.
    pub(super) fn wait(
        &self,
        failures: u32,
        asked: Option<NonZeroU32>,
        last: &mut u32,
        jitter: &mut impl Jitter,
    ) -> u32 {
        let floor = asked.map_or(self.floor.get(), NonZeroU32::get);
        let (first, cap) = (self.first.get(), self.cap.get());
        let at_least = floor.min(cap);
        let step = self.step(failures).max(at_least);
        let (fixed, random) = match self.spread {
            Spread::None => (step, 0),
            Spread::Full => (0, below(step, jitter)),
            Spread::Equal => (step / 2, below(step - step / 2, jitter)),
            Spread::Decorrelated => {
                let base = first.max(at_least);
                let span = (*last).max(base).saturating_mul(3).saturating_sub(base);
                // The wait must not exceed the floor and the cap together.
                let most = cap.saturating_sub(first.saturating_sub(floor));
                let random = below(span, jitter).min(most);
                *last = base.saturating_add(random);
                (base.min(cap), random)
            }
        };
        fixed.max(floor).max(self.min_wait.get()).saturating_add(random)
    }

    /// Returns the part of a wait that is there because the server asked for this time: the time itself, and by how much
    /// the random part grows at most.
    pub(super) fn uncounted(&self, asked: u32) -> u32 {
        asked.saturating_add(asked.min(self.cap.get()))
    }

    /// Returns the shortest time between a loss and the next attempt, even after the network has come back.
    pub(super) fn shortest(&self, asked: Option<NonZeroU32>) -> u32 {
        asked.map_or(self.min_wait.get(), NonZeroU32::get)
    }

    /// Returns a random wait of up to one second after the network has come back, because it came back for other
    /// clients too.
    pub(super) fn prompt(jitter: &mut impl Jitter) -> u32 {
        below(1_000, jitter)
    }

    fn step(&self, failures: u32) -> u32 {
        let (first, cap) = (self.first.get(), self.cap.get());
        let bits = if self.doubles { failures } else { failures.saturating_mul(2) }.min(31);
        let step = first << bits;
        if step >> bits == first { step.min(cap) } else { cap }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    /// Returns the shortest and the longest wait after each number of failures.
    fn bounds<const N: usize>(backoff: &Backoff, asked: Option<Duration>, failures: [u32; N]) -> [(u32, u32); N] {
        let asked = asked.map(|time| backoff.asked(time.as_millis() as u64));
        let bound = |failures, random: u32| backoff.wait(failures, asked, &mut 0, &mut || random);
        failures.map(|failures| (bound(failures, 0), bound(failures, u32::MAX)))
    }

    #[test]
    fn a_fixed_wait_is_its_time_or_the_servers() {
        let fixed = Backoff::fixed(3 * S);
        assert_eq!(bounds(&fixed, None, [0, 1, 9]), [(3000, 3000); 3]);
        assert_eq!(bounds(&fixed, Some(S), [0, 9]), [(1000, 1000); 2]);
        assert_eq!(bounds(&fixed, Some(9 * S), [0, 9]), [(9000, 9000); 2]);
        assert_eq!(bounds(&fixed.spread(Spread::Full), None, [0, 9]), [(3000, 5999); 2]);
        assert_eq!(bounds(&fixed.spread(Spread::Equal), None, [0]), [(3000, 4499)]);
        assert_eq!(bounds(&Backoff::fixed(Duration::ZERO), None, [0, 9]), [(500, 500); 2], "never a hot loop");
    }

    #[test]
    fn exponential_waits_follow_the_formulas_of_aws() {
        let aws = Backoff::exponential(S, 30 * S);
        let steps = [0, 1, 2, 3, 4, 5, 6, 30, 31, 32, 64, u32::MAX];
        let expect = [1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000, 30000, 30000, 30000, 30000];
        let none = bounds(&aws.spread(Spread::None), None, steps);
        let full = bounds(&aws, None, steps);
        let equal = bounds(&aws.spread(Spread::Equal), None, steps);
        for (index, step) in expect.into_iter().enumerate() {
            assert_eq!(none[index], (step, step));
            assert_eq!(full[index], (500, 500 + step - 1), "on top of the shortest wait");
            assert_eq!(equal[index], (step / 2, step - 1));
        }
    }

    #[test]
    fn decorrelated_jitter_remembers_the_wait_before() {
        let backoff = Backoff::exponential(S, 30 * S).spread(Spread::Decorrelated);
        let mut last = 0;
        let mut wait = |random| backoff.wait(0, None, &mut last, &mut || random);
        let longest = [wait(u32::MAX), wait(u32::MAX), wait(u32::MAX), wait(u32::MAX), wait(u32::MAX)];
        assert_eq!(longest, [2999, 8996, 26987, 30000, 30000]);
        assert_eq!(wait(0), 1000);
        assert_eq!(wait(u32::MAX / 2), 1999, "the shortest wait resets the growth");
    }

    #[test]
    fn above_a_floor_the_random_part_grows_fourfold() {
        let backoff = Backoff::above_floor(3 * S, 5 * S, 60 * S);
        let expect = [(3000, 7999), (3000, 22999), (3000, 62999), (3000, 62999)];
        assert_eq!(bounds(&backoff, None, [0, 1, 2, u32::MAX]), expect);
        assert_eq!(bounds(&backoff, Some(S), [0, 1]), [(1000, 5999), (1000, 20999)]);
        assert_eq!(bounds(&backoff, Some(30 * S), [0]), [(30_000, 59_999)], "spread as wide as the floor");
        assert_eq!(bounds(&backoff, Some(600 * S), [0]), [(600_000, 659_999)], "but not wider than the cap");
    }

    #[test]
    fn the_time_the_server_asks_for_is_a_floor_in_every_policy_and_spread() {
        let exponential = Backoff::exponential(S, 30 * S);
        for spread in [Spread::None, Spread::Full, Spread::Equal, Spread::Decorrelated] {
            for backoff in [Backoff::fixed(S), exponential, Backoff::above_floor(S, S, S)] {
                let backoff = backoff.spread(spread);
                for (least, longest) in bounds(&backoff, Some(7 * S), [0, 1, 5, u32::MAX]) {
                    assert!(least >= 7000, "{backoff:?}: {least}");
                    assert!(longest <= 7000 + 30_000, "{backoff:?}: {longest}");
                    let spread_wanted = spread != Spread::None;
                    assert_eq!(longest > least, spread_wanted, "{backoff:?}: {least} to {longest}");
                }
            }
        }
    }

    #[test]
    fn the_time_the_server_asks_for_is_bounded_on_both_sides() {
        let backoff = Backoff::exponential(S, 30 * S);
        assert_eq!(backoff.asked(0).get(), 500);
        assert_eq!(backoff.asked(u64::MAX).get(), 3_600_000);
        assert_eq!(backoff.retry_after(Duration::ZERO).get(), 500);
        assert_eq!(backoff.retry_after(7200 * S).get(), 7_200_000);
        assert_eq!(backoff.retry_after(Duration::MAX).get(), 86_400_000);
        assert_eq!(backoff.max_retry_after(60 * S).retry_after(Duration::MAX).get(), 60_000);
        assert_eq!(backoff.min_wait(Duration::ZERO).asked(0).get(), 1);
        assert_eq!(backoff.max_retry(Duration::ZERO).asked(u64::MAX).get(), 500, "the shortest wait takes precedence");
        assert_eq!(backoff.max_retry(Duration::MAX).asked(u64::MAX).get(), u32::MAX);
    }

    #[test]
    fn no_wait_is_shorter_than_the_policy_allows() {
        for spread in [Spread::None, Spread::Full, Spread::Equal, Spread::Decorrelated] {
            for (backoff, least) in [
                (Backoff::exponential(S, 30 * S), 500),
                (Backoff::exponential(Duration::ZERO, Duration::ZERO), 500),
                (Backoff::above_floor(Duration::ZERO, S, S), 500),
                (Backoff::exponential(S, 30 * S).min_wait(Duration::ZERO), 1),
            ] {
                let backoff = backoff.spread(spread);
                for (shortest, _) in bounds(&backoff, None, [0, 1, 5, u32::MAX]) {
                    assert!(shortest >= least, "{backoff:?}: {shortest}");
                }
            }
        }
    }

    #[test]
    fn nothing_overflows_at_the_ends_of_the_ranges() {
        for first in [Duration::ZERO, S, Duration::MAX] {
            for cap in [Duration::ZERO, S, Duration::MAX] {
                for backoff in [Backoff::exponential(first, cap), Backoff::above_floor(cap, first, cap)] {
                    for spread in [Spread::None, Spread::Full, Spread::Equal, Spread::Decorrelated] {
                        let backoff = backoff.spread(spread).max_retry(Duration::MAX);
                        let before_cap = bounds(&backoff, None, [0, 31, 4_000_000_000, u32::MAX]);
                        let top = millis(cap).saturating_mul(2).saturating_add(500);
                        assert!(before_cap.iter().all(|&(_, longest)| longest <= top), "{backoff:?}");
                        let asked = bounds(&backoff, Some(Duration::MAX), [0, u32::MAX]);
                        assert!(asked.iter().all(|&(least, _)| least == u32::MAX), "{backoff:?}");
                    }
                }
            }
        }
    }
}
