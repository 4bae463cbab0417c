//! Readers and writers of events over the blocking traits of `embedded-io`, and the errors that the asynchronous ones
//! share.
//!
//! This module moves bytes between a transport and the codec. It must not interpret them.

use core::error::Error;
use core::fmt;

use ::embedded_io::{BufRead, ErrorKind, Read, Write};

use super::chunk::Chunk;
pub use super::error::ReadError;
use super::pending::Pending;
use crate::codec::{Buffer, BufferFull, Decoder, Event, Found, Frame, Item, Step};

/// Reads events from one connection through a chunk buffer.
///
/// `chunk` is any [`Buffer`]. Each read fills it, and events borrow from it where possible. It needs
/// at least one byte; with an empty chunk the stream ends at once. The decoder's buffer limits the size of an event.
/// Nothing is read before you ask for an event.
///
/// ```
/// use embedded_sse::Decoder;
/// use embedded_sse::io::embedded_io::EventReader;
///
/// let body = &b"data: light on\n\ndata: light off\n\n"[..]; // any embedded_io::Read
/// let mut events = EventReader::new(body, [0; 16], Decoder::new([0; 64]));
/// assert_eq!(events.next()?.map(|event| event.data), Some(&b"light on"[..]));
/// assert_eq!(events.next()?.map(|event| event.data), Some(&b"light off"[..]));
/// assert_eq!(events.next()?, None);
/// # Ok::<(), embedded_sse::io::embedded_io::ReadError<core::convert::Infallible>>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EventReader<R, C, D> {
    reader: R,
    chunk: Chunk<C>,
    decoder: D,
}

impl<R, C, B, I> EventReader<R, C, Decoder<B, I>> {
    /// Creates a reader at the start of a stream. [Resets](Decoder::reset) the decoder, which keeps the last event ID
    /// and the reconnection time of the previous connection.
    pub const fn new(reader: R, chunk: C, mut decoder: Decoder<B, I>) -> Self {
        decoder.reset();
        Self { reader, chunk: Chunk::new(chunk), decoder }
    }

    /// Returns the decoder, which has the last event ID and the reconnection time, and reports whether the stream ended
    /// in the middle of an event.
    pub const fn decoder(&self) -> &Decoder<B, I> {
        &self.decoder
    }

    /// Returns the reader and the decoder. Use the decoder for the next connection. Bytes in the chunk that were not
    /// decoded are dropped.
    pub fn into_parts(self) -> (R, Decoder<B, I>) {
        (self.reader, self.decoder)
    }
}

impl<R: Read, C: Buffer, B: Buffer, I: Buffer> EventReader<R, C, Decoder<B, I>> {
    /// Returns the next event, or `None` at the end of the stream. The event borrows from `self` until the next call.
    ///
    /// An event that is incomplete at the end of the stream is not returned ([R41]); [`Decoder::is_mid_event`] reports
    /// whether there was one. A call after the end reads again.
    ///
    /// # Errors
    ///
    /// [`ReadError::TooLong`] if something does not fit, as in [`Decoder::next_event`]; call again for what follows.
    /// [`ReadError::Io`] if the reader fails. This loses no event: if the reader can continue after its error, call
    /// again.
    ///
    /// [R41]: crate::rules#r41
    #[allow(clippy::should_implement_trait, reason = "the event is lent, which no iterator can do")]
    pub fn next(&mut self) -> Result<Option<Event<'_>>, ReadError<R::Error>> {
        Ok(self.advance(Decoder::step)?.map(|_| self.decoder.event(self.chunk.lent())))
    }

    /// Like [`next`](Self::next), but also returns comments and `retry` lines; see [`Decoder::next_item`].
    ///
    /// # Errors
    ///
    /// Those of [`next`](Self::next), and [`ReadError::TooLong`] for a comment that does not fit.
    pub fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError<R::Error>> {
        Ok(self.advance(Decoder::step_item)?.map(|found| self.decoder.item(found, self.chunk.lent())))
    }

    fn advance(
        &mut self,
        step: impl Fn(&mut Decoder<B, I>, &[u8]) -> Step,
    ) -> Result<Option<Found>, ReadError<R::Error>> {
        loop {
            let step = step(&mut self.decoder, self.chunk.rest());
            self.chunk.advance(step.consumed);
            match step.found {
                Some(Found::TooLong(too_long)) => return Err(ReadError::TooLong(too_long)),
                Some(found) => return Ok(Some(found)),
                None => {}
            }
            match self.reader.read(self.chunk.room()).map_err(ReadError::Io)? {
                0 => return Ok(None),
                length => self.chunk.filled(length),
            }
        }
    }
}

