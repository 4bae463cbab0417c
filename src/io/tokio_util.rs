//! A decoder for `FramedRead` and an encoder for `FramedWrite` of `tokio-util`.
//!
//! This module moves bytes between tokio-util's buffers and the codec. It must not interpret them.

use std::io;

use ::tokio_util::codec;
use bytes::{Buf, BufMut, BytesMut};

use crate::codec::{Buffer, Decoder, Found, Frame, OwnedEvent, TooLong};

/// Decodes events for `FramedRead`.
///
/// Each item is an event, or [`TooLong`] in the place of an event that did not fit. `TooLong` is an item and not an
/// error, because `FramedRead` ends the stream after an error. The decoder consumes all that was read, so the size of
/// the read buffer does not limit an event; the decoder's buffer does.
///
/// ```
/// use embedded_sse::{Decoder, io::tokio_util::EventDecoder};
/// use futures_util::StreamExt;
/// use tokio_util::codec::FramedRead;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let body = &b"data: light on\n\n"[..]; // or a socket after the response headers
/// let mut events = FramedRead::new(body, EventDecoder::new(Decoder::boxed(1 << 20)));
/// assert_eq!(events.next().await.unwrap()??.data(), b"light on");
/// assert!(events.next().await.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct EventDecoder<D> {
    decoder: D,
}

impl<B, I> EventDecoder<Decoder<B, I>> {
    /// Creates a decoder at the start of a stream. [Resets](Decoder::reset) `decoder`, which keeps the last event ID
    /// and the reconnection time of the previous connection.
    pub const fn new(mut decoder: Decoder<B, I>) -> Self {
        decoder.reset();
        Self { decoder }
    }

    /// Returns the inner decoder, which has the last event ID and the reconnection time, and reports whether the stream
    /// ended in the middle of an event.
    pub const fn decoder(&self) -> &Decoder<B, I> {
        &self.decoder
    }

    /// Returns the inner decoder, for the next connection.
    pub fn into_decoder(self) -> Decoder<B, I> {
        self.decoder
    }
}

impl<B: Buffer, I: Buffer> codec::Decoder for EventDecoder<Decoder<B, I>> {
    type Item = Result<OwnedEvent, TooLong>;
    type Error = io::Error;

    fn decode(&mut self, unread: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        let step = self.decoder.step(unread);
        let item = step.found.map(|found| match found {
            Found::TooLong(too_long) => Err(too_long),
            _ => Ok(self.decoder.event(unread).into()),
        });
        unread.advance(step.consumed.min(unread.len()));
        Ok(item)
    }
}

/// Encodes frames for `FramedWrite`, which sends them when it is flushed. Never fails; the errors of `FramedWrite` are
/// those of the transport.
///
/// ```
/// use embedded_sse::{Frame, io::tokio_util::FrameEncoder};
/// use futures_util::SinkExt;
/// use tokio_util::codec::FramedWrite;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mut frames = FramedWrite::new(Vec::new(), FrameEncoder);
/// frames.send(Frame::new().data("light on")).await?;
/// assert_eq!(frames.get_ref(), b"data: light on\n\n");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FrameEncoder;

impl codec::Encoder<Frame<'_>> for FrameEncoder {
    type Error = io::Error;

    fn encode(&mut self, frame: Frame<'_>, unsent: &mut BytesMut) -> io::Result<()> {
        unsent.reserve(frame.encoded_len());
        frame.segments().for_each(|segment| unsent.put_slice(segment.as_bytes()));
        Ok(())
    }
}
