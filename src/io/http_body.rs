//! Bodies of HTTP messages to events, and events to bodies: for hyper, axum, tower and what else speaks `http_body::Body`.
//!
//! Knows frames of a body and when to ask for the next one; what is written the codec knows, and when, the schedule.

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

/// The events of a body.
pub type BodyEvents<T, D> = EventStream<Chunks<T>, D>;

impl<T: Body, B, const ID: usize> BodyEvents<T, Decoder<B, ID>> {
    /// The events of a response's body; see [`EventStream::new`].
    ///
    /// ```
    /// use embedded_sse::io::futures::EventStream;
    /// use embedded_sse::{Decoder, OwnedEvent};
    /// use futures_util::TryStreamExt;
    ///
    /// /// With hyper, `Incoming` is such a body; with reqwest, `Body` from `Response::into`.
    /// async fn first<T: http_body::Body + Unpin>(body: T) -> Option<OwnedEvent> {
    ///     EventStream::from_body(body, Decoder::new(vec![0; 1 << 20])).try_next().await.ok()?
    /// }
    /// ```
    pub const fn from_body(body: T, decoder: Decoder<B, ID>) -> Self {
        Self::new(Chunks { body }, decoder)
    }
}

pin_project! {
    /// The data of a body, without its trailers. `Bytes` are passed on as they are.
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

/// A frame as it is written, shared by all to whom it is sent: made once, cloned for each connection.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EncodedFrame(Bytes);

impl EncodedFrame {
    /// What is written already, such as a frame that a [`Replay`](crate::server::Replay) kept. Goes out as it is, unchecked.
    #[must_use]
    pub const fn from_bytes(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &Bytes {
        &self.0
    }
}

impl From<Frame<'_>> for EncodedFrame {
    fn from(frame: Frame<'_>) -> Self {
        let mut bytes = alloc::vec![0; frame.encoded_len()];
        // It fits: its length was asked for.
        let _ = frame.encode(&mut bytes);
        Self(bytes.into())
    }
}

impl fmt::Debug for EncodedFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A clock, and a future that waits on it.
///
/// For tokio there is [`io::tokio::Clock`](crate::io::tokio::Clock).
pub trait Timer {
    /// Is done when the time has come.
    type Sleep: Future<Output = ()>;

    /// What time it is.
    fn now(&self) -> Instant;

    /// Waits for this point in time. May be done earlier now and then.
    fn sleep_until(&self, at: Instant) -> Self::Sleep;
}

#[cfg(feature = "tokio")]
impl Timer for super::tokio::Clock {
    type Sleep = ::tokio::time::Sleep;

    fn now(&self) -> Instant {
        Self::now(self)
    }

    fn sleep_until(&self, at: Instant) -> ::tokio::time::Sleep {
        Self::sleep_until(self, at)
    }
}

pin_project! {
    /// The body of a response that sends events.
    ///
    /// `S` is any `Stream<Item = Result<EncodedFrame, E>>`; each frame becomes one frame of the body, so that it goes out at once.
    /// When the stream has nothing, the [`Schedule`] says what to do: keep alive, or end the body. Frames that wait are not sent
    /// before the body ends; a client that comes back asks for them. The body ends with the stream too, and breaks off after an
    /// error of it.
    ///
    /// The response needs the status 200 and the headers of [`server::HEADERS`](crate::server::HEADERS).
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
        T: Timer,
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

impl<S, T: Timer> EventBody<S, T> {
    /// Sends `frames`. The times of the schedule are those of the timer's clock.
    pub const fn new(frames: S, schedule: Schedule, timer: T) -> Self {
        Self { frames, schedule, timer, sleep: None, ended: false }
    }
}

impl<S, T> Body for EventBody<S, T>
where
    S: TryStream<Ok = EncodedFrame>,
    T: Timer,
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
                    // One that wakes too early, since something was written, is left alone: it is set anew once for many writes.
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

impl<S: fmt::Debug, T: Timer + fmt::Debug> fmt::Debug for EventBody<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBody")
            .field("frames", &self.frames)
            .field("schedule", &self.schedule)
            .finish_non_exhaustive()
    }
}
