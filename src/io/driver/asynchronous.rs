//! The transport's half of the asynchronous driver: performs the session's actions and races them against a timer.
//!
//! This module must not decide when to connect, what a response means or how long a connection may be silent: the
//! session does.

use core::convert::Infallible;
use core::fmt;
use core::future::{pending, poll_fn};
use core::mem::replace;
use core::pin::pin;
use core::task::Poll;

use super::desk::{Desk, Filled, Report, Terms};
use super::events::{Events, Held};
use super::exchange::{Exchange, make_way};
use super::is_late;
use super::reports::{AllNews, EventsOnly, Reports};
use super::request::{HeaderError, HeaderList, Request};
use super::slot::{Slot, Taken};
use crate::client::{Action, Epoch, Instant, Jitter, Session, Verdict};
use crate::codec::{Buffer, Decoder};

/// Opens connections. Implement it for your HTTP client.
///
/// ```
/// use embedded_sse::client::{Response, Verdict};
/// use embedded_sse::io::Request;
/// use embedded_sse::io::driver::{Connect, Exchange};
///
/// # type Error = core::convert::Infallible;
/// # struct Client;
/// # impl Client { async fn get(&mut self, _: &Request<'_>) -> Result<(u16, Option<&[u8]>, &[u8]), Error> { Ok((200, None, b"")) } }
/// struct MyTransport(Client);
///
/// impl Connect for MyTransport {
///     type Error = Error;
///
///     async fn open(&mut self, request: &Request<'_>, exchange: Exchange<'_>) -> Result<(), Error> {
///         let (status, content_type, mut body) = self.0.get(request).await?;
///         let response = Response { status, content_type, ..Response::default() };
///         match exchange.respond(&response).await {
///             Verdict::Accept => exchange.read(&mut body).await,
///             _ => Ok(()),
///         }
///     }
/// }
/// ```
#[allow(async_fn_in_trait, reason = "whether a future is `Send` shows where its type is concrete")]
pub trait Connect {
    /// The error of the client. The driver treats every error as a lost connection and drops it: log it before you
    /// return it.
    type Error;

    /// Sends one request, passes the response to [`respond`](Exchange::respond), and [reads](Exchange::read) the body
    /// if the verdict is [`Verdict::Accept`]. Close the connection when this future completes or is dropped.
    ///
    /// At [`Verdict::Redirect`], remember the URL in `Location` and return `Ok`; the driver then calls this again with
    /// [`redirected`](Request::redirected) set. If the redirect is `permanent`, use its URL for later attempts too. If
    /// it leads to another host, leave out headers that are meant only for the first one, such as `Authorization` and
    /// `Cookie`.
    ///
    /// # Errors
    ///
    /// Return an error if the connection cannot be opened or is lost, or if the URL cannot be used. The session then
    /// decides about another attempt.
    ///
    /// # Cancel safety
    ///
    /// The driver drops this future, at any point, when the attempt takes too long, when the connection is silent for
    /// too long, when the application ends it ([`close`](Events::close), [`restart`](Events::restart),
    /// [`finished`](Events::finished), a report about the network), and together with [`run`](Driver::run). It never
    /// drops it to go on with the same connection, so a read in it need not be cancel-safe.
    async fn open(&mut self, request: &Request<'_>, exchange: Exchange<'_>) -> Result<(), Self::Error>;

    /// Returns whether this error of [`open`](Self::open) means that no part of the request was sent. The driver then
    /// makes another attempt even if the request must not be [repeated](crate::client::Repeat).
    ///
    /// The default returns `false`. Return `true` only if you know, for example because the name was not found or the
    /// connection was refused.
    fn not_sent(&self, error: &Self::Error) -> bool {
        let _ = error;
        false
    }
}

