//! Where random numbers come from: the hook that the client and the server share.
//!
//! Knows no generator, no seed and nothing of what the numbers are for.

/// Where random numbers come from. The library has no generator and no default seed: a fleet that shares a seed jitters in
/// step.
///
/// Implemented for any `FnMut() -> u32`, and for generators of `rand_core` by the newtypes in [`io`](crate::io).
pub trait Jitter {
    /// A number from the whole range of `u32`, each as likely as any other. Asked once for each wait.
    fn next_u32(&mut self) -> u32;
}

impl<F: FnMut() -> u32> Jitter for F {
    fn next_u32(&mut self) -> u32 {
        self()
    }
}

/// No randomness: each wait is the longest one that its policy can draw. For tests, and for a device that has no sisters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoJitter;

impl Jitter for NoJitter {
    fn next_u32(&mut self) -> u32 {
        u32::MAX
    }
}

/// A number from 0 up to just below `end`, by multiplication: a Cortex-M0 has no division.
pub(crate) fn below(end: u32, jitter: &mut impl Jitter) -> u32 {
    ((u64::from(jitter.next_u32()) * u64::from(end)) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_a_range_reach_both_ends_and_not_the_bound() {
        assert_eq!(below(0, &mut NoJitter), 0);
        assert_eq!(below(1, &mut NoJitter), 0);
        assert_eq!(below(10, &mut NoJitter), 9);
        assert_eq!(below(u32::MAX, &mut NoJitter), u32::MAX - 1);
        assert_eq!(below(10, &mut || 0), 0);
    }
}
