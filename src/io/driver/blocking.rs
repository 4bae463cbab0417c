//! Drives a [`Session`] over any blocking transport: yields events from one connection after another, and reconnects
//! when the session says so.
//!
//! Implement [`Connect`] for your HTTP client and [`Timer`] for your clock, as in the example. The session decides when to
//! connect, what a response means and how long a connection may be silent; the transport knows the URL. A blocking call
//! cannot be raced against a timer, so the driver passes the transport a deadline instead.
//!
//! A session repeats any request. If yours must not be sent twice, such as a POST, call
//! [`set_repeat`](Session::set_repeat).
//!
//! For asynchronous transports, see [`driver`](super).
//!
//! # Example
//!
//! ```
//! use embedded_sse::Decoder;
//! use embedded_sse::client::{Instant, NoJitter, Policy, Reconnect, Response, Session, StopReason, Verdict};
//! use embedded_sse::io::driver_blocking::{Connect, Driver, NextError, Timer};
//! use embedded_sse::io::{HeaderList, Request};
//!
//! /// An HTTP client that answers the first request with two events, and the second one with status 204.
//! struct Client {
//!     requests: u32,
//! }
//!
//! impl Connect for Client {
//!     type Body = &'static [u8]; // any embedded_io::Read
//!     type Error = core::convert::Infallible;
//!
//!     fn open(
//!         &mut self,
//!         request: &Request<'_>,
//!         _until: Option<Instant>, // give up connecting then
//!         judge: &mut dyn FnMut(&Response<'_>) -> Verdict,
//!     ) -> Result<Option<Self::Body>, Self::Error> {
//!         for (_name, _value) in request.headers.iter() { /* write it to the socket */ }
//!         self.requests += 1;
//!         let status = if self.requests == 1 { 200 } else { 204 };
//!         let response = Response { status, content_type: Some(b"text/event-stream"), ..Response::default() };
//!         match judge(&response) {
//!             Verdict::Accept => Ok(Some(b"data: light on\n\ndata: light off\n\n")),
//!             _ => Ok(None),
//!         }
//!     }
//!
//!     fn set_deadline(&mut self, _body: &mut Self::Body, _until: Option<Instant>) {
//!         // Set the read timeout of the socket.
//!     }
//! }
//!
//! /// A clock that jumps ahead instead of waiting.
//! struct Clock(Instant);
//!
//! impl Timer for Clock {
//!     fn now(&self) -> Instant {
//!         self.0
//!     }
//!
//!     fn wait_until(&mut self, at: Instant) {
//!         self.0 = at;
//!     }
//! }
//!
//! let session = Session::new(Decoder::new([0; 256]), Reconnect::new(Policy::standard(), NoJitter));
//! let mut driver = Driver::new(session, [0; 64], Clock(Instant::ZERO));
//! let mut room = [0; HeaderList::room_for(64) + 32];
//! let mut headers = |list: &mut HeaderList<'_>| list.push("Authorization", "Bearer 42");
//! let mut events = driver.events(Client { requests: 0 }, &mut room, &mut headers);
//! let mut seen = Vec::new();
//! let reason = loop {
//!     match events.next() {
//!         Ok(event) => seen.push(event.data.to_vec()),
//!         Err(NextError::Stopped(reason)) => break reason,
//!         Err(error) => eprintln!("{error}"),
//!     }
//! };
//! assert_eq!(seen, [&b"light on"[..], b"light off"]);
//! assert_eq!(reason, StopReason::NoContent);
//! ```

use core::fmt;

use ::embedded_io::{Error, ErrorKind, Read};

use super::super::chunk::Chunk;
pub use super::failure::Failure;
pub use super::journalled_blocking::JournalledEvents;
pub use super::journalled_news::JournalledNews;
pub use super::news::News;
pub use super::next_error::NextError;
pub use super::reports::{AllNews, EventsOnly};
use super::reports::{Reports, Told};
use super::request::{HeaderError, HeaderList, Request};
use super::{AnySession, StepWith, finish, is_late};
use crate::client::{Action, Epoch, Instant, Jitter, Response, Session, Verdict};
use crate::codec::{Buffer, Decoder, Event, Found, Item};

