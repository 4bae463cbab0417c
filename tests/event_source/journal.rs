//! What an application sees of an event source with a journal.

use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use embedded_sse::client::{Backoff, NoJitter, Policy};
use embedded_sse::delivery::{
    Counts, Decimal, Delivery, EpochDecimal, Journal, JournalError, MillisCounter, RamRing, ReadResult, Record, Serial,
};
use embedded_sse::io::event_source::{EventSource, JournalledNews, JournalledSource, News, StoreError};
use tokio::time::{Instant, timeout};

use crate::server::Part::{self, Bytes, Wait};
use crate::server::{Answer, Server, events};

const SECOND: Duration = Duration::from_secs(1);

/// A store that outlives the source, as one on a disk does. It can be told to fail.
#[derive(Clone)]
pub(crate) struct Disk(Arc<Mutex<State>>);

struct State {
    ring: RamRing<Vec<u8>, Vec<u8>>,
    fails: bool,
    flushes: u32,
    appended: u32,
    unsafe_records: u32,
}

#[derive(Debug)]
pub(crate) struct Broken;

impl core::fmt::Display for Broken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("no space left")
    }
}

impl core::error::Error for Broken {}

impl Disk {
    pub(crate) fn new(size: usize) -> Self {
        let ring = RamRing::with_id_store(vec![0; size], vec![0; 128]);
        Self(Arc::new(Mutex::new(State { ring, fails: false, flushes: 0, appended: 0, unsafe_records: 0 })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) -> Result<MutexGuard<'_, State>, JournalError<Broken>> {
        let state = self.state();
        if state.fails { Err(JournalError::Store(Broken)) } else { Ok(state) }
    }
}

fn broken(error: JournalError<core::convert::Infallible>) -> JournalError<Broken> {
    match error {
        JournalError::Full => JournalError::Full,
        JournalError::TooLong { needed } => JournalError::TooLong { needed },
        error => panic!("{error}"),
    }
}

impl Journal for Disk {
    type Error = Broken;

    fn append(&mut self, record: &Record<'_>) -> Result<(), JournalError<Broken>> {
        let mut state = self.ring()?;
        state.ring.append(record).map_err(broken)?;
        state.appended += 1;
        state.unsafe_records += 1;
        Ok(())
    }

    fn read<'b>(&mut self, after: Serial, buffer: &'b mut [u8]) -> ReadResult<'b, Broken> {
        self.ring()?.ring.read(after, buffer).map_err(broken)
    }

    fn commit(&mut self, through: Serial, last_id: &[u8]) -> Result<(), JournalError<Broken>> {
        self.ring()?.ring.commit(through, last_id).map_err(broken)
    }

    fn last_id<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b [u8], JournalError<Broken>> {
        self.ring()?.ring.last_id(buffer).map_err(broken)
    }

    fn flush(&mut self) -> Result<(), JournalError<Broken>> {
        let mut state = self.ring()?;
        state.flushes += 1;
        state.unsafe_records = 0;
        Ok(())
    }
}

/// Waits of one second, and 30 seconds of silence.
fn quick(source: EventSource) -> EventSource {
    source.policy(Policy::new(Backoff::fixed(SECOND)).liveness(Some(30 * SECOND))).jitter(NoJitter)
}

fn decimal(server: &Server, disk: &Disk) -> JournalledSource {
    quick(server.get()).journalled(Delivery::new(Decimal).gap_event("cut"), disk.clone()).expect("it can be read")
}

/// Does the next thing, and tells what it was. Handles an event, and reports a state with this ID.
async fn step(events: &mut JournalledSource, state: Option<&str>) -> String {
    match events.next().await.expect("the disk works") {
        None => "end".into(),
        Some(JournalledNews::Event(event)) => {
            let text = event.data_lossy().to_string();
            event.commit().expect("the disk works");
            text
        }
        Some(JournalledNews::Sync(needed)) => {
            let since = String::from_utf8(needed.since().to_vec()).expect("text");
            let result = match state {
                None => {
                    needed.failed();
                    "failed"
                }
                Some(id) if needed.synced(id).expect("the disk works") => "synced",
                Some(_) => "too old",
            };
            format!("sync after {since}: {result}")
        }
        Some(JournalledNews::Connection(news)) => match news {
            News::Opened(_) => "opened".into(),
            News::Lost { why, .. } => format!("lost: {why}"),
            News::Stopped { .. } => "stopped".into(),
            News::TooLong(too_long) => too_long.to_string(),
            news => format!("{news:?}"),
        },
    }
}

