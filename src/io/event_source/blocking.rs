//! Blocking HTTP clients: their responses as bodies, the clock of a thread, and a wait that blocks it.
//!
//! The future of a response has done its work when it is created, and polling a body reads. This module must not decide
//! how long a connection may be silent: the session does.

use alloc::sync::Arc;
use alloc::task::Wake;
use core::future::ready;
use core::mem::replace;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io::{self, ErrorKind, Read};
use std::thread::{self, Thread};
use std::time::Instant as StdInstant;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::{Request, Response};
use http_body::{Body, Frame};

use super::events::{Error, Events};
use super::link::BoxError;
use super::{EventSource, News};
use crate::client::Instant;
use crate::codec::OwnedEvent;
use crate::io::StdClock;
use crate::io::http_body::Sleeper;

impl EventSource {
    /// Creates a source over a blocking HTTP client, whose bodies are `std::io::Read`. Wait for its news with
    /// [`wait`](Self::wait). Otherwise like [`with_timer`](Self::with_timer).
    ///
    /// Give the reads a timeout, such as one second, with which they end with [`ErrorKind::WouldBlock`] or
    /// [`ErrorKind::TimedOut`]. The source then sees to its deadlines and to [orders](super::Handle), and reads again.
    /// Without a timeout it cannot notice that the server is silent. The client has to limit the time to connect.
    /// ureq ends a read with an error of another kind, and wants some settings: `examples/services/src/bin/ureq.rs` has them.
    /// What you do in an async closure for [`headers`](Self::headers) may block.
    ///
    /// ```
    /// use std::io::{self, BufRead, BufReader, Write};
    /// use std::net::TcpStream;
    /// use std::time::Duration;
    ///
    /// use embedded_sse::io::event_source::{BoxError, EventSource, News};
    /// use http::{Request, Response};
    ///
    /// /// A minimal client over `std`. HTTP/1.0, so that the body is neither chunked nor reused.
    /// fn send(request: Request<String>) -> Result<Response<BufReader<TcpStream>>, BoxError> {
    ///     let address = request.uri().authority().ok_or("no host")?.as_str();
    ///     let mut socket = TcpStream::connect(address)?;
    ///     socket.set_read_timeout(Some(Duration::from_secs(1)))?;
    ///     write!(socket, "{} {} HTTP/1.0\r\nHost: {address}\r\n", request.method(), request.uri().path())?;
    ///     for (name, value) in request.headers() {
    ///         write!(socket, "{name}: {}\r\n", value.to_str()?)?;
    ///     }
    ///     socket.write_all(b"\r\n")?;
    ///     let (mut body, mut line, mut response) = (BufReader::new(socket), String::new(), Response::builder());
    ///     while body.read_line(&mut line)? > 0 && line.trim_end() != "" {
    ///         response = match line.trim_end().split_once(": ") {
    ///             Some((name, value)) => response.header(name, value),
    ///             None => response.status(line.split(' ').nth(1).unwrap_or_default()),
    ///         };
    ///         line.clear();
    ///     }
    ///     Ok(response.body(body)?)
    /// }
    ///
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let url = format!("http://{}/", listener.local_addr()?);
    /// # std::thread::spawn(move || {
    /// #     for answer in ["200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: 500\ndata: light on\n\n", "204 No Content\r\n\r\n"] {
    /// #         let (mut socket, _) = listener.accept()?;
    /// #         let mut line = String::new();
    /// #         let mut reader = BufReader::new(socket.try_clone()?);
    /// #         while reader.read_line(&mut line)? > 2 { line.clear(); }
    /// #         write!(socket, "HTTP/1.0 {answer}")?;
    /// #     }
    /// #     Ok::<_, io::Error>(())
    /// # });
    /// let mut events = EventSource::blocking(Request::get(url).body(String::new())?, send);
    /// # events = events.policy(embedded_sse::client::Policy::new(embedded_sse::client::Backoff::fixed(Duration::ZERO)));
    /// # let mut seen = 0;
    /// while let Some(news) = events.wait() {
    ///     match news {
    ///         News::Event(event) => assert_eq!(event.data(), b"light on"),
    ///         News::Lost { why, .. } => eprintln!("{why}"), // another attempt follows
    ///         News::Stopped { reason, .. } => eprintln!("{reason}"),
    ///         _ => {}
    ///     }
    /// #   seen += 1;
    /// }
    /// # assert_eq!(seen, 4); // opened, the event, lost and stopped
    /// # Ok::<_, BoxError>(())
    /// ```
    pub fn blocking<B, Q, R, E, T>(
        request: Request<B>,
        mut send: impl FnMut(Q) -> Result<R, E> + Send + 'static,
    ) -> Self
    where
        B: Clone + Default + Send + 'static,
        Q: TryFrom<Request<B>, Error: Into<BoxError>>,
        R: Into<Response<T>>,
        E: Into<BoxError>,
        T: Read + Send + Unpin + 'static,
    {
        let is_reading = Arc::new(AtomicBool::new(false));
        let timer = ThreadTimer { clock: StdClock::new(), is_reading: Arc::clone(&is_reading) };
        let of_bodies = Arc::clone(&is_reading);
        let send = move |request| {
            let body = |reader| ReadBody { reader, room: BytesMut::new(), is_reading: Arc::clone(&of_bodies) };
            let sent: Result<Response<ReadBody<T>>, BoxError> = match send(request) {
                Ok(response) => Ok(response.into().map(body)),
                Err(error) => Err(error.into()),
            };
            ready(sent)
        };
        let mut source = Self::with_timer(request, send, timer);
        source.is_reading = Some(is_reading);
        source
    }

