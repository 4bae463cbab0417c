//! Events over the asynchronous traits of `embedded-io-async`: line for line `embedded_io.rs`, with `await`.
//!
//! Moves bytes between a transport and the codec. What they mean, the codec knows.
//!
//! # Cancel safety
//!
//! A future that is dropped before it is done may have begun a read or a write. What comes of that, the transport says: its
//! `read`, `fill_buf`, `write` and `flush` are encouraged to be free of side effects on cancel, and not bound to. Each future
//! here says what it adds; "cancel-safe" means that it adds nothing.

use ::embedded_io_async::{BufRead, Read, Write};

use super::chunk::Chunk;
pub use super::embedded_io::{ReadError, WriteError};
use crate::codec::{Decoder, Event, Found, Frame, Item, Step};

/// Reads events from one connection, through a chunk buffer.
///
/// `chunk` is any `AsRef<[u8]> + AsMut<[u8]>` of at least one byte (with none, the stream ends at once): it receives what one
/// read brings, and events are lent from it where they can be. How large events may be, the decoder's buffer says. Nothing is
/// read before it is asked for.
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
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe if the reader's `read` is: no event is lost, none comes twice.
    pub async fn next(&mut self) -> Result<Option<Event<'_>>, ReadError<R::Error>> {
        Ok(self.advance(Decoder::step).await?.map(|_| self.decoder.event(self.chunk.lent())))
    }

    /// Like [`next`](Self::next), but with comments and `retry` lines; see [`Decoder::next_item`].
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next), and for a comment that had no room.
    ///
    /// # Cancel safety
    ///
    /// That of [`next`](Self::next).
    pub async fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError<R::Error>> {
        Ok(self.advance(Decoder::step_item).await?.map(|found| self.decoder.item(found, self.chunk.lent())))
    }

    async fn advance(
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
            match self.reader.read(self.chunk.room()).await.map_err(ReadError::Io)? {
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
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe if the reader's `fill_buf` is: no event is lost, none comes twice.
    pub async fn next(&mut self) -> Result<Option<Event<'_>>, ReadError<R::Error>> {
        if self.found != Some(Found::Event) {
            self.found = self.advance(Decoder::step).await?;
        }
        if self.found.is_none() {
            return Ok(None);
        }
        let chunk = Self::look(&mut self.reader, &mut self.found, self.given).await?;
        Ok(Some(self.decoder.event(chunk)))
    }

    /// The next item: [`EventReader::next_item`].
    ///
    /// # Errors
    ///
    /// As for [`EventReader::next_item`].
    ///
    /// # Cancel safety
    ///
    /// That of [`next`](Self::next). A comment or a `retry` line that was found and not shown is skipped if `next` is called
    /// instead.
    pub async fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError<R::Error>> {
        if self.found.is_none() {
            self.found = self.advance(Decoder::step_item).await?;
        }
        let Some(found) = self.found else { return Ok(None) };
        let chunk = Self::look(&mut self.reader, &mut self.found, self.given).await?;
        Ok(Some(self.decoder.item(found, chunk)))
    }

    async fn advance(
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

    /// The slice in which something was found: as long as nothing is consumed the reader shows it once more.
    async fn look<'r>(
        reader: &'r mut R,
        found: &mut Option<Found>,
        given: usize,
    ) -> Result<&'r [u8], ReadError<R::Error>> {
        let chunk = reader.fill_buf().await.map_err(ReadError::Io)?;
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
///
/// # Cancel safety
///
/// None: an unknown part of the frame is written. Close the connection, or take an [`EventWriter`].
pub async fn write_frame<W: Write + ?Sized>(writer: &mut W, frame: &Frame<'_>) -> Result<(), WriteError<W::Error>> {
    let mut encoder = frame.encoder();
    while !encoder.is_done() {
        let mut piece = [0; 64];
        let length = encoder.fill(&mut piece);
        write_all(writer, piece.get(..length).unwrap_or_default(), &mut 0).await?;
    }
    writer.flush().await.map_err(WriteError::Io)
}

/// Writes frames whole, through a buffer that holds the longest one, and flushes after each.
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
    ///
    /// # Cancel safety
    ///
    /// If the writer's `write` and `flush` are cancel-safe, no reader ever sees a part of a frame without the rest of it: the
    /// next call writes the rest first. The frame is taken when the future is first polled, unless an earlier call
    /// [broke off](Self::is_mid_frame); to be sure, [flush](Self::flush) first.
    pub async fn write(&mut self, frame: &Frame<'_>) -> Result<(), WriteError<W::Error>> {
        self.write_rest().await?;
        let length = frame.encode(self.buffer.as_mut()).map_err(WriteError::BufferFull)?.len();
        (self.length, self.written) = (length, 0);
        self.flush().await
    }

    /// Writes what an earlier call has left, and flushes.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`] and [`WriteError::WriteZero`]; the next call goes on where this one stopped.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe if the writer's `write` and `flush` are: the next call goes on where this one stopped.
    pub async fn flush(&mut self) -> Result<(), WriteError<W::Error>> {
        self.write_rest().await?;
        self.writer.flush().await.map_err(WriteError::Io)
    }

    async fn write_rest(&mut self) -> Result<(), WriteError<W::Error>> {
        let frame = self.buffer.as_ref().get(..self.length).unwrap_or_default();
        write_all(&mut self.writer, frame, &mut self.written).await
    }
}

/// The trait's own `write_all` may panic when a writer takes nothing.
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
