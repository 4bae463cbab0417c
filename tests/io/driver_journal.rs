//! Tests of both drivers with a journal, in virtual time: losses of power, repeated events, gaps, a full journal, and futures
//! that are dropped.

use core::cell::{Cell, RefCell};
use core::convert::Infallible;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::rc::Rc;

use embedded_sse::Decoder;
use embedded_sse::client::{Backoff, NoJitter, Policy, Reconnect, Session};
use embedded_sse::delivery::{
    AsyncJournal, Counts, Decimal, Delivery, EpochDecimal, Journal, JournalError, Journalled, JournalledAsync, RamRing,
    ReadResult, Record, Sequence, Serial,
};
use embedded_sse::io::driver::{Driver, JournalledEvents, JournalledNews, News};
use embedded_sse::io::{HeaderError, HeaderList, driver_blocking};

use crate::world::{Answer, Asked, End, Scripted, World};

type TestSession = Session<Decoder<[u8; 64]>, NoJitter>;
type TestEvents<'d, 'j, R, P> = JournalledEvents<'d, 'j, TestSession, &'d World, R, P, Disk, [u8; 128]>;

const SECOND: Duration = Duration::from_secs(1);

fn policy() -> Policy {
    Policy::new(Backoff::fixed(SECOND)).liveness(Some(30 * SECOND))
}

fn new_session() -> TestSession {
    Session::new(Decoder::new([0; 64]), Reconnect::new(policy(), NoJitter))
}

async fn no_headers(_: &mut HeaderList<'_>) -> Result<(), HeaderError> {
    Ok(())
}

/// A store that outlives the driver, as flash does. Each operation takes two polls, and has its effect at the second one.
#[derive(Clone)]
struct Disk {
    ring: Rc<RefCell<RamRing<Vec<u8>>>>,
    fails: Rc<Cell<bool>>,
    appended: Rc<Cell<usize>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Broken;

impl Disk {
    fn new(size: usize) -> Self {
        Self { ring: Rc::new(RefCell::new(RamRing::new(vec![0; size]))), fails: Rc::default(), appended: Rc::default() }
    }

    fn try_ring<T>(
        &self,
        run: impl FnOnce(&mut RamRing<Vec<u8>>) -> Result<T, JournalError<Infallible>>,
    ) -> Result<T, JournalError<Broken>> {
        if self.fails.get() {
            return Err(JournalError::Store(Broken));
        }
        run(&mut self.ring.borrow_mut()).map_err(|error| match error {
            JournalError::Full => JournalError::Full,
            JournalError::TooLong { needed } => JournalError::TooLong { needed },
            error => unreachable!("{error}"),
        })
    }
}

impl Journal for Disk {
    type Error = Broken;

    fn append(&mut self, record: &Record<'_>) -> Result<(), JournalError<Broken>> {
        self.try_ring(|ring| ring.append(record))?;
        self.appended.set(self.appended.get() + 1);
        Ok(())
    }

    fn read<'b>(&mut self, after: Serial, buffer: &'b mut [u8]) -> ReadResult<'b, Broken> {
        self.try_ring(|ring| ring.read(after, buffer))
    }

    fn commit(&mut self, through: Serial, last_id: &[u8]) -> Result<(), JournalError<Broken>> {
        self.try_ring(|ring| ring.commit(through, last_id))
    }

    fn last_id<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b [u8], JournalError<Broken>> {
        self.try_ring(|ring| ring.last_id(buffer))
    }
}

impl AsyncJournal for Disk {
    type Error = Broken;

    async fn append(&mut self, record: &Record<'_>) -> Result<(), JournalError<Broken>> {
        around(|| Journal::append(self, record)).await
    }

    async fn read<'b>(&mut self, after: Serial, buffer: &'b mut [u8]) -> ReadResult<'b, Broken> {
        turn().await;
        Journal::read(self, after, buffer)
    }

    async fn commit(&mut self, through: Serial, last_id: &[u8]) -> Result<(), JournalError<Broken>> {
        around(|| Journal::commit(self, through, last_id)).await
    }

    async fn last_id<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b [u8], JournalError<Broken>> {
        turn().await;
        Journal::last_id(self, buffer)
    }
}

