//! Where in a stream an event stands: an ID's bytes to a [`Position`], by a policy.
//!
//! This module only compares. It must not depend on connections, on stores, or on what a verdict leads to.

/// Where in the stream an event stands, as its ID says.
///
/// ```
/// use embedded_sse::delivery::{EpochDecimal, Position, Sequence};
///
/// let before = EpochDecimal.position(b"a7:41").unwrap();
/// let after = EpochDecimal.position(b"a7:42").unwrap();
/// assert!(after.contains(before) && !before.contains(after));
/// assert!(matches!(after, Position::Counted { number: 42, .. }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Position {
    /// Events are counted one by one, so that a number that is missing is an event that is missing.
    Counted {
        /// The count that the number belongs to. Numbers of two epochs cannot be compared.
        epoch: u64,
        /// The number, one more for each event.
        number: u64,
    },
    /// Events are in order, but how many lie between two of them is unknown.
    Ordered {
        /// What is compared first, such as a time.
        major: u64,
        /// What is compared if `major` is equal, such as a counter.
        minor: u64,
    },
}

impl Position {
    /// Returns whether a state of the whole at this position contains the event at `other`.
    ///
    /// Between two epochs it does: a state that the application fetched is newer than the events that it has received.
    /// Between a counted and an ordered position it does not.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.is_of_another_epoch(other) || self.has_seen(other)
    }

    /// Returns the position right before this one, which a state has to contain for nothing to be missing between the two.
    pub(super) const fn before(self) -> Self {
        match self {
            Self::Counted { epoch, number } => Self::Counted { epoch, number: number.saturating_sub(1) },
            ordered => ordered,
        }
    }

    /// Returns whether an event at `other` has been seen if this is the highest position.
    pub(super) const fn has_seen(self, other: Self) -> bool {
        match (self, other) {
            (Self::Counted { epoch, number }, Self::Counted { epoch: of, number: event }) => {
                epoch == of && event <= number
            }
            (Self::Ordered { major, minor }, Self::Ordered { major: of, minor: event }) => {
                of < major || (of == major && event <= minor)
            }
            _ => false,
        }
    }

    /// Returns whether both count, in two epochs.
    pub(super) const fn is_of_another_epoch(self, other: Self) -> bool {
        matches!((self, other), (Self::Counted { epoch, .. }, Self::Counted { epoch: of, .. }) if epoch != of)
    }

    /// Returns whether both count in the same epoch, or neither counts.
    pub(super) const fn is_comparable(self, other: Self) -> bool {
        match (self, other) {
            (Self::Counted { epoch, .. }, Self::Counted { epoch: of, .. }) => epoch == of,
            (Self::Ordered { .. }, Self::Ordered { .. }) => true,
            _ => false,
        }
    }
}

/// How an ID names a position: the policy of a stream.
///
/// [`Decimal`], [`EpochDecimal`] and [`MillisCounter`] are three policies. For any other, implement the trait, or pass a
/// function:
///
/// ```
/// use embedded_sse::delivery::{Continuity, Position, Verdict};
///
/// /// `event-0007`
/// fn numbered(id: &[u8]) -> Option<Position> {
///     let number = str::from_utf8(id.strip_prefix(b"event-")?).ok()?.parse().ok()?;
///     Some(Position::Counted { epoch: 0, number })
/// }
///
/// let mut continuity = Continuity::new(numbered);
/// assert_eq!(continuity.observe(b"event-0007"), Verdict::First);
/// assert_eq!(continuity.observe(b"event-0009"), Verdict::Gap { missing: 1 });
/// ```
pub trait Sequence {
    /// Returns the position that an ID names, or `None` if the ID is not of the form that the stream uses. Never called
    /// with an empty ID.
    fn position(&self, id: &[u8]) -> Option<Position>;
}

impl<F: Fn(&[u8]) -> Option<Position>> Sequence for F {
    fn position(&self, id: &[u8]) -> Option<Position> {
        self(id)
    }
}

/// IDs that are decimal numbers, one more for each event: `41`, `42`.
///
/// The server must never count again from a lower number. If it does after a restart, use [`EpochDecimal`]: with this
/// policy, the events of the restarted server are duplicates until its count has caught up.
///
/// ```
/// use embedded_sse::delivery::{Decimal, Position, Sequence};
///
/// assert_eq!(Decimal.position(b"42"), Some(Position::Counted { epoch: 0, number: 42 }));
/// assert_eq!(Decimal.position(b"+42"), None);
/// assert_eq!(Decimal.position(b"18446744073709551616"), None); // 64 bits
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Decimal;

impl Sequence for Decimal {
    fn position(&self, id: &[u8]) -> Option<Position> {
        Some(Position::Counted { epoch: 0, number: decimal(id)? })
    }
}

/// IDs of an epoch and a decimal number, `1a2b3c:41` or `1a2b3c-41`. The server takes a new epoch when it starts, and
/// counts again.
///
/// The epoch is what precedes the last `:` or `-`: any text that differs at each start, such as a random number. It is
/// kept as a hash of 64 bits.
///
/// ```
/// use embedded_sse::delivery::{Continuity, EpochDecimal, Verdict};
///
/// let mut continuity = Continuity::new(EpochDecimal);
/// assert_eq!(continuity.observe(b"monday:41"), Verdict::First);
/// assert_eq!(continuity.observe(b"monday:42"), Verdict::InOrder);
/// assert_eq!(continuity.observe(b"tuesday:1"), Verdict::Restarted);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EpochDecimal;