/// A clock, and a way to wait until a time on it.
///
/// ```
/// use embedded_sse::client::Instant;
/// use embedded_sse::io::driver::Timer;
/// use embedded_sse::io::StdClock;
///
/// /// For tokio. With embassy, use `EmbassyTimer` (feature `embassy-time`).
/// struct TokioTimer(StdClock);
/// # mod tokio { pub mod time { pub async fn sleep_until(_: std::time::Instant) {} } }
///
/// impl Timer for TokioTimer {
///     fn now(&self) -> Instant {
///         self.0.now()
///     }
///     async fn wait_until(&self, at: Instant) {
///         match self.0.to_std(at) {
///             Some(at) => tokio::time::sleep_until(at.into()).await,
///             None => core::future::pending().await,
///         }
///     }
/// }
///
/// /// For a `DelayNs` of `embedded-hal-async` and any counter of milliseconds. The driver waits once at a time.
/// struct DelayTimer<D, C>(core::cell::RefCell<D>, C);
/// # trait DelayNs { async fn delay_ms(&mut self, ms: u32); }
///
/// impl<D: DelayNs, C: Fn() -> u64> Timer for DelayTimer<D, C> {
///     fn now(&self) -> Instant {
///         Instant::from_millis(self.1())
///     }
///     async fn wait_until(&self, at: Instant) {
///         let wait = at.saturating_duration_since(self.now()).as_millis();
///         if let Ok(mut delay) = self.0.try_borrow_mut() {
///             delay.delay_ms(wait.try_into().unwrap_or(u32::MAX)).await
///         }
///     }
/// }
/// ```
#[allow(async_fn_in_trait, reason = "whether a future is `Send` shows where its type is concrete")]
pub trait Timer {
    /// Returns the current time.
    fn now(&self) -> Instant;

    /// Waits until `at`, which is in the future. May complete early occasionally, for example when a delay has a
    /// maximum length: the driver then waits again. It must not always complete at once, or the driver never rests.
    ///
    /// # Cancel safety
    ///
    /// The driver drops this future whenever something else happens first, and calls this again later.
    async fn wait_until(&self, at: Instant);
}

impl<T: Timer + ?Sized> Timer for &T {
    fn now(&self) -> Instant {
        (**self).now()
    }

    async fn wait_until(&self, at: Instant) {
        (**self).wait_until(at).await;
    }
}

/// Two halves that share a session, a chunk buffer and a timer.
///
/// ```
/// # use embedded_sse::io::driver::{Connect, Timer};
/// use core::pin::pin;
/// use embedded_sse::Decoder;
/// use embedded_sse::client::{Policy, Reconnect, Session, StopReason};
/// use embedded_sse::io::HeaderList;
/// use embedded_sse::io::driver::{Driver, NextError};
///
/// async fn follow(connect: impl Connect, timer: impl Timer, random: impl FnMut() -> u32) -> StopReason {
///     let mut session = Session::new(Decoder::new([0; 1024]), Reconnect::new(Policy::standard(), random));
///     let mut chunk = [0; 512];
///     let driver = Driver::new(&mut session, &mut chunk, timer);
///     let run = pin!(driver.run(connect, [0; HeaderList::room_for(64) + 64], async |headers| {
///         let token = 42; // or await a fresh one
///         headers.push("Authorization", format_args!("Bearer {token}"))
///     }));
///     let mut events = driver.events(run);
///     loop {
///         match events.next().await {
///             Ok(event) => { /* act on it */ }
///             Err(NextError::Stopped(reason)) => return reason,
///             Err(_) => { /* log it and go on */ }
///         }
///     }
/// }
/// ```
///
/// # Threads
///
/// With the feature `std`, a driver is `Send` and `Sync` if its session and its timer are. Its futures are `Send` if the
/// transport and `headers` are too: you can pass a future that drives it to `tokio::spawn`. Spawn where these types are
/// concrete. In a function that is generic over the transport, the compiler cannot see whether the futures are `Send`.
pub struct Driver<'d, S, W, N = EventsOnly> {
    /// Taken by the application's half while it lends events.
    pub(super) session: Slot<Option<&'d mut S>>,
    pub(super) desk: Desk<'d>,
    pub(super) timer: W,
    /// When the application stopped waiting for an event, if it does not wait now.
    pub(super) left: Slot<Option<Instant>>,
    /// How many chunks were read since the task last yielded to others.
    pub(super) reads: Slot<u8>,
    /// Whether the last response was a redirect.
    redirected: Slot<bool>,
    /// Why the last attempt failed before its request was sent, if the application is told so at once.
    refused: Slot<Option<HeaderError>>,
    /// What the application's half has to tell beside events.
    pub(super) notes: N,
}

