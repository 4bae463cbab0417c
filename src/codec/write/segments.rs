//! A frame as a row of pieces, and as bytes that fill buffers of any size.
//!
//! Must not know what the bytes mean to a reader: that is `wire.rs`.

use core::iter::FusedIterator;

use super::frame::Frame;
use super::wire::{FRAME_END, ORDER, digit_count, first_digit, is_bare, label, split_line, text};
use crate::codec::field::Field;

impl<'a> Frame<'a> {
    /// The frame in pieces, none of them copied; put together they are its bytes.
    pub const fn segments(&self) -> Segments<'a> {
        Segments::new(*self)
    }

    /// Writes the frame piece by piece through buffers of any size.
    pub fn encoder(&self) -> Encoder<'a> {
        Encoder::new(self.segments())
    }
}

/// A frame as text, in pieces that put together are its bytes.
///
/// Each piece lies in the frame's values or in static memory: nothing is copied. No piece is empty, so that each can be sent
/// as it is, also where an empty piece means the end, such as an HTTP chunk.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "iterators are lazy"]
pub struct Segments<'a> {
    frame: Frame<'a>,
    /// How many of the fields, in their order on the wire, have begun.
    begun: u8,
    next: Next<'a>,
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum Next<'a> {
    /// The first line of the frame, which ends no line before it.
    FirstLine,
    /// The first line of another field.
    Field,
    /// Another line of this field.
    Line(Field, &'a str),
    /// The text of a line.
    Text(Field, &'a str),
    /// This many digits of this number.
    Digits(u8, u64),
    /// Nothing: the blank line is given.
    Nothing,
}

impl<'a> Segments<'a> {
    pub(crate) const fn new(frame: Frame<'a>) -> Self {
        Self { frame, begun: 0, next: Next::FirstLine }
    }

    fn next_field(&mut self) -> &'static str {
        while let Some(&field) = ORDER.get(usize::from(self.begun)) {
            self.begun += 1;
            if let Some(text) = text(&self.frame, field) {
                return self.next_line(field, text);
            }
            if let (Field::Retry, Some(millis)) = (field, self.frame.retry_ms) {
                self.next = Next::Digits(digit_count(millis), millis);
                return label(field).long;
            }
        }
        self.next = Next::Nothing;
        FRAME_END
    }

    fn next_line(&mut self, field: Field, text: &'a str) -> &'static str {
        self.next = Next::Text(field, text);
        let label = label(field);
        if is_bare(text.as_bytes()) { label.bare } else { label.long }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            match self.next {
                Next::FirstLine => return self.next_field().get(1..),
                Next::Field => return Some(self.next_field()),
                Next::Line(field, text) => return Some(self.next_line(field, text)),
                Next::Text(field, text) => {
                    let (line, rest) = split_line(text);
                    self.next = rest.map_or(Next::Field, |rest| Next::Line(field, rest));
                    if !line.is_empty() {
                        return Some(line);
                    }
                }
                Next::Digits(0, _) => self.next = Next::Field,
                Next::Digits(count, number) => {
                    let (digit, rest) = first_digit(count, number);
                    self.next = Next::Digits(count - 1, rest);
                    return Some(digit);
                }
                Next::Nothing => return None,
            }
        }
    }
}

impl FusedIterator for Segments<'_> {}

/// Writes a frame through buffers of any size, also ones that are smaller than the frame.
///
/// ```
/// use embedded_sse::Frame;
///
/// let mut encoder = Frame::new().data("a long line").encoder();
/// let mut sent = Vec::new();
/// while !encoder.is_done() {
///     let mut buffer = [0; 4];
///     let len = encoder.fill(&mut buffer);
///     sent.extend_from_slice(&buffer[..len]);
/// }
/// assert_eq!(sent, b"data: a long line\n\n");
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Encoder<'a> {
    segments: Segments<'a>,
    /// The rest of the segment at which the last buffer was full; never empty before the end.
    rest: &'a [u8],
}

impl<'a> Encoder<'a> {
    pub(crate) fn new(mut segments: Segments<'a>) -> Self {
        let rest = segments.next().unwrap_or_default().as_bytes();
        Self { segments, rest }
    }

    /// Writes the next bytes of the frame to the start of `buffer`, and returns how many they are.
    ///
    /// The buffer is filled to its end, or to the end of the frame. 0 when the buffer is empty or the frame
    /// [is done](Self::is_done). A character may be cut between two buffers, as anywhere in a stream (R16).
    pub fn fill(&mut self, buffer: &mut [u8]) -> usize {
        let mut written = 0;
        loop {
            let room = buffer.get_mut(written..).unwrap_or_default();
            let len = room.len().min(self.rest.len());
            if len == 0 {
                return written;
            }
            room.iter_mut().zip(self.rest).for_each(|(to, from)| *to = *from);
            written += len;
            self.rest = self.rest.get(len..).unwrap_or_default();
            if self.rest.is_empty() {
                self.rest = self.segments.next().unwrap_or_default().as_bytes();
            }
        }
    }

    /// Whether the whole frame is written.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.rest.is_empty()
    }
}