/// Does so many things.
async fn steps<const N: usize>(events: &mut JournalledSource, state: Option<&str>) -> [String; N] {
    let mut story = [const { String::new() }; N];
    for place in &mut story {
        *place = step(events, state).await;
    }
    story
}

fn last_event_ids(server: &Server) -> Vec<Option<String>> {
    server.requests(|asked| asked.iter().map(|asked| asked.header("last-event-id").map(str::to_owned)).collect())
}

fn frames(ids: impl IntoIterator<Item = u32>) -> Part {
    Bytes(ids.into_iter().map(|id| format!("id: {id}\ndata: {id}\n\n")).collect::<String>().leak())
}

#[tokio::test(start_paused = true)]
async fn what_was_not_committed_comes_first_after_a_restart_and_needs_no_connection() {
    let server = Server::new([events(&[frames(1..=3), Part::Hang]), Answer::Hang]);
    let disk = Disk::new(1000);
    let mut source = decimal(&server, &disk);
    assert_eq!(steps(&mut source, None).await, ["opened", "1"]);
    // The process dies while it handles event 2.
    let Some(JournalledNews::Event(event)) = source.next().await.expect("the disk works") else { panic!() };
    assert_eq!(event.data(), b"2");
    drop(source);

    let mut source = decimal(&server, &disk);
    assert_eq!(steps(&mut source, None).await, ["2", "3"]);
    assert_eq!(last_event_ids(&server), [None]);
    assert!(timeout(SECOND, source.next()).await.is_err());
    assert_eq!(last_event_ids(&server), [None, Some("3".into())]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_was_dropped_comes_again() {
    let server = Server::new([events(&[frames(1..=2), Part::Hang])]);
    let mut source = decimal(&server, &Disk::new(1000));
    assert_eq!(step(&mut source, None).await, "opened");
    for _ in 0..3 {
        let Some(JournalledNews::Event(event)) = source.next().await.expect("the disk works") else { panic!() };
        assert_eq!(event.data(), b"1");
    }
    assert_eq!(steps(&mut source, None).await, ["1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn events_are_stored_and_flushed_before_the_first_of_them_is_handed_over() {
    let server = Server::new([events(&[frames(1..=100), Part::Hang])]);
    let disk = Disk::new(10_000);
    let mut source = decimal(&server, &disk);
    assert_eq!(steps(&mut source, None).await, ["opened", "1"]);
    let state = || {
        let state = disk.state();
        (state.appended, state.unsafe_records, state.flushes)
    };
    assert_eq!((state().0, state().1), (64, 0), "as many as may wait");
    let before = state().2;
    for number in 2..=64 {
        assert_eq!(step(&mut source, None).await, number.to_string());
    }
    assert_eq!(state(), (64, 0, before));
    assert_eq!(step(&mut source, None).await, "65");
    assert_eq!((state().0, state().1), (100, 0));
    for number in 66..=100 {
        assert_eq!(step(&mut source, None).await, number.to_string());
    }
    let before = state().2;
    assert!(timeout(SECOND, source.next()).await.is_err());
    assert!(state().2 > before, "the commits are flushed when nothing more comes");
}

#[tokio::test(start_paused = true)]
async fn repeated_events_are_dropped_and_events_without_an_id_are_not() {
    let note = Bytes("data: note\n\n");
    let server = Server::new([
        events(&[note, frames(1..=2), note, note]),
        // The last event comes again, and a note before and after it.
        events(&[note, frames([2]), note, frames([1, 3]), Part::Hang]),
    ]);
    let mut source = decimal(&server, &Disk::new(1000));
    assert_eq!(steps(&mut source, None).await, ["opened", "note", "1", "2", "note", "note", "lost: the stream ended"]);
    assert_eq!(steps(&mut source, None).await, ["opened", "note", "note", "3"]);
    assert_eq!(source.counts(), Counts { gaps: 0, syncs: 0, duplicates: 2 });
    assert_eq!(last_event_ids(&server), [None, Some("2".into())]);
}

#[tokio::test(start_paused = true)]
async fn a_gap_leads_to_one_full_sync_and_what_the_state_contains_is_dropped() {
    let server = Server::new([events(&[frames(1..=2)]), events(&[frames([5, 6, 7, 9]), Part::Hang]), Answer::Hang]);
    let disk = Disk::new(1000);
    let mut source = decimal(&server, &disk);
    assert_eq!(steps(&mut source, None).await, ["opened", "1", "2", "lost: the stream ended", "opened"]);
    // The process dies before the state is fetched.
    assert!(matches!(source.next().await.expect("the disk works"), Some(JournalledNews::Sync(_))));
    drop(source);
    let mut source = decimal(&server, &disk);
    assert_eq!(steps(&mut source, Some("6")).await, ["sync after 2: synced", "7"]);
    assert_eq!(steps(&mut source, Some("9")).await, ["sync after 7: synced"], "there was another one");
    assert!(timeout(SECOND, source.next()).await.is_err());
    assert_eq!(last_event_ids(&server).last(), Some(&Some("9".into())));
    assert_eq!(source.counts().syncs, 2);
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_fails_is_asked_for_again_with_longer_waits_while_events_are_stored() {
    let server = Server::new([events(&[frames(1..=2), frames([5]), Wait(1), frames([6, 8]), Part::Hang])]);
    let mut source = decimal(&server, &Disk::new(1000));
    assert_eq!(steps(&mut source, None).await, ["opened", "1", "2", "sync after 2: failed"]);
    let mut waits = vec![];
    for state in [None, Some("3"), None, None] {
        let begun = Instant::now();
        let expected = if state.is_some() { "sync after 2: too old" } else { "sync after 2: failed" };
        assert_eq!(step(&mut source, state).await, expected);
        waits.push(begun.elapsed().as_millis());
    }
    assert_eq!(waits, [1_000, 2_000, 4_000, 8_000]);
    // The second gap is closed by the same state.
    assert_eq!(steps(&mut source, Some("7")).await, ["sync after 2: synced", "8"]);
    assert_eq!(source.counts(), Counts { gaps: 2, syncs: 1, duplicates: 0 });
}

#[tokio::test(start_paused = true)]
async fn a_state_fetch_that_is_dropped_has_failed() {
    let server = Server::new([events(&[frames([1, 3]), Part::Hang])]);
    let mut source = decimal(&server, &Disk::new(1000));
    assert_eq!(steps(&mut source, None).await, ["opened", "1"]);
    assert!(matches!(source.next().await.expect("the disk works"), Some(JournalledNews::Sync(_))));
    let begun = Instant::now();
    assert_eq!(steps(&mut source, Some("2")).await, ["sync after 1: synced", "3"]);
    assert_eq!(begun.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_restarts_leads_to_a_full_sync_and_a_connection_that_is_behind_the_state_is_replaced() {
    let server = Server::new([
        events(&[
            Bytes("id: a:1\ndata: 1\n\nid: b:4\ndata: 2\n\nid: b:5\ndata: 3\n\n"),
            Wait(2),
            Bytes("id: b:6\ndata: 4\n\n"),
        ]),
        events(&[Bytes("id: c:3\ndata: 5\n\n"), Part::Hang]),
    ]);
    let source = quick(server.get()).journalled(Delivery::new(EpochDecimal), Disk::new(1000));
    let mut source = source.expect("it can be read");
    assert_eq!(steps(&mut source, None).await, ["opened", "1"]);
    // The state is already from after another restart.
    let expected = [
        "sync after a:1: synced",
        "lost: the connection is behind the state that the application has fetched",
        "opened",
        "5",
    ];
    assert_eq!(steps(&mut source, Some("c:2")).await, expected);
    assert_eq!(last_event_ids(&server), [None, Some("c:2".into())]);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_comes_while_an_attempt_waits_is_resumed_from() {
    let server = Server::new([
        events(&[frames([1, 4])]),
        // Still resumes after event 4.
        Answer::Response(200, vec![("content-type", "text/event-stream")], vec![frames([5, 6]), Part::Hang]),
        events(&[frames([8]), Part::Hang]),
    ]);
    let disk = Disk::new(1000);
    let mut source = decimal(&server, &disk);
    assert_eq!(steps(&mut source, None).await, ["opened", "1", "sync after 1: failed", "lost: the stream ended"]);
    // The state comes while the next attempt waits, so that the attempt resumes from it.
    assert_eq!(steps(&mut source, Some("7")).await, ["sync after 1: synced", "opened"]);
    assert!(timeout(SECOND, source.next()).await.is_err(), "5 and 6 are in the state");
    assert_eq!(source.counts().duplicates, 2);
    assert_eq!(last_event_ids(&server), [None, Some("7".into())]);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_overtakes_a_request_leads_to_another_one() {
    let server = Server::new([
        events(&[frames([1, 4])]),
        events(&[frames([5, 6]), Part::Hang]),
        events(&[frames([8]), Part::Hang]),
    ]);
    let source = quick(server.get()).headers(|| async {
        tokio::time::sleep(5 * SECOND).await;
        Ok(http::HeaderMap::new())
    });
    let mut source = source.journalled(Delivery::new(Decimal), Disk::new(1000)).expect("it can be read");
    let failed = "sync after 1: failed";
    assert_eq!(steps(&mut source, None).await, ["opened", "1", failed, "lost: the stream ended", failed]);
    let behind = "lost: the connection is behind the state that the application has fetched";
    assert_eq!(steps(&mut source, Some("7")).await, ["sync after 1: synced", behind, "opened", "8"]);
    assert_eq!(last_event_ids(&server), [None, Some("4".into()), Some("7".into())]);
}

#[tokio::test(start_paused = true)]
async fn a_full_journal_stops_reading_which_is_no_silence() {
    let server = Server::new([events(&[frames([1, 3]), frames(4..=40), Part::Hang])]);
    let disk = Disk::new(200);
    let mut source = decimal(&server, &disk);
    assert_eq!(steps(&mut source, None).await, ["opened", "1", "sync after 1: failed"]);
    for _ in 0..20 {
        assert_eq!(step(&mut source, None).await, "sync after 1: failed", "and no lost connection, for minutes");
    }
    assert!(disk.state().appended < 20, "{}", disk.state().appended);
    assert_eq!(step(&mut source, Some("2")).await, "sync after 1: synced");
    for number in 3..=40 {
        assert_eq!(step(&mut source, None).await, number.to_string());
    }
    // Now it is silence.
    let begun = Instant::now();
    assert_eq!(step(&mut source, None).await, "lost: the server was silent for 30s");
    assert_eq!(begun.elapsed(), 30 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_application_that_takes_ten_minutes_for_what_comes_in_seconds_loses_nothing_and_is_no_silence() {
    let parts: Vec<_> = (0..60).map(|part| frames(part * 10 + 1..=part * 10 + 10)).chain([Part::Hang]).collect();
    let server = Server::new([events(&parts)]);
    let disk = Disk::new(10_000);
    let mut source = decimal(&server, &disk);
    assert_eq!(step(&mut source, None).await, "opened");
    let begun = Instant::now();
    for number in 1..=600 {
        assert_eq!(step(&mut source, None).await, number.to_string());
        assert!(disk.state().appended < number + 64, "{} events are stored at {number}", disk.state().appended);
        tokio::time::sleep(SECOND).await;
    }
    assert_eq!(begun.elapsed(), 600 * SECOND);
    assert_eq!(last_event_ids(&server), [None], "one connection");
}

#[tokio::test(start_paused = true)]
async fn no_more_events_are_read_than_may_wait() {
    let server = Server::new([events(&[frames([1, 3]), frames(4..=40), Part::Hang])]);
    let disk = Disk::new(10_000);
    let mut source = decimal(&server, &disk).read_ahead(5);
    assert_eq!(steps(&mut source, None).await, ["opened", "1", "sync after 1: failed", "sync after 1: failed"]);
    assert_eq!(disk.state().appended, 7, "event 1, the gap, and events 3 to 7");
    // An order is obeyed all the same.
    source.handle().close();
    assert_eq!(
        steps(&mut source, Some("2")).await,
        ["stopped", "sync after 1: synced", "3", "4", "5", "6", "7", "end"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_order_ends_the_wait_for_the_next_fetch() {
    let server = Server::new([events(&[frames([1, 3]), frames(4..=40), Part::Hang])]);
    let mut source = decimal(&server, &Disk::new(10_000)).read_ahead(1);
    assert_eq!(steps(&mut source, None).await, ["opened", "1", "sync after 1: failed"]);
    let handle = source.handle();
    let begun = Instant::now();
    let order = tokio::spawn(async move {
        tokio::time::sleep(SECOND / 10).await;
        handle.close();
    });
    assert_eq!(step(&mut source, None).await, "stopped");
    assert_eq!(begun.elapsed(), SECOND / 10);
    order.await.expect("it ends");
}

#[tokio::test(start_paused = true)]
async fn a_hub_of_mercure_says_with_a_header_that_updates_are_missing() {
    let hub = |from, id| {
        let headers = vec![("content-type", "text/event-stream"), from];
        Answer::Response(200, headers, vec![Bytes(id), Part::Break])
    };
    let server = Server::new([
        events(&[Bytes("id: 1-0\ndata: 1\n\n")]),
        hub(("mercure-last-event-id", "1-0"), "id: 2-0\ndata: 2\n\n"),
        hub(("last-event-id", "earliest"), "id: 9-0\ndata: 9\n\n"),
    ]);
    let source = quick(server.get()).journalled(Delivery::new(MillisCounter), Disk::new(1000));
    let mut source = source.expect("it can be read");
    assert_eq!(steps(&mut source, None).await, ["opened", "1", "lost: the stream ended", "opened", "2"]);
    let lost = "lost: the connection broke: connection reset";
    assert_eq!(steps(&mut source, Some("8-0")).await, [lost, "sync after 2-0: synced", "opened", "9", lost, "stopped"]);
    assert_eq!(source.counts(), Counts { gaps: 1, syncs: 1, duplicates: 0 });
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_too_long_is_a_gap() {
    let long = Bytes(format!("id: 2-0\ndata: {}", "x".repeat(200)).leak());
    let server =
        Server::new([events(&[Bytes("id: 1-0\ndata: 1\n\n"), long, Bytes("\n\nid: 3-0\ndata: 3\n\n"), Part::Hang])]);
    let source = quick(server.get()).max_event(50).journalled(Delivery::new(MillisCounter), Disk::new(1000));
    let mut source = source.expect("it can be read");
    let expected = ["opened", "1", "sync after 1-0: synced", "event too long for the buffer: data", "3"];
    assert_eq!(steps(&mut source, Some("2-0")).await, expected);
}

#[tokio::test(start_paused = true)]
async fn an_event_of_the_server_tells_a_gap() {
    let server = Server::new([events(&[frames([1]), Bytes("event: cut\nid: 5\ndata\n\n"), frames([6]), Part::Hang])]);
    let mut source = decimal(&server, &Disk::new(1000));
    assert_eq!(steps(&mut source, Some("5")).await, ["opened", "1", "sync after 1: synced", "6"]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_reported_with_its_reason_and_nothing_is_lost() {
    let server = Server::new([events(&[frames(1..=2), Wait(1), frames([3]), Part::Hang])]);
    let disk = Disk::new(1000);
    let mut source = decimal(&server, &disk);
    assert_eq!(steps(&mut source, None).await, ["opened", "1"]);
    let Some(JournalledNews::Event(event)) = source.next().await.expect("the disk works") else { panic!() };
    disk.state().fails = true;
    let error = event.commit().expect_err("the disk is full");
    assert_eq!(error.to_string(), "cannot use the memory of the journal: no space left");
    let source_of = std::error::Error::source(&error).expect("a source");
    assert!(source_of.is::<Broken>());
    for _ in 0..3 {
        assert!(matches!(source.next().await, Err(StoreError::Failed(_))));
    }
    disk.state().fails = false;
    assert_eq!(steps(&mut source, None).await, ["2", "3"]);
}

#[tokio::test(start_paused = true)]
async fn an_event_for_which_there_is_never_room_is_an_error() {
    let server =
        Server::new([events(&[frames(1..=1), Bytes("id: 2\ndata: 0123456789012345678901234567890123456789\n\n")])]);
    let source = quick(server.get()).journalled(Delivery::new(Decimal), RamRing::new([0; 40]));
    let mut source = source.expect("it can be read");
    assert_eq!(step(&mut source, None).await, "opened");
    let is_too_long = |error| matches!(error, StoreError::TooLong { needed: 57, .. });
    assert!(source.next().await.is_err_and(is_too_long));
    assert_eq!(step(&mut source, None).await, "1");
    for _ in 0..2 {
        assert!(source.next().await.is_err_and(is_too_long));
    }
}

#[tokio::test(start_paused = true)]
async fn a_journal_with_room_for_one_event_is_enough() {
    let server = Server::new([events(&[frames([1, 3]), Part::Hang]), events(&[frames([3, 4]), Part::Hang])]);
    let source = quick(server.get()).journalled(Delivery::new(Decimal), RamRing::new([0; 18]));
    let mut source = source.expect("it can be read");
    // The gap before event 3 is stored, and there is no room for event 3, so that its epoch is not known when the state comes.
    let behind = "lost: the connection is behind the state that the application has fetched";
    let expected = ["opened", "1", "sync after 1: synced", behind, "opened", "3", "4"];
    assert_eq!(steps(&mut source, Some("2")).await, expected);
    assert_eq!(last_event_ids(&server), [None, Some("2".into())]);
}

#[tokio::test(start_paused = true)]
async fn an_event_of_any_length_comes_out_of_the_journal() {
    let long = format!("id: 1\ndata: {}\n\n", "x".repeat(300_000));
    let server = Server::new([events(&[Bytes(long.leak()), frames([3]), Part::Hang])]);
    let disk = Disk::new(1_000_000);
    let mut source = decimal(&server, &disk);
    assert_eq!(step(&mut source, None).await, "opened");
    assert_eq!(step(&mut source, None).await.len(), 300_000);
    assert_eq!(step(&mut source, Some("2")).await, "sync after 1: synced");
    assert_eq!(step(&mut source, None).await, "3");
    // The records behind a gap are read before any of them was handed over.
    let long = format!("id: 6\ndata: {}\n\n", "x".repeat(300_000));
    let server = Server::new([events(&[frames([5]), Bytes(long.leak()), Part::Hang])]);
    drop(source);
    let mut source = decimal(&server, &disk);
    assert_eq!(steps(&mut source, None).await, ["opened", "sync after 3: failed"]);
    drop(source);
    let mut source = decimal(&server, &disk);
    assert_eq!(steps(&mut source, Some("6")).await, ["sync after 3: synced"]);
    assert_eq!(source.counts(), Counts { gaps: 0, syncs: 1, duplicates: 0 });
}

#[tokio::test(start_paused = true)]
async fn a_new_journal_begins_where_the_source_does_and_an_old_one_does_not() {
    let server = Server::new([events(&[frames([8])]), events(&[frames([9])])]);
    let disk = Disk::new(1000);
    for (opened, number) in ["8", "9"].into_iter().enumerate() {
        let source = quick(server.get()).last_event_id("7").expect("an ID");
        let mut source = source.journalled(Delivery::new(Decimal), disk.clone()).expect("it can be read");
        assert_eq!(steps(&mut source, None).await, ["opened", number]);
        assert_eq!(last_event_ids(&server)[opened].as_deref(), Some(["7", "8"][opened]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_journal_can_begin_with_the_state() {
    let server = Server::new([events(&[frames([8])]), events(&[frames([9])])]);
    let disk = Disk::new(1000);
    let first = || decimal(&server, &disk).state_first().expect("it can be written");
    assert_eq!(steps(&mut first(), None).await, ["sync after : failed"]);
    assert_eq!(last_event_ids(&server), []);
    // It is still new.
    assert_eq!(steps(&mut first(), Some("7")).await, ["sync after : synced", "opened", "8"]);
    assert_eq!(steps(&mut first(), None).await, ["opened", "9"]);
    assert_eq!(last_event_ids(&server), [Some("7".into()), Some("8".into())]);
}

#[tokio::test(start_paused = true)]
async fn a_state_whose_id_no_header_can_carry_is_refused() {
    let server = Server::new([events(&[frames([1, 3]), Part::Hang])]);
    let mut source = decimal(&server, &Disk::new(1000));
    assert_eq!(steps(&mut source, None).await, ["opened", "1"]);
    let Some(JournalledNews::Sync(needed)) = source.next().await.expect("the disk works") else { panic!() };
    let error = needed.synced("2\n").expect_err("a line end");
    assert_eq!(error.to_string(), "cannot resume the stream from an ID: an event ID cannot hold CR, LF or NUL");
    assert_eq!(steps(&mut source, Some("2")).await, ["sync after 1: synced", "3"]);
}

#[tokio::test(start_paused = true)]
async fn it_can_be_moved_to_a_task() {
    let server = Server::new([events(&[frames(1..=3), Part::Break])]);
    let mut source = decimal(&server, &Disk::new(1000));
    let task = tokio::spawn(async move { steps::<4>(&mut source, None).await });
    assert_eq!(task.await.expect("it ends"), ["opened", "1", "2", "3"]);
}
