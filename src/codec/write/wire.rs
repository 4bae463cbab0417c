//! What stands on the wire: the order of fields, how a line begins, where a text breaks into lines, how a number is written.
//!
//! The one owner of that knowledge; must not know where the bytes go.

use super::frame::Frame;
use crate::codec::field::Field;
use crate::codec::line_end::{find_line_end, line_end_len};
use crate::codec::text::{EventId, SingleLine};

/// The order on the wire. The data comes last, so that a [`DataWriter`](crate::DataWriter) can go on from there.
pub(crate) const ORDER: [Field; 5] = [Field::Comment, Field::Event, Field::Id, Field::Retry, Field::Data];

/// The field's text, if the frame has one; the reconnection time is a number.
#[inline]
pub(crate) fn text<'a>(frame: &Frame<'a>, field: Field) -> Option<&'a str> {
    match field {
        Field::Comment => frame.comment,
        Field::Event => frame.event_type.map(SingleLine::as_str),
        Field::Id => frame.id.map(EventId::as_str),
        Field::Retry => None,
        Field::Data => frame.data,
    }
}

/// What ends a frame: the end of its last line and the blank line (R4).
pub(crate) const FRAME_END: &str = "\n\n";

/// How a line begins, with the end of the line before it.
pub(crate) struct Label {
    /// Before most texts.
    pub(crate) long: &'static str,
    /// Before a text that is empty or begins with a space.
    pub(crate) bare: &'static str,
}

/// One space stands after each colon, to be dropped by the reader (R10, R24). A comment keeps what follows its colon (R22),
/// so that a space is put there for its looks alone.
pub(crate) const fn label(field: Field) -> Label {
    let long = match field {
        Field::Comment => return Label { long: "\n: ", bare: "\n:" },
        Field::Event => "\nevent: ",
        Field::Id => "\nid: ",
        Field::Retry => "\nretry: ",
        Field::Data => "\ndata: ",
    };
    Label { long, bare: long }
}

/// Whether the first line of the text is empty or begins with a space.
#[inline]
pub(crate) const fn is_bare(text: &[u8]) -> bool {
    matches!(text, [] | [b' ' | b'\r' | b'\n', ..])
}

/// The first line of the text, and what follows its line end if it has one (R7, R9).
pub(crate) fn split_line(text: &str) -> (&str, Option<&str>) {
    let end = find_line_end(text.as_bytes()).unwrap_or(text.len());
    let (line, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    (line, rest.get(line_end_len(rest.as_bytes())..).filter(|_| !rest.is_empty()))
}

/// How many decimal digits the number has.
pub(crate) fn digit_count(number: u64) -> u8 {
    let mut count = 20;
    while count > 1 && first_digit(count, number).1 == number {
        count -= 1;
    }
    count
}

/// The first of the number's digits, of which it has `count`, and the number without it.
///
/// By subtraction, for a small processor has no division, and would link a large one.
pub(crate) fn first_digit(count: u8, mut number: u64) -> (&'static str, u64) {
    let mut power = 1u64;
    for _ in 1..count {
        power = power.wrapping_mul(10);
    }
    let mut digit = 0;
    while number >= power {
        number -= power;
        digit += 1;
    }
    ("0123456789".get(digit..=digit).unwrap_or("0"), number)
}
