//! One stream of events for any number of clients: history, keep-alive, lifetime and end in one type.
//!
//! This module connects a history, the tasks that wait for its next frame, and the body that the schedule times. It must
//! not depend on an HTTP server or a runtime.

mod history;
mod waiting;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::convert::Infallible;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_core::Stream;
use history::{History, Next};
use waiting::{Place, Waiting};

use super::http_body::{EncodedFrame, EventBody, Sleeper};
use super::random::random;
use crate::codec::{Frame, SingleLine};
use crate::server::Schedule;

/// One stream of events for any number of clients. [`subscribe`](Self::subscribe) returns the body of a response.
///
/// Each event is encoded once, and all bodies share its bytes. A client that reconnects receives what it missed. The feed
/// keeps the newest frames for that, up to a limit, and they are also the only queue: a body holds its place in them and
/// nothing else, so a client that reads slowly takes no memory. If frames that it has not been sent are gone, it is sent
/// an event that says so, and continues with new events; see [`cut_event`](Self::cut_event).
///
/// Each frame needs an ID. To a frame without one the feed gives an ID, which no other start of the server uses
/// ([`EventId::in_epoch`](crate::EventId::in_epoch)). Its epoch is a random number of 32 bits. A client that comes back after a
/// restart of the server is sent the [`cut_event`](Self::cut_event), and one that compares IDs
/// ([`EpochDecimal`](crate::delivery::EpochDecimal)) fetches the full state once. For an epoch of your own, such as a boot
/// counter, or if the history outlives a restart, see the page of [`server`](crate::server#restarts). Give all frames an ID of
/// your own, or none.
///
/// [`close`](Self::close) ends all bodies after the frames that they still have to send, and so does dropping the feed.
/// The [page of `io::http_body`](super::http_body#one-feed-for-many-clients) has a route of axum.
///
/// ```
/// use core::time::Duration;
/// use embedded_sse::io::futures::EventStream;
/// use embedded_sse::io::http_body::Feed;
/// use embedded_sse::io::tokio::Clock;
/// use embedded_sse::{Decoder, Frame};
/// use futures_util::StreamExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let feed = Feed::new(1 << 16, Clock::new()).retry(Duration::from_secs(2));
/// // A client without a `Last-Event-ID` receives new events.
/// let mut client = EventStream::from_body(Box::pin(feed.subscribe(b"")), Decoder::boxed(256));
/// feed.publish(&Frame::new().data("light on"));
/// let event = client.next().await.unwrap()?;
/// assert_eq!(event.data(), b"light on");
///
/// feed.publish(&Frame::new().data("light off")); // while the client is away
/// let mut client = EventStream::from_body(Box::pin(feed.subscribe(event.last_event_id())), Decoder::boxed(256));
/// feed.close();
/// assert_eq!(client.next().await.unwrap()?.data(), b"light off");
/// assert!(client.next().await.is_none());
/// # Ok(())
/// # }
/// ```
pub struct Feed<T> {
    shared: Arc<Shared>,
    timer: T,
    retry: Option<Duration>,
    is_history_for_new: bool,
    keep_alive: Duration,
    lifetime: Option<(Duration, Duration)>,
}

/// The body of a response with the events of a [`Feed`].
///
/// ```
/// use embedded_sse::io::http_body::{Feed, FeedBody};
/// use embedded_sse::io::tokio::Clock;
///
/// fn response(feed: &Feed<Clock>) -> http::Response<FeedBody<Clock>> {
///     http::Response::new(feed.subscribe(b""))
/// }
/// ```
pub type FeedBody<T> = EventBody<Subscription, T>;

