//! The transport's half of the asynchronous driver: what the session says, raced against a timer.
//!
//! Must not decide when to connect, what a response means and how long a connection may be silent: the session does.

use core::cell::{Cell, RefCell, RefMut};
use core::convert::Infallible;
use core::future::{pending, poll_fn};
use core::mem::replace;
use core::pin::{Pin, pin};
use core::task::Poll;

use super::super::chunk::Chunk;
use super::events::{Events, Held};
use super::exchange::{Exchange, Stage, make_way};
use super::next_error::NextError;
use super::request::{HeaderError, HeaderList, Request};
use crate::client::{Action, Epoch, Instant, Jitter, Response, Session, Verdict};

/// Opens connections: the HTTP client, as the driver sees it.
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
#[allow(async_fn_in_trait, reason = "nothing here is sent to another thread")]
pub trait Connect {
    /// What can go wrong. To the driver each is a lost connection; log it before it is returned.
    type Error;

    /// Sends one request, and hands over the response. When this future ends or is dropped, no
    /// connection is left.
    ///
    /// It is dropped, wherever it stands, when the attempt takes too long, when the connection is silent for too long, when an
    /// order of the application ends it ([`close`](Events::close), [`restart`](Events::restart),
    /// [`finished`](Events::finished), a network that is down or another one), and together with [`run`](Driver::run). It is
    /// never dropped to be continued later, so that a read in it need not be cancel-safe.
    ///
    /// [`Respond`](Exchange::respond), and [read](Exchange::read) the body if it is the stream. At [`Verdict::Redirect`] remember
    /// the URL that `Location` names, and return; the next request is
    /// [`redirected`](Request::redirected) there, and when it is `permanent`, the URL stands for later attempts too. If the host
    /// is another one, leave out of that request what was meant for the old one alone, such as `Authorization` and `Cookie`.
    ///
    /// # Errors
    ///
    /// No connection, none any longer, or a URL that cannot be used: there will be another attempt.
    async fn open(&mut self, request: &Request<'_>, exchange: Exchange<'_>) -> Result<(), Self::Error>;

    /// Returns whether any part of the request may have been sent before this error, which ended an [`open`](Self::open).
    /// If not, also a request that may never be [repeated](crate::client::Repeat) is tried again. Return `true`, as the
    /// default does, unless you know better, for example because the name was not found or the connection was refused.
    fn may_have_sent(&self, error: &Self::Error) -> bool {
        let _ = error;
        true
    }
}

/// Tells the time and waits for it, on one clock.
///
/// ```
/// use embedded_sse::client::Instant;
/// use embedded_sse::io::driver::Timer;
/// use embedded_sse::io::StdClock;
///
/// /// With embassy there is `EmbassyTimer`, behind `embassy-time`. With tokio:
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
/// /// With a `DelayNs` of `embedded-hal-async` and any counter of milliseconds. There is one wait at a time.
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
#[allow(async_fn_in_trait, reason = "nothing here is sent to another thread")]
pub trait Timer {
    /// What time it is.
    fn now(&self) -> Instant;

    /// Waits for this point in time, which lies in the future. May be done earlier now and then, as when a delay has a largest
    /// length, but not each time at once.
    ///
    /// The driver drops this future whenever anything else happens, and asks again.
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

/// A session and what its connections need, in one place that does not move.
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
pub struct Driver<B, J, C, W, const ID: usize = 64> {
    pub(super) session: RefCell<Session<B, J, ID>>,
    /// Borrowed by the body that is being read into it, or by the events that are lent from it.
    chunk: RefCell<Chunk<C>>,
    pub(super) timer: W,
    /// There is something in the chunk that was not looked at.
    pub(super) filled: Cell<Option<Filled>>,
    /// Since when nobody waits for an event.
    pub(super) left: Cell<Option<Instant>>,
    /// How many chunks were read since the task last gave way to others.
    pub(super) reads: Cell<u8>,
    redirected: Cell<bool>,
    /// Why the last attempt could not even begin.
    refused: Cell<Option<HeaderError>>,
}

/// A chunk was read.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Filled {
    pub(super) epoch: Epoch,
    pub(super) at: Instant,
}

