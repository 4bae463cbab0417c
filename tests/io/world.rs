//! Virtual time that passes only when every future waits, and a server that follows a script. Uses no sockets and no
//! clock.
#![allow(dead_code, reason = "each test binary uses its own part")]

use core::cell::{Cell, RefCell};
use core::future::{pending, poll_fn};
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::task::Wake;

use embedded_io::{ErrorKind, ErrorType};
use embedded_sse::client::{Instant, Response, Verdict};
use embedded_sse::io::{Request, driver, driver_blocking};

/// Time, random numbers and the state of the connection.
pub(crate) struct World {
    now: Cell<u64>,
    /// The earliest time that a future waits for.
    next: Cell<Option<u64>>,
    random: Cell<u64>,
    alive: Cell<bool>,
    reads: Cell<usize>,
    /// When each request was sent.
    requests: RefCell<Vec<u64>>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            now: Cell::new(1_000),
            next: Cell::new(None),
            random: Cell::new(seed * 2 + 1),
            alive: Cell::new(false),
            reads: Cell::new(0),
            requests: RefCell::default(),
        }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_millis(self.now.get())
    }

    /// Lets time pass without polling.
    pub(crate) fn pass(&self, millis: u64) {
        self.now.set(self.now.get() + millis);
    }

    pub(crate) fn reads(&self) -> usize {
        self.reads.get()
    }

    pub(crate) fn requests(&self) -> Vec<u64> {
        self.requests.borrow().clone()
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.alive.get()
    }

    /// Returns a number from 0 to `below`, exclusive.
    pub(crate) fn random(&self, below: usize) -> usize {
        let mut x = self.random.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.random.set(x);
        (x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % below
    }

    pub(crate) async fn wait_until(&self, at: u64) {
        poll_fn(|_| {
            if self.now.get() >= at {
                return Poll::Ready(());
            }
            self.next.set(Some(self.next.get().map_or(at, |next| next.min(at))));
            Poll::Pending
        })
        .await;
    }

    async fn delay(&self, most: usize) {
        self.wait_until(self.now.get() + self.random(most + 1) as u64).await;
    }

    /// Polls once. If the future is pending and has not woken itself, time advances to the earliest wait.
    pub(crate) fn poll<F: Future + ?Sized>(&self, future: Pin<&mut F>) -> Poll<F::Output> {
        self.next.set(None);
        let woken = Arc::new(Woken::default());
        let polled = future.poll(&mut Context::from_waker(&woken.clone().into()));
        if polled.is_pending() && !woken.0.load(Ordering::Relaxed) {
            let next = self.next.get().expect("a pending future waits for some time");
            self.now.set(self.now.get().max(next));
        }
        polled
    }

    /// Polls once, and lets no time pass.
    pub(crate) fn poll_once<F: Future + ?Sized>(&self, future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = self.poll(future.as_mut()) {
                return output;
            }
        }
    }

    fn connect(&self) -> Alive<'_> {
        assert!(!self.alive.replace(true), "only one connection at a time");
        self.requests.borrow_mut().push(self.now.get());
        Alive(self)
    }
}

/// Whether a future has woken itself.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl driver::Timer for World {
    fn now(&self) -> Instant {
        Self::now(self)
    }

    async fn wait_until(&self, at: Instant) {
        Self::wait_until(self, at.as_millis()).await;
    }
}

impl driver_blocking::Timer for &World {
    fn now(&self) -> Instant {
        World::now(self)
    }

    fn wait_until(&mut self, at: Instant) {
        assert!(at > World::now(self), "a wait ends in the future");
        self.now.set(at.as_millis());
    }
}

/// Marks the connection as alive until it is dropped.
struct Alive<'w>(&'w World);

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        self.0.alive.set(false);
    }
}

/// A request as the server received it.
pub(crate) struct Asked {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) redirected: bool,
}

impl Asked {
    fn new(request: &Request<'_>) -> Self {
        let headers = request.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { headers, redirected: request.redirected }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.0 == name).map(|header| header.1.as_str())
    }
}

/// How the server answers a request.
pub(crate) enum Answer {
    /// Refuses the connection.
    Refuse,
    /// Accepts the request and never answers.
    Hang,
    /// Answers with this status, `Retry-After` and `Location`.
    Status(u16, Option<&'static str>, Option<&'static str>),
    /// Sends a stream that ends in the given way.
    Stream(Vec<u8>, End),
}

#[derive(Clone, Copy)]
pub(crate) enum End {
    Clean,
    Reset,
    Silent,
}