impl<T> Feed<T> {
    /// Creates a feed that keeps the newest frames, up to `limit` bytes of memory. The newest frame is kept whatever its
    /// length.
    ///
    /// With tokio and the feature `tokio`, `timer` is a [`Clock`](crate::io::tokio::Clock).
    #[must_use]
    pub fn new(limit: usize, timer: T) -> Self {
        let state = State {
            history: History::new(limit, random()),
            waiting: Waiting::default(),
            cut: Cut { event_type: "cut".into(), data: "".into() },
            is_closed: false,
        };
        Self {
            shared: Arc::new(Shared(Mutex::new(state))),
            timer,
            retry: None,
            is_history_for_new: false,
            keep_alive: Duration::from_secs(15),
            lifetime: None,
        }
    }

    /// Sets the longest time between two writes to a client, 15 s unless set; see [`Schedule::keep_alive`].
    #[must_use]
    pub const fn keep_alive(mut self, every: Duration) -> Self {
        self.keep_alive = every;
        self
    }

    /// Ends each response after `length`, plus a random time up to `spread`; see [`Schedule::lifetime`].
    #[must_use]
    pub const fn lifetime(mut self, length: Duration, spread: Duration) -> Self {
        self.lifetime = Some((length, spread));
        self
    }

    /// Sends each client this reconnection time, in whole milliseconds, at the start of a response.
    #[must_use]
    pub const fn retry(mut self, time: Duration) -> Self {
        self.retry = Some(time);
        self
    }

    /// Sends a new client, one without a last event ID, all frames that are kept. Without this it is sent new ones only.
    #[must_use]
    pub const fn history_for_new(mut self) -> Self {
        self.is_history_for_new = true;
        self
    }

    /// Sets the type and the data of the event that tells a client that it has missed events: `cut`, without data, unless
    /// set.
    ///
    /// A client receives it in the place of the missing events: if it was too slow, and if it came back with an ID that is
    /// no longer kept, for example after a restart of the server. The event has the ID of the newest frame, and new frames
    /// follow: the client has to fetch the whole state.
    #[must_use]
    pub fn cut_event(self, event_type: SingleLine<'_>, data: &str) -> Self {
        self.shared.lock().cut = Cut { event_type: event_type.as_str().into(), data: data.into() };
        self
    }

