//! Readers and writers of events over the asynchronous traits of `embedded-io-async`.
//!
//! This module moves bytes between a transport and the codec. It must not interpret them. Keep it the same, line for
//! line, as [`embedded_io`](super::embedded_io), with `await`.
//!
//! # Cancel safety
//!
//! A future that is dropped early may have started a read or a write. The effect of that depends on the transport: the
//! traits encourage `read`, `fill_buf`, `write` and `flush` to have no side effects when they are cancelled, but do not
//! require it. Each method documents its own cancel safety; "cancel-safe" means that it adds no side effects to those
//! of the transport.

use ::embedded_io_async::{BufRead, Read, Write};

use super::chunk::Chunk;
pub use super::embedded_io::{ReadError, WriteError};
use super::pending::Pending;
use crate::codec::{Buffer, Decoder, Event, Found, Frame, Item, Step};

/// Reads events from one connection through a chunk buffer.
///
/// `chunk` is any [`Buffer`]. Each read fills it, and events borrow from it where possible. It needs
/// at least one byte; with an empty chunk the stream ends at once. The decoder's buffer limits the size of an event.
/// Nothing is read before you ask for an event.
///
/// ```
/// use embedded_sse::Decoder;
/// use embedded_sse::io::embedded_io_async::{EventReader, ReadError};
///
/// async fn follow(body: impl embedded_io_async::Read) -> usize {
///     let mut events = EventReader::new(body, [0; 512], Decoder::new([0; 1024]));
///     let mut count = 0;
///     loop {
///         match events.next().await {
///             Ok(Some(_event)) => count += 1,
///             Ok(None) => return count,
///             Err(ReadError::TooLong(_)) => {} // this one only
///             Err(_) => return count,
///         }
///     }
/// }
/// # let mut followed = core::pin::pin!(follow(&b"data: light on\n\ndata: light off\n\n"[..]));
/// # let mut context = core::task::Context::from_waker(core::task::Waker::noop());
/// # assert_eq!(followed.as_mut().poll(&mut context), core::task::Poll::Ready(2));
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
    /// # Cancel safety
    ///
    /// Cancel-safe if the reader's `read` is: no event is lost or returned twice.
    ///
    /// [R41]: crate::rules#r41
    pub async fn next(&mut self) -> Result<Option<Event<'_>>, ReadError<R::Error>> {
        Ok(self.advance(Decoder::step).await?.map(|_| self.decoder.event(self.chunk.lent())))
    }

    /// Like [`next`](Self::next), but also returns comments and `retry` lines; see [`Decoder::next_item`].
    ///
    /// # Errors
    ///
    /// Those of [`next`](Self::next), and [`ReadError::TooLong`] for a comment that does not fit.
    ///
    /// # Cancel safety
    ///
    /// The same as for [`next`](Self::next).
    pub async fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError<R::Error>> {
        Ok(self.advance(Decoder::step_item).await?.map(|found| self.decoder.item(found, self.chunk.lent())))
    }

    async fn advance(
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
            match self.reader.read(self.chunk.room()).await.map_err(ReadError::Io)? {
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
/// use embedded_sse::io::embedded_io_async::{BufEventReader, ReadError};
///
/// async fn first_length<R: embedded_io_async::BufRead>(body: R) -> Result<Option<usize>, ReadError<R::Error>> {
///     let mut events = BufEventReader::new(body, Decoder::new([0; 1024]));
///     Ok(events.next().await?.map(|event| event.data.len()))
/// }
/// # let mut first = core::pin::pin!(first_length(&b"data: light on\n\n"[..]));
/// # let mut context = core::task::Context::from_waker(core::task::Waker::noop());
/// # assert_eq!(first.as_mut().poll(&mut context), core::task::Poll::Ready(Ok(Some(8))));
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
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe if the reader's `fill_buf` is: no event is lost or returned twice.
    pub async fn next(&mut self) -> Result<Option<Event<'_>>, ReadError<R::Error>> {
        if self.found != Pending::Event {
            self.found = Pending::new(self.advance(Decoder::step).await?);
        }
        if self.found == Pending::Nothing {
            return Ok(None);
        }
        let chunk = Self::look(&mut self.reader, &mut self.found, self.given).await?;
        Ok(Some(self.decoder.event(chunk)))
    }

    /// Returns the next item, or `None` at the end of the stream; see [`EventReader::next_item`].
    ///
    /// # Errors
    ///
    /// Those of [`EventReader::next_item`].
    ///
    /// # Cancel safety
    ///
    /// The same as for [`next`](Self::next). A comment or a `retry` line that was found but not returned is skipped if
    /// you call `next` instead.
    pub async fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError<R::Error>> {
        if self.found == Pending::Nothing {
            self.found = Pending::new(self.advance(Decoder::step_item).await?);
        }
        let Some(found) = self.found.found() else { return Ok(None) };
        let chunk = Self::look(&mut self.reader, &mut self.found, self.given).await?;
        Ok(Some(self.decoder.item(found, chunk)))
    }

    async fn advance(
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
            let chunk = self.reader.fill_buf().await.map_err(ReadError::Io)?;
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
    async fn look<'r>(reader: &'r mut R, found: &mut Pending, given: usize) -> Result<&'r [u8], ReadError<R::Error>> {
        let chunk = reader.fill_buf().await.map_err(ReadError::Io)?;
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
/// use embedded_sse::io::embedded_io_async::{WriteError, write_frame};
///
/// async fn greet<W: embedded_io_async::Write>(socket: &mut W) -> Result<(), WriteError<W::Error>> {
///     write_frame(socket, &Frame::new().data("light on")).await
/// }
/// ```
///
///
/// # Errors
///
/// [`WriteError::Io`] if the writer fails, and [`WriteError::WriteZero`] if it accepts no bytes. Part of the frame may
/// have been written: close the connection.
///
/// # Cancel safety
///
/// Not cancel-safe: part of the frame may have been written. Close the connection, or use an [`EventWriter`] instead.
pub async fn write_frame<W: Write + ?Sized>(writer: &mut W, frame: &Frame<'_>) -> Result<(), WriteError<W::Error>> {
    let mut bytes = frame.bytes();
    while !bytes.is_done() {
        let mut piece = [0; 64];
        let length = bytes.fill(&mut piece);
        write_all(writer, piece.get(..length).unwrap_or_default(), &mut 0).await?;
    }
    writer.flush().await.map_err(WriteError::Io)
}

/// Writes each frame in one piece from a buffer, then flushes.
///
/// The buffer must be as long as the longest frame.
///
/// ```
/// use embedded_sse::Frame;
/// use embedded_sse::io::embedded_io_async::{EventWriter, WriteError};
///
/// async fn serve<W: embedded_io_async::Write>(socket: W) -> Result<(), WriteError<W::Error>> {
///     let mut events = EventWriter::new(socket, [0; 256]);
///     events.write(&Frame::new().retry_ms(5_000)).await?;
///     events.write(&Frame::new().data("light on")).await
/// }
/// # let mut sent = [0; 64];
/// # let mut served = core::pin::pin!(serve(&mut sent[..]));
/// # let mut context = core::task::Context::from_waker(core::task::Waker::noop());
/// # assert_eq!(served.as_mut().poll(&mut context), core::task::Poll::Ready(Ok(())));
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
    ///
    /// # Cancel safety
    ///
    /// If the writer's `write` and `flush` are cancel-safe, the peer never receives part of a frame without the rest of
    /// it: the next call writes the rest first. The frame is copied into the buffer when the future is first polled,
    /// unless an earlier call [stopped in the middle of a frame](Self::is_mid_frame). To rule that out, call
    /// [`flush`](Self::flush) first.
    pub async fn write(&mut self, frame: &Frame<'_>) -> Result<(), WriteError<W::Error>> {
        self.write_rest().await?;
        let length = frame.encode(self.buffer.as_mut()).map_err(WriteError::BufferFull)?.len();
        (self.length, self.written) = (length, 0);
        self.flush().await
    }

    /// Writes what an earlier call left unwritten, and flushes.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`] and [`WriteError::WriteZero`]; the next call continues where this one stopped.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe if the writer's `write` and `flush` are: the next call continues where this one stopped.
    pub async fn flush(&mut self) -> Result<(), WriteError<W::Error>> {
        self.write_rest().await?;
        self.writer.flush().await.map_err(WriteError::Io)
    }

    async fn write_rest(&mut self) -> Result<(), WriteError<W::Error>> {
        let frame = self.buffer.as_ref().get(..self.length).unwrap_or_default();
        write_all(&mut self.writer, frame, &mut self.written).await
    }
}

/// Like the trait's `write_all`, which may panic when a writer accepts no bytes; this returns an error.
async fn write_all<W: Write + ?Sized>(
    writer: &mut W,
    bytes: &[u8],
    written: &mut usize,
) -> Result<(), WriteError<W::Error>> {
    while let Some(rest @ [_, ..]) = bytes.get(*written..) {
        match writer.write(rest).await.map_err(WriteError::Io)? {
            0 => return Err(WriteError::WriteZero),
            length => *written += length,
        }
    }
    Ok(())
}
