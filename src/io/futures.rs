//! A `Stream` of events over a `Stream` of byte chunks.
//!
//! This module polls for chunks. It must not interpret them.

use core::any::Any;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::{FusedStream, Stream, TryStream};
use pin_project_lite::pin_project;

use super::ReadError;
use crate::codec::{Buffer, Decoder, Event, Found, OwnedEvent};

pin_project! {
    /// Yields the events in a stream of byte chunks, such as the response body of most HTTP clients.
    ///
    /// `S` is any `Stream<Item = Result<C, E>>` with `C: AsRef<[u8]> + 'static`. If the chunks are [`Bytes`], an event
    /// that lies in one chunk shares its memory, and nothing is copied.
    ///
    /// Each item is an event or a [`ReadError`]. [`TooLong`](ReadError::TooLong) takes the place of one event, and the
    /// stream continues. The stream ends after [`Io`](ReadError::Io) and at the end of the chunks; an incomplete event
    /// is dropped ([R41]). Afterwards [`decoder().is_mid_event()`](Decoder::is_mid_event) returns whether there was one.
    /// The chunks are polled only when this stream is polled. Waiting for the next item is cancel-safe.
    ///
    /// There is no timeout: while the server is silent, the next item is pending. Put a timeout of your runtime around
    /// each wait, or use a [`Session`](crate::client::Session), which watches the heartbeats and reconnects.
    ///
    /// ```
    /// # use core::{pin::pin, task::{Context, Poll, Waker}};
    /// use embedded_sse::{Decoder, io::futures::EventStream};
    /// use futures_core::Stream;
    ///
    /// # fn block_on<F: Future>(future: F) -> F::Output {
    /// #     let Poll::Ready(output) = pin!(future).poll(&mut Context::from_waker(Waker::noop())) else { unreachable!() };
    /// #     output
    /// # }
    /// # block_on(async {
    /// use futures_util::{StreamExt, stream};
    ///
    /// let chunks = stream::iter([Ok("data: ligh"), Ok("t on\n\n"), Err("reset")]);
    /// let mut events = EventStream::new(chunks, Decoder::boxed(1 << 20));
    /// assert_eq!(events.next().await.unwrap().unwrap().data(), b"light on");
    /// assert_eq!(events.next().await.unwrap().unwrap_err().to_string(), "cannot read the event stream: reset");
    /// assert!(events.next().await.is_none());
    /// # });
    /// ```
    ///
    /// [R41]: crate::rules#r41
    #[derive(Debug)]
    #[must_use = "streams do nothing unless they are polled"]
    pub struct EventStream<S, D>
    where
        S: TryStream,
    {
        #[pin]
        chunks: S,
        // The current chunk, and how many of its bytes were decoded.
        chunk: Option<S::Ok>,
        consumed: usize,
        decoder: D,
        ended: bool,
    }
}

impl<S: TryStream, B, I> EventStream<S, Decoder<B, I>> {
    /// Creates a stream of the events in `chunks`, which start with the first byte of an event stream.
    ///
    /// The decoder's buffer holds events that span several chunks. [Resets](Decoder::reset) the decoder, which keeps
    /// the last event ID and the reconnection time of the previous connection.
    pub const fn new(chunks: S, mut decoder: Decoder<B, I>) -> Self {
        decoder.reset();
        Self { chunks, chunk: None, consumed: 0, decoder, ended: false }
    }

    /// Returns the decoder, which has the last event ID and the reconnection time.
    pub const fn decoder(&self) -> &Decoder<B, I> {
        &self.decoder
    }

    /// Returns the decoder, for the next connection.
    pub fn into_decoder(self) -> Decoder<B, I> {
        self.decoder
    }
}

impl<S, B, I> Stream for EventStream<S, Decoder<B, I>>
where
    S: TryStream<Ok: AsRef<[u8]> + 'static>,
    B: Buffer,
    I: Buffer,
{
    type Item = Result<OwnedEvent, ReadError<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        loop {
            if let Some(chunk) = this.chunk {
                let rest = chunk.as_ref().get(*this.consumed..).unwrap_or_default();
                let step = this.decoder.step(rest);
                *this.consumed += step.consumed;
                match step.found {
                    Some(Found::TooLong(too_long)) => return Poll::Ready(Some(Err(ReadError::TooLong(too_long)))),
                    Some(_) => return Poll::Ready(Some(Ok(own(this.decoder.event(rest), chunk)))),
                    None => *this.chunk = None,
                }
            }
            if *this.ended {
                return Poll::Ready(None);
            }
            match ready!(this.chunks.as_mut().try_poll_next(context)) {
                Some(Ok(chunk)) => {
                    *this.chunk = Some(chunk);
                    *this.consumed = 0;
                }
                Some(Err(error)) => {
                    *this.ended = true;
                    return Poll::Ready(Some(Err(ReadError::Io(error))));
                }
                None => {
                    *this.ended = true;
                    return Poll::Ready(None);
                }
            }
        }
    }
}

impl<S, B, I> FusedStream for EventStream<S, Decoder<B, I>>
where
    S: TryStream<Ok: AsRef<[u8]> + 'static>,
    B: Buffer,
    I: Buffer,
{
    fn is_terminated(&self) -> bool {
        self.ended && self.chunk.is_none()
    }
}

/// Converts an event, sharing the chunk if it is [`Bytes`]. The compiler resolves the check for each `C`.
#[inline]
fn own<C: Any>(event: Event<'_>, chunk: &C) -> OwnedEvent {
    match (chunk as &dyn Any).downcast_ref::<Bytes>() {
        Some(chunk) => OwnedEvent::sharing(event, chunk),
        None => event.into(),
    }
}