    /// Sends a frame to all clients. After [`close`](Self::close) it does nothing.
    ///
    /// If the frame has no ID, or an empty one, it is given one. An ID of your own must be unique, also across restarts
    /// of the server.
    pub fn publish(&self, frame: &Frame<'_>) {
        let mut state = self.shared.lock();
        if state.is_closed {
            return;
        }
        state.history.push(frame);
        let wakers = state.waiting.take();
        // A waker may run code that uses the feed.
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Ends all bodies, each after the frames that it still has to send, and all future ones. The clients reconnect
    /// unless they are told otherwise.
    ///
    /// A server that shuts down calls this before it waits for its connections. It should limit that wait: a client that
    /// does not read delays the end of its body.
    pub fn close(&self) {
        let mut state = self.shared.lock();
        state.is_closed = true;
        let wakers = state.waiting.take();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Returns the frames for a client with this last event ID, without keep-alives: a stream for other kinds of
    /// responses.
    ///
    /// Pass the value of the request's `Last-Event-ID` header, or an empty slice if the header is missing or empty. The
    /// search for the ID takes longer the more frames are kept.
    ///
    /// ```
    /// use embedded_sse::Frame;
    /// use embedded_sse::io::http_body::Feed;
    /// use embedded_sse::io::StdClock;
    /// use futures_util::{FutureExt, StreamExt};
    ///
    /// let feed = Feed::new(1 << 16, StdClock::new()).history_for_new();
    /// feed.publish(&Frame::new().data("light on"));
    /// let frame = feed.frames(b"").next().now_or_never().flatten();
    /// assert!(frame.is_some_and(|Ok(frame)| frame.as_bytes().ends_with(b"\ndata: light on\n\n")));
    /// ```
    pub fn frames(&self, last_event_id: &[u8]) -> Subscription {
        let state = self.shared.lock();
        let (mut hello, mut is_needed) = (Frame::new(), false);
        if let Some(time) = self.retry {
            hello = hello.retry_ms(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
            is_needed = true;
        }
        let passed = match last_event_id {
            [] if self.is_history_for_new => Some(state.history.start()),
            [] => {
                // From now on the client knows its place, even if it is gone before the next event.
                hello = hello.id(state.history.newest_id());
                is_needed = true;
                Some(state.history.end())
            }
            id => state.history.after(id),
        };
        let hello = is_needed.then(|| hello.into());
        drop(state);
        Subscription { shared: self.shared.clone(), hello, passed, place: Place::default() }
    }

    /// Returns the body of a response for a client with this last event ID: what it missed, then new frames, and
    /// keep-alives between them.
    ///
    /// Pass the value of the request's `Last-Event-ID` header, or an empty slice if the header is missing or empty. Send
    /// the response with status 200 and the headers in [`server::HEADERS`](crate::server::HEADERS). Drop the body at any
    /// time.
    pub fn subscribe(&self, last_event_id: &[u8]) -> FeedBody<T>
    where
        T: Sleeper + Clone,
    {
        let mut schedule = Schedule::new(self.timer.now()).keep_alive(self.keep_alive);
        if let Some((length, spread)) = self.lifetime {
            schedule = schedule.lifetime(length, spread, &mut random);
        }
        EventBody::new(self.frames(last_event_id), schedule, self.timer.clone())
    }
}

impl<T> Drop for Feed<T> {
    fn drop(&mut self) {
        self.close();
    }
}

impl<T> fmt::Debug for Feed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}

/// The frames of a [`Feed`] for one client, as a stream. [`Feed::frames`] creates it. It ends with the feed.
///
/// ```
/// use embedded_sse::io::http_body::{Feed, Subscription};
/// use embedded_sse::io::tokio::Clock;
///
/// fn events_for(feed: &Feed<Clock>, last_event_id: &[u8]) -> Subscription {
///     feed.frames(last_event_id)
/// }
/// ```
#[must_use = "streams do nothing unless they are polled"]
pub struct Subscription {
    shared: Arc<Shared>,
    /// A frame that comes before all events.
    hello: Option<EncodedFrame>,
    /// The number of frames before the next one, or `None` if it is unknown which frames the client has received.
    passed: Option<u64>,
    place: Place,
}

impl Stream for Subscription {
    type Item = Result<EncodedFrame, Infallible>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(hello) = this.hello.take() {
            return Poll::Ready(Some(Ok(hello)));
        }
        let mut state = this.shared.lock();
        let frame = match state.history.next(this.passed) {
            Next::Frame(frame) => {
                this.passed = this.passed.map(|passed| passed + 1);
                frame
            }
            Next::Cut => {
                this.passed = Some(state.history.end());
                state.cut.frame(&state.history)
            }
            Next::UpToDate if state.is_closed => return Poll::Ready(None),
            Next::UpToDate => {
                let replaced = state.waiting.wait(&mut this.place, context.waker());
                drop(state);
                // A waker may run code that uses the feed.
                drop(replaced);
                return Poll::Pending;
            }
        };
        Poll::Ready(Some(Ok(frame)))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let waker = self.shared.lock().waiting.leave(&mut self.place);
        drop(waker);
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("passed", &self.passed).finish_non_exhaustive()
    }
}

struct Shared(Mutex<State>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct State {
    history: History,
    waiting: Waiting,
    cut: Cut,
    is_closed: bool,
}

/// The event that reports missing events.
struct Cut {
    event_type: Box<str>,
    data: Box<str>,
}

impl Cut {
    fn frame(&self, history: &History) -> EncodedFrame {
        let mut frame = Frame::new().id(history.newest_id()).data(&self.data);
        if let Ok(event_type) = SingleLine::new(&self.event_type) {
            frame = frame.event_type(event_type);
        }
        frame.into()
    }
}
