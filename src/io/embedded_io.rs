//! Events over the blocking traits of `embedded-io`, and the errors that both kinds of traits share.
//!
//! Moves bytes between a transport and the codec. What they mean, the codec knows.

use core::fmt;

use ::embedded_io::{BufRead, ErrorKind, Read, Write};

use super::chunk::Chunk;
pub use super::error::ReadError;
use crate::codec::{BufferFull, Decoder, Event, Found, Frame, Item, Step};

/// Reads events from one connection, through a chunk buffer.
///
/// `chunk` is any `AsRef<[u8]> + AsMut<[u8]>` of at least one byte (with none, the stream ends at once): it receives what one
/// read brings, and events are lent from it where they can be. How large events may be, the decoder's buffer says. Nothing is
/// read before it is asked for.
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
pub struct EventReader<R, C, B, const ID: usize = 64> {
    reader: R,
    chunk: Chunk<C>,
    decoder: Decoder<B, ID>,
}

impl<R, C, B, const ID: usize> EventReader<R, C, B, ID> {
    /// Stands before the first byte of a stream. The decoder is [reset](Decoder::reset): of the connection before it keeps the
    /// last event ID and the reconnection time.
    pub const fn new(reader: R, chunk: C, mut decoder: Decoder<B, ID>) -> Self {
        decoder.reset();
        Self { reader, chunk: Chunk::new(chunk), decoder }
    }

    /// The decoder, to ask for the last event ID, the reconnection time and what a stream's end has cut off.
    pub const fn decoder(&self) -> &Decoder<B, ID> {
        &self.decoder
    }

    /// The reader and the decoder, the latter for the next connection. What was read and not asked for is dropped.
    pub fn into_parts(self) -> (R, Decoder<B, ID>) {
        (self.reader, self.decoder)
    }
}

impl<R, C, B, const ID: usize> EventReader<R, C, B, ID>
where
    R: Read,
    C: AsRef<[u8]> + AsMut<[u8]>,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    /// The next event, `None` when the reader is at its end. The event is over when the next one is asked for.
    ///
    /// An event that the end has cut off is not shown (R41); [`Decoder::is_mid_event`] tells that there was one. Asked again
    /// behind the end, it reads again.
    ///
    /// # Errors
    ///
    /// [`ReadError::TooLong`] as in [`Decoder::next_event`]; ask again for what follows. [`ReadError::Io`] is the reader's own;
    /// nothing is lost by it here, so that one after which the reader goes on may be followed by another call.
    #[allow(clippy::should_implement_trait, reason = "the event is lent, which no iterator can do")]
    pub fn next(&mut self) -> Result<Option<Event<'_>>, ReadError<R::Error>> {
        Ok(self.advance(Decoder::step)?.map(|_| self.decoder.event(self.chunk.lent())))
    }

    /// Like [`next`](Self::next), but with comments and `retry` lines; see [`Decoder::next_item`].
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next), and for a comment that had no room.
    pub fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError<R::Error>> {
        Ok(self.advance(Decoder::step_item)?.map(|found| self.decoder.item(found, self.chunk.lent())))
    }

    fn advance(
        &mut self,
        step: impl Fn(&mut Decoder<B, ID>, &[u8]) -> Step,
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

/// Reads events from one connection whose reader has a buffer of its own; events are lent from that one where they can be.
///
/// What an event lies in is consumed when the next one is asked for, or by [`into_parts`](Self::into_parts).
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BufEventReader<R, B, const ID: usize = 64> {
    reader: R,
    decoder: Decoder<B, ID>,
    /// How long the slice was that the last step was given.
    given: usize,
    /// How much of it is to be consumed.
    taken: usize,
    /// Found, and not shown yet.
    found: Option<Found>,
}

impl<R, B, const ID: usize> BufEventReader<R, B, ID> {
    /// Stands before the first byte of a stream. The decoder is [reset](Decoder::reset): of the connection before it keeps the
    /// last event ID and the reconnection time.
    pub const fn new(reader: R, mut decoder: Decoder<B, ID>) -> Self {
        decoder.reset();
        Self { reader, decoder, given: 0, taken: 0, found: None }
    }

    /// The decoder, to ask for the last event ID, the reconnection time and what a stream's end has cut off.
    pub const fn decoder(&self) -> &Decoder<B, ID> {
        &self.decoder
    }
}

impl<R: BufRead, B: AsRef<[u8]> + AsMut<[u8]>, const ID: usize> BufEventReader<R, B, ID> {
    /// The reader, at the first byte that was not decoded, and the decoder for the next connection.
    pub fn into_parts(mut self) -> (R, Decoder<B, ID>) {
        self.reader.consume(self.taken);
        (self.reader, self.decoder)
    }

    /// The next event: [`EventReader::next`].
    ///
    /// # Errors
    ///
    /// As for [`EventReader::next`].
    #[allow(clippy::should_implement_trait, reason = "the event is lent, which no iterator can do")]
    pub fn next(&mut self) -> Result<Option<Event<'_>>, ReadError<R::Error>> {
        if self.found != Some(Found::Event) {
            self.found = self.advance(Decoder::step)?;
        }
        if self.found.is_none() {
            return Ok(None);
        }
        let chunk = Self::look(&mut self.reader, &mut self.found, self.given)?;
        Ok(Some(self.decoder.event(chunk)))
    }

    /// The next item: [`EventReader::next_item`].
    ///
    /// # Errors
    ///
    /// As for [`EventReader::next_item`].
    pub fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError<R::Error>> {
        if self.found.is_none() {
            self.found = self.advance(Decoder::step_item)?;
        }
        let Some(found) = self.found else { return Ok(None) };
        let chunk = Self::look(&mut self.reader, &mut self.found, self.given)?;
        Ok(Some(self.decoder.item(found, chunk)))
    }

    fn advance(
        &mut self,
        step: impl Fn(&mut Decoder<B, ID>, &[u8]) -> Step,
    ) -> Result<Option<Found>, ReadError<R::Error>> {
        loop {
            let used_up = self.taken == self.given;
            self.reader.consume(core::mem::take(&mut self.taken));
            self.given = 0;
            if used_up {
                // What is still to be told of these bytes must not wait for others.
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

    /// The slice in which something was found: as long as nothing is consumed the reader shows it once more.
    fn look<'r>(reader: &'r mut R, found: &mut Option<Found>, given: usize) -> Result<&'r [u8], ReadError<R::Error>> {
        let chunk = reader.fill_buf().map_err(ReadError::Io)?;
        *found = None;
        Ok(chunk.get(..given).unwrap_or_default())
    }
}

/// Writes a frame of any length, and flushes.
///
/// The frame goes out in pieces of at most 64 bytes. To send each event at once, take an [`EventWriter`].
///
/// # Errors
///
/// [`WriteError::Io`] and [`WriteError::WriteZero`]. An unknown part of the frame is written then: close the connection.
pub fn write_frame<W: Write + ?Sized>(writer: &mut W, frame: &Frame<'_>) -> Result<(), WriteError<W::Error>> {
    let mut encoder = frame.encoder();
    while !encoder.is_done() {
        let mut piece = [0; 64];
        let length = encoder.fill(&mut piece);
        write_all(writer, piece.get(..length).unwrap_or_default(), &mut 0)?;
    }
    writer.flush().map_err(WriteError::Io)
}

/// Writes frames whole, through a buffer that holds the longest one, and flushes after each.
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
    /// How many bytes of the buffer are a frame that was begun.
    length: usize,
    /// How many of them are written.
    written: usize,
}

