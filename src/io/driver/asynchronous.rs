//! The transport's half of the asynchronous driver: performs the session's actions and races them against a timer.
//!
//! This module must not decide when to connect, what a response means or how long a connection may be silent: the
//! session does.

use core::cell::{Cell, RefCell, RefMut};
use core::convert::Infallible;
use core::future::{pending, poll_fn};
use core::mem::replace;
use core::pin::{Pin, pin};
use core::task::Poll;

use super::super::chunk::Chunk;
use super::AnySession;
use super::events::{Events, Held};
use super::exchange::{Exchange, Stage, make_way};
use super::next_error::NextError;
use super::request::{HeaderError, HeaderList, Request};
use crate::client::{Action, Epoch, Instant, Jitter, Response, Session, Verdict};
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
#[allow(async_fn_in_trait, reason = "the futures stay on one thread")]
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

    /// Returns whether any part of the request may have been sent before [`open`](Self::open) returned this error. If
    /// not, the driver makes another attempt even if the request must not be [repeated](crate::client::Repeat).
    ///
    /// The default returns `true`. Return `false` only if you know, for example because the name was not found or the
    /// connection was refused.
    fn may_have_sent(&self, error: &Self::Error) -> bool {
        let _ = error;
        true
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
#[allow(async_fn_in_trait, reason = "the futures stay on one thread")]
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

/// A session together with a chunk buffer and a timer, shared by the two halves of the driver.
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
///     let session = Session::new(Decoder::new([0; 1024]), Reconnect::new(Policy::standard(), random));
///     let driver = Driver::new(session, [0; 512], timer);
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
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Driver<S, C, W> {
    pub(super) session: RefCell<S>,
    /// Borrowed by the body that is being read into it, or by the events that are lent from it.
    chunk: RefCell<Chunk<C>>,
    pub(super) timer: W,
    /// Set while the chunk holds bytes that were not decoded.
    pub(super) filled: Cell<Option<Filled>>,
    /// When the application stopped waiting for an event, if it does not wait now.
    pub(super) left: Cell<Option<Instant>>,
    /// How many chunks were read since the task last yielded to others.
    pub(super) reads: Cell<u8>,
    /// Whether the last response was a redirect.
    redirected: Cell<bool>,
    /// Why the last attempt failed before its request was sent.
    refused: Cell<Option<HeaderError>>,
}

/// The attempt and the time at which a chunk was read.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Filled {
    pub(super) epoch: Epoch,
    pub(super) at: Instant,
}

impl<S, C, W> Driver<S, C, W> {
    /// Creates a driver. Does nothing until you wait for an event.
    ///
    /// `chunk` is any [`Buffer`]; each read fills it. It needs at least one byte; with an empty chunk
    /// each stream ends at once.
    #[must_use]
    pub const fn new(session: S, chunk: C, timer: W) -> Self {
        Self {
            session: RefCell::new(session),
            chunk: RefCell::new(Chunk::new(chunk)),
            timer,
            filled: Cell::new(None),
            left: Cell::new(None),
            reads: Cell::new(0),
            redirected: Cell::new(false),
            refused: Cell::new(None),
        }
    }

    /// Returns the session, for example to store the last event ID.
    #[must_use]
    pub fn into_session(self) -> S {
        self.session.into_inner()
    }
}