/// Opens connections. Implement it for your HTTP client.
///
/// ```
/// use std::io::{self, BufRead, BufReader, Error, Write};
/// use std::net::TcpStream;
/// use std::time::Duration;
///
/// use embedded_sse::client::{Instant, Response, Verdict};
/// use embedded_sse::io::{Request, StdClock, driver_blocking::Connect};
///
/// /// A minimal client over `std`. HTTP/1.0, so that the body is neither chunked nor reused.
/// struct Client(StdClock);
///
/// /// The body: `embedded_io::Read` over `std::io::Read`.
/// struct Body(BufReader<TcpStream>);
///
/// impl embedded_io::ErrorType for Body {
///     type Error = embedded_io::ErrorKind;
/// }
///
/// impl embedded_io::Read for Body {
///     fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
///         io::Read::read(&mut self.0, buffer).map_err(|_| embedded_io::ErrorKind::Other)
///     }
/// }
///
/// impl Connect for Client {
///     type Body = Body;
///     type Error = Error;
///
///     fn open(
///         &mut self,
///         request: &Request<'_>,
///         until: Option<Instant>,
///         judge: &mut dyn FnMut(&Response<'_>) -> Verdict,
///     ) -> Result<Option<Body>, Error> {
///         let mut body = Body(BufReader::new(TcpStream::connect("192.0.2.1:80")?));
///         self.set_deadline(&mut body, until);
///         let socket = body.0.get_mut();
///         write!(socket, "GET /events HTTP/1.0\r\nHost: 192.0.2.1\r\n")?;
///         for (name, value) in request.headers.iter() {
///             write!(socket, "{name}: {value}\r\n")?;
///         }
///         socket.write_all(b"\r\n")?;
///
///         let (mut status, mut content_type, mut line) = (0, None, String::new());
///         while body.0.read_line(&mut line)? > 0 && line.trim_end() != "" {
///             match line.trim_end().split_once(": ") {
///                 None => status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0),
///                 Some((name, value)) if name.eq_ignore_ascii_case("Content-Type") => content_type = Some(value.to_owned()),
///                 Some(_) => {}
///             }
///             line.clear();
///         }
///         let content_type = content_type.as_deref().map(str::as_bytes);
///         let verdict = judge(&Response { status, content_type, ..Response::default() });
///         Ok((verdict == Verdict::Accept).then_some(body))
///     }
///
///     fn set_deadline(&mut self, body: &mut Body, until: Option<Instant>) {
///         let wait = until.map(|at| at.saturating_duration_since(self.0.now()).max(Duration::from_millis(1)));
///         let _ = body.0.get_ref().set_read_timeout(wait);
///     }
/// }
/// ```
pub trait Connect {
    /// The body of a response. Dropping it closes the connection.
    type Body: Read;
    /// The error of the client. The driver treats every error as a lost connection and drops it: log it before you
    /// return it.
    type Error;

    /// Sends one request, passes the head of the response to `judge`, and returns the body if the verdict is
    /// [`Verdict::Accept`]. With any other verdict it returns `None`. Blocks until `until` at most and then returns an
    /// error; with `None` it may block without limit.
    ///
    /// At [`Verdict::Redirect`], remember the URL in `Location` and return `Ok(None)`; the driver then calls this again
    /// with [`redirected`](Request::redirected) set. If the redirect is `permanent`, use its URL for later attempts
    /// too. If it leads to another host, leave out headers that are meant only for the first one, such as
    /// `Authorization` and `Cookie`.
    ///
    /// # Errors
    ///
    /// Return an error if the connection cannot be opened or is lost, or if the URL cannot be used. The session then
    /// decides about another attempt.
    fn open(
        &mut self,
        request: &Request<'_>,
        until: Option<Instant>,
        judge: &mut dyn FnMut(&Response<'_>) -> Verdict,
    ) -> Result<Option<Self::Body>, Self::Error>;

    /// Returns whether this error of [`open`](Self::open) means that no part of the request was sent. The driver then
    /// makes another attempt even if the request must not be [repeated](crate::client::Repeat).
    ///
    /// The default returns `false`. Return `true` only if you know, for example because the name was not found or the
    /// connection was refused.
    fn not_sent(&self, error: &Self::Error) -> bool {
        let _ = error;
        false
    }

    /// Sets how long the next reads of the body may block: until `until`, and then they return any error. With `None`
    /// they may block without limit.
    ///
    /// If the transport has no timeouts, do nothing here; the driver then cannot notice a silent connection.
    fn set_deadline(&mut self, body: &mut Self::Body, until: Option<Instant>);
}

/// A clock, and a way to wait until a time on it.
///
/// ```
/// use embedded_sse::client::Instant;
/// use embedded_sse::io::{StdClock, driver_blocking::Timer};
///
/// struct ThreadTimer(StdClock);
///
/// impl Timer for ThreadTimer {
///     fn now(&self) -> Instant {
///         self.0.now()
///     }
///
///     fn wait_until(&mut self, at: Instant) {
///         std::thread::sleep(at.saturating_duration_since(self.now()));
///     }
/// }
/// ```
pub trait Timer {
    /// Returns the current time.
    fn now(&self) -> Instant;

