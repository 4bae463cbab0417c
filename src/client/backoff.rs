//! How long to wait before the next attempt: all the arithmetic of delays.
//!
//! Integers only. Knows how many attempts failed and what the server asked for; knows no clock and no state.

use core::num::NonZeroU32;
use core::time::Duration;

use crate::jitter::{Jitter, below};
use crate::time::millis;

/// How a wait is drawn from its step, after the formulas that AWS published. In each line the first part is certain and
/// `random` is any time from nothing up to just below its argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Spread {
    /// `step`
    None,
    /// `random(step)`. On top of a floor this is the spread of [`Backoff::above_floor`].
    Full,
    /// `step / 2 + random(step / 2)`
    Equal,
    /// `min(cap, first + random(3 * wait before - first))`; the steps are not used.
    Decorrelated,
}

/// How long to wait after each failure in a row.
///
/// The **floor** is the reconnection time (R45): what a `retry` field or a `Retry-After` header asked for, and until there
/// is one the policy's own. The **step** begins with `first`, grows with each failure up to the cap, and is never less than
/// the floor as long as that is below the cap. The part of the [`Spread`] that is certain is lifted to the floor, the random
/// part comes on top:
///
/// ```text
/// wait = max(certain, floor, least) + random
/// ```
///
/// So no wait is shorter than what the server asked for (R58, R59), each is spread even when all clients were told the same
/// time, and none is longer than the floor and the cap together. No wait is shorter than [`least`](Self::least) either,
/// whatever the server asks for and the jitter draws: `retry: 0` is no hot loop, and neither is a generator that returns
/// zeros. What a server asks for counts up to [`most_asked`](Self::most_asked) for `retry` and
/// [`most_retry_after`](Self::most_retry_after) for `Retry-After`, so that an absurd time does not stall a client for ever.
/// Times saturate at `u32::MAX` milliseconds, 49 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Backoff {
    floor: u32,
    first: u32,
    cap: u32,
    /// Bits by which the step moves left with each failure.
    growth: u8,
    spread: Spread,
    least: u32,
    most_asked: u32,
    most_retry_after: u32,
}

impl Backoff {
    /// Always `time`, or what the server asked for instead (R30). With another [`Spread`] its random part comes on top.
    #[must_use]
    pub const fn fixed(time: Duration) -> Self {
        Self { floor: millis(time), spread: Spread::None, ..Self::exponential(Duration::ZERO, time) }
    }

    /// `first`, doubled with each failure up to `cap`, with full jitter on top of [`least`](Self::least) or of what the server
    /// asked for.
    #[must_use]
    pub const fn exponential(first: Duration, cap: Duration) -> Self {
        Self {
            floor: 0,
            first: millis(first),
            cap: millis(cap),
            growth: 1,
            spread: Spread::Full,
            least: 500,
            most_asked: 3_600_000,
            most_retry_after: 86_400_000,
        }
    }

    /// `floor`, or what the server asked for instead, and a random time on top: up to `first`, with each failure up to four
    /// times as much, and never more than `cap`.
    ///
    /// Four times, because clients that lost the server in the same moment come back in waves that overlap: doubled spreads
    /// stay too dense for the first minute (`examples/herd.rs` shows it).
    #[must_use]
    pub const fn above_floor(floor: Duration, first: Duration, cap: Duration) -> Self {
        Self { floor: millis(floor), growth: 2, ..Self::exponential(first, cap) }
    }

    /// Draws waits in another way.
    #[must_use]
    pub const fn spread(self, spread: Spread) -> Self {
        Self { spread, ..self }
    }

    /// The shortest of all waits, 1 ms at least; 500 ms at first, as in Firefox. A server's shorter `retry` or `Retry-After` counts
    /// as this.
    #[must_use]
    pub const fn least(self, time: Duration) -> Self {
        let least = millis(time);
        Self { least: if least == 0 { 1 } else { least }, ..self }
    }

    /// What a server's longer `retry` counts as; an hour at first. A reconnection time lasts for as long as the client does, so
    /// that a mistake in it is never corrected by the next response.
    #[must_use]
    pub const fn most_asked(self, time: Duration) -> Self {
        Self { most_asked: millis(time), ..self }
    }

    /// What a server's longer `Retry-After` counts as; a day at first.
    #[must_use]
    pub const fn most_retry_after(self, time: Duration) -> Self {
        Self { most_retry_after: millis(time), ..self }
    }

    /// What the server asked for by `Retry-After`, between the bounds.
    pub(super) fn retry_after(&self, time: Duration) -> NonZeroU32 {
        self.bounded(millis(time), self.most_retry_after)
    }

    /// What the server asked for by `retry`, between the bounds.
    pub(super) fn asked(&self, millis: u64) -> NonZeroU32 {
        self.bounded(u32::try_from(millis).unwrap_or(u32::MAX), self.most_asked)
    }

    /// Never zero, so that "nothing asked" needs no room of its own.
    fn bounded(&self, time: u32, most: u32) -> NonZeroU32 {
        NonZeroU32::new(time.min(most).max(self.least)).unwrap_or(NonZeroU32::MIN)
    }

    /// How long to wait when `failures` attempts in a row have failed before this one. `last` is what decorrelated jitter
    /// remembers, 0 at first.
    pub(super) fn wait(
        &self,
        failures: u32,
        asked: Option<NonZeroU32>,
        last: &mut u32,
        jitter: &mut impl Jitter,
    ) -> u32 {
        let floor = asked.map_or(self.floor, NonZeroU32::get);
        let at_least = floor.min(self.cap);
        let step = self.step(failures).max(at_least);
        let (certain, random) = match self.spread {
            Spread::None => (step, 0),
            Spread::Full => (0, below(step, jitter)),
            Spread::Equal => (step / 2, below(step - step / 2, jitter)),
            Spread::Decorrelated => {
                let base = self.first.max(at_least);
                let span = (*last).max(base).saturating_mul(3).saturating_sub(base);
                // No more than the floor and the cap together.
                let most = self.cap.saturating_sub(self.first.saturating_sub(floor));
                let random = below(span, jitter).min(most);
                *last = base.saturating_add(random);
                (base.min(self.cap), random)
            }
        };
        certain.max(floor).max(self.least).saturating_add(random)
    }