/// Reads events from one connection whose reader has its own buffer. Events borrow from that buffer where possible.
///
/// The bytes of an event are consumed by the next call, or by [`into_parts`](Self::into_parts).
///
/// ```
/// use embedded_sse::Decoder;
/// use embedded_sse::io::embedded_io::BufEventReader;
///
/// let body = &b"data: light on\n\n"[..]; // any embedded_io::BufRead
/// let mut events = BufEventReader::new(body, Decoder::new([0; 64]));
/// assert_eq!(events.next()?.map(|event| event.data), Some(&b"light on"[..]));
/// assert_eq!(events.next()?, None);
/// # Ok::<(), embedded_sse::io::embedded_io::ReadError<core::convert::Infallible>>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BufEventReader<R, D> {
    reader: R,
    decoder: D,
    /// Length of the slice that the last step was given.
    given: usize,
    /// How many of these bytes the last step decoded. They are consumed before the next step.
    taken: usize,
    /// What the last step found, if it was not returned yet.
    found: Pending,
}

impl<R, B, I> BufEventReader<R, Decoder<B, I>> {
    /// Creates a reader at the start of a stream. [Resets](Decoder::reset) the decoder, which keeps the last event ID
    /// and the reconnection time of the previous connection.
    pub const fn new(reader: R, mut decoder: Decoder<B, I>) -> Self {
        decoder.reset();
        Self { reader, decoder, given: 0, taken: 0, found: Pending::Nothing }
    }

    /// Returns the decoder, which has the last event ID and the reconnection time, and reports whether the stream ended
    /// in the middle of an event.
    pub const fn decoder(&self) -> &Decoder<B, I> {
        &self.decoder
    }
}

impl<R: BufRead, B: Buffer, I: Buffer> BufEventReader<R, Decoder<B, I>> {
    /// Returns the reader, positioned at the first byte that was not decoded, and the decoder for the next connection.
    pub fn into_parts(mut self) -> (R, Decoder<B, I>) {
        self.reader.consume(self.taken);
        (self.reader, self.decoder)
    }

