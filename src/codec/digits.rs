//! Numbers in decimal, and milliseconds.
//!
//! Only this module writes digits and divides times. It must not depend on where they are written or used.

use core::time::Duration;

/// Returns the number of decimal digits of `number`.
pub(crate) fn digit_count(number: u64) -> u8 {
    let mut count = 20;
    while count > 1 && first_digit(count, number).1 == number {
        count -= 1;
    }
    count
}

/// Splits off the first of the number's `count` digits, and returns it and the rest of the number.
///
/// It subtracts, because a small processor has no division instruction and would link a large routine.
pub(crate) fn first_digit(count: u8, mut number: u64) -> (&'static str, u64) {
    let mut power = 1u64;
    for _ in 1..count {
        power = with_digit(power, 0);
    }
    let mut digit = 0;
    while number >= power {
        number -= power;
        digit += 1;
    }
    ("0123456789".get(digit..=digit).unwrap_or("0"), number)
}

/// Returns ten times the number plus a digit, or `u64::MAX` if that is more.
///
/// It adds, because a small core would have to link the 64-bit multiplication.
pub(crate) fn with_digit(number: u64, digit: u8) -> u64 {
    (0..10).fold(u64::from(digit), |sum, _| sum.saturating_add(number))
}

/// Returns this number of milliseconds.
///
/// It divides bit by bit, because a small core would have to link the 64-bit division.
pub(crate) const fn milliseconds(number: u64) -> Duration {
    let (mut seconds, mut rest, mut bit) = (0, 0, u64::BITS);
    while bit > 0 {
        bit -= 1;
        seconds <<= 1;
        rest = rest << 1 | (number >> bit) as u32 & 1;
        if rest >= 1000 {
            rest -= 1000;
            seconds += 1;
        }
    }
    // Always true. The compiler then sees that the number of nanoseconds is below a second.
    if rest < 1000 { Duration::new(seconds, rest * 1_000_000) } else { Duration::from_secs(seconds) }
}

/// Writes the number to the start of `buffer` and returns its digits.
pub(crate) fn decimal(mut number: u64, buffer: &mut [u8; 20]) -> &[u8] {
    let count = digit_count(number);
    for (place, left) in buffer.iter_mut().zip((1..=count).rev()) {
        let (digit, rest) = first_digit(left, number);
        *place = digit.as_bytes().first().copied().unwrap_or_default();
        number = rest;
    }
    buffer.get(..usize::from(count)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::milliseconds;
    use crate::codec::EventId;
    use alloc::string::ToString;
    use core::time::Duration;

    #[test]
    fn every_number_of_digits_is_written_and_read_as_milliseconds() {
        let edges = (0..20).flat_map(|zeros| [10u64.pow(zeros) - 1, 10u64.pow(zeros), 10u64.pow(zeros) + 1]);
        for number in edges.chain([7, u64::MAX - 1, u64::MAX]) {
            assert_eq!(EventId::decimal(number, &mut [b'x'; 20]).as_str(), number.to_string());
            for (epoch, number) in [(number, 7), (7, number), (u64::MAX, number)] {
                let id = alloc::format!("{epoch}-{number}");
                assert_eq!(EventId::in_epoch(epoch, number, &mut [b'x'; 41]).as_str(), id);
            }
            assert_eq!(milliseconds(number), Duration::from_millis(number));
        }
    }
}
