//! A whole frame into one buffer, on processors where every branch and every pass counts.
//!
//! Writes the same bytes as [`Encoder`](super::Encoder), from the same vocabulary, two to three times as fast and in twice the
//! code: a small processor goes without. What is on the wire, `encoder.rs` knows.

use super::encoder::{FRAME_END, ORDER, digit_count, first_digit, is_bare, label, line_end_len, text};
use super::field::Field;
use super::frame::Frame;
use super::scan::copy_line;

/// Writes the frame to the start of the buffer and returns its length; `None` when it does not fit.
pub(super) fn write(frame: &Frame<'_>, buffer: &mut [u8]) -> Option<usize> {
    // Not a loop: with each field known where it is written, nothing has to be looked up.
    let at = write_field::<0>(frame, buffer, 0)?;
    let at = write_field::<1>(frame, buffer, at)?;
    let at = write_field::<2>(frame, buffer, at)?;
    let at = write_field::<3>(frame, buffer, at)?;
    let at = write_field::<4>(frame, buffer, at)?;
    *buffer.get_mut(at)? = LINE_END;
    Some(at + 1)
}

const LINE_END: u8 = FRAME_END.as_bytes()[0];

/// Writes the field with this place in the order, if the frame has it, and returns where it ends.
#[inline(always)]
fn write_field<const PLACE: usize>(frame: &Frame<'_>, buffer: &mut [u8], at: usize) -> Option<usize> {
    let start = const { &Start::of(ORDER[PLACE]) };
    match (ORDER[PLACE], text(frame, ORDER[PLACE]), frame.retry_ms) {
        (Field::Event | Field::Id, Some(text), _) => write_line(start, text.as_bytes(), buffer, at),
        (_, Some(text), _) => write_lines(start, text.as_bytes(), buffer, at),
        (Field::Retry, _, Some(millis)) => write_number(start, millis, buffer, at),
        _ => Some(at),
    }
}

/// Writes the line of a text that can have no line end (R9).
#[inline(always)]
fn write_line(start: &Start, text: &[u8], buffer: &mut [u8], at: usize) -> Option<usize> {
    let at = at + start.write(b"0", buffer.get_mut(at..)?)?;
    let end = at + text.len();
    buffer.get_mut(at..end)?.copy_from_slice(text);
    *buffer.get_mut(end)? = LINE_END;
    Some(end + 1)
}

/// Writes a line for each line of the text.
fn write_lines(start: &Start, mut text: &[u8], buffer: &mut [u8], mut at: usize) -> Option<usize> {
    loop {
        at += start.write(text, buffer.get_mut(at..)?)?;
        let len = copy_line(text, buffer.get_mut(at..)?)?;
        at += len;
        *buffer.get_mut(at)? = LINE_END;
        at += 1;
        let rest = text.get(len..)?;
        if rest.is_empty() {
            return Some(at);
        }
        text = rest.get(line_end_len(rest)..)?;
    }
}

#[cold]
fn write_number(start: &Start, number: u64, buffer: &mut [u8], mut at: usize) -> Option<usize> {
    at += start.write(b"0", buffer.get_mut(at..)?)?;
    let (mut count, mut number) = (digit_count(number), number);
    while count > 0 {
        let (digit, rest) = first_digit(count, number);
        *buffer.get_mut(at)? = *digit.as_bytes().first()?;
        at += 1;
        count -= 1;
        number = rest;
    }
    *buffer.get_mut(at)? = LINE_END;
    Some(at + 1)
}

/// The label of a line, in a form that is copied at once.
struct Start {
    padded: [u8; 8],
    len: usize,
    bare_len: usize,
}

impl Start {
    /// The field's label, without the line end before it.
    const fn of(field: Field) -> Self {
        let label = label(field);
        let (bytes, mut padded, mut at) = (label.long.as_bytes(), [0; 8], 1);
        while at < bytes.len() {
            padded[at - 1] = bytes[at];
            at += 1;
        }
        Self { padded, len: bytes.len() - 1, bare_len: label.bare.len() - 1 }
    }

    #[inline(always)]
    fn write(&self, text: &[u8], room: &mut [u8]) -> Option<usize> {
        let len = if is_bare(text) { self.bare_len } else { self.len };
        match room.first_chunk_mut() {
            Some(room) => *room = self.padded,
            None => room.get_mut(..len)?.copy_from_slice(self.padded.get(..len)?),
        }
        Some(len)
    }
}
