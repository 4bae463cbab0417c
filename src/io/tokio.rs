//! Events over the traits of tokio, and its clock.
//!
//! Moves bytes between a transport and the codec. What they mean, the codec knows.

use std::io;

use ::tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt};
use ::tokio::time;
use core::time::Duration;

use super::ReadError;
use super::chunk::Chunk;
use crate::client::Instant;
use crate::codec::{Decoder, Event, Found, Item, Step};

/// Reads events from one connection, through a chunk buffer.
///
/// `chunk` is any `AsRef<[u8]> + AsMut<[u8]>` of at least one byte (with none, the stream ends at once): it receives what one
/// read brings, and events are lent from it where they can be. How large events may be, the decoder's buffer says. Nothing is
/// read before it is asked for.
///
/// ```
/// use embedded_sse::{Decoder, io::tokio::EventReader};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let body = &b"data: light on\n\ndata: light off\n\n"[..]; // or a socket behind its headers
/// let mut events = EventReader::new(body, vec![0; 8192], Decoder::new(vec![0; 1 << 20]));
/// let mut seen = Vec::new();
/// while let Some(event) = events.next().await? {
///     seen.push(event.data_str()?.to_owned());
/// }
/// assert_eq!(seen, ["light on", "light off"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
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
    R: AsyncRead + Unpin,
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
    /// Cancel-safe: no event is lost, none comes twice.
    pub async fn next(&mut self) -> Result<Option<Event<'_>>, ReadError<io::Error>> {
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
    pub async fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError<io::Error>> {
        Ok(self.advance(Decoder::step_item).await?.map(|found| self.decoder.item(found, self.chunk.lent())))
    }

    async fn advance(
        &mut self,
        step: impl Fn(&mut Decoder<B, ID>, &[u8]) -> Step,
    ) -> Result<Option<Found>, ReadError<io::Error>> {
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

impl<R, B, const ID: usize> BufEventReader<R, B, ID>
where
    R: AsyncBufRead + Unpin,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
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
    /// Cancel-safe: no event is lost, none comes twice.
    pub async fn next(&mut self) -> Result<Option<Event<'_>>, ReadError<io::Error>> {
        if self.found != Some(Found::Event) {
            self.found = self.advance(Decoder::step).await?;
        }
        Ok(self.look().await?.map(|(decoder, _, chunk)| decoder.event(chunk)))
    }

    /// Like [`next`](Self::next), but with comments and `retry` lines; see [`Decoder::next_item`].
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next), and for a comment that had no room.
    ///
    /// # Cancel safety
    ///
    /// That of [`next`](Self::next). A comment or a `retry` line that was found and not shown is skipped if `next` is called
    /// instead.
    pub async fn next_item(&mut self) -> Result<Option<Item<'_>>, ReadError<io::Error>> {
        if self.found.is_none() {
            self.found = self.advance(Decoder::step_item).await?;
        }
        Ok(self.look().await?.map(|(decoder, found, chunk)| decoder.item(found, chunk)))
    }

    async fn advance(
        &mut self,
        step: impl Fn(&mut Decoder<B, ID>, &[u8]) -> Step,
    ) -> Result<Option<Found>, ReadError<io::Error>> {
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

    /// What was found, and the slice it was found in: as long as nothing is consumed the reader shows it once more.
    async fn look(&mut self) -> Result<Option<(&Decoder<B, ID>, Found, &[u8])>, ReadError<io::Error>> {
        let Some(found) = self.found else { return Ok(None) };
        let chunk = self.reader.fill_buf().await.map_err(ReadError::Io)?;
        self.found = None;
        Ok(Some((&self.decoder, found, chunk.get(..self.given).unwrap_or_default())))
    }
}

/// The clock of tokio as [`Instant`], also when it is paused: counts milliseconds from the moment it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Clock {
    start: time::Instant,
}

impl Clock {
    /// Begins to count now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: time::Instant::now() }
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Instant {
        Instant::ZERO.saturating_add(self.start.elapsed())
    }

    /// Waits for this point in time; not at all when it is past.
    pub fn sleep_until(&self, at: Instant) -> time::Sleep {
        let wait = Duration::from_millis(at.as_millis());
        // What tokio cannot count to, it takes for some decades from now.
        self.start.checked_add(wait).map_or_else(|| time::sleep(Duration::MAX), time::sleep_until)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}
