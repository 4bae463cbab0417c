//! A session over any blocking transport: events for ever, one connection at a time.
//!
//! Does what the session says. Decides nothing: when to connect, what a response means and how long a connection may be silent,
//! the session knows; a URL, the transport. Nothing can be raced here, so the transport is told until when it may block.

use core::fmt;

use ::embedded_io::{Error, ErrorKind, Read};

use super::super::chunk::Chunk;
pub use super::next_error::NextError;
use super::request::{HeaderError, HeaderList, Request};
use crate::client::{Action, Epoch, Instant, Jitter, Response, Session, Verdict};
use crate::codec::{Event, Found, Item, Step};

/// Opens connections: the HTTP client, as the driver sees it.
pub trait Connect {
    /// A connection whose response has begun: the rest of the response. Dropping it closes the connection.
    type Body: Read;
    /// What can go wrong. To the driver each is a lost connection; log it before it is returned.
    type Error;

    /// Sends one request, gives the head of the response to `judge`, and returns the body if the verdict is
    /// [`Verdict::Accept`]. Blocks until `until` at most, with an error then.
    ///
    /// At [`Verdict::Redirect`] remember the URL that `Location` names, and return; the next request is
    /// [`redirected`](Request::redirected) there, and when it is `permanent`, the URL stands for later attempts too. If the host
    /// is another one, leave out of that request what was meant for the old one alone, such as `Authorization` and `Cookie`.
    ///
    /// # Errors
    ///
    /// No connection, none any longer, or a URL that cannot be used: there will be another attempt.
    fn open(
        &mut self,
        request: &Request<'_>,
        until: Option<Instant>,
        judge: &mut dyn FnMut(&Response<'_>) -> Verdict,
    ) -> Result<Option<Self::Body>, Self::Error>;

    /// Returns whether any part of the request may have been sent before this error, which ended an [`open`](Self::open).
    /// If not, also a request that may never be [repeated](crate::client::Repeat) is tried again. Return `true`, as the
    /// default does, unless you know better, for example because the name was not found or the connection was refused.
    fn may_have_sent(&self, error: &Self::Error) -> bool {
        let _ = error;
        true
    }

    /// From now on a read of the body blocks until `until` at most, with any error then; for ever with `None`. A transport that
    /// cannot do that does nothing: then a connection that falls silent is not noticed.
    fn set_deadline(&mut self, body: &mut Self::Body, until: Option<Instant>);
}

/// Tells the time and waits for it, on one clock.
pub trait Timer {
    /// What time it is.
    fn now(&self) -> Instant;

    /// Blocks until this point in time, which lies in the future. May be done earlier now and then, as when a delay has a
    /// largest length, but not each time at once.
    fn wait_until(&mut self, at: Instant);
}

/// Yields events for ever, until there is a reason to stop.
pub struct Events<B, J, C, T: Connect, W, R, H, const ID: usize = 64> {
    session: Session<B, J, ID>,
    chunk: Chunk<C>,
    connect: T,
    timer: W,
    room: R,
    headers: H,
    connection: Option<Connection<T::Body>>,
}

/// The only one there is.
struct Connection<D> {
    epoch: Epoch,
    body: D,
    /// When the last read ended.
    at: Instant,
}

impl<B, J, C, T, W, R, H, const ID: usize> Events<B, J, C, T, W, R, H, ID>
where
    B: AsRef<[u8]> + AsMut<[u8]>,
    J: Jitter,
    C: AsRef<[u8]> + AsMut<[u8]>,
    T: Connect,
    W: Timer,
    R: AsMut<[u8]>,
    H: FnMut(&mut HeaderList<'_>) -> Result<(), HeaderError>,
{
    /// Does nothing before an event is asked for.
    ///
    /// `chunk` receives what one read brings, at least one byte. `headers` is asked for each request, and adds what the request
    /// needs besides what the session sends. `room` holds all headers of a request: [`HeaderList::room_for`] ids of `ID`
    /// bytes, and the application's own.
    pub const fn new(session: Session<B, J, ID>, chunk: C, connect: T, timer: W, room: R, headers: H) -> Self {
        Self { session, chunk: Chunk::new(chunk), connect, timer, room, headers, connection: None }
    }

    /// The next event, from this connection or a later one. Blocks until there is one.
    ///
    /// # Errors
    ///
    /// [`NextError`]; after each of them it may be asked again.
    #[allow(clippy::should_implement_trait, reason = "the event is lent, which no iterator can do")]
    pub fn next(&mut self) -> Result<Event<'_>, NextError> {
        self.advance(Session::step)?;
        Ok(self.session.decoder().event(self.chunk.lent()))
    }

    /// Like [`next`](Self::next), but with comments and `retry` lines; see [`Decoder::next_item`](crate::Decoder::next_item).
    ///
    /// # Errors
    ///
    /// [`NextError`]; after each of them it may be asked again.
    pub fn next_item(&mut self) -> Result<Item<'_>, NextError> {
        let found = self.advance(Session::step_item)?;
        Ok(self.session.decoder().item(found, self.chunk.lent()))
    }

