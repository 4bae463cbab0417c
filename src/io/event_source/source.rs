//! The event source as the application sees it: its options, and what can be asked of it.
//!
//! This module holds the parts together. What happens to a connection is in `run.rs`.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use core::error::Error;
use core::fmt;
use core::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, Method, Request, Response, Uri};
use http_body::Body;

use super::attempt::{Attempt, Connection};
use super::events::Events;
use super::handle::{Handle, Order, Orders};
use super::link::{Alarm, BoxError, Boxed, Link, link};
use super::news::News;
use super::next::{Leave, Next};
use super::target::{LAST_EVENT_ID, Target};
use crate::client::{Instant, Jitter, Policy, Reconnect, Repeat, Resumption, Rules, Session};
use crate::codec::{Decoder, SetIdError};
use crate::io::http_body::Sleeper;
use crate::io::random::random;

/// A stream of events that connects, resumes and reconnects by itself, over any HTTP client.
///
/// [`next`](Self::next) returns the [`News`]; so does the implementation of `Stream`. [`events`](Self::events) reduces
/// them to the events. The source works only while it is polled. It has at most one connection, and dropping it closes
/// that.
///
/// It is `Send` and `Unpin`, has no type parameters and borrows nothing, so that it can be moved to a task or held in a
/// struct.
///
/// Set all options before you wait for the first event. [`policy`](Self::policy), [`rules`](Self::rules),
/// [`repeat`](Self::repeat), [`max_event`](Self::max_event) and [`jitter`](Self::jitter) begin anew, and keep only the last
/// event ID.
///
/// The [module](super) has a complete program.
#[must_use = "an event source does nothing unless it is polled"]
pub struct EventSource {
    pub(super) link: Link,
    pub(super) headers: Option<Headers>,
    pub(super) not_sent: Option<NotSent>,
    pub(super) alarm: Alarm,
    pub(super) session: AnySession,
    pub(super) settings: Settings,
    /// The request with which attempts start.
    pub(super) target: Target,
    pub(super) orders: Arc<Orders>,
    /// The attempt or connection in progress.
    pub(super) attempt: Option<Attempt>,
    pub(super) connection: Connection,
    /// Why the last attempt ended, if the session stopped then.
    pub(super) why: Option<super::Failure>,
    /// Whether the stop of the session was reported.
    pub(super) stopped: bool,
    /// How many chunks were read since the task last yielded to others.
    pub(super) reads: u8,
    /// Whether a blocking read has ended with its timeout.
    pub(super) is_reading: Option<Arc<AtomicBool>>,
}

pub(super) type AnySession = Session<Decoder<Box<[u8]>, Box<[u8]>>, Random>;

/// The application's function for headers.
pub(super) type Headers = Box<dyn FnMut() -> Boxed<Result<HeaderMap, BoxError>> + Send>;

/// The application's function that recognizes errors of its client.
pub(super) type NotSent = Box<dyn FnMut(&(dyn Error + 'static)) -> bool + Send>;

pub(super) struct Settings {
    policy: Policy,
    rules: Rules,
    pub(super) repeat: Repeat,
    max_event: usize,
    pub(super) random: Random,
    pub(super) trusts_redirects: bool,
    pub(super) comments: bool,
    pub(super) reconnection_times: bool,
}

impl Settings {
    fn session(&self) -> AnySession {
        let reconnect = Reconnect::new(self.policy, self.random.clone());
        let decoder = Decoder::with_id_store(vec![0; self.max_event].into(), vec![0; 2 * EventSource::MAX_ID].into());
        let mut session = Session::new(decoder, reconnect);
        session.set_rules(self.rules);
        session.set_repeat(self.repeat);
        session
    }
}

/// The source of random numbers, which each new session takes over.
#[derive(Clone)]
pub(super) struct Random(Arc<Mutex<dyn FnMut() -> u32 + Send>>);

impl Jitter for Random {
    fn next_u32(&mut self) -> u32 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)()
    }
}

impl EventSource {
    /// The size of the largest event in bytes, unless you set [another one](Self::max_event): 1 MiB.
    pub const MAX_EVENT: usize = 1 << 20;

