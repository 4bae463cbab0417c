//! Writes a whole frame into one buffer on small cores: copies each line while it searches for the line's end.
//!
//! Writes the same bytes as [`FrameBytes`](crate::FrameBytes), from the same definitions in `wire.rs`. It cannot stop in the
//! middle of a frame. A firmware that only encodes whole frames does not link `FrameBytes`.

use super::{has_control, is_line_end};
use crate::codec::digits::decimal;
use crate::codec::field::Field;
use crate::codec::line_end::line_end_len;
use crate::codec::write::frame::Frame;
use crate::codec::write::wire::{FRAME_END, ORDER, is_bare, label, text};

/// Writes the frame to the start of the buffer and returns its length, or `None` if the frame does not fit.
pub(crate) fn write(frame: &Frame<'_>, buffer: &mut [u8]) -> Option<usize> {
    let room = buffer.len();
    let length = put(frame, buffer);
    (length <= room).then_some(length)
}

/// Returns the length of the frame.
pub(crate) fn frame_length(frame: &Frame<'_>) -> usize {
    put(frame, &mut [])
}

/// Writes what fits, and returns the length of the whole frame.
#[inline(never)]
fn put(frame: &Frame<'_>, buffer: &mut [u8]) -> usize {
    let mut output = Output { buffer, length: 0 };
    for field in ORDER {
        if let Some(text) = text(frame, field) {
            output.lines(field, text.as_bytes());
        } else if let (Field::Retry, Some(millis)) = (field, frame.retry_ms) {
            output.lines(field, decimal(millis, &mut [0; 20]));
        }
    }
    output.label(FRAME_END);
    output.length
}

/// The buffer, and the length of what was written, including what did not fit.
struct Output<'b> {
    buffer: &'b mut [u8],
    length: usize,
}

impl Output<'_> {
    /// Writes a label. The first line of a frame has no line before it to end.
    fn label(&mut self, label: &str) {
        label.bytes().skip(usize::from(self.length == 0)).for_each(|byte| self.byte(byte));
    }

    /// Writes a text that is not followed by a line end.
    #[inline(never)]
    fn lines(&mut self, field: Field, mut text: &[u8]) {
        loop {
            let label = label(field);
            self.label(if is_bare(text) { label.bare } else { label.long });
            text = self.line(text);
            if text.is_empty() {
                return;
            }
            text = text.get(line_end_len(text)..).unwrap_or_default();
        }
    }

    /// Writes the first line of the text, and returns the rest, which begins with its line end.
    fn line<'t>(&mut self, mut text: &'t [u8]) -> &'t [u8] {
        loop {
            let room = self.buffer.get_mut(self.length..).unwrap_or_default();
            if let (Some((block, rest)), Some(place)) = (text.split_first_chunk(), room.first_chunk_mut()) {
                if !has_control(block) {
                    *place = *block;
                    self.length += block.len();
                    text = rest;
                    continue;
                }
            }
            match text.split_first() {
                Some((byte, rest)) if !is_line_end(byte) => {
                    self.byte(*byte);
                    text = rest;
                }
                _ => return text,
            }
        }
    }

    fn byte(&mut self, byte: u8) {
        if let Some(place) = self.buffer.get_mut(self.length) {
            *place = byte;
        }
        self.length += 1;
    }
}
