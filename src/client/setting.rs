//! The numbers of a policy: how they are stored, and limits that may be absent.
//!
//! This module must not depend on what a number is for.

use core::fmt;

use crate::time::Instant;

/// A number of a policy: milliseconds, a count or a [`Limit`]. `STANDARD` is its value in the standard policy.
///
/// It stores the difference from `STANDARD`, so that the standard policy is all zeros. A `static` session whose initial
/// value is not all zeros would have a copy in flash, its buffers included.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Setting<const STANDARD: u32>(u32);

impl<const STANDARD: u32> Setting<STANDARD> {
    pub(super) const STANDARD: Self = Self(0);

    pub(super) const fn new(value: u32) -> Self {
        Self(value ^ STANDARD)
    }

    pub(super) const fn get(self) -> u32 {
        self.0 ^ STANDARD
    }

    pub(super) const fn limit(self) -> Limit {
        Limit(self.get())
    }
}

impl<const STANDARD: u32> fmt::Debug for Setting<STANDARD> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.get() == NO_LIMIT { f.write_str("None") } else { self.get().fmt(f) }
    }
}

#[cfg(feature = "defmt")]
impl<const STANDARD: u32> defmt::Format for Setting<STANDARD> {
    fn format(&self, f: defmt::Formatter<'_>) {
        if self.get() == NO_LIMIT {
            defmt::write!(f, "None");
        } else {
            defmt::write!(f, "{}", self.get());
        }
    }
}

/// The value of a limit that is absent.
pub(super) const NO_LIMIT: u32 = u32::MAX;

/// A limit in four bytes: milliseconds, a count, or [`NO_LIMIT`].
#[derive(Clone, Copy)]
pub(super) struct Limit(u32);

impl Limit {
    pub(super) const NONE: Self = Self(NO_LIMIT);

    pub(super) const fn millis(millis: u32) -> Self {
        Self(millis)
    }

    pub(super) const fn is_reached_by(self, value: u32) -> bool {
        value >= self.0
    }

    /// Returns whether `value` is greater than the limit. Nothing exceeds "no limit", not even a saturated value.
    pub(super) const fn is_exceeded_by(self, value: u32) -> bool {
        value > self.0
    }

    /// Returns the limit reduced by `value`. "No limit" stays as it is.
    pub(super) const fn less(self, value: u32) -> Self {
        if self.0 == NO_LIMIT { self } else { Self(self.0.saturating_sub(value)) }
    }

    pub(super) fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }

    /// Returns the end of a limit that starts at `since`, or `None` without a limit.
    pub(super) fn after(self, since: Instant) -> Option<Instant> {
        (self.0 != NO_LIMIT).then(|| since.after(self.0))
    }
}
