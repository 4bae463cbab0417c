//! Writes a whole frame into one buffer, for processors on which every branch and every pass matters.
//!
//! Writes the same bytes as [`FrameBytes`](crate::FrameBytes) from the same definitions in `wire.rs`, several times as fast
//! and with twice the code. Small processors use `FrameBytes` instead.

use super::copy::{copy_line, copy_line_like};
use super::plain::copy_plain;
use crate::codec::digits::decimal;
use crate::codec::field::Field;
use crate::codec::line_end::{find_line_end, line_end_len};
use crate::codec::write::frame::Frame;
use crate::codec::write::wire::{FRAME_END, is_bare, label};

const LINE_END: u8 = FRAME_END.as_bytes()[0];

/// Writes the frame to the start of the buffer and returns its length, or `None` if the frame does not fit.
#[inline]
pub(crate) fn write(frame: &Frame<'_>, buffer: &mut [u8]) -> Option<usize> {
    let mut at = 0;
    if let Some(text) = frame.comment {
        at = write_comment(text.as_bytes(), buffer)?;
    }
    if let Some(text) = frame.event_type {
        at = write_line::<7>(Field::Event, text.as_str().as_bytes(), buffer, at)?;
    }
    if let Some(text) = frame.id {
        at = write_line::<4>(Field::Id, text.as_str().as_bytes(), buffer, at)?;
    }
    if let Some(millis) = frame.retry_ms {
        at = write_retry(millis, buffer, at)?;
    }
    if let Some(text) = frame.data {
        let text = text.as_bytes();
        at = match write_plain_data(text, buffer, at) {
            Some(end) => end,
            None => write_data_lines(text, buffer, at)?,
        };
    }
    *buffer.get_mut(at)? = LINE_END;
    Some(at + 1)
}

/// Returns the length of the frame.
pub(crate) fn frame_length(frame: &Frame<'_>) -> usize {
    frame.segments().map(str::len).sum()
}

/// Returns the label of a field at the start of a line.
const fn start<const N: usize>(field: Field) -> [u8; N] {
    let long = label(field).long.as_bytes();
    let (mut start, mut at) = ([0; N], 0);
    assert!(long.len() == N + 1);
    while at < N {
        start[at] = long[at + 1];
        at += 1;
    }
    start
}

/// Writes one line of a text without a line end.
#[inline(always)]
fn write_line<const N: usize>(field: Field, text: &[u8], buffer: &mut [u8], at: usize) -> Option<usize> {
    let length = N + text.len() + 1;
    let line = buffer.get_mut(at..)?.get_mut(..length)?;
    let (place, rest) = line.split_first_chunk_mut()?;
    *place = start::<N>(field);
    let (last, value) = rest.split_last_mut()?;
    value.copy_from_slice(text);
    *last = LINE_END;
    Some(at + length)
}

/// Writes the data as one line. Returns `None` if it may have more than one line or does not fit.
#[inline(always)]
fn write_plain_data(text: &[u8], buffer: &mut [u8], at: usize) -> Option<usize> {
    const START: [u8; 6] = start(Field::Data);
    let length = START.len() + text.len() + 1;
    let (place, rest) = buffer.get_mut(at..)?.get_mut(..length)?.split_first_chunk_mut()?;
    *place = START;
    let (last, value) = rest.split_last_mut()?;
    *last = LINE_END;
    copy_plain(text, value).then_some(at + length)
}

/// Writes a line for each line of the data.
#[inline(never)]
fn write_data_lines(mut text: &[u8], buffer: &mut [u8], mut at: usize) -> Option<usize> {
    const START: [u8; 6] = start(Field::Data);
    let mut length = usize::MAX;
    loop {
        let (place, rest) = buffer.get_mut(at..)?.split_first_chunk_mut()?;
        *place = START;
        length = copy_line_like(length, text, rest)?;
        *rest.get_mut(length)? = LINE_END;
        at += START.len() + length + 1;
        let rest = text.get(length..)?;
        if rest.is_empty() {
            return Some(at);
        }
        text = rest.get(line_end_len(rest)..)?;
    }
}

#[cold]
fn write_comment(mut text: &[u8], buffer: &mut [u8]) -> Option<usize> {
    let label = label(Field::Comment);
    let mut at = 0;
    loop {
        let start = if is_bare(text) { label.bare } else { label.long }.as_bytes().get(1..)?;
        buffer.get_mut(at..at + start.len())?.copy_from_slice(start);
        at += start.len();
        at += copy_line(text, buffer.get_mut(at..)?)?;
        *buffer.get_mut(at)? = LINE_END;
        at += 1;
        let rest = text.get(find_line_end(text).unwrap_or(text.len())..)?;
        if rest.is_empty() {
            return Some(at);
        }
        text = rest.get(line_end_len(rest)..)?;
    }
}

#[cold]
fn write_retry(number: u64, buffer: &mut [u8], at: usize) -> Option<usize> {
    write_line::<7>(Field::Retry, decimal(number, &mut [0; 20]), buffer, at)
}
