//! Events from a `FramedRead` of `tokio-util`, and frames into a `FramedWrite`.
//!
//! Knows how tokio-util hands out its buffers; what is in them the codec knows.

use std::io;

use ::tokio_util::codec;
use bytes::{Buf, BufMut, BytesMut};

use crate::codec::{Decoder, Found, Frame, OwnedEvent, TooLong};

/// The events of a stream, for `FramedRead`.
///
/// An item is an event, or [`TooLong`] in the place of one: `FramedRead` ends the stream at an error, and this is none. Of the
/// read buffer nothing is left over, so that its size sets no limit to an event; the decoder's buffer does.
///
/// ```
/// use embedded_sse::{Decoder, io::tokio_util::EventDecoder};
/// use futures_util::StreamExt;
/// use tokio_util::codec::FramedRead;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let body = &b"data: light on\n\n"[..]; // or a socket behind its headers
/// let mut events = FramedRead::new(body, EventDecoder::new(Decoder::new(vec![0; 1 << 20])));
/// assert_eq!(events.next().await.unwrap()??.data(), b"light on");
/// assert!(events.next().await.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct EventDecoder<B, const ID: usize = 64> {
    decoder: Decoder<B, ID>,
}

impl<B, const ID: usize> EventDecoder<B, ID> {
    /// Stands before the first byte of a stream. The decoder is [reset](Decoder::reset): of the connection before it keeps the
    /// last event ID and the reconnection time.
    pub const fn new(mut decoder: Decoder<B, ID>) -> Self {
        decoder.reset();
        Self { decoder }
    }

    /// The decoder, to ask for the last event ID, the reconnection time and what a stream's end has cut off.
    pub const fn decoder(&self) -> &Decoder<B, ID> {
        &self.decoder
    }

    /// Gives the decoder back, for the next connection.
    pub fn into_decoder(self) -> Decoder<B, ID> {
        self.decoder
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>, const ID: usize> codec::Decoder for EventDecoder<B, ID> {
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

/// Frames for `FramedWrite`, which sends them when it is flushed. Fails never; errors are those of the transport.
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