impl Answer {
    fn response(&self) -> Response<'static> {
        match *self {
            Self::Status(status, retry_after, location) => Response {
                status,
                retry_after: retry_after.map(str::as_bytes),
                location: location.map(str::as_bytes),
                ..Response::default()
            },
            _ => Response { status: 200, content_type: Some(b"text/event-stream"), ..Response::default() },
        }
    }
}

/// A transport to a server that follows a script.
pub(crate) struct Scripted<'w, S>(pub(crate) &'w World, pub(crate) S);

impl<S: FnMut(&Asked) -> Answer> driver::Connect for Scripted<'_, S> {
    type Error = ErrorKind;

    async fn open(&mut self, request: &Request<'_>, exchange: driver::Exchange<'_>) -> Result<(), ErrorKind> {
        let connection = self.0.connect();
        self.0.delay(40).await;
        let answer = (self.1)(&Asked::new(request));
        match answer {
            Answer::Refuse => return Err(ErrorKind::ConnectionRefused),
            Answer::Hang => pending().await,
            Answer::Status(..) | Answer::Stream(..) => {}
        }
        let verdict = exchange.respond(&answer.response()).await;
        let mut body = Body::new(connection, answer);
        match verdict {
            // The body stays on the stack of this future, as the bodies of HTTP clients must.
            Verdict::Accept => exchange.read(&mut body).await,
            _ => Ok(()),
        }
    }
}

impl<'w, S: FnMut(&Asked) -> Answer> driver_blocking::Connect for Scripted<'w, S> {
    type Body = Body<'w>;
    type Error = ErrorKind;

    fn open(
        &mut self,
        request: &Request<'_>,
        until: Option<Instant>,
        judge: &mut dyn FnMut(&Response<'_>) -> Verdict,
    ) -> Result<Option<Body<'w>>, ErrorKind> {
        let connection = self.0.connect();
        self.0.pass(self.0.random(40) as u64);
        let answer = (self.1)(&Asked::new(request));
        match answer {
            Answer::Refuse => return Err(ErrorKind::ConnectionRefused),
            Answer::Hang => {
                self.0.now.set(until.expect("a time to connect").as_millis());
                return Err(ErrorKind::TimedOut);
            }
            Answer::Status(..) | Answer::Stream(..) => {}
        }
        let verdict = judge(&answer.response());
        Ok((verdict == Verdict::Accept).then(|| Body::new(connection, answer)))
    }

    fn set_deadline(&mut self, body: &mut Body<'w>, until: Option<Instant>) {
        body.until = until;
    }
}

/// The body of a response, in random pieces at random times.
pub(crate) struct Body<'w> {
    connection: Alive<'w>,
    bytes: Vec<u8>,
    sent: usize,
    end: End,
    until: Option<Instant>,
}

impl<'w> Body<'w> {
    fn new(connection: Alive<'w>, answer: Answer) -> Self {
        let (bytes, end) = match answer {
            Answer::Stream(bytes, end) => (bytes, end),
            _ => (vec![], End::Clean),
        };
        Self { connection, bytes, sent: 0, end, until: None }
    }

    /// Returns `None` if nothing more will arrive.
    fn next(&mut self, buffer: &mut [u8]) -> Option<Result<usize, ErrorKind>> {
        let world = self.connection.0;
        world.reads.set(world.reads.get() + 1);
        let most = buffer.len().min(self.bytes.len() - self.sent);
        match self.end {
            End::Clean | End::Reset | End::Silent if most > 0 => {
                let length = 1 + world.random(most);
                buffer[..length].copy_from_slice(&self.bytes[self.sent..][..length]);
                self.sent += length;
                Some(Ok(length))
            }
            End::Clean => Some(Ok(0)),
            End::Reset => Some(Err(ErrorKind::ConnectionReset)),
            End::Silent => None,
        }
    }
}

impl ErrorType for Body<'_> {
    type Error = ErrorKind;
}

impl embedded_io_async::Read for Body<'_> {
    /// Not cancel-safe: dropping the future after the first poll loses bytes.
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let world = self.connection.0;
        let read = self.next(buffer);
        world.delay(3).await;
        match read {
            Some(read) => read,
            None => pending().await,
        }
    }
}

impl embedded_io::Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let world = self.connection.0;
        world.pass(world.random(3) as u64);
        self.next(buffer).unwrap_or_else(|| {
            let until = self.until.expect("a read without a deadline would block forever");
            world.now.set(world.now.get().max(until.as_millis()));
            Err(ErrorKind::TimedOut)
        })
    }
}
