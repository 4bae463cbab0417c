//! The reconnection time: digits to milliseconds, and nothing else to anything.
//!
//! Must not know lines, nor what the time is for.

/// The reconnection time, and the `retry` value under way as it arrives in pieces (R30 to R32).
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Retry {
    time: u64,
    digits: u64,
    is_set: bool,
    /// What the value under way consists of so far: [`DIGITS`](Self::DIGITS), [`OTHER`](Self::OTHER), nothing.
    seen: u8,
}

impl Retry {
    pub(crate) const UNSET: Self = Self { time: 0, digits: 0, is_set: false, seen: 0 };
    const DIGITS: u8 = 1;
    const OTHER: u8 = 2;

    /// The last time that a line set, in milliseconds.
    pub(crate) const fn time(&self) -> Option<u64> {
        if self.is_set { Some(self.time) } else { None }
    }

    /// Takes a piece of a value, and at its end says whether it sets the time: if it was digits and nothing else. An empty
    /// value sets nothing (D2). Saturates: wrapping would turn an absurd time into a short one (R32, D5).
    pub(crate) fn push(&mut self, piece: &[u8], first: bool, last: bool) -> bool {
        if first {
            self.digits = 0;
            self.seen = 0;
        }
        for &byte in piece {
            let digit = byte.wrapping_sub(b'0');
            self.seen |= if digit > 9 { Self::OTHER } else { Self::DIGITS };
            // Ten times the digits before, without the long multiplication, which a small core has to bring along.
            let before = self.digits;
            self.digits = u64::from(digit);
            for _ in 0..10 {
                self.digits = self.digits.saturating_add(before);
            }
        }
        let sets = last && self.seen == Self::DIGITS;
        if sets {
            self.is_set = true;
            self.time = self.digits;
        }
        sets
    }
}