    /// The session, to report what only the application knows. Times are of the timer's clock.
    pub const fn session(&mut self) -> &mut Session<B, J, ID> {
        &mut self.session
    }

    /// The attempt whose connection is open, to report of it.
    pub fn epoch(&self) -> Option<Epoch> {
        self.connection.as_ref().map(|connection| connection.epoch)
    }

    fn advance(&mut self, step: fn(&mut Session<B, J, ID>, Epoch, Instant, &[u8]) -> Step) -> Result<Found, NextError> {
        loop {
            if let Some(connection) = &self.connection {
                let step = step(&mut self.session, connection.epoch, connection.at, self.chunk.rest());
                self.chunk.advance(step.consumed);
                match step.found {
                    Some(Found::TooLong(too_long)) => return Err(NextError::TooLong(too_long)),
                    Some(found) => return Ok(found),
                    None => {}
                }
            }
            self.act()?;
        }
    }

    /// Does the next thing that the session says.
    fn act(&mut self) -> Result<(), NextError> {
        let now = self.timer.now();
        let action = self.session.poll(now);
        let reads = |of| matches!(action, Action::Read { epoch, .. } | Action::Disconnect(epoch) if epoch == of);
        self.connection.take_if(|open| !reads(open.epoch));
        match action {
            Action::Connect(epoch) => return self.attempt(epoch, now),
            // Time may have run out while nobody listened.
            Action::Read { epoch, .. } | Action::Disconnect(epoch) => self.read(epoch, now),
            Action::WaitUntil(at) => self.timer.wait_until(at),
            Action::AwaitResponse { epoch, .. } => self.session.lost(epoch, now),
            Action::WaitForNetwork => return Err(NextError::Offline),
            Action::Stop(reason) => return Err(NextError::Stopped(reason)),
        }
        Ok(())
    }

    /// One attempt with all its requests.
    fn attempt(&mut self, epoch: Epoch, now: Instant) -> Result<(), NextError> {
        self.session.connecting(epoch, now);
        let mut redirected = false;
        while let Action::AwaitResponse { until, .. } = self.session.poll(self.timer.now()) {
            let mut list = HeaderList::new(self.room.as_mut());
            let of_session = self.session.headers().try_for_each(|(name, value)| list.push(name, value));
            if let Err(error) = of_session.and_then(|()| (self.headers)(&mut list)) {
                self.session.not_sent(epoch, self.timer.now());
                return if error == HeaderError::Unavailable { Ok(()) } else { Err(NextError::Headers(error)) };
            }
            let mut verdict = None;
            let opened = self.connect.open(&Request::new(&list, redirected), until, &mut |response| {
                *verdict.insert(self.session.responded(epoch, self.timer.now(), response))
            });
            match (opened, verdict) {
                (Ok(Some(body)), Some(Verdict::Accept)) => {
                    self.connection = Some(Connection { epoch, body, at: self.timer.now() });
                    return Ok(());
                }
                (Ok(_), Some(Verdict::Redirect { .. })) => redirected = true,
                (Err(error), None) if !self.connect.may_have_sent(&error) => {
                    self.session.not_sent(epoch, self.timer.now());
                    return Ok(());
                }
                _ => break,
            }
        }
        // Changes nothing if the response has ended the attempt.
        self.session.lost(epoch, self.timer.now());
        Ok(())
    }

    fn read(&mut self, epoch: Epoch, now: Instant) {
        let Some(open) = &mut self.connection else {
            // Of a session that had a connection elsewhere.
            return self.session.lost(epoch, now);
        };
        // Since the last read nobody listened.
        self.session.resumed(open.at, now);
        let Action::Read { until, .. } = self.session.poll(now) else {
            return self.session.lost(epoch, now);
        };
        self.connect.set_deadline(&mut open.body, until);
        let read = open.body.read(self.chunk.room());
        let now = self.timer.now();
        match read {
            Ok(0) => self.session.ended(epoch, now),
            Ok(length) => {
                self.chunk.filled(length);
                open.at = now;
            }
            // By a signal; the connection is as good as before.
            Err(error) if error.kind() == ErrorKind::Interrupted => open.at = now,
            Err(_) => self.session.lost(epoch, now),
        }
    }
}

impl<B, J, C, T: Connect, W, R, H, const ID: usize> fmt::Debug for Events<B, J, C, T, W, R, H, ID> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("epoch", &self.connection.as_ref().map(|open| open.epoch))
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<B, J, C, T: Connect, W, R, H, const ID: usize> defmt::Format for Events<B, J, C, T, W, R, H, ID> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Events {{ epoch: {}, .. }}", self.connection.as_ref().map(|open| open.epoch));
    }
}