impl<B: Buffer, I: Buffer, J: Jitter, C: Buffer, W: Timer> Driver<Session<Decoder<B, I>, J>, C, W> {
    /// Runs the transport's half. Pin the future and pass it to [`events`](Self::events); have only one at a time.
    ///
    /// `headers` is called for each request and adds the application's headers to those of the session. It may await;
    /// the time it takes counts as time to connect. `room` holds all headers of one request: [`HeaderList::room_for`]
    /// IDs of `ID` bytes, plus the application's own.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection. Events that were read and not taken are lost. A new future starts
    /// with a new attempt.
    pub async fn run(
        &self,
        mut connect: impl Connect,
        mut room: impl AsMut<[u8]>,
        mut headers: impl AsyncFnMut(&mut HeaderList<'_>) -> Result<(), HeaderError>,
    ) -> Infallible {
        loop {
            let now = self.timer.now();
            let action = self.session().await.poll(now);
            match action {
                Action::Connect(epoch) => {
                    // Attempts that fail at once, one after another, leave other tasks their turn.
                    make_way().await;
                    // The application may have been busy meanwhile.
                    self.session().await.connecting(epoch, self.timer.now());
                    self.attempt(epoch, self.open(epoch, &mut connect, room.as_mut(), &mut headers)).await;
                }
                Action::WaitUntil(at) => doze(self.timer.wait_until(at)).await,
                action => match action.epoch() {
                    // The attempt ended without a report to the session, or the session came with a connection of its
                    // own.
                    Some(epoch) => self.session().await.lost(epoch, now),
                    None => doze(pending()).await,
                },
            }
        }
    }

    /// Returns the application's half. `run` is the pinned future of [`run`](Self::run). You may drop the returned
    /// value and create another one over the same `run`: it continues where the previous one stopped.
    pub fn events<'d>(
        &'d self,
        run: Pin<&'d mut (dyn Future<Output = Infallible> + 'd)>,
    ) -> Events<'d, Session<Decoder<B, I>, J>, C, W> {
        Events::new(self, run)
    }

    /// Runs one attempt: its requests and its connection, until the connection ends or the session ends it.
    async fn attempt(&self, epoch: Epoch, open: impl Future<Output = ()>) {
        let mut open = pin!(open);
        // A decision of the session ends the attempt at once. After a timeout, data that has already arrived still
        // counts.
        while self.action().await.epoch() == Some(epoch) {
            if poll_fn(|context| Poll::Ready(open.as_mut().poll(context).is_ready())).await {
                return;
            }
            if self.filled.get().is_some() {
                // Let the session see the chunk first, or the connection might look silent.
                doze(pending()).await;
                continue;
            }
            match self.action().await {
                Action::AwaitResponse { until, .. } | Action::Read { until, .. } => match until {
                    Some(at) => doze(self.timer.wait_until(at)).await,
                    None => doze(pending()).await,
                },
                _ => return,
            }
        }
    }

    /// Sends the requests of one attempt: the first one and those that follow redirects.
    async fn open(
        &self,
        epoch: Epoch,
        connect: &mut impl Connect,
        room: &mut [u8],
        headers: &mut impl AsyncFnMut(&mut HeaderList<'_>) -> Result<(), HeaderError>,
    ) {
        let mut redirected = false;
        loop {
            let mut list = HeaderList::new(room);
            let of_session = self.session().await.headers().try_for_each(|(name, value)| list.push(name, value));
            let all = match of_session {
                Ok(()) => headers(&mut list).await,
                error => error,
            };
            if let Err(error) = all {
                self.session().await.not_sent(epoch, self.timer.now());
                self.refused.set(Some(error).filter(|error| *error != HeaderError::Unavailable));
                return;
            }
            if !matches!(self.action().await, Action::AwaitResponse { epoch: of, .. } if of == epoch) {
                return;
            }
            self.redirected.set(false);
            let exchange = Exchange::new(self, epoch);
            match connect.open(&Request::new(&list, redirected), exchange).await {
                Ok(()) if self.redirected.get() => redirected = true,
                Ok(()) => return,
                Err(error) => {
                    if !connect.may_have_sent(&error) {
                        self.session().await.not_sent(epoch, self.timer.now());
                    }
                    return;
                }
            }
        }
    }

    /// Borrows the session. It is free whenever this half is polled.
    async fn session(&self) -> RefMut<'_, Session<Decoder<B, I>, J>> {
        poll_fn(|_| self.session.try_borrow_mut().map_or(Poll::Pending, Poll::Ready)).await
    }

    /// Returns the session's current action.
    async fn action(&self) -> Action {
        self.session().await.poll(self.timer.now())
    }

    /// Returns what the transport's half has for the application's half: a chunk, or an error.
    pub(super) fn news(&self) -> Poll<Result<(), NextError>> {
        if let Some(error) = self.refused.take() {
            return Poll::Ready(Err(NextError::Headers(error)));
        }
        if self.filled.get().is_some() {
            return Poll::Ready(Ok(()));
        }
        match self.session.try_borrow().map(|session| session.poll(self.timer.now())) {
            Ok(Action::Stop(reason)) => Poll::Ready(Err(NextError::Stopped(reason))),
            _ => Poll::Pending,
        }
    }

    /// Borrows the session and the chunk for the application's half, if the chunk holds bytes that were not decoded.
    pub(super) fn hold(&self) -> Option<Held<'_, AnySession<B, I, J>, C>> {
        let Filled { epoch, at } = self.filled.get()?;
        let (session, chunk) = (self.session.try_borrow_mut().ok()?, self.chunk.try_borrow_mut().ok()?);
        Some(Held { session, chunk, epoch, at })
    }
}

impl<B: Buffer, I: Buffer, J: Jitter, C: Buffer, W: Timer> Stage for Driver<Session<Decoder<B, I>, J>, C, W> {
    fn responded(&self, epoch: Epoch, response: &Response<'_>) -> Option<Verdict> {
        let verdict = self.session.try_borrow_mut().ok()?.responded(epoch, self.timer.now(), response);
        self.redirected.set(matches!(verdict, Verdict::Redirect { .. }));
        Some(verdict)
    }

    fn room(&self, epoch: Epoch) -> Option<RefMut<'_, [u8]>> {
        let action = self.session.try_borrow().ok()?.poll(self.timer.now());
        let wanted = matches!(action, Action::Read { epoch: of, .. } if of == epoch);
        if !wanted || self.filled.get().is_some() {
            return None;
        }
        Some(RefMut::map(self.chunk.try_borrow_mut().ok()?, Chunk::room))
    }

    fn filled(&self, epoch: Epoch, length: usize) -> Option<()> {
        self.chunk.try_borrow_mut().ok()?.filled(length);
        self.filled.set(Some(Filled { epoch, at: self.timer.now() }));
        Some(())
    }

    fn ended(&self, epoch: Epoch) -> Option<()> {
        self.session.try_borrow_mut().ok()?.ended(epoch, self.timer.now());
        Some(())
    }
}

/// Waits for `wait`, or until the task is polled again for any reason, as something may have changed then.
async fn doze(wait: impl Future<Output = ()>) {
    let mut wait = pin!(wait);
    let mut asked = false;
    poll_fn(|context| if replace(&mut asked, true) { Poll::Ready(()) } else { wait.as_mut().poll(context) }).await;
}