    /// Blocks this thread until something happens, and returns it; otherwise like [`next`](Self::next).
    ///
    /// It is meant for sources of [`blocking`](Self::blocking). With another source it works if something else runs its
    /// HTTP client and its timer.
    pub fn wait(&mut self) -> Option<News> {
        let is_reading = self.is_reading.clone();
        wait(self, is_reading.as_deref())
    }
}

impl Events {
    /// Blocks this thread until the next event, and returns it; otherwise like [`next`](Self::next). See
    /// [`EventSource::wait`].
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`], after which the stream continues, and [`Error::Stopped`], after which it is over.
    pub fn wait(&mut self) -> Option<Result<OwnedEvent, Error>> {
        let is_reading = self.source().is_reading.clone();
        wait(self, is_reading.as_deref())
    }
}

pub(super) fn wait<S: Stream + Unpin>(stream: &mut S, is_reading: Option<&AtomicBool>) -> Option<S::Item> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(item) = Pin::new(&mut *stream).poll_next(&mut context) {
            return item;
        }
        // A read has ended with its timeout: read again.
        if !is_reading.is_some_and(|is_reading| is_reading.swap(false, Ordering::Relaxed)) {
            thread::park();
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The clock of `std`, with waits that block the thread.
struct ThreadTimer {
    clock: StdClock,
    /// Whether the thread has waited already, for a body.
    is_reading: Arc<AtomicBool>,
}

struct ThreadSleep {
    clock: StdClock,
    at: Instant,
    is_reading: Arc<AtomicBool>,
    /// Whether the next poll blocks.
    blocks: bool,
}

impl Sleeper for ThreadTimer {
    type Sleep = ThreadSleep;

    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn sleep_until(&self, at: Instant) -> ThreadSleep {
        ThreadSleep { clock: self.clock, at, is_reading: Arc::clone(&self.is_reading), blocks: false }
    }
}

impl Future for ThreadSleep {
    type Output = ();

    /// Blocks until the time has come or an order wakes the thread, at every other poll: after the one between, the
    /// source has told the [`Handle`](super::Handle) whom to wake. It blocks for a second at most, because a journalled
    /// source has two such waits, which block in turn.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let is_due = |sleep: &Self| sleep.clock.now() >= sleep.at;
        if !self.is_reading.load(Ordering::Relaxed) && !is_due(&self) {
            if replace(&mut self.blocks, false) {
                thread::park_timeout(self.at.saturating_duration_since(self.clock.now()).min(Duration::from_secs(1)));
            } else {
                self.blocks = true;
            }
            context.waker().wake_by_ref();
        }
        if is_due(&self) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// A reader as a body.
struct ReadBody<T> {
    reader: T,
    /// Room for the next reads, which chunks share.
    room: BytesMut,
    is_reading: Arc<AtomicBool>,
}

/// The size of one allocation for chunks, and the room that is too small for a read.
const ROOM: usize = 16 << 10;
const SMALL: usize = 2 << 10;

/// A read that ends sooner than this has not waited.
const MOMENT: Duration = Duration::from_millis(1);

/// The pause after such a read.
const PAUSE: Duration = Duration::from_millis(10);

impl<T: Read + Unpin> Body for ReadBody<T> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        if this.room.len() < SMALL {
            this.room = BytesMut::zeroed(ROOM);
        }
        let begun = StdInstant::now();
        loop {
            return Poll::Ready(match this.reader.read(&mut this.room) {
                Ok(0) => None,
                Ok(length) => Some(Ok(Frame::data(this.room.split_to(length).freeze()))),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    let has_waited = begun.elapsed() >= MOMENT;
                    match error.kind() {
                        ErrorKind::WouldBlock if !has_waited => thread::sleep(PAUSE),
                        ErrorKind::WouldBlock => {}
                        // Without a wait it is the end of a time for the whole body.
                        ErrorKind::TimedOut if has_waited => {}
                        _ => return Poll::Ready(Some(Err(error))),
                    }
                    this.is_reading.store(true, Ordering::Relaxed);
                    return Poll::Pending;
                }
            });
        }
    }
}