impl<'d, S, W> Driver<'d, S, W> {
    /// Creates a driver that reports events and errors. Does nothing until you wait for an event.
    ///
    /// Each read fills `chunk`. It needs at least one byte; with an empty chunk each stream ends at once. You can use the
    /// session again when the driver is dropped, for example to store the last event ID. Before that, use
    /// [`Events::session`].
    #[must_use]
    pub const fn new(session: &'d mut S, chunk: &'d mut [u8], timer: W) -> Self {
        Self::noting(session, chunk, timer, EventsOnly::new())
    }
}

impl<'d, S, W> Driver<'d, S, W, AllNews> {
    /// Creates a driver that also reports when a connection opens, is lost and why; see [`News`](super::News). Otherwise like
    /// [`new`](Driver::new).
    ///
    /// ```
    /// # use embedded_sse::io::driver::{Connect, Timer};
    /// use core::pin::pin;
    /// use embedded_sse::Decoder;
    /// use embedded_sse::client::{Policy, Reconnect, Session};
    /// use embedded_sse::io::HeaderList;
    /// use embedded_sse::io::driver::{Driver, News};
    ///
    /// async fn follow(connect: impl Connect, timer: impl Timer, random: impl FnMut() -> u32) {
    ///     let mut session = Session::new(Decoder::new([0; 1024]), Reconnect::new(Policy::standard(), random));
    ///     let mut chunk = [0; 512];
    ///     let driver = Driver::with_news(&mut session, &mut chunk, timer).reconnection_times();
    ///     let run = pin!(driver.run(connect, [0; HeaderList::room_for(64)], async |_| Ok(())));
    ///     let mut events = driver.events(run);
    ///     while let Some(news) = events.next().await {
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
    pub const fn with_news(session: &'d mut S, chunk: &'d mut [u8], timer: W) -> Self {
        Self::noting(session, chunk, timer, AllNews::new())
    }

    /// Also reports comments, as [`News::Comment`](super::News::Comment).
    #[must_use]
    pub const fn comments(mut self) -> Self {
        self.notes.comments = true;
        self
    }

    /// Also reports the reconnection times that the server sets, as [`News::Retry`](super::News::Retry).
    #[must_use]
    pub const fn reconnection_times(mut self) -> Self {
        self.notes.reconnection_times = true;
        self
    }
}

impl<'d, S, W, N> Driver<'d, S, W, N> {
    const fn noting(session: &'d mut S, chunk: &'d mut [u8], timer: W, notes: N) -> Self {
        Self {
            session: Slot::new(Some(session)),
            desk: Desk::new(chunk),
            timer,
            left: Slot::new(None),
            reads: Slot::new(0),
            redirected: Slot::new(false),
            refused: Slot::new(None),
            notes,
        }
    }

    /// Calls `look` with the session, unless another half uses it.
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut S) -> T) -> Option<T> {
        Taken::from(&self.session).value().map(|session| look(session))
    }

    /// Calls `look` with the session. It is free whenever the transport's half is polled.
    async fn session<T>(&self, mut look: impl FnMut(&mut S) -> T) -> T {
        poll_fn(|_| self.with(&mut look).map_or(Poll::Pending, Poll::Ready)).await
    }

    /// Takes the session and the chunk for the application's half, if the chunk holds bytes that were not decoded.
    pub(super) fn hold(&self) -> Option<Held<'d, S>> {
        let Filled { epoch, at } = self.desk.filled.get()?;
        let session = self.session.take()?;
        let Some(chunk) = self.desk.chunk.take() else {
            self.session.set(Some(session));
            return None;
        };
        Some(Held { session, chunk, epoch, at })
    }

    /// Takes back what [`hold`](Self::hold) has returned.
    pub(super) fn release(&self, held: Held<'d, S>) {
        self.session.set(Some(held.session));
        self.desk.chunk.set(Some(held.chunk));
    }
}

