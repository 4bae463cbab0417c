//! Random numbers on hosts, for jitter.
//!
//! This module must not depend on what they are for.

use core::hash::{BuildHasher, Hasher};
use std::hash::RandomState;

/// Returns a random number from the keys of the hash maps of `std`, which has no other source of them.
pub(super) fn random() -> u32 {
    RandomState::new().build_hasher().finish() as u32
}
