//! The application's half of the asynchronous driver: polls the transport's half while the application waits for an
//! event.
//!
//! This module must not depend on transports, and must not drop the future of the transport's half.

use core::convert::Infallible;
use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::Poll;

use super::super::chunk::Chunk;
use super::asynchronous::{Driver, Timer};
use super::news::News;
use super::next_error::NextError;
use super::reports::{AllNews, EventsOnly, Reports, Told};
use super::{AnySession, StepWith, finish};
use crate::client::{Epoch, Instant, Jitter, Session};
use crate::codec::{Buffer, Decoder, Event, Found, Item};

/// How many reads in a row may be ready at once before the task yields to others.
const MOST_READS: u8 = 16;

/// Yields events from one connection after another until the session stops. [`Driver::events`] creates it.
///
/// The driver works only while you wait for an event. Between waits, data stays in the transport, and the time does not
/// count towards any timeout. After 16 reads in a row that are ready at once, it yields to other tasks.
///
/// `R` is the pinned future of [`Driver::run`]. `N` says what [`next`](Self::next) returns: events and errors, or with
/// [`AllNews`] all [`News`].
///
/// ```
/// use core::convert::Infallible;
/// use embedded_sse::Decoder;
/// use embedded_sse::client::{Jitter, Session, StopReason};
/// use embedded_sse::io::driver::{Events, NextError, Timer};
///
/// async fn print<J: Jitter, W: Timer>(
///     mut events: Events<'_, Session<Decoder<[u8; 1024]>, J>, W, impl Future<Output = Infallible> + Unpin>,
/// ) -> StopReason {
///     loop {
///         match events.next().await {
///             Ok(event) if event.data == b"[DONE]" => events.finished(),
///             Ok(event) => println!("{:?}", event.data_str()),
///             Err(NextError::Stopped(reason)) => return reason,
///             Err(error) => eprintln!("{error}"),
///         }
///     }
/// }
/// ```
#[must_use = "a driver does nothing until you wait for an event"]
pub struct Events<'d, S, W, R, N = EventsOnly> {
    driver: &'d Driver<'d, S, W, N>,
    run: R,
    /// What the last event borrows from, until the next call.
    held: Option<Held<'d, S>>,
}

impl<'d, S, W, R, N> Events<'d, S, W, R, N> {
    pub(super) const fn new(driver: &'d Driver<'d, S, W, N>, run: R) -> Self {
        Self { driver, run, held: None }
    }
}

impl<S, W, R, N> Drop for Events<'_, S, W, R, N> {
    fn drop(&mut self) {
        if let Some(held) = self.held.take() {
            self.driver.release(held);
        }
    }
}

/// What the application's half has while events of a chunk are in use. The transport's half waits for it.
pub(super) struct Held<'d, S> {
    pub(super) session: &'d mut S,
    pub(super) chunk: Chunk<&'d mut [u8]>,
    pub(super) epoch: Epoch,
    /// When the chunk was read.
    pub(super) at: Instant,
}

/// Marks that the application waits for an event. Records the time when it is dropped.
struct Listening<'d, S, W: Timer, N>(&'d Driver<'d, S, W, N>);

impl<S, W: Timer, N> Drop for Listening<'_, S, W, N> {
    fn drop(&mut self) {
        self.0.left.set(Some(self.0.timer.now()));
    }
}

impl<B: Buffer, I: Buffer, J: Jitter, W: Timer, R> Events<'_, Session<Decoder<B, I>, J>, W, R>
where
    R: Future<Output = Infallible> + Unpin,
{
    /// Returns the next event, from this connection or a later one. The end of a connection is not reported; see
    /// [`Driver::with_news`].
    ///
    /// # Errors
    ///
    /// [`NextError`]. You may call it again after each of them.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe with any transport: no event is lost or returned twice, and work in progress continues with the next
    /// call.
    pub async fn next(&mut self) -> Result<Event<'_>, NextError> {
        match self.advance(Session::step, |_| true).await? {
            (_, Found::TooLong(too_long)) => Err(NextError::TooLong(too_long)),
            (held, _) => Ok(held.session.decoder().event(held.chunk.lent())),
        }
    }

    /// Like [`next`](Self::next), but also returns comments and `retry` lines; see
    /// [`Decoder::next_item`](crate::Decoder::next_item).
    ///
    /// # Errors
    ///
    /// [`NextError`]. You may call it again after each of them.
    ///
    /// # Cancel safety
    ///
    /// The same as for [`next`](Self::next).
    pub async fn next_item(&mut self) -> Result<Item<'_>, NextError> {
        match self.advance(Session::step_item, |_| true).await? {
            (_, Found::TooLong(too_long)) => Err(NextError::TooLong(too_long)),
            (held, found) => Ok(held.session.decoder().item(found, held.chunk.lent())),
        }
    }
}

