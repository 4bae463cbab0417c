//! The application's half of the asynchronous driver: polls the transport's half while an event is waited for.
//!
//! Must not know transports, nor drop the future that works on one.

use core::cell::RefMut;
use core::convert::Infallible;
use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::Poll;

use super::super::chunk::Chunk;
use super::asynchronous::{Driver, Filled, Timer};
use super::next_error::NextError;
use crate::client::{Epoch, Instant, Jitter, Session};
use crate::codec::{Event, Found, Item, Step};

/// So many chunks are read in one poll; then other tasks have their turn.
const MOST_READS: u8 = 16;

/// Yields events for ever, until there is a reason to stop.
///
/// The connection is worked on only while an event is waited for: what comes meanwhile waits in the transport, and the time in
/// which nobody waits for an event counts for no watchdog. While reads are ready at once, every sixteenth makes way for other
/// tasks.
#[must_use = "nothing happens until an event is asked for"]
pub struct Events<'d, B, J, C, W, const ID: usize = 64> {
    driver: &'d Driver<B, J, C, W, ID>,
    run: Pin<&'d mut (dyn Future<Output = Infallible> + 'd)>,
    /// With the application, as long as it may look at an event.
    held: Option<Held<'d, B, J, C, ID>>,
}

impl<'d, B, J, C, W, const ID: usize> Events<'d, B, J, C, W, ID> {
    pub(super) fn new(
        driver: &'d Driver<B, J, C, W, ID>,
        run: Pin<&'d mut (dyn Future<Output = Infallible> + 'd)>,
    ) -> Self {
        Self { driver, run, held: None }
    }
}

/// What the transport's half does without while the application's half looks at a chunk.
#[derive(Debug)]
pub(super) struct Held<'d, B, J, C, const ID: usize> {
    pub(super) session: RefMut<'d, Session<B, J, ID>>,
    pub(super) chunk: RefMut<'d, Chunk<C>>,
    pub(super) epoch: Epoch,
    /// When the chunk was read.
    pub(super) at: Instant,
}

/// Somebody waits for an event, until this is dropped.
struct Listening<'d, B, J, C, W: Timer, const ID: usize>(&'d Driver<B, J, C, W, ID>);

impl<B, J, C, W: Timer, const ID: usize> Drop for Listening<'_, B, J, C, W, ID> {
    fn drop(&mut self) {
        self.0.left.set(Some(self.0.timer.now()));
    }
}

impl<'d, B, J, C, W, const ID: usize> Events<'d, B, J, C, W, ID>
where
    B: AsRef<[u8]> + AsMut<[u8]>,
    J: Jitter,
    C: AsRef<[u8]> + AsMut<[u8]>,
    W: Timer,
{
    /// The next event, from this connection or a later one.
    ///
    /// # Errors
    ///
    /// [`NextError`]; after each of them it may be asked again.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe, whatever the transport: no event is lost, none comes twice, and what was begun goes on with the next call.
    pub async fn next(&mut self) -> Result<Event<'_>, NextError> {
        let (held, _) = self.advance(Session::step).await?;
        Ok(held.session.decoder().event(held.chunk.lent()))
    }

    /// Like [`next`](Self::next), but with comments and `retry` lines; see [`Decoder::next_item`](crate::Decoder::next_item).
    ///
    /// # Errors
    ///
    /// [`NextError`]; after each of them it may be asked again.
    ///
    /// # Cancel safety
    ///
    /// That of [`next`](Self::next).
    pub async fn next_item(&mut self) -> Result<Item<'_>, NextError> {
        let (held, found) = self.advance(Session::step_item).await?;
        Ok(held.session.decoder().item(found, held.chunk.lent()))
    }

    /// Shows the session, for example to store the last event ID: that also changes without an event, as when one was too long.
    /// `None` only within the transport's half, which has the session then.
    pub fn session<T>(&mut self, look: impl FnOnce(&mut Session<B, J, ID>) -> T) -> Option<T> {
        match &mut self.held {
            Some(held) => Some(look(&mut held.session)),
            None => self.driver.session.try_borrow_mut().ok().map(|mut session| look(&mut session)),
        }
    }

    /// The application wants no more: [`Session::close`]. The next call closes the connection.
    pub fn close(&mut self) {
        self.session(|session| session.close());
    }

    /// The application wants a connection now: [`Session::restart`], also after a stop.
    pub fn restart(&mut self) {
        self.session(|session| session.restart());
    }

    /// The event that came last is the one after which there are no more: [`Session::finished`].
    pub fn finished(&mut self) {
        if let Some(Filled { epoch, at }) = self.driver.filled.get() {
            self.session(|session| session.finished(epoch, at));
        }
    }

    /// The network is gone: [`Session::network_down`].
    pub fn network_down(&mut self) {
        let now = self.driver.timer.now();
        self.session(|session| session.network_down(now));
    }

    /// The network is back: [`Session::network_up`].
    pub fn network_up(&mut self) {
        let now = self.driver.timer.now();
        self.session(|session| session.network_up(now));
    }

    /// The device is on another network: [`Session::network_changed`].
    pub fn network_changed(&mut self) {
        let now = self.driver.timer.now();
        self.session(|session| session.network_changed(now));
    }

    async fn advance(
        &mut self,
        step: fn(&mut Session<B, J, ID>, Epoch, Instant, &[u8]) -> Step,
    ) -> Result<(&Held<'d, B, J, C, ID>, Found), NextError> {
        let driver = self.driver;
        self.held = None;
        if let Some(left) = driver.left.take() {
            let now = driver.timer.now();
            self.session(|session| session.resumed(left, now));
        }
        let _listening = Listening(driver);
        let (held, found) = loop {
            if let Some(mut held) = driver.hold() {
                let step = step(&mut held.session, held.epoch, held.at, held.chunk.rest());
                held.chunk.advance(step.consumed);
                if let Some(found) = step.found {
                    break (held, found);
                }
                driver.filled.set(None);
            }
            self.read().await?;
        };
        let held = self.held.insert(held);
        match found {
            Found::TooLong(too_long) => Err(NextError::TooLong(too_long)),
            found => Ok((held, found)),
        }
    }

    /// Lets the transport's half run until it has something.
    async fn read(&mut self) -> Result<(), NextError> {
        let reads = &self.driver.reads;
        poll_fn(|context| {
            if reads.get() >= MOST_READS {
                reads.set(0);
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let news = match self.run.as_mut().poll(context) {
                Poll::Ready(never) => match never {},
                Poll::Pending => self.driver.news(),
            };
            reads.set(if news.is_ready() { reads.get() + 1 } else { 0 });
            news
        })
        .await
    }
}

impl<B, J, C, W, const ID: usize> fmt::Debug for Events<'_, B, J, C, W, ID> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<B, J, C, W, const ID: usize> defmt::Format for Events<'_, B, J, C, W, ID> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Events {{ .. }}");
    }
}