    /// Returns the next event, or `None` at the end of the stream; see [`EventReader::next`].
    ///
    /// # Errors
    ///
    /// Those of [`EventReader::next`].
    #[allow(clippy::should_implement_trait, reason = "the event is lent, which no iterator can do")]
    pub fn next(&mut self) -> Result<Option<Event<'_>>, ReadError<R::Error>> {
        if self.found != Pending::Event {
            self.found = Pending::new(self.advance(Decoder::step)?);
        }
        if self.found == Pending::Nothing {
            return Ok(None);
        }
        let chunk = Self::look(&mut self.reader, &mut self.found, self.given)?;
        Ok(Some(self.decoder.event(chunk)))
    }

    /// Returns the next item, or `None` at the end of the stream; see [`EventReader::next_item`].
    ///
    /// # Errors
    ///
    /// Those of [`EventReader::next_item`].
    pub fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError<R::Error>> {
        if self.found == Pending::Nothing {
            self.found = Pending::new(self.advance(Decoder::step_item)?);
        }
        let Some(found) = self.found.found() else { return Ok(None) };
        let chunk = Self::look(&mut self.reader, &mut self.found, self.given)?;
        Ok(Some(self.decoder.item(found, chunk)))
    }

    fn advance(
        &mut self,
        step: impl Fn(&mut Decoder<B, I>, &[u8]) -> Step,
    ) -> Result<Option<Found>, ReadError<R::Error>> {
        loop {
            let used_up = self.taken == self.given;
            self.reader.consume(core::mem::take(&mut self.taken));
            self.given = 0;
            if used_up {
                // Report what is wrong with these bytes before waiting for more.
                if let Some(Found::TooLong(too_long)) = step(&mut self.decoder, &[]).found {
                    return Err(ReadError::TooLong(too_long));
                }
            }
            let chunk = self.reader.fill_buf().map_err(ReadError::Io)?;
            let step = step(&mut self.decoder, chunk);
            (self.given, self.taken) = (chunk.len(), step.consumed);
            match step.found {
                Some(Found::TooLong(too_long)) => return Err(ReadError::TooLong(too_long)),
                Some(found) => return Ok(Some(found)),
                None if self.given == 0 => return Ok(None),
                None => {}
            }
        }
    }

    /// Returns the slice in which something was found. The reader returns the same bytes again until they are consumed.
    fn look<'r>(reader: &'r mut R, found: &mut Pending, given: usize) -> Result<&'r [u8], ReadError<R::Error>> {
        let chunk = reader.fill_buf().map_err(ReadError::Io)?;
        *found = Pending::Nothing;
        Ok(chunk.get(..given).unwrap_or_default())
    }
}

/// Writes a frame of any length, then flushes.
///
/// The frame is written in pieces of at most 64 bytes. To write each frame in one piece, use an [`EventWriter`].
///
/// ```
/// use embedded_sse::Frame;
/// use embedded_sse::io::embedded_io::write_frame;
///
/// let mut sent = [0; 32]; // any embedded_io::Write
/// write_frame(&mut &mut sent[..], &Frame::new().data("light on"))?;
/// assert!(sent.starts_with(b"data: light on\n\n"));
/// # Ok::<(), embedded_sse::io::embedded_io::WriteError<embedded_io::SliceWriteError>>(())
/// ```
///
///
/// # Errors
///
/// [`WriteError::Io`] if the writer fails, and [`WriteError::WriteZero`] if it accepts no bytes. Part of the frame may
/// have been written: close the connection.
pub fn write_frame<W: Write + ?Sized>(writer: &mut W, frame: &Frame<'_>) -> Result<(), WriteError<W::Error>> {
    let mut bytes = frame.bytes();
    while !bytes.is_done() {
        let mut piece = [0; 64];
        let length = bytes.fill(&mut piece);
        write_all(writer, piece.get(..length).unwrap_or_default(), &mut 0)?;
    }
    writer.flush().map_err(WriteError::Io)
}

/// Writes each frame in one piece from a buffer, then flushes.
///
/// The buffer must be as long as the longest frame.
///
/// ```
/// use embedded_sse::Frame;
/// use embedded_sse::io::embedded_io::EventWriter;
///
/// let mut sent = [0; 32]; // any embedded_io::Write
/// let mut events = EventWriter::new(&mut sent[..], [0; 32]);
/// events.write(&Frame::new().data("light on"))?;
/// assert!(sent.starts_with(b"data: light on\n\n"));
/// # Ok::<(), embedded_sse::io::embedded_io::WriteError<embedded_io::SliceWriteError>>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EventWriter<W, B> {
    writer: W,
    buffer: B,
    /// Length of the frame in the buffer.
    length: usize,
    /// How many of its bytes were written.
    written: usize,
}

impl<W, B> EventWriter<W, B> {
    /// Creates a writer. Writes nothing yet.
    pub const fn new(writer: W, buffer: B) -> Self {
        Self { writer, buffer, length: 0, written: 0 }
    }

    /// Returns whether an earlier call stopped in the middle of a frame. The next call writes the rest of that frame
    /// first.
    pub const fn is_mid_frame(&self) -> bool {
        self.written < self.length
    }