    /// The length of the longest last event ID, in bytes: 8 KiB. A longer ID is reported as [`News::TooLong`], and the one
    /// before it stays.
    pub const MAX_ID: usize = 8 << 10;

    /// Creates a source that sends `request` with `send`, on tokio.
    ///
    /// `send` is your HTTP client. It is called for each request, that is, for each attempt and each redirect. For the
    /// request it takes, and for the response it returns, any type will do that is converted from and to those of the
    /// crate `http`. So it is as short as `move |request| client.execute(request)` with reqwest,
    /// `move |request| client.request(request)` with hyper-util's client, and
    /// `move |request| service.clone().oneshot(request)` with a service of tower.
    ///
    /// - Switch off in your client what the source does itself: following redirects (`redirect(Policy::none())` with
    ///   reqwest), repeating requests, and a limit to the time of a whole response.
    /// - The source adds `Accept`, `Cache-Control` and `Last-Event-ID`. Your own `Accept` or `Cache-Control` in
    ///   `request` replaces its; your `Last-Event-ID` is where the stream starts.
    /// - User name and password in the URL are left to your client. Most clients ignore them: send `Authorization`.
    /// - A GET or HEAD is repeated as often as the policy allows, and any other method [never](Repeat::Never).
    ///   [`repeat`](Self::repeat) changes that.
    ///
    /// # Panics
    ///
    /// The source panics if it is polled outside a tokio runtime with a timer.
    ///
    /// ```
    /// use embedded_sse::io::event_source::EventSource;
    ///
    /// fn feed(client: reqwest::Client) -> Result<EventSource, http::Error> {
    ///     let request = http::Request::get("https://example.org/events").body("")?;
    ///     Ok(EventSource::new(request, move |request| client.execute(request)))
    /// }
    /// ```
    #[cfg(feature = "tokio")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
    pub fn new<B, F, Q, S, R, E, T>(request: Request<B>, send: F) -> Self
    where
        B: Clone + Default + Send + 'static,
        F: FnMut(Q) -> S + Send + 'static,
        Q: TryFrom<Request<B>, Error: Into<BoxError>>,
        S: Future<Output = Result<R, E>> + Send + 'static,
        R: Into<Response<T>>,
        E: Into<BoxError>,
        T: Body<Error: Into<BoxError>> + Send + 'static,
    {
        Self::with_timer(request, send, crate::io::tokio::Clock::new())
    }

    /// Creates a source with the timer of another runtime; otherwise like [`new`](Self::new).
    ///
    /// ```
    /// use embedded_sse::io::event_source::EventSource;
    /// use embedded_sse::io::http_body::Sleeper;
    ///
    /// fn feed<T>(client: reqwest::Client, timer: T) -> Result<EventSource, http::Error>
    /// where
    ///     T: Sleeper<Sleep: Send + 'static> + Send + 'static,
    /// {
    ///     let request = http::Request::get("https://example.org/events").body("")?;
    ///     Ok(EventSource::with_timer(request, move |request| client.execute(request), timer))
    /// }
    /// ```
    pub fn with_timer<B, Q, S, R, E, T>(
        request: Request<B>,
        send: impl FnMut(Q) -> S + Send + 'static,
        timer: impl Sleeper<Sleep: Send + 'static> + Send + 'static,
    ) -> Self
    where
        B: Clone + Default + Send + 'static,
        Q: TryFrom<Request<B>, Error: Into<BoxError>>,
        S: Future<Output = Result<R, E>> + Send + 'static,
        R: Into<Response<T>>,
        E: Into<BoxError>,
        T: Body<Error: Into<BoxError>> + Send + 'static,
    {
        let (mut head, body) = request.into_parts();
        let id = head.headers.remove(LAST_EVENT_ID);
        let settings = Settings {
            policy: Policy::standard(),
            rules: Rules::Resilient,
            repeat: if [Method::GET, Method::HEAD].contains(&head.method) { Repeat::Always } else { Repeat::Never },
            max_event: Self::MAX_EVENT,
            random: Random(Arc::new(Mutex::new(random))),
            trusts_redirects: false,
            comments: false,
            reconnection_times: false,
        };
        let mut session = settings.session();
        if let Some(id) = id {
            // Longer than an ID can be: no server accepts such a header either.
            let _ = session.set_last_event_id(id.as_bytes());
        }
        Self {
            link: link(body, send),
            headers: None,
            not_sent: None,
            alarm: Alarm::new(timer),
            session,
            settings,
            target: Target::new(head),
            orders: Arc::default(),
            attempt: None,
            connection: Connection::None,
            why: None,
            stopped: false,
            reads: 0,
            is_reading: None,
        }
    }

