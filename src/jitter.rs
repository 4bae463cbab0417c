//! The source of random numbers that the client and the server share.
//!
//! This module contains no generator and no seed, and does not depend on what the numbers are used for.

/// A source of random numbers, used to spread waits.
///
/// The library contains no generator and no default seed, because devices that share a seed would all wait for the same
/// time. Seed your generator with something that differs from device to device, such as a hardware random number or a
/// serial number.
///
/// The trait is implemented for every `FnMut() -> u32`. The newtypes in [`io`](crate::io) implement it for the
/// generators of `rand_core`.
///
/// ```
/// use embedded_sse::client::{Jitter, Policy, Reconnect};
///
/// // A closure, here over xorshift32. The seed must not be zero.
/// let serial_number = 0x1234_5678;
/// let mut state: u32 = serial_number;
/// let xorshift = move || {
///     state ^= state << 13;
///     state ^= state >> 17;
///     state ^= state << 5;
///     state
/// };
/// let reconnect = Reconnect::new(Policy::standard(), xorshift);
///
/// // A type of your own, here over a hardware generator.
/// struct Rng { /* the peripheral */ }
/// # impl Rng { fn read(&mut self) -> u32 { 4 } }
///
/// impl Jitter for Rng {
///     fn next_u32(&mut self) -> u32 {
///         self.read()
///     }
/// }
/// let reconnect = Reconnect::new(Policy::standard(), Rng {});
/// ```
///
/// With `std` and no other crate, the keys of its hash maps are random. To hold the source in a field of a struct, name its
/// type `fn() -> u32`:
///
/// ```
/// use std::hash::{BuildHasher, Hasher, RandomState};
///
/// use embedded_sse::Decoder;
/// use embedded_sse::client::{Policy, Reconnect, Session};
///
/// fn random() -> u32 {
///     RandomState::new().build_hasher().finish() as u32
/// }
///
/// struct Client {
///     session: Session<Decoder<[u8; 512]>, fn() -> u32>,
/// }
///
/// let reconnect = Reconnect::new(Policy::standard(), random as fn() -> u32);
/// let client = Client { session: Session::new(Decoder::new([0; 512]), reconnect) };
/// assert_eq!(client.session.failures(), 0);
/// # assert!((0..8).map(|_| random()).any(|number| number != random()));
/// ```
pub trait Jitter {
    /// Returns a random number, uniformly distributed over the whole range of `u32`. Called once for each wait.
    fn next_u32(&mut self) -> u32;
}

impl<F: FnMut() -> u32> Jitter for F {
    fn next_u32(&mut self) -> u32 {
        self()
    }
}

/// A [`Jitter`] without randomness: each wait is the longest one that its policy allows. Use it in tests, and for a
/// single device rather than a fleet.
///
/// ```
/// use embedded_sse::client::{Jitter, NoJitter, Policy, Reconnect};
///
/// let reconnect = Reconnect::new(Policy::standard(), NoJitter);
/// assert_eq!(NoJitter.next_u32(), u32::MAX);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoJitter;

impl Jitter for NoJitter {
    fn next_u32(&mut self) -> u32 {
        u32::MAX
    }
}

/// Returns a random number from 0 up to `end`, exclusive; 0 if `end` is 0. It multiplies, because a Cortex-M0 cannot
/// divide.
pub(crate) fn below(end: u32, jitter: &mut impl Jitter) -> u32 {
    ((u64::from(jitter.next_u32()) * u64::from(end)) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_reaches_both_ends_and_excludes_the_bound() {
        assert_eq!(below(0, &mut NoJitter), 0);
        assert_eq!(below(1, &mut NoJitter), 0);
        assert_eq!(below(10, &mut NoJitter), 9);
        assert_eq!(below(u32::MAX, &mut NoJitter), u32::MAX - 1);
        assert_eq!(below(10, &mut || 0), 0);
    }
}
