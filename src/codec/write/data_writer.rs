//! An event whose data is written piece by piece while it is produced.
//!
//! This module joins pieces into lines. How a line begins and how a frame ends is defined in `wire.rs`.

use core::fmt;

use super::frame::Frame;
use super::wire::{FRAME_END, label, split_line};
use crate::codec::field::Field;

/// Writes an event whose data arrives in pieces through [`fmt::Write`]: a number, `write!`, a JSON serialiser.
///
/// Where the pieces are cut does not matter: each continues where the previous one stopped, and a CR LF pair that is
/// split between two pieces is one line end ([R18]). If nothing is written, the event has empty data. A reader receives
/// the event only after [`finish`](Self::finish), which writes its blank line ([R4]); before that, the sink holds an
/// incomplete event.
///
/// ```
/// use core::fmt::Write;
/// use embedded_sse::{DataWriter, Frame, SingleLine};
///
/// let reading = SingleLine::new("reading").unwrap();
/// let mut writer = DataWriter::new(String::new(), &Frame::new().event_type(reading))?;
/// write!(writer, "{{\"celsius\":{}}}", 21.5)?;
/// assert_eq!(writer.finish()?, "event: reading\ndata: {\"celsius\":21.5}\n\n");
/// # Ok::<(), core::fmt::Error>(())
/// ```
///
/// [R18]: crate::rules#r18
/// [R4]: crate::rules#r4
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "the event is complete only when it is finished"]
pub struct DataWriter<W> {
    sink: W,
    /// Whether the last byte written was a CR, which an LF may follow.
    after_cr: bool,
}

impl<W: fmt::Write> DataWriter<W> {
    /// Writes everything that precedes the data: comment, type, id and reconnection time of `frame`. If the frame has
    /// data, it becomes the first piece.
    ///
    /// # Errors
    ///
    /// Returns only errors of the sink.
    pub fn new(mut sink: W, frame: &Frame<'_>) -> Result<Self, fmt::Error> {
        let first = frame.data.unwrap_or_default();
        for segment in frame.data("").segments().filter(|&segment| segment != FRAME_END) {
            sink.write_str(segment)?;
        }
        let mut writer = Self { sink, after_cr: false };
        fmt::Write::write_str(&mut writer, first)?;
        Ok(writer)
    }

    /// Ends the last line, writes the blank line, and returns the sink.
    ///
    /// # Errors
    ///
    /// Returns only errors of the sink.
    pub fn finish(mut self) -> Result<W, fmt::Error> {
        self.sink.write_str(FRAME_END)?;
        Ok(self.sink)
    }
}

/// Appends each piece to the data, including any line ends in it. Fails only if the sink does; an unknown part of the
/// piece has then been written.
impl<W: fmt::Write> fmt::Write for DataWriter<W> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let Some(&last) = piece.as_bytes().last() else { return Ok(()) };
        let mut rest = if self.after_cr { piece.strip_prefix('\n').unwrap_or(piece) } else { piece };
        self.after_cr = last == b'\r';
        loop {
            let (line, next) = split_line(rest);
            self.sink.write_str(line)?;
            let Some(next) = next else { return Ok(()) };
            self.sink.write_str(label(Field::Data).long)?;
            rest = next;
        }
    }
}
