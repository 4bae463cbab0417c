//! Tests that the futures of the asynchronous driver are `Send` where its parts are: they run on any thread of a runtime.

use core::convert::Infallible;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use embedded_io::ErrorKind;
use embedded_sse::Decoder;
use embedded_sse::client::{Backoff, NoJitter, Policy, Reconnect, Response, Session, StopReason, Verdict};
use embedded_sse::delivery::{
    AsyncJournal, Decimal, Delivery, Journal, JournalError, JournalledAsync, RamRing, ReadResult, Record, Serial,
};
use embedded_sse::io::driver::{Connect, Driver, Events, Exchange, JournalledNews, News, NextError};
use embedded_sse::io::tokio::{Clock, FromTokio};
use embedded_sse::io::{HeaderError, HeaderList, Request, StdClock};
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use tokio::task::yield_now;

/// How many events the server has, and how many it sends on one connection.
const EVENTS: usize = 200;
const AT_ONCE: usize = 7;

/// A server in a task of its own. It resumes after the last event ID and cuts every connection inside an event.
struct Server;

impl Connect for Server {
    type Error = ErrorKind;

    async fn open(&mut self, request: &Request<'_>, exchange: Exchange<'_>) -> Result<(), ErrorKind> {
        let last = request.headers.iter().find(|(name, _)| *name == "Last-Event-ID");
        let next = last.map_or(0, |(_, id)| id.parse::<usize>().expect("one of our ids") + 1);
        let status = if next == EVENTS { 204 } else { 200 };
        let content_type = Some(&b"text/event-stream"[..]);
        match exchange.respond(&Response { status, content_type, ..Response::default() }).await {
            Verdict::Accept => {
                let (stream, body) = duplex(16);
                tokio::spawn(serve(stream, next));
                exchange.read(&mut FromTokio::new(body)).await.map_err(|_| ErrorKind::ConnectionReset)
            }
            _ => Ok(()),
        }
    }
}

async fn serve(mut stream: DuplexStream, next: usize) {
    for number in (next..EVENTS).take(AT_ONCE) {
        let event = format!("id: {number}\ndata: {number}\n\n");
        // The client is gone if it cannot be written, and asks for the event again.
        let _ = stream.write_all(event.as_bytes()).await;
    }
    let _ = stream.write_all(b"data: unfinished").await;
}

type TestSession = Session<Decoder<[u8; 64]>, NoJitter>;

fn new_session() -> TestSession {
    let policy = Policy::new(Backoff::fixed(Duration::from_millis(1)));
    Session::new(Decoder::new([0; 64]), Reconnect::new(policy, NoJitter))
}

/// Drops each wait for an event after one poll and goes on in another one, perhaps on another thread.
async fn follow(
    mut events: Events<'_, TestSession, Clock, impl Future<Output = Infallible> + Unpin>,
) -> (Vec<String>, StopReason) {
    let mut seen = vec![];
    loop {
        let next =
            poll_fn(|context| Poll::Ready(pin!(events.next()).poll(context).map_ok(|event| event.data.to_vec())));
        match next.await {
            Poll::Ready(Ok(data)) => seen.push(String::from_utf8(data).expect("text")),
            Poll::Ready(Err(NextError::Stopped(reason))) => return (seen, reason),
            Poll::Ready(Err(error)) => unreachable!("unexpected error: {error}"),
            Poll::Pending => yield_now().await,
        }
    }
}

async fn token(headers: &mut HeaderList<'_>) -> Result<(), HeaderError> {
    yield_now().await;
    headers.push("Authorization", "Bearer 42")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_driver_runs_in_a_task_of_its_own() {
    let clients = (0..8).map(|_| {
        tokio::spawn(async {
            let (mut session, mut chunk) = (new_session(), [0; 32]);
            let driver = Driver::new(&mut session, &mut chunk, Clock::new());
            let run = pin!(driver.run(Server, [0; 256], async |headers: &mut HeaderList<'_>| token(headers).await));
            follow(driver.events(run)).await
        })
    });
    for client in clients.collect::<Vec<_>>() {
        let expected = (0..EVENTS).map(|number| number.to_string()).collect();
        assert_eq!(client.await.expect("no panic"), (expected, StopReason::NoContent));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_driver_with_news_runs_in_a_task_of_its_own() {
    let client = tokio::spawn(async {
        let (mut session, mut chunk) = (new_session(), [0; 32]);
        let driver = Driver::with_news(&mut session, &mut chunk, Clock::new());
        let run = pin!(driver.run(Server, [0; 256], token));
        let mut events = driver.events(run);
        let (mut seen, mut losses) = (0, 0);
        while let Some(news) = events.next().await {
            seen += usize::from(matches!(news, News::Event(_)));
            losses += usize::from(matches!(news, News::Lost { .. }));
        }
        (seen, losses)
    });
    assert_eq!(client.await.expect("no panic"), (EVENTS, EVENTS.div_ceil(AT_ONCE)));
}

/// A store in RAM, which is always ready.
struct Ram(RamRing<[u8; 256]>);

impl AsyncJournal for Ram {
    type Error = Infallible;

    async fn append(&mut self, record: &Record<'_>) -> Result<(), JournalError<Infallible>> {
        self.0.append(record)
    }

    async fn read<'b>(&mut self, after: Serial, buffer: &'b mut [u8]) -> ReadResult<'b, Infallible> {
        self.0.read(after, buffer)
    }

    async fn commit(&mut self, through: Serial, last_id: &[u8]) -> Result<(), JournalError<Infallible>> {
        self.0.commit(through, last_id)
    }

    async fn last_id<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b [u8], JournalError<Infallible>> {
        self.0.last_id(buffer)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_driver_with_a_journal_runs_in_a_task_of_its_own() {
    let client = tokio::spawn(async {
        let store = Ram(RamRing::new([0; 256]));
        let mut journal = JournalledAsync::new(Delivery::new(Decimal), store, [0; 128]).await.expect("it cannot fail");
        let (mut session, mut chunk) = (new_session(), [0; 32]);
        let driver = Driver::with_news(&mut session, &mut chunk, Clock::new());
        let run = pin!(driver.run(Server, [0; 256], token));
        let mut events = driver.events(run).journalled(&mut journal);
        let mut seen = 0;
        while let Some(news) = events.next().await.expect("it fits") {
            if let JournalledNews::Event(event) = news {
                assert_eq!(event.data, seen.to_string().as_bytes());
                seen += 1;
                events.commit().await.expect("it cannot fail");
            }
        }
        seen
    });
    assert_eq!(client.await.expect("no panic"), EVENTS);
}

/// Nothing here borrows from a stack, so the whole driver can be stored, moved and returned.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_driver_may_live_in_static_memory() {
    let (session, chunk) = (Box::leak(Box::new(new_session())), Box::leak(Box::new([0; 32])));
    let driver = Box::leak(Box::new(Driver::new(session, chunk, Clock::new())));
    let events = driver.events(Box::pin(driver.run(Server, [0; 256], token)));
    let (seen, reason) = tokio::spawn(follow(events)).await.expect("no panic");
    assert_eq!((seen.len(), reason), (EVENTS, StopReason::NoContent));
}

/// What the documentation says of threads. A session that came from elsewhere, such as one in a `Box`, may be passed too.
#[test]
fn a_driver_can_be_shared_between_threads() {
    fn assert_sync<T: Send + Sync>(_: &T) {}
    let mut session = Box::new(new_session());
    let mut chunk = vec![0; 32];
    let driver = Driver::new(&mut *session, &mut chunk, StdClock::new());
    assert_sync(&driver);
}