#[allow(private_bounds, reason = "there are two ways to report, and no others")]
impl<'d, B: Buffer, I: Buffer, J: Jitter, W: Timer, N: Reports> Driver<'d, Session<Decoder<B, I>, J>, W, N> {
    /// Runs the transport's half. Pin the future and pass it to [`events`](Self::events); have only one at a time.
    ///
    /// `headers` is called for each request, also after a redirect, and adds the application's headers to those of the
    /// session. It may await; the time it takes counts as time to connect. If a redirect leads to another origin, your
    /// [`Connect`] must not send it credentials. `room` holds all headers of one request: [`HeaderList::room_for`] the
    /// longest ID (64 bytes with `Decoder::new`), plus the application's own.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection. Events that were read and not taken are lost. A new future starts
    /// with a new attempt.
    pub async fn run(
        &'d self,
        mut connect: impl Connect,
        mut room: impl AsMut<[u8]>,
        mut headers: impl AsyncFnMut(&mut HeaderList<'_>) -> Result<(), HeaderError>,
    ) -> Infallible {
        loop {
            let now = self.timer.now();
            let ordered = |session: &mut Session<_, _>| {
                let action = session.poll(now);
                self.notes.ordered(action, now, || session.failures());
                action
            };
            let action = self.session(ordered).await;
            match action {
                Action::Connect(epoch) => {
                    // Attempts that fail at once, one after another, leave other tasks their turn.
                    make_way().await;
                    // The application may have been busy meanwhile.
                    self.notes.connecting();
                    self.session(|session| session.connecting(epoch, self.timer.now())).await;
                    self.attempt(epoch, self.open(epoch, &mut connect, room.as_mut(), &mut headers)).await;
                }
                Action::WaitUntil(at) => self.rest(Some(at)).await,
                action => match action.epoch() {
                    // The attempt ended without a report to the session, or the session came with a connection of its
                    // own.
                    Some(epoch) => {
                        self.notes.broken(move || is_late(action));
                        self.session(|session| session.lost(epoch, now)).await;
                    }
                    None => self.rest(None).await,
                },
            }
        }
    }

    /// Returns the application's half. `run` is the pinned future of [`run`](Self::run). You may drop the returned
    /// value and create another one over the same `run`: it continues where the previous one stopped.
    pub fn events<R>(&'d self, run: R) -> Events<'d, Session<Decoder<B, I>, J>, W, R, N>
    where
        R: Future<Output = Infallible> + Unpin,
    {
        Events::new(self, run)
    }

    /// Runs one attempt: its requests and its connection, until the connection ends or the session ends it.
    async fn attempt(&self, epoch: Epoch, open: impl Future<Output = ()>) {
        let mut open = pin!(open);
        self.desk.clear();
        let mut report = None;
        // A decision of the session ends the attempt at once, except that the transport still learns the verdict it waits
        // for. After a timeout, data that has already arrived still counts.
        loop {
            let (action, rules) = self.session(|session| (session.poll(self.timer.now()), session.rules())).await;
            if action.epoch() != Some(epoch) && !matches!(report, Some(Report::Responded(_))) {
                return;
            }
            self.desk.set_terms(Terms { rules, may_read: matches!(action, Action::Read { .. }) });
            let is_over = poll_fn(|context| Poll::Ready(open.as_mut().poll(context).is_ready())).await;
            report = self.desk.take_report();
            if let Some(report) = report {
                self.reported(epoch, report).await;
            }
            if is_over {
                return;
            }
            if matches!(report, Some(Report::Responded(_))) {
                continue;
            }
            if self.desk.filled.get().is_some() {
                // Let the session see the chunk first, or the connection might look silent.
                doze(pending()).await;
                continue;
            }
            match self.action().await {
                Action::AwaitResponse { until, .. } | Action::Read { until, .. } => self.rest(until).await,
                _ => return,
            }
        }
    }

    /// Passes a report of the transport to the session.
    async fn reported(&self, epoch: Epoch, report: Report) {
        let now = self.timer.now();
        match report {
            Report::Responded(verdict) => {
                let verdict = self.session(|session| session.judged(epoch, now, verdict)).await;
                self.notes.judged(|| self.desk.status.get(), verdict);
                self.redirected.set(matches!(verdict, Verdict::Redirect { .. }));
                self.desk.answer(verdict);
            }
            Report::Filled => self.desk.filled.set(Some(Filled { epoch, at: now })),
            Report::Ended => {
                let ended = |session: &mut Session<_, _>| {
                    self.notes.ended(|| session.is_mid_event());
                    session.ended(epoch, now);
                };
                self.session(ended).await;
            }
        }
    }

    /// Sends the requests of one attempt: the first one and those that follow redirects.
    async fn open(
        &'d self,
        epoch: Epoch,
        connect: &mut impl Connect,
        room: &mut [u8],
        headers: &mut impl AsyncFnMut(&mut HeaderList<'_>) -> Result<(), HeaderError>,
    ) {
        let mut redirected = false;
        loop {
            let mut list = HeaderList::new(room);
            let of_session =
                self.session(|session| session.headers().try_for_each(|(name, value)| list.push(name, value))).await;
            let all = match of_session {
                Ok(()) => headers(&mut list).await,
                error => error,
            };
            if let Err(error) = all {
                self.session(|session| session.not_sent(epoch, self.timer.now())).await;
                if self.notes.refused(error).is_some() {
                    self.refused.set(Some(error));
                }
                return;
            }
            if !matches!(self.action().await, Action::AwaitResponse { epoch: of, .. } if of == epoch) {
                return;
            }
            self.redirected.set(false);
            match connect.open(&Request::new(&list, redirected), Exchange::new(&self.desk)).await {
                Ok(()) if self.redirected.get() => redirected = true,
                Ok(()) => return,
                Err(error) => {
                    if connect.not_sent(&error) {
                        self.notes.broken(|| false);
                        self.session(|session| session.not_sent(epoch, self.timer.now())).await;
                    }
                    return;
                }
            }
        }
    }

    /// Waits until this time, or until the task is polled again for any reason.
    async fn rest(&self, until: Option<Instant>) {
        match self.notes.sooner(until, || self.timer.now()) {
            Some(at) => doze(self.timer.wait_until(at)).await,
            None => doze(pending()).await,
        }
    }

    /// Returns the session's current action.
    async fn action(&self) -> Action {
        self.session(|session| session.poll(self.timer.now())).await
    }

    /// Returns what the transport's half has for the application's half: a chunk, or something to tell.
    pub(super) fn news(&self) -> Poll<Result<(), N::News>> {
        let refused = self.refused.take().and_then(|error| self.notes.refused(error));
        if let Some(news) = refused.or_else(|| self.notes.take(|| self.timer.now())) {
            return Poll::Ready(Err(news));
        }
        if self.desk.filled.get().is_some() {
            return Poll::Ready(Ok(()));
        }
        match self.with(|session| session.poll(self.timer.now())) {
            Some(Action::Stop(reason)) => {
                self.notes.stopped(reason).map_or(Poll::Pending, |news| Poll::Ready(Err(news)))
            }
            _ => Poll::Pending,
        }
    }
}

impl<S, W, N> fmt::Debug for Driver<'_, S, W, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<S, W, N> defmt::Format for Driver<'_, S, W, N> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Driver {{ .. }}");
    }
}

/// Waits for `wait`, or until the task is polled again for any reason, as something may have changed then.
async fn doze(wait: impl Future<Output = ()>) {
    let mut wait = pin!(wait);
    let mut asked = false;
    poll_fn(|context| if replace(&mut asked, true) { Poll::Ready(()) } else { wait.as_mut().poll(context) }).await;
}