    /// Returns the writer. Drops the rest of an unfinished frame.
    pub fn into_writer(self) -> W {
        self.writer
    }
}

impl<W: Write, B: Buffer> EventWriter<W, B> {
    /// Writes what an earlier call left unwritten, then the frame, and flushes.
    ///
    /// # Errors
    ///
    /// [`WriteError::BufferFull`] if the frame is longer than the buffer; nothing of it is written. After
    /// [`WriteError::Io`] and [`WriteError::WriteZero`] the next call continues where this one stopped.
    pub fn write(&mut self, frame: &Frame<'_>) -> Result<(), WriteError<W::Error>> {
        self.write_rest()?;
        let length = frame.encode(self.buffer.as_mut()).map_err(WriteError::BufferFull)?.len();
        (self.length, self.written) = (length, 0);
        self.flush()
    }

    /// Writes what an earlier call left unwritten, and flushes.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`] and [`WriteError::WriteZero`]; the next call continues where this one stopped.
    pub fn flush(&mut self) -> Result<(), WriteError<W::Error>> {
        self.write_rest()?;
        self.writer.flush().map_err(WriteError::Io)
    }

    fn write_rest(&mut self) -> Result<(), WriteError<W::Error>> {
        let frame = self.buffer.as_ref().get(..self.length).unwrap_or_default();
        write_all(&mut self.writer, frame, &mut self.written)
    }
}

/// Like the trait's `write_all`, which may panic when a writer accepts no bytes; this returns an error.
fn write_all<W: Write + ?Sized>(writer: &mut W, bytes: &[u8], written: &mut usize) -> Result<(), WriteError<W::Error>> {
    while let Some(rest @ [_, ..]) = bytes.get(*written..) {
        match writer.write(rest).map_err(WriteError::Io)? {
            0 => return Err(WriteError::WriteZero),
            length => *written += length,
        }
    }
    Ok(())
}

impl<E: ::embedded_io::Error + 'static> ::embedded_io::Error for ReadError<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Io(error) => error.kind(),
            Self::TooLong(_) => ErrorKind::OutOfMemory,
        }
    }
}

/// The reason why a frame was not written.
///
/// ```
/// use embedded_sse::Frame;
/// use embedded_sse::io::embedded_io::{EventWriter, WriteError};
///
/// let mut sent = [0; 32];
/// let mut events = EventWriter::new(&mut sent[..], [0; 8]);
/// let result = events.write(&Frame::new().data("light on"));
/// assert!(matches!(result, Err(WriteError::BufferFull(_))));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum WriteError<E> {
    /// The writer failed.
    Io(E),
    /// The writer accepted no bytes, which breaks the contract of `Write`.
    WriteZero,
    /// The frame is longer than the writer's buffer.
    BufferFull(BufferFull),
}

impl<E: fmt::Display> fmt::Display for WriteError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot write the event stream: {error}"),
            Self::WriteZero => f.write_str("cannot write the event stream: the writer accepts no bytes"),
            Self::BufferFull(full) => full.fmt(f),
        }
    }
}

impl<E: Error + 'static> Error for WriteError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::WriteZero => None,
            Self::BufferFull(full) => Some(full),
        }
    }
}

impl<E: ::embedded_io::Error + 'static> ::embedded_io::Error for WriteError<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Io(error) => error.kind(),
            Self::WriteZero => ErrorKind::WriteZero,
            Self::BufferFull(_) => ErrorKind::OutOfMemory,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_is_the_wrapped_error() {
        let source = |error: WriteError<ErrorKind>| error.source().map(|source| source.is::<ErrorKind>());
        assert_eq!(source(WriteError::Io(ErrorKind::TimedOut)), Some(true));
        assert_eq!(source(WriteError::WriteZero), None);
        let mut room = [0; 4];
        let full = Frame::new().data("light on").encode(&mut room).map_err(WriteError::<ErrorKind>::BufferFull);
        assert!(full.is_err_and(|error| error.source().is_some_and(|source| source.is::<BufferFull>())));
    }
}