impl Sequence for EpochDecimal {
    fn position(&self, id: &[u8]) -> Option<Position> {
        let (epoch, number) = split(id, |byte| matches!(byte, b':' | b'-'))?;
        Some(Position::Counted { epoch: hash(epoch), number: decimal(number)? })
    }
}

/// IDs of a time in milliseconds and a counter, as in Redis streams: `1526919030474-55`. They are in order, but a hole
/// between two of them is unknown: only the server can say that something is missing.
///
/// ```
/// use embedded_sse::delivery::{Continuity, MillisCounter, Verdict};
///
/// let mut continuity = Continuity::new(MillisCounter);
/// assert_eq!(continuity.observe(b"1526919030474-0"), Verdict::First);
/// assert_eq!(continuity.observe(b"1526919030999-3"), Verdict::InOrder);
/// assert_eq!(continuity.observe(b"1526919030474-0"), Verdict::Duplicate);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MillisCounter;

impl Sequence for MillisCounter {
    fn position(&self, id: &[u8]) -> Option<Position> {
        let (major, minor) = split(id, |byte| byte == b'-')?;
        Some(Position::Ordered { major: decimal(major)?, minor: decimal(minor)? })
    }
}

/// Splits at the last separator. Returns `None` if there is none.
fn split(id: &[u8], is_separator: fn(u8) -> bool) -> Option<(&[u8], &[u8])> {
    let at = id.iter().rposition(|byte| is_separator(*byte))?;
    let (left, right) = id.split_at_checked(at)?;
    Some((left, right.get(1..)?)).filter(|(left, _)| !left.is_empty())
}

/// Reads ASCII digits and nothing else.
fn decimal(digits: &[u8]) -> Option<u64> {
    let mut number = 0;
    for byte in digits {
        if !byte.is_ascii_digit() || number > u64::MAX / 10 {
            return None;
        }
        number = times(number, 10).checked_add(u64::from(byte & 0x0F))?;
    }
    (!digits.is_empty()).then_some(number)
}

/// FNV-1a. The prime is 2^40 + 435.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        let mixed = hash ^ u64::from(*byte);
        times(mixed, 435).wrapping_add(mixed << 40)
    })
}

/// Multiplies by less than 2^16, and drops what overflows. A small core would have to link the multiplication of 64 bits, which the
/// compiler also makes of shifts.
fn times(number: u64, factor: u32) -> u64 {
    let (high, low) = ((number >> 32) as u32, number as u32);
    let first = (low & 0xFFFF) * factor;
    let second = (low >> 16) * factor + (first >> 16);
    let high = high.wrapping_mul(factor).wrapping_add(second >> 16);
    (u64::from(high) << 32) | u64::from((second << 16) | (first & 0xFFFF))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits_of_64_bits() {
        for (text, number) in [
            ("0", Some(0)),
            ("007", Some(7)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("18446744073709551620", None),
            ("99999999999999999999", None),
            ("", None),
            ("-1", None),
            ("1 ", None),
            ("1a", None),
        ] {
            assert_eq!(decimal(text.as_bytes()), number, "{text}");
        }
    }

    #[test]
    fn epochs_end_at_the_last_separator() {
        let epoch = |id: &[u8]| match EpochDecimal.position(id) {
            Some(Position::Counted { epoch, number: 5 }) => Some(epoch),
            _ => None,
        };
        assert_eq!(epoch(b"a-b:5"), Some(hash(b"a-b")));
        assert_eq!(epoch(b"a:b-5"), Some(hash(b"a:b")));
        assert_ne!(epoch(b"a:5"), epoch(b"b:5"));
        for id in [&b"5"[..], b":5", b"a:", b"a:b", b"a5"] {
            assert_eq!(epoch(id), None, "{}", id.escape_ascii());
        }
    }

    /// The values that the authors of the hash publish.
    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(hash(b"a"), 0xAF63_DC4C_8601_EC8C);
        assert_eq!(hash(b"foobar"), 0x8594_4171_F739_67E8);
    }

    #[test]
    fn a_state_contains_what_is_not_after_it() {
        let counted = |number| Position::Counted { epoch: 1, number };
        let after_restart = Position::Counted { epoch: 2, number: 9 };
        assert!(counted(5).contains(counted(5)) && !counted(5).contains(counted(6)));
        assert!(counted(5).contains(counted(6).before()) && !counted(5).contains(counted(7).before()));
        assert!(counted(0).contains(counted(0).before()));
        assert!(counted(5).contains(after_restart) && !counted(5).is_comparable(after_restart));
        let ordered = |major, minor| Position::Ordered { major, minor };
        assert!(ordered(5, 1).contains(ordered(4, 9)) && ordered(5, 1).contains(ordered(5, 1)));
        assert!(!ordered(5, 1).contains(ordered(5, 2)) && !ordered(5, 1).contains(ordered(5, 2).before()));
        assert!(!counted(5).contains(ordered(0, 0)) && !ordered(5, 0).contains(counted(1)));
    }
}