    /// Blocks until `at`, which is in the future. May return early occasionally, for example when a delay has a maximum
    /// length: the driver then waits again. It must not always return at once, or the driver never rests.
    fn wait_until(&mut self, at: Instant);
}

/// A session together with a chunk buffer and a timer.
///
/// ```
/// use embedded_sse::Decoder;
/// use embedded_sse::client::{Policy, Reconnect, Session, StopReason};
/// use embedded_sse::io::HeaderList;
/// use embedded_sse::io::driver_blocking::{Connect, Driver, NextError, Timer};
///
/// fn follow(connect: impl Connect, timer: impl Timer, random: impl FnMut() -> u32) -> StopReason {
///     let session = Session::new(Decoder::new([0; 1024]), Reconnect::new(Policy::standard(), random));
///     let mut driver = Driver::new(session, [0; 512], timer);
///     let mut room = [0; HeaderList::room_for(64) + 64];
///     let mut headers = |list: &mut HeaderList<'_>| list.push("Authorization", "Bearer 42");
///     let mut events = driver.events(connect, &mut room, &mut headers);
///     loop {
///         match events.next() {
///             Ok(event) => println!("{:?}", event.data_str()),
///             Err(NextError::Stopped(reason)) => return reason,
///             Err(error) => eprintln!("{error}"),
///         }
///     }
/// }
/// ```
///
/// The [module](self) has a complete example.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Driver<S, C, W, N = EventsOnly> {
    session: S,
    chunk: Chunk<C>,
    timer: W,
    /// What there is to tell beside events.
    notes: N,
}

impl<S, C, W> Driver<S, C, W> {
    /// Creates a driver that reports events and errors. Does nothing until you ask for an event.
    ///
    /// `chunk` is any [`Buffer`]; each read fills it. It needs at least one byte; with an empty chunk each stream ends
    /// at once.
    #[must_use]
    pub const fn new(session: S, chunk: C, timer: W) -> Self {
        Self { session, chunk: Chunk::new(chunk), timer, notes: EventsOnly::new() }
    }
}

impl<S, C, W> Driver<S, C, W, AllNews> {
    /// Creates a driver that also reports when a connection opens, is lost and why; see [`News`]. Otherwise like
    /// [`new`](Driver::new).
    ///
    /// ```
    /// use embedded_sse::Decoder;
    /// use embedded_sse::client::{Policy, Reconnect, Session};
    /// use embedded_sse::io::HeaderList;
    /// use embedded_sse::io::driver_blocking::{Connect, Driver, News, Timer};
    ///
    /// fn follow(connect: impl Connect, timer: impl Timer, random: impl FnMut() -> u32) {
    ///     let session = Session::new(Decoder::new([0; 1024]), Reconnect::new(Policy::standard(), random));
    ///     let mut driver = Driver::with_news(session, [0; 512], timer).reconnection_times();
    ///     let (mut room, mut headers) = ([0; HeaderList::room_for(64)], |_: &mut HeaderList<'_>| Ok(()));
    ///     let mut events = driver.events(connect, &mut room, &mut headers);
    ///     while let Some(news) = events.next() {
    ///         match news {
    ///             News::Event(event) => println!("{}", event.data_lossy()),
    ///             News::Lost { why, wait, .. } => eprintln!("{why}; next attempt in {wait:?}"),
    ///             News::Stopped { reason, .. } => eprintln!("{reason}"),
    ///             _ => {}
    ///         }
    ///     }
    /// }
    /// ```
    #[must_use]
    pub const fn with_news(session: S, chunk: C, timer: W) -> Self {
        Self { session, chunk: Chunk::new(chunk), timer, notes: AllNews::new() }
    }