    /// Sets when to try again, when to give up a connection, and when to stop. [`Policy::standard`] by default.
    pub fn policy(self, policy: Policy) -> Self {
        self.set(|settings| settings.policy = policy)
    }

    /// Sets which responses lead to another attempt. [`Rules::Resilient`] by default.
    pub fn rules(self, rules: Rules) -> Self {
        self.set(|settings| settings.rules = rules)
    }

    /// Sets whether the request may be sent again. The default is [`Repeat::Always`] for GET and HEAD, and
    /// [`Repeat::Never`] for all other methods.
    ///
    /// With [`Repeat::Never`], a request is sent again only if it never reached the server or if its response can be
    /// resumed. That it did not reach the server is known if the connection was refused; see also
    /// [`not_sent`](Self::not_sent).
    pub fn repeat(self, repeat: Repeat) -> Self {
        self.set(|settings| settings.repeat = repeat)
    }

    /// Sets the size of the largest event, in bytes. [`MAX_EVENT`](Self::MAX_EVENT) by default. The memory is allocated at
    /// once. An event that arrives in one chunk may be larger; what does not fit is reported as [`News::TooLong`].
    pub fn max_event(self, bytes: usize) -> Self {
        self.set(|settings| settings.max_event = bytes)
    }

    /// Sets the source of random numbers that spreads the waits. By default it is seeded by the operating system.
    pub fn jitter(self, mut jitter: impl Jitter + Send + 'static) -> Self {
        self.set(|settings| settings.random = Random(Arc::new(Mutex::new(move || jitter.next_u32()))))
    }

    /// Starts after the event with this ID, for example from storage. An empty ID starts with the next event.
    ///
    /// # Errors
    ///
    /// The ID contains CR, LF or NUL, or it is longer than [`MAX_ID`](Self::MAX_ID).
    pub fn last_event_id(mut self, id: impl AsRef<[u8]>) -> Result<Self, SetIdError> {
        self.session.set_last_event_id(id.as_ref())?;
        Ok(self)
    }

    /// Sets a function that returns more headers, such as fresh credentials. It is called once for each attempt, not again
    /// for its redirects, and its time counts as time to connect.
    ///
    /// Its headers replace all others of the same name. They are not sent to another origin after a redirect, nor is any
    /// header of the request that could be secret; see [`trust_redirects`](Self::trust_redirects).
    ///
    /// If it fails, nothing is sent, and the policy decides about another attempt.
    ///
    /// ```
    /// # use embedded_sse::io::event_source::{BoxError, EventSource};
    /// use http::HeaderMap;
    /// use http::header::AUTHORIZATION;
    ///
    /// async fn token() -> Result<String, BoxError> {
    ///     Ok("Bearer 42".into())
    /// }
    ///
    /// fn with_token(source: EventSource) -> EventSource {
    ///     source.headers(|| async { Ok(HeaderMap::from_iter([(AUTHORIZATION, token().await?.parse()?)])) })
    /// }
    /// ```
    pub fn headers<F, S>(mut self, mut headers: F) -> Self
    where
        F: FnMut() -> S + Send + 'static,
        S: Future<Output = Result<HeaderMap, BoxError>> + Send + 'static,
    {
        self.headers = Some(Box::new(move || Box::pin(headers())));
        self
    }