impl<B, J, C, W, const ID: usize> Driver<B, J, C, W, ID> {
    /// `chunk` receives what one read brings: any `AsRef<[u8]> + AsMut<[u8]>` of at least one byte, or each stream ends at once.
    #[must_use]
    pub const fn new(session: Session<B, J, ID>, chunk: C, timer: W) -> Self {
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

    /// The session, for example to store the last event ID.
    #[must_use]
    pub fn into_session(self) -> Session<B, J, ID> {
        self.session.into_inner()
    }
}

impl<B, J, C, W, const ID: usize> Driver<B, J, C, W, ID>
where
    B: AsRef<[u8]> + AsMut<[u8]>,
    J: Jitter,
    C: AsRef<[u8]> + AsMut<[u8]>,
    W: Timer,
{
    /// The transport's half: pin it, and give it to [`events`](Self::events). Run one at a time.
    ///
    /// `headers` is asked for each request, and adds what the request needs besides what the session sends; it may await. The
    /// time it takes counts as time to connect. `room` holds all headers of a request: [`HeaderList::room_for`] ids of `ID`
    /// bytes, and the application's own.
    ///
    /// # Cancel safety
    ///
    /// Dropping it closes the connection; what was read and not asked for is lost. A new one goes on with a new attempt.
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
                    self.session().await.connecting(epoch, now);
                    self.attempt(epoch, self.open(epoch, &mut connect, room.as_mut(), &mut headers)).await;
                }
                Action::WaitUntil(at) => doze(self.timer.wait_until(at)).await,
                action => match action.epoch() {
                    // The attempt is over, and nothing was said of how; or the session had a connection elsewhere.
                    Some(epoch) => self.session().await.lost(epoch, now),
                    None => doze(pending()).await,
                },
            }
        }
    }

    /// The application's half. `run` is the future of [`run`](Self::run), pinned. It may be made anew at any time, over the same
    /// `run`: the next one goes on where the one before was dropped.
    pub fn events<'d>(
        &'d self,
        run: Pin<&'d mut (dyn Future<Output = Infallible> + 'd)>,
    ) -> Events<'d, B, J, C, W, ID> {
        Events::new(self, run)
    }

    /// One attempt with all its requests, and the connection that comes of it, until it ends or has to.
    async fn attempt(&self, epoch: Epoch, open: impl Future<Output = ()>) {
        let mut open = pin!(open);
        // An order ends it at once. When only time has run out, what is there already still counts.
        while self.action().await.epoch() == Some(epoch) {
            if poll_fn(|context| Poll::Ready(open.as_mut().poll(context).is_ready())).await {
                return;
            }
            if self.filled.get().is_some() {
                // The session hears of it first, or it might look silent.
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

    /// The requests of one attempt.
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

    /// It is here whenever this half is polled.
    async fn session(&self) -> RefMut<'_, Session<B, J, ID>> {
        poll_fn(|_| self.session.try_borrow_mut().map_or(Poll::Pending, Poll::Ready)).await
    }

    /// What the session wants now.
    async fn action(&self) -> Action {
        self.session().await.poll(self.timer.now())
    }

    /// What the transport's half has for the application's.
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

    /// What is left of the chunk, for the application's half.
    pub(super) fn hold(&self) -> Option<Held<'_, B, J, C, ID>> {
        let Filled { epoch, at } = self.filled.get()?;
        let (session, chunk) = (self.session.try_borrow_mut().ok()?, self.chunk.try_borrow_mut().ok()?);
        Some(Held { session, chunk, epoch, at })
    }
}

impl<B, J, C, W, const ID: usize> Stage for Driver<B, J, C, W, ID>
where
    B: AsRef<[u8]> + AsMut<[u8]>,
    J: Jitter,
    C: AsRef<[u8]> + AsMut<[u8]>,
    W: Timer,
{
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

/// Waits for this, or until it is polled again for whatever reason: then something may have changed.
async fn doze(wait: impl Future<Output = ()>) {
    let mut wait = pin!(wait);
    let mut asked = false;
    poll_fn(|context| if replace(&mut asked, true) { Poll::Ready(()) } else { wait.as_mut().poll(context) }).await;
}