    /// Also reports comments, as [`News::Comment`].
    #[must_use]
    pub fn comments(mut self) -> Self {
        self.notes.comments = true;
        self
    }

    /// Also reports the reconnection times that the server sets, as [`News::Retry`].
    #[must_use]
    pub fn reconnection_times(mut self) -> Self {
        self.notes.reconnection_times = true;
        self
    }
}

impl<S, C, W, N> Driver<S, C, W, N> {
    /// Returns the session, for example to store the last event ID.
    #[must_use]
    pub fn into_session(self) -> S {
        self.session
    }

    /// Returns the events. Dropping the returned value closes the connection, and events that were read and not taken
    /// are lost. A new one starts with a new attempt.
    ///
    /// `headers` is called for each request and adds the application's headers to those of the session. `room` holds
    /// all headers of one request: [`HeaderList::room_for`] the longest id that fits, plus the application's own.
    pub const fn events<'d, T: Connect>(
        &'d mut self,
        connect: T,
        room: &'d mut [u8],
        headers: &'d mut dyn FnMut(&mut HeaderList<'_>) -> Result<(), HeaderError>,
    ) -> Events<'d, S, C, W, T, N> {
        Events { driver: self, connect, room, headers, connection: None }
    }
}

/// Yields events from one connection after another until the session stops. [`Driver::events`] creates it.
///
/// ```
/// use embedded_sse::Decoder;
/// use embedded_sse::client::{Jitter, Session, StopReason};
/// use embedded_sse::io::driver_blocking::{Connect, Events, NextError, Timer};
///
/// fn print<J: Jitter, W: Timer, T: Connect>(
///     mut events: Events<'_, Session<Decoder<[u8; 1024]>, J>, [u8; 512], W, T>,
/// ) -> StopReason {
///     loop {
///         match events.next() {
///             Ok(event) if event.data == b"[DONE]" => events.session().close(),
///             Ok(event) => println!("{:?}", event.data_str()),
///             Err(NextError::Stopped(reason)) => return reason,
///             Err(error) => eprintln!("{error}"),
///         }
///     }
/// }
/// ```
pub struct Events<'d, S, C, W, T: Connect, N = EventsOnly> {
    driver: &'d mut Driver<S, C, W, N>,
    connect: T,
    room: &'d mut [u8],
    headers: &'d mut dyn FnMut(&mut HeaderList<'_>) -> Result<(), HeaderError>,
    connection: Option<Connection<T::Body>>,
}

/// The open connection.
struct Connection<D> {
    epoch: Epoch,
    body: D,
    /// When the last read ended.
    at: Instant,
}

impl<B: Buffer, I: Buffer, J: Jitter, C: Buffer, W: Timer, T: Connect> Events<'_, Session<Decoder<B, I>, J>, C, W, T> {
    /// Returns the next event, from this connection or a later one. Blocks until there is one. The end of a connection
    /// is not reported; see [`Driver::with_news`].
    ///
    /// # Errors
    ///
    /// [`NextError`]. You may call it again after each of them.
    #[allow(clippy::should_implement_trait, reason = "the event is lent, which no iterator can do")]
    pub fn next(&mut self) -> Result<Event<'_>, NextError> {
        match self.advance(Session::step, |_, _| true)? {
            Found::TooLong(too_long) => Err(NextError::TooLong(too_long)),
            _ => Ok(self.driver.session.decoder().event(self.driver.chunk.lent())),
        }
    }

    /// Like [`next`](Self::next), but also returns comments and `retry` lines; see
    /// [`Decoder::next_item`](crate::Decoder::next_item).
    ///
    /// # Errors
    ///
    /// [`NextError`]. You may call it again after each of them.
    pub fn next_item(&mut self) -> Result<Item<'_>, NextError> {
        match self.advance(Session::step_item, |_, _| true)? {
            Found::TooLong(too_long) => Err(NextError::TooLong(too_long)),
            found => Ok(self.driver.session.decoder().item(found, self.driver.chunk.lent())),
        }
    }
}

