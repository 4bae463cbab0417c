//! Events from an HTTP body and an HTTP body of events, for hyper, axum, tower and others that use `http_body::Body`.
//!
//! This module polls and yields frames of a body. It must not decide what is written or when: the codec and the
//! schedule do.
//!
//! # The streamed answer to one request
//!
//! A streamed answer to a POST, such as the tokens of a language model, often has a last event that marks its end. If the
//! body ends before that event, the answer is incomplete.
//!
//! ```
//! use std::error::Error;
//!
//! use embedded_sse::Decoder;
//! use embedded_sse::client::{Response, Rules, Verdict};
//! use embedded_sse::io::futures::EventStream;
//! use futures_util::StreamExt;
//!
//! /// Returns the whole text of an answer that ends with `[DONE]`. With reqwest, pass `response.into()`.
//! async fn text_of<T>(response: http::Response<T>) -> Result<String, Box<dyn Error>>
//! where
//!     T: http_body::Body<Error: Error + 'static> + Unpin,
//! {
//!     let header = |name| response.headers().get(name).map(|value: &http::HeaderValue| value.as_bytes());
//!     let head = Response {
//!         status: response.status().as_u16(),
//!         content_type: header("content-type"),
//!         retry_after: header("retry-after"),
//!         ..Response::default()
//!     };
//!     match Rules::Resilient.judge(&head) {
//!         Verdict::Accept => {}
//!         Verdict::Retry { after } => return Err(format!("the server is busy, for {after:?}").into()),
//!         verdict => return Err(format!("this is no stream: {verdict:?}").into()),
//!     }
//!     let mut events = EventStream::from_body(response.into_body(), Decoder::boxed(1 << 20));
//!     let mut text = String::new();
//!     while let Some(event) = events.next().await {
//!         let event = event?; // the connection broke, or an event was too long
//!         match event.data() {
//!             b"[DONE]" => return Ok(text),
//!             _ => text += event.data_str()?,
//!         }
//!     }
//!     let at = if events.decoder().is_mid_event() { "in the middle of an event" } else { "before [DONE]" };
//!     Err(format!("the answer broke off {at}, after {text:?}").into())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // A body that is already there. `String` is a body of `Bytes`.
//! let answer = |body: &str| {
//!     let response = http::Response::builder().header("content-type", "text/event-stream; charset=utf-8");
//!     text_of(response.body(body.to_owned()).expect("the header is valid"))
//! };
//! let text = answer("data: Hel\n\ndata: lo\n\ndata: [DONE]\n\n").await;
//! assert_eq!(text.unwrap(), "Hello");
//! let error = answer("data: Hel\n\n").await.unwrap_err();
//! assert_eq!(error.to_string(), r#"the answer broke off before [DONE], after "Hel""#);
//! let error = answer("data: Hel\n\ndata: l").await.unwrap_err();
//! assert_eq!(error.to_string(), r#"the answer broke off in the middle of an event, after "Hel""#);
//! # let json = http::Response::builder().header("content-type", "application/json").body(String::new()).unwrap();
//! # assert_eq!(text_of(json).await.unwrap_err().to_string(), "this is no stream: Stop(ContentType)");
//! # }
//! ```
//!
//! An [`EventSource`](super::event_source::EventSource) (feature `event-source`) sends the request too, and resumes an
//! answer that has event IDs.
//!
//! # One feed for many clients
//!
//! A [`Feed`] sends the same events to all clients. It has what those that come back have missed, keeps connections
//! alive, and ends them in an orderly way. It needs the feature `std`.
//!
//! ```
//! use core::time::Duration;
//! use std::sync::Arc;
//!
//! use axum::body::Body;
//! use axum::extract::State;
//! use axum::http::HeaderMap;
//! use axum::response::{AppendHeaders, IntoResponse, Response};
//! use embedded_sse::io::http_body::Feed;
//! use embedded_sse::io::tokio::Clock;
//! use embedded_sse::server::HEADERS;
//! use embedded_sse::{Frame, single_line};
//!
//! /// A route of axum.
//! async fn events(State(feed): State<Arc<Feed<Clock>>>, headers: HeaderMap) -> Response {
//!     let last_event_id = headers.get("last-event-id").map_or(&b""[..], |id| id.as_bytes());
//!     (AppendHeaders(HEADERS), Body::new(feed.subscribe(last_event_id))).into_response()
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! # use embedded_sse::{Decoder, OwnedEvent, io::futures::EventStream};
//! # use futures_util::StreamExt;
//! let feed = Feed::new(1 << 16, Clock::new())
//!     .cut_event(single_line!("reload"), "some events are missing: load the whole state")
//!     .lifetime(Duration::from_secs(3600), Duration::from_secs(600));
//! let feed = Arc::new(feed); // the state of the router
//! # let connect = |id: &[u8]| {
//! #     let id = axum::http::HeaderValue::from_bytes(id).unwrap();
//! #     let headers = [("last-event-id".parse().unwrap(), id)].into_iter().collect();
//! #     let response = events(State(feed.clone()), headers);
//! #     async { EventStream::from_body(response.await.into_body(), Decoder::boxed(256)) }
//! # };
//! # let mut client = connect(b"").await;
//! feed.publish(&Frame::new().data("light on"));
//! feed.publish(&Frame::new().data("light off"));
//! # let first = client.next().await.unwrap().unwrap();
//! # assert_eq!(first.data(), b"light on");
//! # let mut client = connect(first.last_event_id()).await;
//! # assert_eq!(client.next().await.unwrap().unwrap().data(), b"light off");
//! # let mut stranger = connect(b"1a2b3c-1").await;
//! # assert_eq!(stranger.next().await.unwrap().unwrap().event_type(), b"reload");
//! // When the server shuts down:
//! feed.close();
//! # assert!(client.next().await.is_none() && stranger.next().await.is_none());
//! # }
//! ```
//!
//! For events of its own for each client, pass a stream of frames to an [`EventBody`].

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use ::http_body::{Body, Frame as BodyFrame, SizeHint};
use bytes::{Buf, Bytes};
use futures_core::{Stream, TryStream};
use pin_project_lite::pin_project;

#[cfg(feature = "std")]
#[cfg_attr(docsrs, doc(cfg(feature = "std")))]
pub use super::feed::{Feed, FeedBody, Subscription};
use super::futures::EventStream;
use crate::client::Instant;
use crate::codec::{Decoder, Frame};
use crate::server::{Schedule, Turn};

/// A stream of the events in a body. [`from_body`](BodyEvents::from_body) creates it.
pub type BodyEvents<T, D> = EventStream<Chunks<T>, D>;

impl<T: Body, B, I> BodyEvents<T, Decoder<B, I>> {
    /// Creates a stream of the events in a response body; see [`EventStream::new`].
    ///
    /// Check the status and the content type first, with [`Rules::judge`](crate::client::Rules::judge). An error page is
    /// decoded like a stream, usually to no event at all.
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
        poll_data(self.project().body, context)
    }
}

/// Polls the data of a body, without its trailers.
pub(super) fn poll_data<T: Body>(
    mut body: Pin<&mut T>,
    context: &mut Context<'_>,
) -> Poll<Option<Result<Bytes, T::Error>>> {
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
/// With tokio and the feature `tokio`, use [`io::tokio::Clock`](crate::io::tokio::Clock).
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
    /// Send the response with status 200 and the headers in [`server::HEADERS`](crate::server::HEADERS). The
    /// `Feed` sends the same events to many clients. `Clock` in the example needs the feature `tokio`; for another runtime,
    /// implement [`Sleeper`].
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
