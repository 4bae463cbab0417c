//! Parses the reconnection time from decimal digits.
//!
//! This module must not depend on lines or on what the time is used for.

use crate::codec::digits::with_digit;

/// The reconnection time, and the `retry` value being parsed, which may arrive in pieces ([R30] to [R32]).
///
/// [R30]: crate::rules#r30
/// [R32]: crate::rules#r32
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Retry {
    time: u64,
    digits: u64,
    is_set: bool,
    /// The kinds of bytes in the value so far: bits [`DIGITS`](Self::DIGITS) and [`OTHER`](Self::OTHER).
    seen: u8,
}

impl Retry {
    pub(crate) const UNSET: Self = Self { time: 0, digits: 0, is_set: false, seen: 0 };
    const DIGITS: u8 = 1;
    const OTHER: u8 = 2;

    /// Returns the time in milliseconds that a line set last.
    pub(crate) const fn time(&self) -> Option<u64> {
        if self.is_set { Some(self.time) } else { None }
    }

    /// Parses a piece of a value. After the last piece, returns whether the value sets the time: it must consist of
    /// digits only.
    ///
    /// An empty value sets nothing ([D2]). The number saturates: wrapping would turn an absurd time into a short one
    /// ([R32], [D5]).
    ///
    /// [D2]: crate::rules#d2
    /// [R32]: crate::rules#r32
    /// [D5]: crate::rules#d5
    pub(crate) fn push(&mut self, piece: &[u8], first: bool, last: bool) -> bool {
        if first {
            self.digits = 0;
            self.seen = 0;
        }
        for &byte in piece {
            let digit = byte.wrapping_sub(b'0');
            self.seen |= if digit > 9 { Self::OTHER } else { Self::DIGITS };
            self.digits = with_digit(self.digits, digit);
        }
        let sets = last && self.seen == Self::DIGITS;
        if sets {
            self.is_set = true;
            self.time = self.digits;
        }
        sets
    }
}
