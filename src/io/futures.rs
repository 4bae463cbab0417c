//! Chunks of bytes to events, as a `Stream` of `futures`.
//!
//! Knows when to ask for the next chunk; what is in it the decoder knows.

use core::any::Any;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::{FusedStream, Stream, TryStream};
use pin_project_lite::pin_project;

use super::ReadError;
use crate::codec::{Decoder, Event, Found, OwnedEvent};

pin_project! {
    /// The events of a stream of byte chunks, such as the body of a response in almost any HTTP client.
    ///
    /// `S` is any `Stream<Item = Result<C, E>>` with `C: AsRef<[u8]> + 'static`. If the chunks are [`Bytes`], an event that lies
    /// whole in one shares it, and nothing is copied.
    ///
    /// An item is an event or a [`ReadError`]. [`TooLong`](ReadError::TooLong) stands in the place of one event and ends nothing;
    /// after [`Io`](ReadError::Io) and at the end of the chunks the stream is over, and an unfinished event is
    /// dropped (R41). Nothing is read before it is asked for, and nothing is lost when a future that waits for the next item is
    /// dropped.
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
    /// let mut events = EventStream::new(chunks, Decoder::new(vec![0; 1 << 20]));
    /// assert_eq!(events.next().await.unwrap().unwrap().data(), b"light on");
    /// assert_eq!(events.next().await.unwrap().unwrap_err().to_string(), "cannot read the event stream: reset");
    /// assert!(events.next().await.is_none());
    /// # });
    /// ```
    #[derive(Debug)]
    #[must_use = "streams do nothing unless they are polled"]
    pub struct EventStream<S, D>
    where
        S: TryStream,
    {
        #[pin]
        chunks: S,
        // Of this chunk that many bytes are done with.
        chunk: Option<S::Ok>,
        consumed: usize,
        decoder: D,
        ended: bool,
    }
}

impl<S: TryStream, B, const ID: usize> EventStream<S, Decoder<B, ID>> {
    /// The events of `chunks`, a stream that begins here. The decoder brings the last event ID, and the memory for what does not
    /// lie whole in one chunk; a decoder that was used before is [reset](Decoder::reset).
    pub const fn new(chunks: S, mut decoder: Decoder<B, ID>) -> Self {
        decoder.reset();
        Self { chunks, chunk: None, consumed: 0, decoder, ended: false }
    }

    /// The decoder, which knows the last event ID and the reconnection time.
    pub const fn decoder(&self) -> &Decoder<B, ID> {
        &self.decoder
    }

    /// Gives the decoder back, for the next connection.
    pub fn into_decoder(self) -> Decoder<B, ID> {
        self.decoder
    }
}

impl<S, B, const ID: usize> Stream for EventStream<S, Decoder<B, ID>>
where
    S: TryStream<Ok: AsRef<[u8]> + 'static>,
    B: AsRef<[u8]> + AsMut<[u8]>,
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

impl<S, B, const ID: usize> FusedStream for EventStream<S, Decoder<B, ID>>
where
    S: TryStream<Ok: AsRef<[u8]> + 'static>,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    fn is_terminated(&self) -> bool {
        self.ended && self.chunk.is_none()
    }
}

/// The chunk's type is known when this is compiled, and so is the answer.
#[inline]
fn own<C: Any>(event: Event<'_>, chunk: &C) -> OwnedEvent {
    match (chunk as &dyn Any).downcast_ref::<Bytes>() {
        Some(chunk) => OwnedEvent::sharing(event, chunk),
        None => event.into(),
    }
}
