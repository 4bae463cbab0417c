//! Data that is written as it is made, a piece at a time.
//!
//! Knows how pieces join into lines; how a line begins and a frame ends, `wire.rs` knows.

use core::fmt;

use super::frame::Frame;
use super::wire::{FRAME_END, label, split_line};
use crate::codec::field::Field;

/// Writes an event whose data comes in pieces, through [`fmt::Write`]: a number, `write!`, a JSON serialiser.
///
/// Cuts between the pieces change nothing: they go on where the last one stopped, and a CR LF pair that is cut between two
/// is one line end (R18). Nothing written is an event with empty data. The event is there for a reader only after
/// [`finish`](Self::finish), which writes its blank line (R4); without it, what the sink holds is a part of an event.
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
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "the event is complete only when it is finished"]
pub struct DataWriter<W> {
    sink: W,
    /// Whether the last thing written was a CR, to which an LF may belong.
    after_cr: bool,
}

impl<W: fmt::Write> DataWriter<W> {
    /// Writes what stands before the data: comment, type, id and reconnection time of `frame`. If it has data too, this is
    /// the data's first piece.
    ///
    /// # Errors
    ///
    /// Those of the sink, and no others.
    pub fn new(mut sink: W, frame: &Frame<'_>) -> Result<Self, fmt::Error> {
        let first = frame.data.unwrap_or_default();
        for segment in frame.data("").segments().filter(|&segment| segment != FRAME_END) {
            sink.write_str(segment)?;
        }
        let mut writer = Self { sink, after_cr: false };
        fmt::Write::write_str(&mut writer, first)?;
        Ok(writer)
    }

    /// Writes the end of the line and the blank line, and gives the sink back.
    ///
    /// # Errors
    ///
    /// Those of the sink, and no others.
    pub fn finish(mut self) -> Result<W, fmt::Error> {
        self.sink.write_str(FRAME_END)?;
        Ok(self.sink)
    }
}

/// Each piece is a part of the data, with any line ends in it. Fails only when the sink does; then an unknown part of the
/// piece is written.
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