/// Leaves the task once before the effect, and once after it.
async fn around<T>(effect: impl FnOnce() -> T) -> T {
    turn().await;
    let result = effect();
    turn().await;
    result
}

async fn turn() {
    let mut is_asked = false;
    poll_fn(|context| {
        if core::mem::replace(&mut is_asked, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn text(news: &JournalledNews<'_>) -> String {
    match news {
        JournalledNews::Event(event) => event.data_lossy().to_string(),
        JournalledNews::Sync { since } => format!("sync after {}:", since.escape_ascii()),
        JournalledNews::Connection(News::Lost { why, .. }) => format!("lost {why:?}"),
        JournalledNews::Connection(News::Stopped { reason, .. }) => format!("stopped {reason:?}"),
        JournalledNews::Connection(News::TooLong(too_long)) => format!("too long {:?}", too_long.field),
        JournalledNews::Connection(news) => format!("{news:?}").to_lowercase(),
    }
}

/// Does the next thing, and tells what it was. Reports a state with this ID.
async fn step<P: Sequence>(
    events: &mut TestEvents<'_, '_, impl Future<Output = Infallible> + Unpin, P>,
    state: Option<&str>,
) -> Result<String, JournalError<Broken>> {
    let Some(news) = events.next().await? else { return Ok("end".into()) };
    let mut told = text(&news);
    match (news, state) {
        (JournalledNews::Event(_), _) => events.commit().await?,
        (JournalledNews::Sync { .. }, Some(id)) => {
            told += if events.synced(id.as_bytes()).await? { " synced" } else { " too old" };
        }
        (JournalledNews::Sync { .. }, None) => {
            events.failed();
            told += " failed";
        }
        (JournalledNews::Connection(_), _) => {}
    }
    Ok(told)
}

/// What happened: one line for each thing, the requests with their IDs and times, and what was counted.
#[derive(Debug, PartialEq, Eq)]
struct Story {
    told: Vec<String>,
    ids: Vec<String>,
    requests: Vec<u64>,
    counts: Counts,
}

fn id_of(asked: &Asked) -> String {
    asked.header("Last-Event-ID").unwrap_or("-").to_owned()
}

/// Plays a script with both drivers: one step for each state, which is reported if the step asks for one.
#[track_caller]
fn both<P: Sequence + Copy>(
    delivery: Delivery<P>,
    size: usize,
    script: impl Fn(usize, &str) -> Answer,
    states: &[Option<&str>],
) -> Story {
    let (world, ids) = (World::new(1), RefCell::new(vec![]));
    let answer = |asked: &Asked| {
        ids.borrow_mut().push(id_of(asked));
        script(ids.borrow().len() - 1, &id_of(asked))
    };
    let mut journal =
        world.block_on(JournalledAsync::new(delivery, Disk::new(size), [0; 128])).expect("the disk works");
    let (mut session, mut buffer) = (new_session(), [0; 512]);
    let driver = Driver::with_news(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(Scripted(&world, answer), [0; 256], no_headers));
    let mut events = driver.events(run).journalled(&mut journal);
    let told = states.iter().map(|state| world.block_on(step(&mut events, *state)).expect("the disk works")).collect();
    let story = Story { told, ids: ids.take(), requests: world.requests(), counts: events.counts() };

    let (blocking, ids) = (World::new(1), RefCell::new(vec![]));
    let answer = |asked: &Asked| {
        ids.borrow_mut().push(id_of(asked));
        script(ids.borrow().len() - 1, &id_of(asked))
    };
    let mut journal = Journalled::new(delivery, Disk::new(size), [0; 128]).expect("the disk works");
    let mut driver = driver_blocking::Driver::with_news(new_session(), [0; 512], &blocking);
    let (mut room, mut headers) = ([0; 256], |_: &mut HeaderList<'_>| Ok(()));
    let mut events = driver.events(Scripted(&blocking, answer), &mut room, &mut headers).journalled(&mut journal);
    let mut told = vec![];
    for state in states {
        let Some(news) = events.next().expect("the disk works") else {
            told.push("end".to_owned());
            continue;
        };
        let mut line = text(&news);
        match (news, state) {
            (JournalledNews::Event(_), _) => events.commit().expect("the disk works"),
            (JournalledNews::Sync { .. }, Some(id)) => {
                line += if events.synced(id.as_bytes()).expect("the disk works") { " synced" } else { " too old" };
            }
            (JournalledNews::Sync { .. }, None) => {
                events.failed();
                line += " failed";
            }
            (JournalledNews::Connection(_), _) => {}
        }
        told.push(line);
    }
    let counts = events.counts();
    assert_eq!(told, story.told, "blocking and asynchronous");
    assert_eq!((ids.take(), counts), (story.ids.clone(), story.counts), "blocking and asynchronous");
    story
}

fn frames(ids: impl IntoIterator<Item = u32>) -> String {
    ids.into_iter().map(|id| format!("id: {id}\ndata: {id}\n\n")).collect()
}

fn stream(text: &str, end: End) -> Answer {
    Answer::Stream(text.as_bytes().to_vec(), end)
}

fn decimal() -> Delivery<Decimal> {
    Delivery::new(Decimal).gap_event("cut")
}

#[test]
fn repeated_events_are_dropped_and_events_without_an_id_are_not() {
    let note = "data: note\n\n";
    let script = |count, _: &str| match count {
        0 => stream(&[note, &frames(1..=2), note, note].concat(), End::Clean),
        // The last event comes again, and a note before and after it.
        1 => stream(&[note, &frames([2]), note, &frames([1, 3])].concat(), End::Clean),
        _ => Answer::Status(204, None, None),
    };
    let story = both(decimal(), 1000, script, &[None; 14]);
    let expected = [
        "opened",
        "note",
        "1",
        "2",
        "note",
        "note",
        "lost Ended { mid_event: false }",
        "opened",
        "note",
        "note",
        "3",
        "lost Ended { mid_event: false }",
        "stopped NoContent",
        "end",
    ];
    assert_eq!(story.told, expected);
    assert_eq!(story.ids, ["-", "2", "3"]);
    assert_eq!(story.counts, Counts { gaps: 0, syncs: 0, duplicates: 2 });
}

#[test]
fn a_gap_leads_to_one_full_sync_and_what_the_state_contains_is_dropped() {
    let script = |count, _: &str| match count {
        0 => stream(&frames(1..=2), End::Clean),
        1 => stream(&[&frames([5, 6, 7]), "event: cut\ndata\n\n", &frames([8])].concat(), End::Clean),
        _ => stream("", End::Silent),
    };
    let states = [None, None, None, None, None, Some("6"), None, Some("7"), None, None, None];
    let story = both(decimal(), 1000, script, &states);
    let expected = [
        "opened",
        "1",
        "2",
        "lost Ended { mid_event: false }",
        "opened",
        "sync after 2: synced",
        "7",
        "sync after 7: synced",
        "8",
        "lost Ended { mid_event: false }",
        "opened",
    ];
    assert_eq!(story.told, expected);
    assert_eq!(story.ids, ["-", "2", "8"]);
    assert_eq!(story.counts.syncs, 2);
}

#[test]
fn a_sync_that_fails_is_asked_for_again_with_longer_waits() {
    let script = |_, _: &str| stream(&frames([1, 4]), End::Silent);
    let states = [None, None, None, None, Some("2"), None, Some("3"), None];
    let story = both(decimal(), 1000, script, &states);
    let failed = "sync after 1: failed";
    let expected = ["opened", "1", failed, failed, "sync after 1: too old", failed, "sync after 1: synced", "4"];
    assert_eq!(story.told, expected);
    assert_eq!(story.requests.len(), 1, "waits of 1 s, 2 s, 4 s and 8 s are no silence");
    assert_eq!(story.counts, Counts { gaps: 1, syncs: 1, duplicates: 0 });
}

#[test]
fn a_connection_that_is_behind_the_state_is_replaced() {
    let script = |count, _: &str| match count {
        0 => stream("id: a:1\ndata: 1\n\nid: b:4\ndata: 2\n\nid: b:5\ndata: 3\n\nid: b:6\ndata: 4\n\n", End::Silent),
        _ => stream("id: c:3\ndata: 5\n\n", End::Silent),
    };
    let states = [None, None, Some("c:2"), None, None, None];
    let story = both(Delivery::new(EpochDecimal), 1000, script, &states);
    // The state is already from after another restart.
    let expected = ["opened", "1", "sync after a:1: synced", "lost Behind", "opened", "5"];
    assert_eq!(story.told, expected);
    assert_eq!(story.ids, ["-", "c:2"]);
}

/// The gap takes the room, and then the state makes room for the event after it.
#[test]
fn a_journal_with_room_for_one_event_is_enough() {
    let script = |_, _: &str| stream(&frames([1, 4, 5]), End::Silent);
    let story = both(decimal(), 25, script, &[None, None, None, Some("3"), None, None, None, None]);
    let is_of_connection = |line: &&String| line.starts_with("lost") || *line == "opened";
    let told: Vec<_> = story.told.iter().filter(|line| !is_of_connection(line)).collect();
    assert_eq!(told, ["1", "sync after 1: failed", "sync after 1: synced", "4", "5"]);
}

#[test]
fn what_is_too_long_is_a_gap() {
    let long = "x".repeat(600);
    let script =
        |_, _: &str| stream(&[&frames([1]), "id: 2\ndata: ", &long, "\n\n", &frames([3])].concat(), End::Silent);
    let story = both(decimal(), 1000, script, &[None, None, None, Some("2"), None]);
    assert_eq!(story.told, ["opened", "1", "too long Data", "sync after 1: synced", "3"]);
}

/// An application that asks for news again has not fetched the state.
#[test]
fn a_state_that_is_not_reported_has_failed() {
    let (world, disk) = (World::new(1), Disk::new(1000));
    let mut journal = world.block_on(JournalledAsync::new(decimal(), disk, [0; 128])).expect("the disk works");
    let (mut session, mut buffer) = (new_session(), [0; 512]);
    let driver = Driver::with_news(&mut session, &mut buffer, &world);
    let connect = Scripted(&world, |_: &Asked| stream(&frames([1, 3]), End::Silent));
    let run = pin!(driver.run(connect, [0; 256], no_headers));
    let mut events = driver.events(run).journalled(&mut journal);
    for expected in ["opened", "1"] {
        assert_eq!(world.block_on(step(&mut events, None)).as_deref(), Ok(expected));
    }
    for wait in [0, 1_000, 2_000] {
        let before = world.now();
        let news = world.block_on(events.next()).expect("the disk works");
        assert_eq!(news, Some(JournalledNews::Sync { since: b"1" }));
        let passed = world.now().saturating_duration_since(before).as_millis();
        assert!((wait..wait + 10).contains(&passed), "{passed}");
    }
}

/// The application is a hundred times slower than the connection may be silent.
#[test]
fn a_full_journal_stops_reading_and_is_no_silence() {
    let (world, disk) = (World::new(1), Disk::new(200));
    let mut journal = world.block_on(JournalledAsync::new(decimal(), disk.clone(), [0; 128])).expect("the disk works");
    let (mut session, mut buffer) = (new_session(), [0; 64]);
    let driver = Driver::with_news(&mut session, &mut buffer, &world);
    let connect = Scripted(&world, |_: &Asked| stream(&frames((1..=1).chain(3..=300)), End::Silent));
    let run = pin!(driver.run(connect, [0; 256], no_headers));
    let mut events = driver.events(run).journalled(&mut journal);
    for expected in ["opened", "1", "sync after 1: failed"] {
        assert_eq!(world.block_on(step(&mut events, None)).as_deref(), Ok(expected));
    }
    // The state cannot be fetched for a while, and the journal fills up.
    let mut reads = vec![];
    for _ in 0..10 {
        assert_eq!(world.block_on(step(&mut events, None)).as_deref(), Ok("sync after 1: failed"));
        reads.push(world.reads());
    }
    assert!(disk.appended.get() > 3, "events are stored meanwhile");
    assert_eq!(reads[1..], [reads[1]; 9], "nothing is read when there is no room");
    assert!(world.now().as_millis() > 200_000, "longer than the connection may be silent");
    assert_eq!(world.block_on(step(&mut events, Some("2"))).as_deref(), Ok("sync after 1: synced"));
    for id in 3..=300 {
        world.pass(40_000);
        assert_eq!(world.block_on(step(&mut events, None)), Ok(id.to_string()));
    }
    assert_eq!(world.requests().len(), 1, "one connection all the time");
}

#[test]
fn a_state_that_comes_while_an_attempt_is_on_its_way_leads_to_another_one() {
    let (world, disk) = (World::new(1), Disk::new(1000));
    let ids = RefCell::new(vec![]);
    let mut journal = world.block_on(JournalledAsync::new(decimal(), disk, [0; 128])).expect("the disk works");
    let (mut session, mut buffer) = (new_session(), [0; 512]);
    let driver = Driver::with_news(&mut session, &mut buffer, &world);
    let connect = Scripted(&world, |asked: &Asked| {
        ids.borrow_mut().push(id_of(asked));
        match ids.borrow().len() {
            1 => stream(&frames([1, 4]), End::Clean),
            2 => stream(&frames([5, 6]), End::Silent),
            _ => stream(&frames([8]), End::Silent),
        }
    });
    // Each request takes some time.
    let run = pin!(driver.run(connect, [0; 256], async |_: &mut HeaderList<'_>| {
        world.wait_until(world.now().as_millis() + 5_000).await;
        Ok(())
    }));
    let mut events = driver.events(run).journalled(&mut journal);
    let failed = "sync after 1: failed";
    for expected in ["opened", "1", failed, "lost Ended { mid_event: false }", failed] {
        assert_eq!(world.block_on(step(&mut events, None)).as_deref(), Ok(expected));
    }
    for expected in ["sync after 1: synced", "lost Behind", "opened", "8"] {
        assert_eq!(world.block_on(step(&mut events, Some("7"))).as_deref(), Ok(expected));
    }
    assert_eq!(*ids.borrow(), ["-", "4", "7"]);
}

/// A stop is told at once. The state is still asked for, and the events after it still come.
#[test]
fn a_stream_that_has_stopped_ends_after_its_journal() {
    let script = |count, _: &str| match count {
        0 => stream(&frames([1, 4, 5]), End::Clean),
        _ => Answer::Status(204, None, None),
    };
    let world = World::new(1);
    let mut count = 0..;
    let mut journal = world.block_on(JournalledAsync::new(decimal(), Disk::new(1000), [0; 128])).expect("it works");
    let (mut session, mut buffer) = (new_session(), [0; 512]);
    let driver = Driver::with_news(&mut session, &mut buffer, &world);
    let connect = Scripted(&world, |asked: &Asked| script(count.next().unwrap(), &id_of(asked)));
    let run = pin!(driver.run(connect, [0; 256], no_headers));
    let mut events = driver.events(run).journalled(&mut journal);
    let failed = "sync after 1: failed";
    let expected =
        ["opened", "1", failed, "lost Ended { mid_event: false }", failed, "stopped NoContent", failed, failed];
    for expected in expected {
        assert_eq!(world.block_on(step(&mut events, None)).as_deref(), Ok(expected));
    }
    for expected in ["sync after 1: synced", "4", "5", "end", "end"] {
        assert_eq!(world.block_on(step(&mut events, Some("3"))).as_deref(), Ok(expected));
    }
}

#[test]
fn what_could_not_be_stored_is_stored_later() {
    let (world, disk) = (World::new(1), Disk::new(60));
    let mut journal = world.block_on(JournalledAsync::new(decimal(), disk.clone(), [0; 128])).expect("the disk works");
    let (mut session, mut buffer) = (new_session(), [0; 512]);
    let driver = Driver::with_news(&mut session, &mut buffer, &world);
    let long = format!("id: 3\ndata: {}\n\n", "x".repeat(50));
    let connect = Scripted(&world, |_: &Asked| stream(&(frames(1..=2) + &long + &frames([4])), End::Silent));
    let run = pin!(driver.run(connect, [0; 256], no_headers));
    let mut events = driver.events(run).journalled(&mut journal);
    for expected in ["opened", "1"] {
        assert_eq!(world.block_on(step(&mut events, None)).as_deref(), Ok(expected));
    }
    disk.fails.set(true);
    for _ in 0..3 {
        assert_eq!(world.block_on(step(&mut events, None)), Err(JournalError::Store(Broken)));
    }
    disk.fails.set(false);
    assert_eq!(world.block_on(step(&mut events, None)).as_deref(), Ok("2"));
    assert!(matches!(world.block_on(step(&mut events, None)), Err(JournalError::TooLong { .. })), "the third");
    for expected in ["too long Data", "sync after 2: synced", "4"] {
        assert_eq!(world.block_on(step(&mut events, Some("3"))).as_deref(), Ok(expected), "it is a gap");
    }
}

/// A server with numbered events that cuts connections.
fn numbered(world: &World, last: &str, count: u32) -> Answer {
    let next = if last == "-" { 1 } else { last.parse::<u32>().expect("one of our ids") + 1 };
    if next > count {
        return Answer::Status(204, None, None);
    }
    let bytes = frames(next..=count).into_bytes();
    let length = world.random(300).min(bytes.len());
    Answer::Stream(bytes[..length].to_vec(), [End::Clean, End::Reset, End::Silent][world.random(3)])
}

/// The power fails at random times: while the driver waits, reads and stores, before a commit, and during it.
#[test]
fn nothing_is_lost_and_nothing_committed_comes_again_when_the_power_fails() {
    const COUNT: u32 = 300;
    for seed in 0..20 {
        let (world, disk) = (World::new(seed), Disk::new(200));
        let (mut committed, mut unsure, mut failures) = (0, None, 0);
        'power: loop {
            let mut journal =
                world.block_on(JournalledAsync::new(decimal(), disk.clone(), [0; 128])).expect("the disk works");
            let (mut session, mut buffer) = (new_session(), [0; 40]);
            let driver = Driver::with_news(&mut session, &mut buffer, &world);
            let connect = Scripted(&world, |asked: &Asked| numbered(&world, &id_of(asked), COUNT));
            let run = pin!(driver.run(connect, [0; 256], no_headers));
            let mut events = driver.events(run).journalled(&mut journal);
            let mut left = world.random(200);
            loop {
                let event = {
                    let mut next = pin!(events.next());
                    loop {
                        if let Poll::Ready(news) = world.poll(next.as_mut()) {
                            match news.expect("the disk works") {
                                Some(JournalledNews::Event(event)) => break Some(event.data_lossy().to_string()),
                                Some(JournalledNews::Connection(_)) => break None,
                                Some(news) => unreachable!("no event is missing: {news:?}"),
                                None => break 'power,
                            }
                        }
                        left = left.saturating_sub(1);
                        if left == 0 {
                            failures += 1;
                            continue 'power;
                        }
                    }
                };
                let Some(data) = event else { continue };
                let number: u32 = data.parse().expect("a number");
                if unsure.take() != Some(number) || number != committed {
                    assert_eq!(number, committed + 1, "the next one, seed {seed}");
                }
                committed = number;
                if world.random(20) == 0 {
                    // It was handled, and may come again.
                    (committed, failures) = (number - 1, failures + 1);
                    continue 'power;
                }
                let mut commit = pin!(events.commit());
                for polls in 0.. {
                    if world.random(20) == 0 {
                        unsure = Some(number);
                        failures += 1;
                        continue 'power;
                    }
                    assert!(polls < 10, "a commit ends");
                    if let Poll::Ready(result) = world.poll(commit.as_mut()) {
                        result.expect("the disk works");
                        break;
                    }
                }
            }
        }
        assert_eq!((committed, failures > 30), (COUNT, true), "{failures} failures, seed {seed}");
    }
}

#[test]
fn nothing_is_lost_when_the_power_fails_in_a_blocking_driver() {
    const COUNT: u32 = 300;
    for seed in 0..20 {
        let (world, disk) = (World::new(seed), Disk::new(200));
        let (mut committed, mut failures) = (0, 0);
        'power: loop {
            let mut journal = Journalled::new(decimal(), disk.clone(), [0; 128]).expect("the disk works");
            let connect = Scripted(&world, |asked: &Asked| numbered(&world, &id_of(asked), COUNT));
            let mut driver = driver_blocking::Driver::with_news(new_session(), [0; 40], &world);
            let (mut room, mut headers) = ([0; 256], |_: &mut HeaderList<'_>| Ok(()));
            let mut events = driver.events(connect, &mut room, &mut headers).journalled(&mut journal);
            loop {
                match events.next().expect("the disk works") {
                    Some(JournalledNews::Event(event)) => {
                        assert_eq!(event.data_lossy().to_string(), (committed + 1).to_string(), "seed {seed}");
                        if world.random(8) > 0 {
                            events.commit().expect("the disk works");
                            committed += 1;
                        }
                    }
                    Some(JournalledNews::Connection(_)) => {}
                    Some(news) => unreachable!("no event is missing: {news:?}"),
                    None => break 'power,
                }
                if world.random(12) == 0 {
                    failures += 1;
                    continue 'power;
                }
            }
        }
        assert_eq!((committed, failures > 20), (COUNT, true), "{failures} failures, seed {seed}");
    }
}

/// With gaps, a sync that fails, repeated events and cuts.
#[test]
fn a_future_dropped_at_any_await_point_changes_nothing() {
    let play = |dropped_after: Option<usize>| {
        let (world, disk) = (World::new(3), Disk::new(150));
        let mut journal = world.block_on(JournalledAsync::new(decimal(), disk, [0; 128])).expect("the disk works");
        let (mut session, mut buffer) = (new_session(), [0; 40]);
        let driver = Driver::with_news(&mut session, &mut buffer, &world);
        let mut count = 0..;
        let connect = Scripted(&world, |_: &Asked| match count.next() {
            Some(0) => stream(&frames(1..=4), End::Reset),
            Some(1) => stream(&frames((4..=6).chain(9..=12)), End::Clean),
            Some(2) => stream(&frames(12..=14), End::Silent),
            _ => Answer::Status(204, None, None),
        });
        let run = pin!(driver.run(connect, [0; 256], no_headers));
        let mut events = driver.events(run).journalled(&mut journal);
        let (mut polls, mut told, mut syncs) = (0, vec![], 0);
        while told.last().is_none_or(|last| last != "end") {
            let line = {
                let mut next = pin!(events.next());
                loop {
                    polls += 1;
                    match world.poll(next.as_mut()) {
                        Poll::Ready(news) => {
                            break Some(news.expect("the disk works").map_or("end".to_owned(), |news| text(&news)));
                        }
                        Poll::Pending if dropped_after == Some(polls) => break None,
                        Poll::Pending => {}
                    }
                }
            };
            let Some(line) = line else { continue };
            if line.starts_with("sync") {
                syncs += 1;
                match syncs {
                    1 => events.failed(),
                    _ => assert!(world.block_on(events.synced(b"8")).expect("the disk works")),
                }
            } else if line.parse::<u32>().is_ok() {
                world.block_on(events.commit()).expect("the disk works");
            }
            told.push(line);
        }
        (told, polls, events.counts().syncs)
    };
    let numbers = |told: &[String]| -> Vec<u32> { told.iter().filter_map(|line| line.parse().ok()).collect() };
    let (told, polls, syncs) = play(None);
    assert_eq!(numbers(&told), [1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14]);
    assert_eq!((syncs, told.iter().filter(|line| line.starts_with("sync")).count()), (1, 2), "{told:?}");
    assert!(polls > 100, "{polls}");
    for dropped_after in 1..=polls {
        let (other, _, syncs) = play(Some(dropped_after));
        assert_eq!((&other, syncs), (&told, 1), "dropped after {dropped_after}");
    }
}
