//! Readers of events over the traits of tokio, and a clock.
//!
//! This module moves bytes from a transport to the codec. It must not interpret them.

use std::io;

use ::tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt};
use ::tokio::time;
use core::time::Duration;

use super::ReadError;
use super::chunk::Chunk;
use crate::client::Instant;
use crate::codec::{Decoder, Event, Found, Item, Step};

/// Reads events from one connection through a chunk buffer.
///
/// `chunk` is any `AsRef<[u8]> + AsMut<[u8]>`. Each read fills it, and events borrow from it where possible. It needs
/// at least one byte; with an empty chunk the stream ends at once. The decoder's buffer limits the size of an event.
/// Nothing is read before you ask for an event.
///
/// ```
/// use embedded_sse::{Decoder, io::tokio::EventReader};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let body = &b"data: light on\n\ndata: light off\n\n"[..]; // or a socket after the response headers
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
    /// Creates a reader at the start of a stream. [Resets](Decoder::reset) the decoder, which keeps the last event ID
    /// and the reconnection time of the previous connection.
    pub const fn new(reader: R, chunk: C, mut decoder: Decoder<B, ID>) -> Self {
        decoder.reset();
        Self { reader, chunk: Chunk::new(chunk), decoder }
    }

    /// Returns the decoder, which has the last event ID and the reconnection time, and reports whether the stream ended
    /// in the middle of an event.
    pub const fn decoder(&self) -> &Decoder<B, ID> {
        &self.decoder
    }

    /// Returns the reader and the decoder. Use the decoder for the next connection. Bytes in the chunk that were not
    /// decoded are dropped.
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
    /// Cancel-safe: no event is lost or returned twice.
    ///
    /// [R41]: crate::rules#r41
    pub async fn next(&mut self) -> Result<Option<Event<'_>>, ReadError<io::Error>> {
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

/// Reads events from one connection whose reader has its own buffer. Events borrow from that buffer where possible.
///
/// The bytes of an event are consumed by the next call, or by [`into_parts`](Self::into_parts).
///
/// ```
/// use embedded_sse::{Decoder, io::tokio::BufEventReader};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let body = tokio::io::BufReader::new(&b"data: light on\n\n"[..]);
/// let mut events = BufEventReader::new(body, Decoder::new(vec![0; 1 << 20]));
/// assert_eq!(events.next().await?.map(|event| event.data), Some(&b"light on"[..]));
/// assert_eq!(events.next().await?, None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct BufEventReader<R, B, const ID: usize = 64> {
    reader: R,
    decoder: Decoder<B, ID>,
    /// Length of the slice that the last step was given.
    given: usize,
    /// How many of these bytes the last step decoded. They are consumed before the next step.
    taken: usize,
    /// What the last step found, if it was not returned yet.
    found: Option<Found>,
}

impl<R, B, const ID: usize> BufEventReader<R, B, ID> {
    /// Creates a reader at the start of a stream. [Resets](Decoder::reset) the decoder, which keeps the last event ID
    /// and the reconnection time of the previous connection.
    pub const fn new(reader: R, mut decoder: Decoder<B, ID>) -> Self {
        decoder.reset();
        Self { reader, decoder, given: 0, taken: 0, found: None }
    }

    /// Returns the decoder, which has the last event ID and the reconnection time, and reports whether the stream ended
    /// in the middle of an event.
    pub const fn decoder(&self) -> &Decoder<B, ID> {
        &self.decoder
    }
}

impl<R, B, const ID: usize> BufEventReader<R, B, ID>
where
    R: AsyncBufRead + Unpin,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    /// Returns the reader, positioned at the first byte that was not decoded, and the decoder for the next connection.
    pub fn into_parts(mut self) -> (R, Decoder<B, ID>) {
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
    /// Cancel-safe: no event is lost or returned twice.
    pub async fn next(&mut self) -> Result<Option<Event<'_>>, ReadError<io::Error>> {
        if self.found != Some(Found::Event) {
            self.found = self.advance(Decoder::step).await?;
        }
        Ok(self.look().await?.map(|(decoder, _, chunk)| decoder.event(chunk)))
    }

    /// Like [`next`](Self::next), but also returns comments and `retry` lines; see [`Decoder::next_item`].
    ///
    /// # Errors
    ///
    /// Those of [`next`](Self::next), and [`ReadError::TooLong`] for a comment that does not fit.
    ///
    /// # Cancel safety
    ///
    /// The same as for [`next`](Self::next). A comment or a `retry` line that was found but not returned is skipped if
    /// you call `next` instead.
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

    /// Returns what was found and the slice it was found in. The reader returns the same bytes again until they are
    /// consumed.
    async fn look(&mut self) -> Result<Option<(&Decoder<B, ID>, Found, &[u8])>, ReadError<io::Error>> {
        let Some(found) = self.found else { return Ok(None) };
        let chunk = self.reader.fill_buf().await.map_err(ReadError::Io)?;
        self.found = None;
        Ok(Some((&self.decoder, found, chunk.get(..self.given).unwrap_or_default())))
    }
}

/// Reads tokio's clock as an [`Instant`]: milliseconds since the clock was created.
///
/// Follows tokio's time when it is paused in a test. Instants of two clocks cannot be compared. All methods but those
/// that wait can be called outside a runtime.
///
/// ```
/// use core::time::Duration;
/// use embedded_sse::io::tokio::Clock;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let clock = Clock::new();
/// let due = clock.now().saturating_add(Duration::from_secs(5));
/// clock.sleep_until(due).await;
/// assert!(clock.now() >= due);
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Clock {
    start: time::Instant,
}

impl Clock {
    /// Creates a clock that counts from now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: time::Instant::now() }
    }

    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> Instant {
        Instant::ZERO.saturating_add(self.start.elapsed())
    }

    /// Waits until `at`. Completes at once if `at` is in the past.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with a timer, as [`tokio::time::sleep_until`] does.
    pub fn sleep_until(&self, at: Instant) -> time::Sleep {
        let wait = Duration::from_millis(at.as_millis());
        // An instant that tokio cannot represent becomes the longest sleep that it supports.
        self.start.checked_add(wait).map_or_else(|| time::sleep(Duration::MAX), time::sleep_until)
    }
}

#[cfg(feature = "embedded-io-async")]
impl super::driver::Timer for Clock {
    fn now(&self) -> Instant {
        Self::now(self)
    }

    async fn wait_until(&self, at: Instant) {
        self.sleep_until(at).await;
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(all(test, feature = "embedded-io-async"))]
mod tests {
    use super::super::driver::Timer;
    use super::*;

    async fn wait(timer: impl Timer, wait: Duration) -> Duration {
        let start = timer.now();
        timer.wait_until(start.saturating_add(wait)).await;
        timer.now().saturating_duration_since(start)
    }

    #[::tokio::test(start_paused = true)]
    async fn the_clock_is_a_timer_for_the_driver() {
        assert_eq!(wait(Clock::new(), Duration::from_secs(3600)).await, Duration::from_secs(3600));
    }
}