impl<W, B> EventWriter<W, B> {
    /// Nothing is written yet.
    pub const fn new(writer: W, buffer: B) -> Self {
        Self { writer, buffer, length: 0, written: 0 }
    }

    /// Whether an earlier call broke off in a frame: the rest of it is still to be written, and will be before anything else.
    pub const fn is_mid_frame(&self) -> bool {
        self.written < self.length
    }

    /// The writer. The rest of a frame that was begun is dropped.
    pub fn into_writer(self) -> W {
        self.writer
    }
}

impl<W: Write, B: AsRef<[u8]> + AsMut<[u8]>> EventWriter<W, B> {
    /// Writes what an earlier call has left, then the frame, and flushes.
    ///
    /// # Errors
    ///
    /// [`WriteError::BufferFull`] when the frame is longer than the buffer; nothing of it is written. After
    /// [`WriteError::Io`] and [`WriteError::WriteZero`] the next call goes on where this one stopped.
    pub fn write(&mut self, frame: &Frame<'_>) -> Result<(), WriteError<W::Error>> {
        self.write_rest()?;
        let length = frame.encode(self.buffer.as_mut()).map_err(WriteError::BufferFull)?.len();
        (self.length, self.written) = (length, 0);
        self.flush()
    }

    /// Writes what an earlier call has left, and flushes.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`] and [`WriteError::WriteZero`]; the next call goes on where this one stopped.
    pub fn flush(&mut self) -> Result<(), WriteError<W::Error>> {
        self.write_rest()?;
        self.writer.flush().map_err(WriteError::Io)
    }

    fn write_rest(&mut self) -> Result<(), WriteError<W::Error>> {
        let frame = self.buffer.as_ref().get(..self.length).unwrap_or_default();
        write_all(&mut self.writer, frame, &mut self.written)
    }
}

/// The trait's own `write_all` may panic when a writer takes nothing.
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

/// Why a frame is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum WriteError<E> {
    /// The writer failed.
    Io(E),
    /// The writer took nothing, which it never should.
    WriteZero,
    /// The frame is longer than the writer's buffer.
    BufferFull(BufferFull),
}

impl<E: fmt::Display> fmt::Display for WriteError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot write the event stream: {error}"),
            Self::WriteZero => f.write_str("cannot write the event stream: the writer takes nothing"),
            Self::BufferFull(full) => full.fmt(f),
        }
    }
}

impl<E: core::error::Error> core::error::Error for WriteError<E> {}

impl<E: ::embedded_io::Error> ::embedded_io::Error for WriteError<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Io(error) => error.kind(),
            Self::WriteZero => ErrorKind::WriteZero,
            Self::BufferFull(_) => ErrorKind::OutOfMemory,
        }
    }
}