impl<B: Buffer, I: Buffer, J: Jitter, C: Buffer, W: Timer, T: Connect>
    Events<'_, Session<Decoder<B, I>, J>, C, W, T, AllNews>
{
    /// Blocks until something happens, and returns it. Returns `None` after [`News::Stopped`]; you may call it again
    /// after a [restart](Self::restart).
    #[allow(clippy::should_implement_trait, reason = "the event is lent, which no iterator can do")]
    pub fn next(&mut self) -> Option<News<'_>> {
        match self.found() {
            Ok(found) => Some(self.lent(found)),
            Err(told) => told.news(),
        }
    }

    /// Blocks until something is found in the stream, or there is something to tell.
    pub(super) fn found(&mut self) -> Result<Found, Told> {
        let step = if self.driver.notes.wants_items() { Session::step_item } else { Session::step };
        self.advance(step, AllNews::wants)
    }

    /// Returns what was found last.
    pub(super) fn lent(&self, found: Found) -> News<'_> {
        News::found(found, self.driver.session.decoder(), self.driver.chunk.lent())
    }

    /// Whether all that has arrived was decoded.
    pub(super) fn is_drained(&self) -> bool {
        self.driver.chunk.rest().is_empty()
    }

    pub(super) const fn notes(&self) -> &AllNews {
        &self.driver.notes
    }

    pub(super) const fn timer(&mut self) -> &mut W {
        &mut self.driver.timer
    }
}