    /// The least time between a loss and the next attempt, whatever hurries it.
    pub(super) fn at_least(&self, asked: Option<NonZeroU32>) -> u32 {
        asked.map_or(self.least, NonZeroU32::get)
    }

    /// A network came back, for this client and for all others on it: up to a second, so that they do not come at once.
    pub(super) fn prompt(jitter: &mut impl Jitter) -> u32 {
        below(1_000, jitter)
    }

    fn step(&self, failures: u32) -> u32 {
        let bits = failures.saturating_mul(u32::from(self.growth)).min(31);
        let step = self.first << bits;
        if step >> bits == self.first { step.min(self.cap) } else { self.cap }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    /// The least and the longest wait after each number of failures.
    fn bounds<const N: usize>(backoff: &Backoff, asked: Option<Duration>, failures: [u32; N]) -> [(u32, u32); N] {
        let asked = asked.map(|time| backoff.asked(time.as_millis() as u64));
        let bound = |failures, random: u32| backoff.wait(failures, asked, &mut 0, &mut || random);
        failures.map(|failures| (bound(failures, 0), bound(failures, u32::MAX)))
    }

    #[test]
    fn fixed_is_its_time_or_the_servers() {
        let fixed = Backoff::fixed(3 * S);
        assert_eq!(bounds(&fixed, None, [0, 1, 9]), [(3000, 3000); 3]);
        assert_eq!(bounds(&fixed, Some(S), [0, 9]), [(1000, 1000); 2]);
        assert_eq!(bounds(&fixed, Some(9 * S), [0, 9]), [(9000, 9000); 2]);
        assert_eq!(bounds(&fixed.spread(Spread::Full), None, [0, 9]), [(3000, 5999); 2]);
        assert_eq!(bounds(&fixed.spread(Spread::Equal), None, [0]), [(3000, 4499)]);
        assert_eq!(bounds(&Backoff::fixed(Duration::ZERO), None, [0, 9]), [(500, 500); 2], "never a hot loop");
    }

    #[test]
    fn the_formulas_of_aws() {
        let aws = Backoff::exponential(S, 30 * S);
        let steps = [0, 1, 2, 3, 4, 5, 6, 30, 31, 32, 64, u32::MAX];
        let expect = [1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000, 30000, 30000, 30000, 30000];
        let none = bounds(&aws.spread(Spread::None), None, steps);
        let full = bounds(&aws, None, steps);
        let equal = bounds(&aws.spread(Spread::Equal), None, steps);
        for (index, step) in expect.into_iter().enumerate() {
            assert_eq!(none[index], (step, step));
            assert_eq!(full[index], (500, 500 + step - 1), "on top of the least wait");
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
        assert_eq!(wait(u32::MAX / 2), 1999, "after the shortest wait it begins anew");
    }

    #[test]
    fn above_a_floor_the_spread_grows_fourfold() {
        let backoff = Backoff::above_floor(3 * S, 5 * S, 60 * S);
        let expect = [(3000, 7999), (3000, 22999), (3000, 62999), (3000, 62999)];
        assert_eq!(bounds(&backoff, None, [0, 1, 2, u32::MAX]), expect);
        assert_eq!(bounds(&backoff, Some(S), [0, 1]), [(1000, 5999), (1000, 20999)]);
        assert_eq!(bounds(&backoff, Some(30 * S), [0]), [(30_000, 59_999)], "spread as wide as the floor");
        assert_eq!(bounds(&backoff, Some(600 * S), [0]), [(600_000, 659_999)], "but not wider than the cap");
    }

    #[test]
    fn what_the_server_asks_for_is_a_floor_in_every_policy_and_spread() {
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
    fn what_the_server_asks_for_is_bounded_on_both_sides() {
        let backoff = Backoff::exponential(S, 30 * S);
        assert_eq!(backoff.asked(0).get(), 500);
        assert_eq!(backoff.asked(u64::MAX).get(), 3_600_000);
        assert_eq!(backoff.retry_after(Duration::ZERO).get(), 500);
        assert_eq!(backoff.retry_after(7200 * S).get(), 7_200_000);
        assert_eq!(backoff.retry_after(Duration::MAX).get(), 86_400_000);
        assert_eq!(backoff.most_retry_after(60 * S).retry_after(Duration::MAX).get(), 60_000);
        assert_eq!(backoff.least(Duration::ZERO).asked(0).get(), 1);
        assert_eq!(
            backoff.most_asked(Duration::ZERO).asked(u64::MAX).get(),
            500,
            "the least wait is the stronger bound"
        );
        assert_eq!(backoff.most_asked(Duration::MAX).asked(u64::MAX).get(), u32::MAX);
    }

    #[test]
    fn no_jitter_passes_the_least_wait() {
        for spread in [Spread::None, Spread::Full, Spread::Equal, Spread::Decorrelated] {
            for (backoff, least) in [
                (Backoff::exponential(S, 30 * S), 500),
                (Backoff::exponential(Duration::ZERO, Duration::ZERO), 500),
                (Backoff::above_floor(Duration::ZERO, S, S), 500),
                (Backoff::exponential(S, 30 * S).least(Duration::ZERO), 1),
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
                        let backoff = backoff.spread(spread).most_asked(Duration::MAX);
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
