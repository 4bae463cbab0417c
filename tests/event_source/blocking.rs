//! The event source over a blocking client whose bodies are `std::io::Read`. Its clock is that of `std`, so the times
//! are short.

use core::time::Duration;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use embedded_sse::client::{Backoff, NoJitter, Policy, StopReason};
use embedded_sse::delivery::{Counts, Decimal, Delivery, RamRing};
use embedded_sse::io::event_source::{EventSource, Failure, JournalledNews, News};
use http::{Request, Response};

const MILLISECOND: Duration = Duration::from_millis(1);

/// What one read returns. After the last one, reads block for two milliseconds and time out.
#[derive(Clone, Copy)]
enum Does {
    Bytes(&'static str),
    End,
    Fail(ErrorKind),
}

struct Body(VecDeque<Does>);

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.pop_front() {
            Some(Does::Bytes(text)) => {
                buffer[..text.len()].copy_from_slice(text.as_bytes());
                Ok(text.len())
            }
            Some(Does::End) => Ok(0),
            Some(Does::Fail(kind)) => Err(kind.into()),
            None => {
                thread::sleep(2 * MILLISECOND);
                Err(ErrorKind::WouldBlock.into())
            }
        }
    }
}

/// The last event ID of each request.
type Ids = Arc<Mutex<Vec<Option<String>>>>;

/// Returns a source over a client that answers each request with one of these bodies, and then with status 204.
fn source(bodies: &[&[Does]]) -> (EventSource, Ids) {
    let mut bodies: VecDeque<Vec<Does>> = bodies.iter().map(|body| body.to_vec()).collect();
    let ids = Ids::default();
    let of_requests = Arc::clone(&ids);
    let send = move |request: Request<String>| {
        let id = request.headers().get("last-event-id").map(|id| id.to_str().expect("visible ASCII").to_owned());
        of_requests.lock().unwrap_or_else(PoisonError::into_inner).push(id);
        let response = Response::builder().header("content-type", "text/event-stream");
        match bodies.pop_front() {
            Some(body) => response.body(Body(body.into())),
            None => response.status(204).body(Body(VecDeque::new())),
        }
    };
    let policy = Policy::new(Backoff::fixed(MILLISECOND).min_wait(MILLISECOND)).liveness(Some(50 * MILLISECOND));
    let request = Request::get("http://a.test/").body(String::new()).expect("a request");
    (EventSource::blocking(request, send).policy(policy).jitter(NoJitter), ids)
}

#[test]
fn a_stream_is_read_resumed_and_given_up_when_it_is_silent() {
    use Does::{Bytes, End, Fail};
    let (mut source, ids) = source(&[
        &[Bytes("id: 1\ndata: a\n\nid: 2\nda"), Fail(ErrorKind::Interrupted), Bytes("ta: b\n\n"), End],
        &[Fail(ErrorKind::WouldBlock), Bytes("id: 3\ndata: c\n\n"), Fail(ErrorKind::ConnectionReset)],
        &[Bytes("id: 4\ndata: d\n\n"), Fail(ErrorKind::TimedOut)],
        &[],
    ]);
    let mut story = vec![];
    while let Some(news) = source.wait() {
        story.push(match news {
            News::Event(event) => event.data_lossy().to_string(),
            News::Lost { why: Failure::Ended { mid_event: false }, .. } => "ended".into(),
            News::Lost { why: Failure::Body(error), .. } => error.to_string(),
            News::Lost { why: Failure::Silent(time), .. } => format!("{time:?}"),
            News::Stopped { reason, .. } => format!("{reason:?}"),
            _ => continue,
        });
    }
    assert_eq!(story, ["a", "b", "ended", "c", "connection reset", "d", "timed out", "50ms", "NoContent"]);
    let ids = ids.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(*ids, [None, Some("2".into()), Some("3".into()), Some("4".into()), Some("4".into())]);
}

#[test]
fn an_order_ends_a_wait_of_an_hour() {
    let (source, ids) = source(&[&[Does::End]]);
    let hour = Duration::from_secs(3600);
    let mut source = source.policy(Policy::new(Backoff::fixed(hour).max_retry(hour)));
    let handle = source.handle();
    let (lost, is_lost) = std::sync::mpsc::channel();
    let other = thread::spawn(move || {
        is_lost.recv().expect("a loss");
        handle.restart();
    });
    loop {
        match source.wait() {
            Some(News::Lost { .. }) => lost.send(()).expect("a thread"),
            Some(News::Stopped { reason, .. }) => break assert_eq!(reason, StopReason::NoContent),
            news => assert!(matches!(news, Some(News::Opened(_))), "{news:?}"),
        }
    }
    assert!(source.wait().is_none());
    other.join().expect("it ends");
    assert_eq!(ids.lock().unwrap_or_else(PoisonError::into_inner).len(), 2);
}

#[test]
fn an_order_ends_a_read() {
    let (source, _) = source(&[&[Does::Bytes("data: a\n\n")]]);
    let mut source = source.policy(Policy::standard());
    let handle = source.handle();
    assert!(matches!(source.wait(), Some(News::Opened(_))));
    assert!(matches!(source.wait(), Some(News::Event(_))));
    let other = thread::spawn(move || handle.close());
    assert!(matches!(source.wait(), Some(News::Stopped { reason: StopReason::Closed, .. })));
    other.join().expect("it ends");
}

#[test]
fn the_plain_form_blocks_too() {
    let (source, _) = source(&[&[Does::Bytes("data: a\n\n"), Does::End]]);
    let mut events = source.events();
    assert!(events.wait().is_some_and(|event| event.is_ok_and(|event| event.data() == b"a")));
    assert!(events.wait().is_none());
}

#[test]
fn a_journalled_source_blocks_too_and_waits_for_the_next_fetch() {
    let (source, ids) = source(&[
        &[Does::Bytes("id: 1\ndata: a\n\nid: 4\ndata: b\n\n"), Does::End],
        &[Does::Bytes("id: 4\ndata: b\n\nid: 5\ndata: c\n\n"), Does::End],
    ]);
    // The source waits longer for its next attempt than for the next fetch.
    let source = source.policy(Policy::new(Backoff::fixed(Duration::from_secs(9)))).jitter(|| 0);
    let mut source = source.journalled(Delivery::new(Decimal), RamRing::new([0; 1000])).expect("it can be read");
    let handle = source.handle();
    let (mut story, mut fetches) = (vec![], vec![]);
    let begun = std::time::Instant::now();
    while let Some(news) = source.wait().expect("there is room") {
        match news {
            JournalledNews::Event(event) => {
                story.push(event.data_lossy().to_string());
                event.commit().expect("it is there");
            }
            JournalledNews::Sync(needed) => {
                fetches.push(begun.elapsed());
                match fetches.len() {
                    1 => needed.failed(),
                    _ => assert!(needed.synced("3").expect("it is there")),
                }
            }
            // Nobody wants to wait that long.
            JournalledNews::Connection(News::Lost { .. }) if fetches.len() == 2 => handle.restart(),
            JournalledNews::Connection(_) => {}
        }
        if fetches.len() == 2 && story.len() == 1 {
            handle.restart();
        }
    }
    assert_eq!(story, ["a", "b", "c"]);
    assert_eq!(source.counts(), Counts { gaps: 1, syncs: 1, duplicates: 1 });
    assert_eq!(*ids.lock().unwrap_or_else(PoisonError::into_inner), [None, Some("4".into()), Some("5".into())]);
    let wait = fetches[1] - fetches[0];
    assert!((Duration::from_millis(500)..Duration::from_secs(8)).contains(&wait), "{wait:?}");
}
