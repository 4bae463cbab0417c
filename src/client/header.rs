//! Parsers for the values of `Content-Type`, `Retry-After` and `Date`. They take linear time and no memory.
//!
//! This module does not depend on status codes or policies. The parsers are written by hand because the same grammar in
//! `nom` is 1.3 KB larger on thumbv6m.

use core::time::Duration;

/// Returns whether a `Content-Type` is `text/event-stream` ([R50]). It extracts the MIME type as Fetch does: the last
/// valid value of a list counts, and parameters are ignored ([D6]).
///
/// [R50]: crate::rules#r50
/// [D6]: crate::rules#d6
pub(super) fn is_event_stream(value: &[u8]) -> bool {
    let mut found = false;
    let mut rest = Some(value);
    while let Some(values) = rest {
        let (value, others) = split_list(values);
        rest = others;
        match mime_type(value) {
            None | Some((b"*", b"*")) => {}
            Some((kind, subtype)) => {
                found = kind.eq_ignore_ascii_case(b"text") && subtype.eq_ignore_ascii_case(b"event-stream");
            }
        }
    }
    found
}

/// Returns how long a `Retry-After` value asks the client to wait, or `None` if the value is invalid.
///
/// Digits are seconds. A date counts from the `Date` of the response, or from the application's clock if there is no
/// valid `Date`; with neither the result is `None`. A date in the past is zero.
pub(super) fn retry_after(value: &[u8], date: Option<&[u8]>, unix_time: Option<u64>) -> Option<Duration> {
    let value = value.trim_ascii();
    let seconds = match number(value) {
        Some(seconds) => u64::from(seconds),
        None => {
            let now = date.and_then(|date| http_date(date.trim_ascii()));
            http_date(value)?.saturating_sub(now.or_else(|| unix_time?.checked_add(UNIX_EPOCH))?)
        }
    };
    Some(Duration::from_secs(seconds))
}

/// The start of 1970 on the scale of [`http_date`].
const UNIX_EPOCH: u64 = 865_566 * 86_400;

/// Splits the first value off a list. A comma inside quotes does not separate values.
fn split_list(values: &[u8]) -> (&[u8], Option<&[u8]>) {
    let (mut quoted, mut escaped) = (false, false);
    let comma = values.iter().position(|&byte| {
        let literal = escaped;
        escaped = quoted && !literal && byte == b'\\';
        quoted ^= byte == b'"' && !literal;
        byte == b',' && !quoted
    });
    match comma.and_then(|comma| values.split_at_checked(comma)) {
        Some((value, others)) => (value, others.split_first().map(|(_, others)| others)),
        None => (values, None),
    }
}

/// Returns the type and the subtype if both are tokens.
fn mime_type(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let essence = value.split(|&byte| byte == b';').next()?.trim_ascii();
    let slash = essence.iter().position(|&byte| byte == b'/')?;
    let (kind, subtype) = essence.split_at_checked(slash)?;
    let (_, subtype) = subtype.split_first()?;
    (is_token(kind) && is_token(subtype)).then_some((kind, subtype))
}

/// Returns whether `text` is a token, by RFC 9110, section 5.6.2.
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Parses the three date formats of RFC 9110, section 5.6.7. Returns seconds since a fixed day in the past, which only
/// matters for the difference of two dates. The day of the week is ignored, and day 31 is accepted in every month.
fn http_date(value: &[u8]) -> Option<u64> {
    let gap = value.iter().position(|&byte| byte == b' ')?;
    let (_, date) = value.split_at_checked(gap)?;
    match *date {
        // Sun, 06 Nov 1994 08:49:37 GMT
        [b' ', d, e, b' ', m, o, n, b' ', c, u, y, z, b' ', ref time @ .., b' ', b'G', b'M', b'T'] => {
            seconds(number(&[c, u, y, z])?, [m, o, n], number(&[d, e])?, time)
        }
        // Sunday, 06-Nov-94 08:49:37 GMT; two digits stand for the years 1970 to 2069
        [b' ', d, e, b'-', m, o, n, b'-', y, z, b' ', ref time @ .., b' ', b'G', b'M', b'T'] => {
            let year = number(&[y, z])?;
            seconds(if year < 70 { 2000 + year } else { 1900 + year }, [m, o, n], number(&[d, e])?, time)
        }
        // Sun Nov  6 08:49:37 1994
        [b' ', m, o, n, b' ', d, e, b' ', ref time @ .., b' ', c, u, y, z] => {
            let d = if d == b' ' { b'0' } else { d };
            seconds(number(&[c, u, y, z])?, [m, o, n], number(&[d, e])?, time)
        }
        _ => None,
    }
}

fn seconds(year: u32, month: [u8; 3], day: u32, time: &[u8]) -> Option<u64> {
    // Years start in March, so that the leap day is the last day. 400 years are added, so that no value is negative.
    let (month, shift) = match &month {
        b"Mar" => (0, 400),
        b"Apr" => (1, 400),
        b"May" => (2, 400),
        b"Jun" => (3, 400),
        b"Jul" => (4, 400),
        b"Aug" => (5, 400),
        b"Sep" => (6, 400),
        b"Oct" => (7, 400),
        b"Nov" => (8, 400),
        b"Dec" => (9, 400),
        b"Jan" => (10, 399),
        b"Feb" => (11, 399),
        _ => return None,
    };
    let [h, i, b':', m, j, b':', s, k] = *time else { return None };
    let (hour, minute, second) = (number(&[h, i])?, number(&[m, j])?, number(&[s, k])?);
    if !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let year = year + shift;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day;
    Some(u64::from(days) * 86_400 + u64::from((hour * 60 + minute) * 60 + second))
}

/// Parses ASCII digits and nothing else. Saturates.
fn number(text: &[u8]) -> Option<u32> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    digits.then(|| text.iter().fold(0, |all: u32, &byte| all.saturating_mul(10).saturating_add(u32::from(byte - b'0'))))
}
