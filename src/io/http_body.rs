//! Events from an HTTP body and an HTTP body of events, for hyper, axum, tower and others that use `http_body::Body`.
//!
//! This module polls and yields frames of a body. It must not decide what is written or when: the codec and the
//! schedule do.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use ::http_body::{Body, Frame as BodyFrame, SizeHint};
use bytes::{Buf, Bytes};
use futures_core::{Stream, TryStream};
use pin_project_lite::pin_project;

use super::futures::EventStream;
use crate::client::Instant;
use crate::codec::{Decoder, Frame};
use crate::server::{Schedule, Turn};

/// A stream of the events in a body. [`from_body`](BodyEvents::from_body) creates it.
pub type BodyEvents<T, D> = EventStream<Chunks<T>, D>;

impl<T: Body, B, I> BodyEvents<T, Decoder<B, I>> {
    /// Creates a stream of the events in a response body; see [`EventStream::new`].
    ///
    /// ```
    /// use embedded_sse::io::futures::EventStream;
    /// use embedded_sse::{Decoder, OwnedEvent};
    /// use futures_util::TryStreamExt;
    ///
    /// /// `body` is an `Incoming` with hyper, and a `Body` from `Response::into` with reqwest.
    /// async fn first<T: http_body::Body + Unpin>(body: T) -> Option<OwnedEvent> {
    ///     EventStream::from_body(body, Decoder::boxed(1 << 20)).try_next().await.ok()?
    /// }
    /// ```
    pub const fn from_body(body: T, decoder: Decoder<B, I>) -> Self {
        Self::new(Chunks { body }, decoder)
    }
}

pin_project! {
    /// Yields the data of a body, without its trailers. A body whose data is [`Bytes`] is not copied.
    ///
    /// [`BodyEvents::from_body`] creates it; you need its name only to write down the type.
    ///
    /// ```
    /// use embedded_sse::Decoder;
    /// use embedded_sse::io::{futures::EventStream, http_body::Chunks};
    ///
    /// struct Feed<T: http_body::Body> {
    ///     events: EventStream<Chunks<T>, Decoder<Box<[u8]>, Box<[u8]>>>,
    /// }
    /// ```
    #[derive(Clone, Debug)]
    #[must_use = "streams do nothing unless they are polled"]
    pub struct Chunks<T> {
        #[pin]
        body: T,
    }
}

impl<T: Body> Stream for Chunks<T> {
    type Item = Result<Bytes, T::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut body = self.project().body;
        loop {
            match ready!(body.as_mut().poll_frame(context)) {
                Some(Ok(frame)) => {
                    if let Ok(mut data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data.copy_to_bytes(data.remaining()))));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

/// A frame in its encoded form. Encode it once and clone it for each connection: clones share their memory.
///
/// ```
/// use embedded_sse::{Frame, io::http_body::EncodedFrame};
///
/// let frame = EncodedFrame::from(Frame::new().data("light on"));
/// assert_eq!(&frame.as_bytes()[..], b"data: light on\n\n");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EncodedFrame(Bytes);

impl EncodedFrame {
    /// Wraps bytes that are already encoded, such as a frame from a [`Replay`](crate::server::Replay). They are not
    /// checked.
    #[must_use]
    pub const fn from_bytes(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// Returns the encoded bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &Bytes {
        &self.0
    }
}

impl From<Frame<'_>> for EncodedFrame {
    fn from(frame: Frame<'_>) -> Self {
        let mut bytes = alloc::vec![0; frame.encoded_len()];
        // It always fits: the buffer has the frame's length.
        let _ = frame.encode(&mut bytes);
        Self(bytes.into())
    }
}

impl fmt::Debug for EncodedFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A clock, and futures of a named type that wait until a time on it, which a body can hold.
///
/// With tokio, use [`io::tokio::Clock`](crate::io::tokio::Clock).
///
/// ```
/// use embedded_sse::client::Instant;
/// use embedded_sse::io::{StdClock, http_body::Sleeper};
///
/// /// For a runtime with another timer.
/// struct MySleeper(StdClock);
/// # mod runtime { pub fn sleep_until(_: std::time::Instant) -> core::future::Ready<()> { core::future::ready(()) } }
///
/// impl Sleeper for MySleeper {
///     type Sleep = core::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
///
///     fn now(&self) -> Instant {
///         self.0.now()
///     }
///     fn sleep_until(&self, at: Instant) -> Self::Sleep {
///         match self.0.to_std(at) {
///             Some(at) => Box::pin(runtime::sleep_until(at)),
///             None => Box::pin(core::future::pending()),
///         }
///     }
/// }
/// ```
pub trait Sleeper {
    /// Completes when the time has come.
    type Sleep: Future<Output = ()>;

