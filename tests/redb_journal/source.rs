//! An event source with this journal: what it resumes from after its process has ended, and what the journal costs it.

use std::io::Cursor;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use embedded_sse::client::{Backoff, Policy};
use embedded_sse::delivery::{Decimal, Delivery};
use embedded_sse::io::event_source::{EventSource, JournalledNews, JournalledSource};
use embedded_sse::io::{Durable, RedbJournal};
use http::{Request, Response};

use crate::TemporaryFile;

/// The last event ID of each request.
type Ids = Arc<Mutex<Vec<Option<String>>>>;

/// Returns a source whose server sends these numbers, once, and has no more events then.
fn source(path: &Path, durable: Durable, numbers: std::ops::RangeInclusive<u32>, ids: &Ids) -> JournalledSource {
    let body: String = numbers.map(|number| format!("id: {number}\ndata: {number} {}\n\n", "x".repeat(60))).collect();
    let (mut body, ids) = (Some(body.into_bytes()), Arc::clone(ids));
    let send = move |request: Request<String>| {
        let id = request.headers().get("last-event-id").map(|id| id.to_str().expect("visible ASCII").to_owned());
        ids.lock().expect("one thread").push(id);
        let response = Response::builder().header("content-type", "text/event-stream");
        match body.take() {
            Some(body) => response.body(Cursor::new(body)),
            None => response.status(204).body(Cursor::default()),
        }
    };
    let request = Request::get("http://a.test/").body(String::new()).expect("a request");
    let now = Policy::new(Backoff::fixed(core::time::Duration::ZERO).min_wait(core::time::Duration::from_millis(1)));
    let store = RedbJournal::open(path, durable).expect("it opens");
    let source = EventSource::blocking(request, send).policy(now);
    source.journalled(Delivery::new(Decimal), store).expect("it can be read")
}

/// Handles up to so many events, and returns the numbers of the first and the last one.
fn handle(source: &mut JournalledSource, most: u32) -> Option<(u32, u32)> {
    let mut numbers = None;
    for _ in 0..most {
        let event = loop {
            match source.wait().expect("the disk works")? {
                JournalledNews::Event(event) => break event,
                JournalledNews::Sync(_) => panic!("nothing is missing"),
                JournalledNews::Connection(_) => {}
            }
        };
        let number = event.data_str().expect("text").split(' ').next().expect("a number").parse().expect("a number");
        let (first, last) = numbers.unwrap_or((number, number - 1));
        assert_eq!(number, last + 1, "the order");
        numbers = Some((first, number));
        event.commit().expect("the disk works");
    }
    numbers
}

#[test]
fn events_that_were_not_committed_come_from_the_file_and_the_stream_is_resumed_after_them() {
    for durable in [Durable::Each, Durable::Batch(u32::MAX)] {
        let file = TemporaryFile::new("source");
        let ids = Ids::default();
        let mut first = source(&file.0, durable, 1..=100, &ids);
        assert_eq!(handle(&mut first, 50), Some((1, 50)));
        // 64 were stored before the first one came.
        drop(first);
        let mut second = source(&file.0, durable, 65..=200, &ids);
        // What was committed in the last batch is not on disk.
        let begin = if durable == Durable::Each { 51 } else { 1 };
        assert_eq!(handle(&mut second, 65 - begin), Some((begin, 64)));
        assert_eq!(ids.lock().expect("one thread").len(), 1, "without a connection");
        assert_eq!(handle(&mut second, 10), Some((65, 74)));
        second.flush().expect("the disk works");
        drop(second);
        let mut third = source(&file.0, durable, 129..=130, &ids);
        assert_eq!(handle(&mut third, 56), Some((75, 130)));
        let expected = [None, Some("64".into()), Some("128".into())];
        assert_eq!(*ids.lock().expect("one thread"), expected, "after what was stored");
    }
}

/// What the journal costs a source. The figures are only shown.
#[test]
#[ignore = "measures time"]
fn what_a_journal_costs_a_source() {
    for (durable, ahead, count) in [
        (Durable::Each, 64, 500),
        (Durable::Batch(u32::MAX), 1, 500),
        (Durable::Batch(u32::MAX), 64, 30_000),
        (Durable::Batch(u32::MAX), 1_000, 100_000),
    ] {
        let file = TemporaryFile::new("source-rate");
        let mut source = source(&file.0, durable, 1..=count, &Ids::default()).read_ahead(ahead);
        let start = Instant::now();
        assert_eq!(handle(&mut source, count), Some((1, count)));
        source.flush().expect("the disk works");
        let rate = f64::from(count) / start.elapsed().as_secs_f64();
        println!("{durable:?}, up to {ahead} at once: {rate:.0} events a second, stored and committed");
    }
}
