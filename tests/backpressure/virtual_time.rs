//! Ten minutes of an application that is 100 times slower than the stream, in virtual time.

use core::cell::Cell;
use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;

use allocation_counter::measure;
use bytes::Bytes;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::channel::Channel;
use embedded_sse::client::{NoJitter, Policy, Reconnect, Response, Session, Verdict};
use embedded_sse::io::Request;
use embedded_sse::io::driver::{Connect, Driver, Exchange};
use embedded_sse::io::event_source::{EventSource, News};
use embedded_sse::io::tokio::{Clock, FromTokio};
use embedded_sse::{Decoder, FixedEvent};
use http_body::{Body, Frame};
use tokio::io::{AsyncRead, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio::runtime;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::{WAITING, event};

/// The length of an event in bytes.
const EVENT: usize = 64;

/// The server sends an event every 10 ms, and the application needs a second for each.
const EVERY: Duration = Duration::from_millis(10);
const SLOW: Duration = Duration::from_secs(1);

/// What a run has seen.
#[derive(Default)]
struct Seen {
    connections: Cell<u32>,
    written: Cell<usize>,
    handled: Cell<usize>,
}

impl Seen {
    fn handle(&self, id: &[u8]) {
        let number = self.handled.get() + 1;
        assert_eq!(id, number.to_string().as_bytes(), "in order, and none is missing");
        self.handled.set(number);
    }

    /// A silence of three seconds would end the connection.
    fn policy() -> Policy {
        Policy::standard().liveness(Some(Duration::from_secs(3)))
    }
}

/// Writes an event whenever it is time and there is room.
async fn serve(mut socket: DuplexStream, seen: &Seen) -> io::Error {
    let mut time = interval(EVERY);
    time.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in 1.. {
        time.tick().await;
        if let Err(error) = socket.write_all(event(number, EVENT).as_bytes()).await {
            return error;
        }
        seen.written.set(seen.written.get() + 1);
    }
    unreachable!("there are more numbers than events")
}

/// Runs for so many minutes, checks what is between the server and the application, and returns how much memory was in use
/// at most.
fn bytes_at_most<F: Future<Output = ()>>(minutes: usize, room: usize, run: impl Fn(usize, &'static Seen) -> F) -> u64 {
    let seen: &Seen = Box::leak(Box::default());
    let used = measure(|| {
        let runtime = runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime without I/O").block_on(run(60 * minutes, seen));
    });
    assert_eq!((seen.handled.get(), seen.connections.get()), (60 * minutes, 1));
    let between = seen.written.get() - seen.handled.get();
    assert!((WAITING..=WAITING + 2 + room / EVENT).contains(&between), "{between} events are on the way");
    used.bytes_max
}

#[test]
fn a_board_is_as_slow_as_its_application_and_needs_no_more_memory() {
    const WINDOW: usize = 2048;
    const CHUNK: usize = 512;
    let [one, ten] = [1, 10].map(|minutes| bytes_at_most(minutes, WINDOW + CHUNK + EVENT, board::<WINDOW, CHUNK>));
    assert!(ten <= one + 64, "{one} bytes in a minute, and {ten} in ten");
}

/// The driver in one task, and the application in another.
async fn board<const WINDOW: usize, const CHUNK: usize>(events_to_handle: usize, seen: &Seen) {
    let (server, socket) = duplex(WINDOW);
    let waiting = Channel::<NoopRawMutex, FixedEvent<EVENT>, WAITING>::new();
    let mut session = Session::new(Decoder::new([0; 2 * EVENT]), Reconnect::new(Seen::policy(), NoJitter));
    let mut chunk = [0; CHUNK];
    let driver = Driver::new(&mut session, &mut chunk, Clock::new());
    let run = pin!(driver.run(Socket(Some(socket), seen), [0; 256], async |_| Ok(())));
    let mut events = driver.events(run);
    let reads = async {
        loop {
            let event = events.next().await.expect("it does not stop");
            waiting.send(FixedEvent::new(&event).expect("it fits")).await;
        }
    };
    let handles = async {
        for _ in 0..events_to_handle {
            seen.handle(waiting.receive().await.as_event().last_event_id);
            sleep(SLOW).await;
        }
    };
    tokio::select! {
        error = serve(server, seen) => panic!("{error}"),
        never = reads => never,
        () = handles => {}
    }
}

/// A client that has one connection, whose buffers are those of a pipe.
struct Socket<'s>(Option<DuplexStream>, &'s Seen);

impl Connect for Socket<'_> {
    type Error = io::Error;

    async fn open(&mut self, _: &Request<'_>, exchange: Exchange<'_>) -> io::Result<()> {
        self.1.connections.set(self.1.connections.get() + 1);
        let socket = self.0.take().ok_or(io::ErrorKind::ConnectionRefused)?;
        let response = Response { status: 200, content_type: Some(b"text/event-stream"), ..Response::default() };
        match exchange.respond(&response).await {
            Verdict::Accept => exchange.read(&mut FromTokio::new(socket)).await,
            _ => Ok(()),
        }
    }
}

#[test]
fn a_host_is_as_slow_as_its_application_and_needs_no_more_memory() {
    const WINDOW: usize = 16 << 10;
    let [one, ten] = [1, 10].map(|minutes| bytes_at_most(minutes, WINDOW + Pipe::CHUNK, host::<WINDOW>));
    assert!(ten <= one + 64, "{one} bytes in a minute, and {ten} in ten");
}

/// The event source in one task, and the application in another.
async fn host<const WINDOW: usize>(events_to_handle: usize, seen: &'static Seen) {
    let (server, socket) = duplex(WINDOW);
    let mut socket = Some(socket);
    let request = http::Request::get("http://a.test/events").body(()).expect("a request");
    let mut source = EventSource::new(request, move |_: http::Request<()>| {
        let response = socket.take().map(|socket| {
            let response = http::Response::builder().header("content-type", "text/event-stream").body(Pipe(socket));
            response.expect("a header")
        });
        async { response.ok_or(io::Error::from(io::ErrorKind::ConnectionRefused)) }
    })
    .policy(Seen::policy());
    let (sender, mut waiting) = mpsc::channel(WAITING);
    let reads = async {
        while let Some(news) = source.next().await {
            match news {
                News::Event(event) => sender.send(event).await.expect("the application is there"),
                News::Opened(_) => seen.connections.set(seen.connections.get() + 1),
                other => panic!("{other:?}"),
            }
        }
    };
    let handles = async {
        for _ in 0..events_to_handle {
            seen.handle(waiting.recv().await.expect("the reader is there").last_event_id());
            sleep(SLOW).await;
        }
    };
    tokio::select! {
        error = serve(server, seen) => panic!("{error}"),
        () = reads => panic!("it does not stop"),
        () = handles => {}
    }
}

/// A body whose bytes come through a pipe.
struct Pipe(DuplexStream);

impl Pipe {
    const CHUNK: usize = 4096;
}

impl Body for Pipe {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let mut bytes = [0; Self::CHUNK];
        let mut bytes = ReadBuf::new(&mut bytes);
        Pin::new(&mut self.0).poll_read(context, &mut bytes).map(|read| match (read, bytes.filled()) {
            (Err(error), _) => Some(Err(error)),
            (Ok(()), []) => None,
            (Ok(()), filled) => Some(Ok(Frame::data(Bytes::copy_from_slice(filled)))),
        })
    }
}