    /// Returns the current time.
    fn now(&self) -> Instant;

    /// Waits until `at`. May complete early occasionally: the body then waits again.
    fn sleep_until(&self, at: Instant) -> Self::Sleep;
}

#[cfg(feature = "tokio")]
impl Sleeper for super::tokio::Clock {
    type Sleep = ::tokio::time::Sleep;

    fn now(&self) -> Instant {
        Self::now(self)
    }

    fn sleep_until(&self, at: Instant) -> ::tokio::time::Sleep {
        Self::sleep_until(self, at)
    }
}

pin_project! {
    /// A response body that sends events.
    ///
    /// `S` is any `Stream<Item = Result<EncodedFrame, E>>`. Each of its items becomes one frame of the body, so that
    /// the HTTP server sends it at once. While the stream is pending, the [`Schedule`] decides when to send a
    /// keep-alive comment. The body ends when the schedule closes it, when the stream ends, and after an error of the
    /// stream. When the schedule closes it, frames that the stream still has are not sent; a client that reconnects can
    /// ask for them.
    ///
    /// Send the response with status 200 and the headers in [`server::HEADERS`](crate::server::HEADERS).
    ///
    /// ```
    /// use core::{convert::Infallible, time::Duration};
    /// use embedded_sse::io::http_body::{EncodedFrame, EventBody};
    /// use embedded_sse::io::tokio::Clock;
    /// use embedded_sse::server::Schedule;
    /// use embedded_sse::Frame;
    /// use futures_util::stream;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let frames = stream::iter(["light on", "light off"]).map(|data| Ok::<_, Infallible>(Frame::new().data(data).into()));
    /// let clock = Clock::new();
    /// let schedule = Schedule::new(clock.now()).keep_alive(Duration::from_secs(15));
    /// let body = EventBody::new(frames, schedule, clock); // axum::body::Body::new(body)
    /// # use futures_util::StreamExt;
    /// # fn is_body(_: impl http_body::Body) {}
    /// # is_body(body);
    /// # }
    /// ```
    #[must_use = "bodies do nothing unless they are polled"]
    pub struct EventBody<S, T>
    where
        T: Sleeper,
    {
        #[pin]
        frames: S,
        schedule: Schedule,
        timer: T,
        #[pin]
        sleep: Option<T::Sleep>,
        ended: bool,
    }
}

impl<S, T: Sleeper> EventBody<S, T> {
    /// Creates a body that sends `frames`. The times of `schedule` must come from the clock of `timer`.
    pub const fn new(frames: S, schedule: Schedule, timer: T) -> Self {
        Self { frames, schedule, timer, sleep: None, ended: false }
    }
}

impl<S, T> Body for EventBody<S, T>
where
    S: TryStream<Ok = EncodedFrame>,
    T: Sleeper,
{
    type Data = Bytes;
    type Error = S::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<BodyFrame<Bytes>, S::Error>>> {
        let mut this = self.project();
        if *this.ended {
            return Poll::Ready(None);
        }
        loop {
            let now = this.timer.now();
            let turn = this.schedule.poll(now);
            if turn == Turn::Close {
                *this.ended = true;
                return Poll::Ready(None);
            }
            let frame = match (this.frames.as_mut().try_poll_next(context), turn) {
                (Poll::Ready(Some(Ok(frame))), _) => frame,
                (Poll::Ready(Some(Err(error))), _) => {
                    *this.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
                (Poll::Ready(None), _) => {
                    *this.ended = true;
                    return Poll::Ready(None);
                }
                (Poll::Pending, Turn::KeepAlive) => Frame::KEEP_ALIVE.into(),
                (Poll::Pending, Turn::WaitUntil(at)) => {
                    // After a write this sleep is too early. Let it complete and set it again: once for many writes.
                    if this.sleep.is_none() {
                        this.sleep.set(Some(this.timer.sleep_until(at)));
                    }
                    if let Some(sleep) = this.sleep.as_mut().as_pin_mut() {
                        ready!(sleep.poll(context));
                    }
                    this.sleep.set(None);
                    continue;
                }
                (Poll::Pending, Turn::Wait | Turn::Close) => return Poll::Pending,
            };
            this.schedule.wrote(now);
            return Poll::Ready(Some(Ok(BodyFrame::data(frame.0))));
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

impl<S: fmt::Debug, T: Sleeper + fmt::Debug> fmt::Debug for EventBody<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBody")
            .field("frames", &self.frames)
            .field("schedule", &self.schedule)
            .finish_non_exhaustive()
    }
}
