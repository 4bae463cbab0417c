//! A frame as a sequence of pieces, and as bytes that fill buffers of any size.
//!
//! This module must not depend on what the bytes mean to a reader: `wire.rs` defines that.

use core::fmt;
use core::iter::FusedIterator;

use super::frame::Frame;
use super::wire::{FRAME_END, ORDER, is_bare, label, split_line, text};
use crate::codec::digits::digit;
use crate::codec::field::Field;

impl<'a> Frame<'a> {
    /// Returns the frame in pieces, without copying. Concatenated, they are its bytes.
    pub const fn segments(&self) -> Segments<'a> {
        Segments::new(*self)
    }

    /// Returns the bytes of the frame, for buffers of any size.
    pub fn bytes(&self) -> FrameBytes<'a> {
        FrameBytes::new(self.segments())
    }
}

/// Iterates over the text of a frame in pieces. Concatenated, they are the bytes of the frame.
///
/// Each piece borrows from the frame's values or from static memory: nothing is copied. No piece is empty, so each can
/// be sent as it is even where an empty piece means the end, as with HTTP chunks.
///
/// ```
/// use embedded_sse::Frame;
///
/// let frame = Frame::new().data("a\nb");
/// assert_eq!(frame.segments().collect::<String>(), "data: a\ndata: b\n\n");
/// assert!(frame.segments().all(|piece| !piece.is_empty()));
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "iterators are lazy"]
pub struct Segments<'a> {
    frame: Frame<'a>,
    /// The number of fields, in their order on the wire, that have begun.
    begun: u8,
    next: Next<'a>,
}

/// The next piece to return.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum Next<'a> {
    /// The first line of the frame, which has no line before it to end.
    FirstLine,
    /// The first line of another field.
    Field,
    /// Another line of this field.
    Line(Field, &'a str),
    /// The text of a line.
    Text(Field, &'a str),
    /// The digits of a number from this one on.
    Digits(u8, u64),
    /// Nothing: the blank line was returned.
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
                self.next = Next::Digits(0, millis);
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
                Next::Digits(at, number) => match digit(number, at) {
                    Some(digit) => {
                        self.next = Next::Digits(at + 1, number);
                        return Some(digit);
                    }
                    None => self.next = Next::Field,
                },
                Next::Nothing => return None,
            }
        }
    }
}

impl FusedIterator for Segments<'_> {}

/// Writes the pieces that were not returned yet. Fails only if the sink does.
impl fmt::Display for Segments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.clone().try_for_each(|segment| f.write_str(segment))
    }
}

/// The bytes of one frame, which fill buffers of any size one after another.
///
/// ```
/// use embedded_sse::Frame;
///
/// let mut bytes = Frame::new().data("a long line").bytes();
/// let mut sent = Vec::new();
/// while !bytes.is_done() {
///     let mut buffer = [0; 4];
///     let len = bytes.fill(&mut buffer);
///     sent.extend_from_slice(&buffer[..len]);
/// }
/// assert_eq!(sent, b"data: a long line\n\n");
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrameBytes<'a> {
    segments: Segments<'a>,
    /// The unwritten rest of the current segment. Empty only at the end of the frame.
    rest: &'a [u8],
}

impl<'a> FrameBytes<'a> {
    pub(crate) fn new(mut segments: Segments<'a>) -> Self {
        let rest = segments.next().unwrap_or_default().as_bytes();
        Self { segments, rest }
    }

    /// Writes the next bytes of the frame to the start of `buffer` and returns their number.
    ///
    /// The buffer is filled completely, or up to the end of the frame. Returns 0 if the buffer is empty or the frame
    /// [is done](Self::is_done). A character may be split between two buffers, as anywhere in a stream ([R16]).
    ///
    /// [R16]: crate::rules#r16
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

    /// Returns whether the whole frame has been written.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.rest.is_empty()
    }
}