impl<'d, B: Buffer, I: Buffer, J: Jitter, W: Timer, R> Events<'d, Session<Decoder<B, I>, J>, W, R, AllNews>
where
    R: Future<Output = Infallible> + Unpin,
{
    /// Waits for what happens next. Returns `None` after [`News::Stopped`]; you may call it again after a
    /// [restart](Self::restart).
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe with any transport: no news is lost or returned twice, and work in progress continues with the next
    /// call.
    pub async fn next(&mut self) -> Option<News<'_>> {
        match self.found().await {
            Ok(found) => self.lent(found),
            Err(told) => told.news(),
        }
    }

    /// Waits until something is found in the stream, or there is something to tell.
    pub(super) async fn found(&mut self) -> Result<Found, Told> {
        let notes = &self.driver.notes;
        let step = if notes.wants_items() { Session::step_item } else { Session::step };
        let (_, found) = self.advance(step, |found| notes.wants(found)).await?;
        Ok(found)
    }

    /// Returns what was found last.
    pub(super) fn lent(&self, found: Found) -> Option<News<'_>> {
        let held = self.held.as_ref()?;
        Some(News::found(found, held.session.decoder(), held.chunk.lent()))
    }

    pub(super) const fn notes(&self) -> &'d AllNews {
        &self.driver.notes
    }

    pub(super) const fn timer(&self) -> &'d W {
        &self.driver.timer
    }
}

#[allow(private_bounds, reason = "there are two ways to report, and no others")]
impl<'d, B: Buffer, I: Buffer, J: Jitter, W: Timer, R, N: Reports> Events<'d, Session<Decoder<B, I>, J>, W, R, N>
where
    R: Future<Output = Infallible> + Unpin,
{
    /// Calls `look` with the session, for example to store the last event ID. The ID can also change without an event,
    /// for example when an event was too long.
    ///
    /// Returns `None` only when called from inside the transport's half while it uses the session.
    pub fn session<T>(&mut self, look: impl FnOnce(&mut Session<Decoder<B, I>, J>) -> T) -> Option<T> {
        match &mut self.held {
            Some(held) => Some(look(held.session)),
            None => self.driver.with(look),
        }
    }

    /// Stops the session: [`Session::close`]. The next call of [`next`](Self::next) closes the connection.
    pub fn close(&mut self) {
        self.session(|session| session.close());
    }

    /// Asks for a connection now, also after a stop: [`Session::restart`].
    pub fn restart(&mut self) {
        self.session(|session| session.restart());
    }

    /// Reports that the event returned last is the last one of the stream: [`Session::finished`].
    pub fn finished(&mut self) {
        let now = self.driver.timer.now();
        self.session(|session| finish(session, now));
    }

    /// Reports that the network is down: [`Session::network_down`].
    pub fn network_down(&mut self) {
        let now = self.driver.timer.now();
        self.session(|session| session.network_down(now));
    }

    /// Reports that the network is up again: [`Session::network_up`].
    pub fn network_up(&mut self) {
        let now = self.driver.timer.now();
        self.session(|session| session.network_up(now));
    }

    /// Reports that the device has moved to another network: [`Session::network_changed`].
    pub fn network_changed(&mut self) {
        let now = self.driver.timer.now();
        self.session(|session| session.network_changed(now));
    }

    async fn advance(
        &mut self,
        step: StepWith<AnySession<B, I, J>>,
        wants: impl Fn(Found) -> bool,
    ) -> Result<(&Held<'d, AnySession<B, I, J>>, Found), N::News> {
        let driver = self.driver;
        if let Some(left) = driver.left.take() {
            let now = driver.timer.now();
            self.session(|session| session.resumed(left, now));
        }
        let _listening = Listening(driver);
        let (held, found) = loop {
            if let Some(mut held) = self.held.take().or_else(|| driver.hold()) {
                let step = step(held.session, held.epoch, held.at, held.chunk.rest());
                held.chunk.advance(step.consumed);
                match step.found {
                    Some(found) if wants(found) => break (held, found),
                    Some(_) => {
                        self.held = Some(held);
                        continue;
                    }
                    None => {}
                }
                driver.desk.filled.set(None);
                driver.release(held);
            }
            self.read().await?;
        };
        Ok((self.held.insert(held), found))
    }

    /// Polls the transport's half until it has a chunk or something to tell.
    async fn read(&mut self) -> Result<(), N::News> {
        let reads = &self.driver.reads;
        poll_fn(|context| {
            if reads.get() >= MOST_READS {
                reads.set(0);
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let news = match Pin::new(&mut self.run).poll(context) {
                Poll::Ready(never) => match never {},
                Poll::Pending => self.driver.news(),
            };
            reads.set(if news.is_ready() { reads.get() + 1 } else { 0 });
            news
        })
        .await
    }
}

impl<S, W, R, N> fmt::Debug for Events<'_, S, W, R, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<S, W, R, N> defmt::Format for Events<'_, S, W, R, N> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Events {{ .. }}");
    }
}