#[allow(private_bounds, reason = "there are two ways to report, and no others")]
impl<B: Buffer, I: Buffer, J: Jitter, C: Buffer, W: Timer, T: Connect, N: Reports>
    Events<'_, Session<Decoder<B, I>, J>, C, W, T, N>
{
    /// Returns the session, for example to store the last event ID. Its times come from the timer's clock.
    pub const fn session(&mut self) -> &mut Session<Decoder<B, I>, J> {
        &mut self.driver.session
    }

    /// Returns the attempt whose connection is open, for reports to the [`session`](Self::session).
    pub fn epoch(&self) -> Option<Epoch> {
        self.connection.as_ref().map(|connection| connection.epoch)
    }

    /// Stops the session: [`Session::close`]. The next call of [`next`](Self::next) closes the connection.
    pub fn close(&mut self) {
        self.driver.session.close();
    }

    /// Asks for a connection now, also after a stop: [`Session::restart`].
    pub fn restart(&mut self) {
        self.driver.session.restart();
    }

    /// Reports that the event returned last is the last one of the stream: [`Session::finished`].
    pub fn finished(&mut self) {
        finish(&mut self.driver.session, self.driver.timer.now());
    }

    /// Reports that the network is down: [`Session::network_down`].
    pub fn network_down(&mut self) {
        self.driver.session.network_down(self.driver.timer.now());
    }

    /// Reports that the network is up again: [`Session::network_up`].
    pub fn network_up(&mut self) {
        self.driver.session.network_up(self.driver.timer.now());
    }

    /// Reports that the device has moved to another network: [`Session::network_changed`].
    pub fn network_changed(&mut self) {
        self.driver.session.network_changed(self.driver.timer.now());
    }

    fn advance(
        &mut self,
        step: StepWith<AnySession<B, I, J>>,
        wants: impl Fn(&N, Found) -> bool,
    ) -> Result<Found, N::News> {
        loop {
            if let Some(connection) = &self.connection {
                let step = step(&mut self.driver.session, connection.epoch, connection.at, self.driver.chunk.rest());
                self.driver.chunk.advance(step.consumed);
                match step.found {
                    Some(found) if wants(&self.driver.notes, found) => return Ok(found),
                    Some(_) => continue,
                    None => {}
                }
            }
            self.act()?;
        }
    }

    /// Performs the session's next action, or returns what there is to tell.
    fn act(&mut self) -> Result<(), N::News> {
        let now = self.driver.timer.now();
        let Driver { session, notes, timer, .. } = &mut *self.driver;
        let action = session.poll(now);
        let reads = |of| matches!(action, Action::Read { epoch, .. } | Action::Disconnect(epoch) if epoch == of);
        self.connection.take_if(|open| !reads(open.epoch));
        notes.ordered(action, now, || session.failures());
        if let Some(news) = notes.take(|| now) {
            return Err(news);
        }
        match action {
            Action::Connect(epoch) => return self.attempt(epoch, now),
            // The session may order this only because the time without a call counted as silence.
            Action::Read { epoch, .. } | Action::Disconnect(epoch) => self.read(epoch, now),
            Action::WaitUntil(at) => timer.wait_until(at),
            Action::AwaitResponse { epoch, .. } => session.lost(epoch, now),
            Action::WaitForNetwork => return Err(notes.offline()),
            Action::Stop(reason) => return notes.stopped(reason).map_or(Ok(()), Err),
        }
        Ok(())
    }

    /// Runs one attempt: the first request and those that follow redirects.
    fn attempt(&mut self, epoch: Epoch, now: Instant) -> Result<(), N::News> {
        let Driver { session, timer, notes, .. } = &mut *self.driver;
        notes.connecting();
        session.connecting(epoch, now);
        let mut redirected = false;
        while let Action::AwaitResponse { until, .. } = session.poll(timer.now()) {
            let mut list = HeaderList::new(self.room);
            let of_session = session.headers().try_for_each(|(name, value)| list.push(name, value));
            if let Err(error) = of_session.and_then(|()| (self.headers)(&mut list)) {
                let refusal = notes.refused(error);
                session.not_sent(epoch, timer.now());
                return refusal.map_or(Ok(()), Err);
            }
            let mut verdict = None;
            let opened = self.connect.open(&Request::new(&list, redirected), until, &mut |response| {
                let judged = *verdict.insert(session.responded(epoch, timer.now(), response));
                notes.judged(|| response.status, judged);
                judged
            });
            match (opened, verdict) {
                (Ok(Some(body)), Some(Verdict::Accept)) => {
                    self.connection = Some(Connection { epoch, body, at: timer.now() });
                    return Ok(());
                }
                (Ok(_), Some(Verdict::Redirect { .. })) => redirected = true,
                (Err(error), None) if self.connect.not_sent(&error) => {
                    let now = timer.now();
                    notes.broken(|| is_late(session.poll(now)));
                    session.not_sent(epoch, now);
                    return Ok(());
                }
                _ => break,
            }
        }
        let now = timer.now();
        notes.broken(|| is_late(session.poll(now)));
        // Has no effect if the response has already ended the attempt.
        session.lost(epoch, now);
        Ok(())
    }

    fn read(&mut self, epoch: Epoch, now: Instant) {
        let Driver { session, chunk, timer, notes } = &mut *self.driver;
        let Some(open) = &mut self.connection else {
            // The session came with a connection of its own.
            return session.lost(epoch, now);
        };
        // Nothing was read since the last read ended: do not count that time as silence.
        session.resumed(open.at, now);
        let Action::Read { until, .. } = session.poll(now) else {
            notes.broken(|| true);
            return session.lost(epoch, now);
        };
        self.connect.set_deadline(&mut open.body, until);
        let read = open.body.read(chunk.room());
        let now = timer.now();
        match read {
            Ok(0) => {
                notes.ended(|| session.is_mid_event());
                session.ended(epoch, now);
            }
            Ok(length) => {
                chunk.filled(length);
                open.at = now;
            }
            // A signal interrupted the read; the connection is still good.
            Err(error) if error.kind() == ErrorKind::Interrupted => open.at = now,
            Err(_) => {
                notes.broken(|| is_late(session.poll(now)));
                session.lost(epoch, now);
            }
        }
    }
}

impl<S, C, W, T: Connect, N> fmt::Debug for Events<'_, S, C, W, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("epoch", &self.connection.as_ref().map(|open| open.epoch))
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<S, C, W, T: Connect, N> defmt::Format for Events<'_, S, C, W, T, N> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Events {{ epoch: {}, .. }}", self.connection.as_ref().map(|open| open.epoch));
    }
}
