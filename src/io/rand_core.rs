//! Adapters from the three versions of `rand_core` in use to [`Jitter`].
//!
//! Each version has its own newtype, so that a firmware can use two versions together.

use crate::client::Jitter;

/// Uses a generator of `rand_core` 0.6 as [`Jitter`].
///
/// ```
/// use embedded_sse::client::Jitter;
/// use embedded_sse::io::RandCore06;
/// # use rand_core_06 as rand_core;
///
/// fn first<R: rand_core::RngCore>(generator: R) -> u32 {
///     RandCore06(generator).next_u32()
/// }
/// ```
#[cfg(feature = "rand_core-06")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RandCore06<R>(pub R);

#[cfg(feature = "rand_core-06")]
impl<R: rand_core_06::RngCore> Jitter for RandCore06<R> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }
}

/// Uses a generator of `rand_core` 0.9 as [`Jitter`].
///
/// ```
/// use embedded_sse::client::Jitter;
/// use embedded_sse::io::RandCore09;
/// # use rand_core_09 as rand_core;
///
/// fn first<R: rand_core::RngCore>(generator: R) -> u32 {
///     RandCore09(generator).next_u32()
/// }
/// ```
#[cfg(feature = "rand_core-09")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RandCore09<R>(pub R);

#[cfg(feature = "rand_core-09")]
impl<R: rand_core_09::RngCore> Jitter for RandCore09<R> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }
}

/// Uses a generator of `rand_core` 0.10 as [`Jitter`].
///
/// ```
/// use embedded_sse::client::Jitter;
/// use embedded_sse::io::RandCore010;
/// # use rand_core_010 as rand_core;
///
/// fn first<R: rand_core::Rng>(generator: R) -> u32 {
///     RandCore010(generator).next_u32()
/// }
/// ```
#[cfg(feature = "rand_core-010")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RandCore010<R>(pub R);

#[cfg(feature = "rand_core-010")]
impl<R: rand_core_010::Rng> Jitter for RandCore010<R> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A generator that counts up.
    struct Counter(u32);

    impl Counter {
        fn next(&mut self) -> u32 {
            self.0 += 1;
            self.0
        }
    }

    #[cfg(feature = "rand_core-06")]
    impl rand_core_06::RngCore for Counter {
        fn next_u32(&mut self) -> u32 {
            self.next()
        }
        fn next_u64(&mut self) -> u64 {
            0
        }
        fn fill_bytes(&mut self, _: &mut [u8]) {}
        fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), rand_core_06::Error> {
            Ok(())
        }
    }

    #[cfg(feature = "rand_core-09")]
    impl rand_core_09::RngCore for Counter {
        fn next_u32(&mut self) -> u32 {
            self.next()
        }
        fn next_u64(&mut self) -> u64 {
            0
        }
        fn fill_bytes(&mut self, _: &mut [u8]) {}
    }

    #[cfg(feature = "rand_core-010")]
    impl rand_core_010::TryRng for Counter {
        type Error = core::convert::Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            Ok(self.next())
        }
        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            Ok(0)
        }
        fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
            Ok(())
        }
    }

    fn asks_for_each_number(mut jitter: impl Jitter) {
        assert_eq!((jitter.next_u32(), jitter.next_u32()), (7, 8));
    }

    #[test]
    fn a_generator_is_asked_for_each_number() {
        #[cfg(feature = "rand_core-06")]
        asks_for_each_number(RandCore06(Counter(6)));
        #[cfg(feature = "rand_core-09")]
        asks_for_each_number(RandCore09(Counter(6)));
        #[cfg(feature = "rand_core-010")]
        asks_for_each_number(RandCore010(Counter(6)));
    }
}