    /// Sets a function that returns whether an error of your client means that no part of the request was sent. Such a
    /// request is tried again even if it must not be [repeated](Self::repeat).
    ///
    /// Without it, only a connection that was refused counts as such.
    ///
    /// ```
    /// # use embedded_sse::io::event_source::EventSource;
    /// fn with_reqwest(source: EventSource) -> EventSource {
    ///     source.not_sent(|error| error.downcast_ref().is_some_and(reqwest::Error::is_connect))
    /// }
    /// ```
    pub fn not_sent(mut self, not_sent: impl FnMut(&(dyn Error + 'static)) -> bool + Send + 'static) -> Self {
        self.not_sent = Some(Box::new(not_sent));
        self
    }

    /// Sends the body, all headers of the request and those of [`headers`](Self::headers) to other origins too after a
    /// redirect. After status 301, 302 or 303, a POST becomes a GET without a body; 307 and 308 keep both.
    ///
    /// By default, another origin gets `Accept`, `Accept-Language`, `Content-Type`, `User-Agent` and the last event ID, and
    /// no other header. A redirect that would send it the body stops the stream, with [`Failure::Untrusted`].
    ///
    /// [`Failure::Untrusted`]: super::Failure::Untrusted
    pub fn trust_redirects(mut self) -> Self {
        self.settings.trusts_redirects = true;
        self
    }

    /// Also reports comments, as [`News::Comment`].
    pub fn comments(mut self) -> Self {
        self.settings.comments = true;
        self
    }

    /// Also reports the reconnection times that the server sets, as [`News::Retry`].
    pub fn reconnection_times(mut self) -> Self {
        self.settings.reconnection_times = true;
        self
    }

    /// Returns a stream of the events alone.
    pub fn events(self) -> Events {
        Events::new(self)
    }

    fn set(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(&mut self.settings);
        let mut session = self.settings.session();
        // It fits: all sessions have the same room for IDs.
        let _ = session.set_last_event_id(self.session.last_event_id());
        self.session = session;
        self
    }

    /// Waits for what happens next. Returns `None` after [`News::Stopped`]; you may call it again after a
    /// [restart](Self::restart).
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: no news is lost or returned twice, and a request or a read in progress continues with the next call.
    /// The time between the calls is not a silence of the server.
    pub async fn next(&mut self) -> Option<News> {
        Next(self).await
    }

    /// Returns a handle for other tasks.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.orders))
    }

    /// Stops the stream and closes the connection. [`next`](Self::next) returns no more events, not even those that have
    /// arrived.
    pub fn close(&mut self) {
        self.obey(Order::Close);
    }

    /// Asks for a connection now, also after a stop; see [`Handle::restart`].
    pub fn restart(&mut self) {
        self.obey(Order::Restart);
    }

    /// Sends the request again as a new one; see [`Handle::send_again`].
    pub fn send_again(&mut self) {
        self.obey(Order::SendAgain);
    }

    /// Reports that the event returned last is the last one of the stream, such as `[DONE]`. The stream stops.
    pub fn finished(&mut self) {
        self.obey(Order::Finished);
    }

    /// Reports that the network is down. There is no attempt until it is up again.
    pub fn network_down(&mut self) {
        self.obey(Order::NetworkDown);
    }

    /// Reports that the network is up again.
    pub fn network_up(&mut self) {
        self.obey(Order::NetworkUp);
    }

    /// Reports that the device has moved to another network: the connection is given up, and another attempt follows.
    pub fn network_changed(&mut self) {
        self.obey(Order::NetworkChanged);
    }

    /// Returns the last event ID, including that of blocks without an event. Empty if there is none.
    ///
    /// To store it, read it after each news. A block with an ID and without data changes it without news: read it before
    /// you drop the source too.
    #[must_use]
    pub fn current_id(&self) -> &[u8] {
        self.session.last_event_id()
    }

    /// Returns from where the next attempt resumes.
    #[must_use]
    pub fn resumption(&self) -> Resumption<'_> {
        self.session.resumption()
    }

    /// Returns the URL with which the next attempt starts. Permanent redirects change it.
    #[must_use]
    pub const fn url(&self) -> &Uri {
        &self.target.head.uri
    }

    pub(super) fn now(&self) -> Instant {
        self.alarm.now()
    }
}

impl Leave for EventSource {
    fn leave(&mut self) {
        if let Connection::Open(open) = &mut self.connection {
            open.busy_since.get_or_insert_with(|| self.alarm.now());
        }
    }
}

impl fmt::Debug for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSource").finish_non_exhaustive()
    }
}
