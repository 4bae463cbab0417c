//! Numbers in decimal.
//!
//! Only this module writes digits. It must not depend on where they are written or used.

/// Returns ten times the number plus a digit, or `u64::MAX` if that is more.
///
/// It adds, because a small core would have to link the 64-bit multiplication.
pub(crate) fn with_digit(number: u64, digit: u8) -> u64 {
    (0..10).fold(u64::from(digit), |sum, _| sum.saturating_add(number))
}

/// Writes the number to the end of `buffer` and returns its digits.
///
/// It doubles a decimal number for each bit, because a small processor has no division instruction and would link a large
/// routine.
pub(crate) fn decimal(mut number: u64, buffer: &mut [u8; 20]) -> &[u8] {
    *buffer = [b'0'; 20];
    for _ in 0..u64::BITS {
        let mut carry = u8::from(number >> 63 == 1);
        number <<= 1;
        for digit in buffer.iter_mut().rev() {
            let doubled = *digit + (*digit - b'0') + carry;
            carry = u8::from(doubled > b'9');
            *digit = if carry == 1 { doubled - 10 } else { doubled };
        }
    }
    let zeros = buffer.iter().take(19).take_while(|digit| **digit == b'0').count();
    buffer.get(zeros..).unwrap_or_default()
}

/// Returns one of the number's digits, counted from the first.
pub(crate) fn digit(number: u64, at: u8) -> Option<&'static str> {
    let mut buffer = [0; 20];
    let digit = usize::from(*decimal(number, &mut buffer).get(usize::from(at))? - b'0');
    "0123456789".get(digit..=digit)
}

#[cfg(test)]
mod tests {
    use crate::codec::EventId;
    use crate::codec::pace::milliseconds;
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
