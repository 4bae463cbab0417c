//! Tests of both drivers over scripted transports, in virtual time.

use core::cell::{Cell, RefCell};
use core::convert::Infallible;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use embedded_io::{ErrorKind, ErrorType};
use embedded_sse::client::{Backoff, Instant, NoJitter, Policy, Reconnect, Response, Session, StopReason, Verdict};
use embedded_sse::io::driver::{Connect, Driver, Events, Exchange, NextError};
use embedded_sse::io::{HeaderError, HeaderList, Request, driver_blocking};
use embedded_sse::{Decoder, Event, Field, Item};

use crate::world::{Answer, Asked, End, Scripted, World};

/// A report of a driver.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Event(String),
    TooLong(Field),
    Headers(HeaderError),
    Offline,
    Stopped(StopReason),
}

impl Said {
    fn of(next: Result<Event<'_>, NextError>) -> Self {
        match next {
            Ok(event) => Self::Event(event.data_str().expect("text").to_owned()),
            Err(NextError::TooLong(too_long)) => Self::TooLong(too_long.field),
            Err(NextError::Headers(error)) => Self::Headers(error),
            Err(NextError::Offline) => Self::Offline,
            Err(NextError::Stopped(reason)) => Self::Stopped(reason),
            Err(error) => unreachable!("unexpected error: {error}"),
        }
    }

    fn event(data: impl ToString) -> Self {
        Self::Event(data.to_string())
    }
}

type TestSession = Session<Decoder<[u8; 64]>, NoJitter>;
type TestEvents<'d, R> = Events<'d, TestSession, &'d World, R>;

const SECOND: Duration = Duration::from_secs(1);

fn policy() -> Policy {
    Policy::new(Backoff::fixed(SECOND)).liveness(Some(30 * SECOND))
}

fn new_session(policy: Policy) -> TestSession {
    Session::new(Decoder::new([0; 64]), Reconnect::new(policy, NoJitter))
}

async fn no_headers(_: &mut HeaderList<'_>) -> Result<(), HeaderError> {
    Ok(())
}

fn stream(text: &str, end: End) -> Answer {
    Answer::Stream(text.as_bytes().to_vec(), end)
}

fn nothing_more() -> Answer {
    Answer::Status(204, None, None)
}

/// Runs both drivers with a script until they stop. `script` gets the number of the request, which starts at 0 for each
/// driver.
#[track_caller]
fn said(policy: Policy, script: impl Fn(usize, &Asked) -> Answer) -> (Vec<Said>, Vec<u64>) {
    let world = World::new(1);
    let mut count = 0..;
    let connect = Scripted(&world, |asked: &Asked| script(count.next().unwrap(), asked));
    let (mut session, mut buffer) = (new_session(policy), [0; 512]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(connect, [0; 256], no_headers));
    let mut events = driver.events(run);
    let mut said = vec![];
    while !matches!(said.last(), Some(Said::Stopped(_))) {
        said.push(Said::of(world.block_on(events.next())));
    }
    assert!(!world.is_connected(), "no connection is left after a stop");

    let blocking = World::new(1);
    let mut count = 0..;
    let connect = Scripted(&blocking, |asked: &Asked| script(count.next().unwrap(), asked));
    let mut driver = driver_blocking::Driver::new(new_session(policy), [0; 512], &blocking);
    let (mut room, mut headers) = ([0; 256], |_: &mut HeaderList<'_>| Ok(()));
    let mut events = driver.events(connect, &mut room, &mut headers);
    let mut said_blocking = vec![];
    while !matches!(said_blocking.last(), Some(Said::Stopped(_))) {
        said_blocking.push(Said::of(events.next()));
    }
    assert!(!blocking.is_connected(), "no connection is left after a stop");
    assert_eq!(said_blocking, said, "blocking and asynchronous");
    assert_eq!(blocking.requests().len(), world.requests().len(), "blocking and asynchronous");
    (said, world.requests())
}

/// A server with numbered events that cuts connections and resumes.
struct Numbered {
    stream: Vec<u8>,
    /// The offset of each event.
    starts: Vec<usize>,
    cuts: Cell<usize>,
}

impl Numbered {
    fn new(count: usize, world: &World) -> Self {
        let (mut stream, mut starts) = (String::new(), vec![]);
        for number in 0..count {
            starts.push(stream.len());
            stream += &match world.random(5) {
                0 => format!("id: {number}\ndata: {number}\n\n"),
                1 => format!("data:{number}\rid:{number}\r\r"),
                2 => format!(": beat\r\n\r\nevent: named\r\nid: {number}\r\ndata: {number}\r\n\r\n"),
                3 => format!("id: {number}\ndata: {number}\ndata\n\n"),
                _ => format!("{}\nid: {number}\ndata: {number}\n\n", ":".repeat(world.random(200))),
            };
        }
        Self { stream: stream.into_bytes(), starts, cuts: Cell::new(0) }
    }

    /// Serves what follows the last event ID, and cuts it at a random byte while cuts are left.
    fn serve(&self, world: &World, asked: &Asked, cuts: usize) -> Answer {
        let next = asked.header("Last-Event-ID").map_or(0, |id| id.parse::<usize>().expect("one of our ids") + 1);
        let Some(&start) = self.starts.get(next) else { return nothing_more() };
        let rest = &self.stream[start..];
        if self.cuts.get() == cuts {
            return Answer::Stream(rest.to_vec(), End::Clean);
        }
        self.cuts.set(self.cuts.get() + 1);
        let length = world.random(2 * self.stream.len() / (cuts + cuts / 4)).min(rest.len());
        let end = [End::Clean, End::Reset, End::Silent][world.random(3)];
        Answer::Stream(rest[..length].to_vec(), end)
    }

    fn check(&self, cuts: usize, count: usize, said: &Said, world: &World) -> bool {
        match said {
            Said::Event(data) => assert_eq!(data.trim_end(), count.to_string(), "the next event, in order"),
            said => {
                assert_eq!(*said, Said::Stopped(StopReason::NoContent));
                assert_eq!((count, self.cuts.get()), (self.starts.len(), cuts));
                assert!(world.requests().len() > cuts);
                return false;
            }
        }
        true
    }
}

#[test]
fn nothing_is_lost_in_200_cuts() {
    let world = World::new(7);
    let server = Numbered::new(100_000, &world);
    let (mut session, mut buffer) = (new_session(policy()), [0; 512]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let connect = Scripted(&world, |asked: &Asked| server.serve(&world, asked, 200));
    let run = pin!(driver.run(connect, [0; 256], no_headers));
    let mut events = driver.events(run);
    let mut count = 0;
    while server.check(200, count, &Said::of(world.block_on(events.next())), &world) {
        count += 1;
    }
}

#[test]
fn nothing_is_lost_in_200_cuts_blocking() {
    let world = World::new(8);
    let server = Numbered::new(100_000, &world);
    let connect = Scripted(&world, |asked: &Asked| server.serve(&world, asked, 200));
    let mut driver = driver_blocking::Driver::new(new_session(policy()), [0; 512], &world);
    let (mut room, mut headers) = ([0; 256], |_: &mut HeaderList<'_>| Ok(()));
    let mut events = driver.events(connect, &mut room, &mut headers);
    let mut count = 0;
    while server.check(200, count, &Said::of(events.next()), &world) {
        count += 1;
    }
}

/// Drops each future after `polls` polls and continues with a new one, until one is ready.
fn next_with_drops(
    world: &World,
    events: &mut TestEvents<'_, impl Future<Output = Infallible> + Unpin>,
    polls: usize,
) -> Said {
    loop {
        let mut next = pin!(events.next());
        for _ in 0..polls {
            if let Poll::Ready(next) = world.poll(next.as_mut()) {
                return Said::of(next);
            }
        }
    }
}

#[test]
fn nothing_is_lost_if_every_wait_is_dropped() {
    for polls in 1..=12 {
        let world = World::new(polls as u64);
        let server = Numbered::new(2_000, &world);
        let (mut session, mut buffer) = (new_session(policy()), [0; 512]);
        let driver = Driver::new(&mut session, &mut buffer, &world);
        let connect = Scripted(&world, |asked: &Asked| server.serve(&world, asked, 30));
        let run = pin!(driver.run(connect, [0; 256], async |_| {
            world.wait_until(world.now().as_millis() + 5).await;
            Ok(())
        }));
        let mut events = driver.events(run);
        let mut count = 0;
        while server.check(30, count, &next_with_drops(&world, &mut events, polls), &world) {
            count += 1;
        }
    }
}

#[test]
fn a_drop_at_any_await_point_changes_nothing() {
    let play = |dropped_after: Option<usize>| {
        let world = World::new(3);
        let server = Numbered::new(40, &world);
        let (mut session, mut buffer) = (new_session(policy()), [0; 512]);
        let driver = Driver::new(&mut session, &mut buffer, &world);
        let connect = Scripted(&world, |asked: &Asked| server.serve(&world, asked, 4));
        let run = pin!(driver.run(connect, [0; 256], no_headers));
        let mut events = driver.events(run);
        let (mut polls, mut said) = (0, vec![]);
        while !matches!(said.last(), Some(Said::Stopped(_))) {
            let mut next = pin!(events.next());
            let event = loop {
                polls += 1;
                match world.poll(next.as_mut()) {
                    Poll::Ready(event) => break Some(Said::of(event)),
                    Poll::Pending if dropped_after == Some(polls) => break None,
                    Poll::Pending => {}
                }
            };
            said.extend(event);
        }
        (said, polls, world.requests())
    };
    let (said, polls, requests) = play(None);
    assert_eq!(said.len(), 41);
    for dropped_after in 1..=polls {
        assert_eq!(play(Some(dropped_after)), (said.clone(), polls, requests.clone()), "dropped after {dropped_after}");
    }
}

#[test]
fn a_silent_connection_is_given_up() {
    let (said, requests) = said(policy(), |count, asked| match count {
        0 => stream("id: 1\ndata: 1\n\nid: 2\ndata: unfin", End::Silent),
        1 => {
            assert_eq!(asked.header("Last-Event-ID"), Some("1"));
            stream("id: 2\ndata: 2\n\n", End::Clean)
        }
        _ => nothing_more(),
    });
    assert_eq!(said, [Said::event(1), Said::event(2), Said::Stopped(StopReason::NoContent)]);
    assert!((31_000..32_000).contains(&(requests[1] - requests[0])), "30 s of silence and a wait of 1 s: {requests:?}");
}

/// Bytes that arrive exactly at the deadline are in time.
#[test]
fn bytes_at_the_deadline_are_in_time() {
    struct Slow<'w>(&'w World);

    impl Connect for Slow<'_> {
        type Error = ErrorKind;

        async fn open(&mut self, _: &Request<'_>, exchange: Exchange<'_>) -> Result<(), ErrorKind> {
            let content_type = Some(&b"text/event-stream"[..]);
            let verdict = exchange.respond(&Response { status: 200, content_type, ..Response::default() }).await;
            assert_eq!(verdict, Verdict::Accept);
            exchange.read(self).await
        }
    }

    impl ErrorType for Slow<'_> {
        type Error = ErrorKind;
    }

    impl embedded_io_async::Read for Slow<'_> {
        async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
            self.0.wait_until(self.0.now().as_millis() + 30_000).await;
            buffer[..9].copy_from_slice(b"data: 1\n\n");
            Ok(9)
        }
    }

    let world = World::new(1);
    let (mut session, mut buffer) = (new_session(policy().max_attempts(0)), [0; 512]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(Slow(&world), [0; 256], no_headers));
    let mut events = driver.events(run);
    for _ in 0..3 {
        assert_eq!(Said::of(world.block_on(events.next())), Said::event(1));
    }
}

#[test]
fn a_connection_without_events_is_given_up() {
    let beats = ": beat\n".repeat(10_000);
    let policy = policy().progress(Some(SECOND / 10));
    let (said, requests) = said(policy, |count, _| match count {
        0 => stream(&format!("data: 1\n\n{beats}data: 2\n\n"), End::Silent),
        _ => nothing_more(),
    });
    assert_eq!(said, [Said::event(1), Said::Stopped(StopReason::NoContent)]);
    assert!(
        (1_100..1_200).contains(&(requests[1] - requests[0])),
        "0.1 s without an event and a wait of 1 s: {requests:?}"
    );
}

#[test]
fn a_server_that_does_not_answer_is_given_up() {
    let policy = policy().connect_timeout(Some(5 * SECOND));
    let (said, requests) = said(policy, |count, _| if count == 0 { Answer::Hang } else { nothing_more() });
    assert_eq!(said, [Said::Stopped(StopReason::NoContent)]);
    assert_eq!(requests[1] - requests[0], 6_000, "5 s for the response and a wait of 1 s");
}

#[test]
fn drivers_wait_for_retry_after() {
    let (said, requests) = said(policy(), |count, _| match count {
        0 => Answer::Refuse,
        1 => Answer::Status(503, Some("120"), None),
        2 => stream("data: 1\n\n", End::Reset),
        _ => nothing_more(),
    });
    assert_eq!(said, [Said::event(1), Said::Stopped(StopReason::NoContent)]);
    assert!((1_000..1_100).contains(&(requests[1] - requests[0])), "{requests:?}");
    assert!(requests[2] - requests[1] >= 120_000, "{requests:?}");
}

#[test]
fn redirects_are_followed_immediately() {
    let (said, requests) = said(policy(), |count, asked| {
        assert_eq!(asked.redirected, matches!(count, 1 | 2), "{count}");
        match count {
            0 => Answer::Status(307, None, Some("/there")),
            1 => Answer::Status(301, None, Some("/elsewhere")),
            2 => stream("data: 1\n\n", End::Clean),
            _ => nothing_more(),
        }
    });
    assert_eq!(said, [Said::event(1), Said::Stopped(StopReason::NoContent)]);
    assert!(requests[2] - requests[0] < 100, "{requests:?}");
}

#[test]
fn a_redirect_loop_ends() {
    let (said, requests) = said(policy(), |count, asked| {
        assert_eq!(asked.redirected, !matches!(count, 0 | 21));
        if count <= 20 { Answer::Status(302, None, Some("/round")) } else { nothing_more() }
    });
    assert_eq!(said, [Said::Stopped(StopReason::NoContent)]);
    assert!(requests[21] - requests[20] >= 1_000, "a wait after the 20th redirect: {requests:?}");
}

#[test]
fn what_is_too_long_is_reported_and_the_stream_continues() {
    let long = "x".repeat(600);
    let (said, _) = said(policy(), |count, asked| match count {
        0 => stream(&format!("data: 1\n\nid: 2\ndata: {long}\n\nid: {long}\ndata: 3\n\ndata: 4\n\n"), End::Clean),
        _ => {
            assert_eq!(asked.header("Last-Event-ID"), Some("2"), "the id of an event that is too long counts");
            nothing_more()
        }
    });
    let expected = [
        Said::event(1),
        Said::TooLong(Field::Data),
        Said::event(3),
        Said::TooLong(Field::Id),
        Said::event(4),
        Said::Stopped(StopReason::NoContent),
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_response_that_is_not_a_stream_stops() {
    assert_eq!(said(policy(), |_, _| Answer::Status(401, None, None)).0, [Said::Stopped(StopReason::Credentials(401))]);
    let ends = policy().stop_at_end();
    let (said, _) = said(ends, |count, _| match count {
        0 => stream("data: 1\n\ndata: unfinished", End::Clean),
        _ => nothing_more(),
    });
    assert_eq!(said, [Said::event(1), Said::Stopped(StopReason::Ended)]);
}

/// A transport may log a refusal, or end the connection in its own way.
#[test]
fn a_transport_learns_every_verdict() {
    struct Answers<'v>(&'v RefCell<Vec<Verdict>>);

    impl Connect for Answers<'_> {
        type Error = ErrorKind;

        async fn open(&mut self, _: &Request<'_>, exchange: Exchange<'_>) -> Result<(), ErrorKind> {
            let status = [503, 307, 200, 401][self.0.borrow().len()];
            let (content_type, location) = (Some(&b"text/event-stream"[..]), Some(&b"/there"[..]));
            let response = Response { status, content_type, location, ..Response::default() };
            let verdict = exchange.respond(&response).await;
            self.0.borrow_mut().push(verdict);
            Ok(())
        }
    }

    let (world, verdicts) = (World::new(1), RefCell::default());
    let (mut session, mut buffer) = (new_session(policy().max_attempts(3)), [0; 512]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(Answers(&verdicts), [0; 256], no_headers));
    let mut events = driver.events(run);
    let stopped = StopReason::Credentials(401);
    assert_eq!(Said::of(world.block_on(events.next())), Said::Stopped(stopped));
    let expected = [
        Verdict::Retry { after: None },
        Verdict::Redirect { permanent: false },
        Verdict::Accept,
        Verdict::Stop(stopped),
    ];
    assert_eq!(*verdicts.borrow(), expected);
}

#[test]
fn each_request_has_fresh_headers() {
    let world = World::new(1);
    let seen = Cell::new(0);
    let connect = Scripted(&world, |asked: &Asked| {
        seen.set(seen.get() + 1);
        assert_eq!(asked.header("Accept"), Some("text/event-stream"));
        assert_eq!(asked.header("Cache-Control"), Some("no-cache"));
        assert_eq!(asked.header("Authorization"), Some(&*format!("Bearer {}", seen.get())));
        match seen.get() {
            1 => Answer::Refuse,
            2 => Answer::Status(307, None, Some("/there")),
            // The third token was unavailable, and no request was sent.
            _ => nothing_more(),
        }
    });
    let (mut session, mut buffer) = (new_session(policy()), [0; 512]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let mut asked = 0;
    let run = pin!(driver.run(connect, [0; 256], async |headers: &mut HeaderList<'_>| {
        world.wait_until(world.now().as_millis() + 100).await;
        asked += 1;
        match asked {
            3 => Err(HeaderError::Unavailable),
            token => headers.push("Authorization", format_args!("Bearer {}", token.min(3))),
        }
    }));
    let mut events = driver.events(run);
    assert_eq!(Said::of(world.block_on(events.next())), Said::Stopped(StopReason::NoContent));
    assert_eq!(seen.get(), 3);
}

#[test]
fn headers_that_do_not_fit_are_reported() {
    let world = World::new(1);
    let connect = Scripted(&world, |_: &Asked| unreachable!("no request is sent"));
    let (mut session, mut buffer) = (new_session(policy()), [0; 512]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(connect, [0; 20], no_headers));
    let mut events = driver.events(run);
    for _ in 0..3 {
        assert_eq!(Said::of(world.block_on(events.next())), Said::Headers(HeaderError::Full));
    }
    events.close();
    assert_eq!(Said::of(world.block_on(events.next())), Said::Stopped(StopReason::Closed));

    let connect = Scripted(&world, |_: &Asked| unreachable!("no request is sent"));
    let mut driver = driver_blocking::Driver::new(new_session(policy()), [0; 512], &world);
    let (mut room, mut headers) = ([0; 128], |headers: &mut HeaderList<'_>| headers.push("Authorization", "a\nb"));
    let mut events = driver.events(connect, &mut room, &mut headers);
    assert_eq!(Said::of(events.next()), Said::Headers(HeaderError::Forbidden));
    events.session().close();
    assert_eq!(Said::of(events.next()), Said::Stopped(StopReason::Closed));
}

#[test]
fn nothing_is_read_before_it_is_asked_for() {
    let world = World::new(1);
    let connect = Scripted(&world, |_: &Asked| stream(&"data: 1\n\n".repeat(500), End::Silent));
    let (mut session, mut buffer) = (new_session(policy()), [0; 512]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(connect, [0; 256], no_headers));
    let mut events = driver.events(run);
    assert_eq!((world.requests().len(), world.reads()), (0, 0));
    world.block_on(events.next()).unwrap();
    assert_eq!((world.requests().len(), world.reads()), (1, 1));
    // The application is busy for longer than a connection may be silent. There is more to read, so the connection is
    // alive.
    for _ in 1..500 {
        world.pass(40_000);
        world.block_on(events.next()).unwrap();
    }
    assert_eq!(world.requests().len(), 1);
    let before = world.now();
    world.block_on(events.next()).unwrap();
    let passed = world.now().saturating_duration_since(before);
    assert!(passed >= 31 * SECOND && passed < 32 * SECOND, "30 s of silence and a wait of 1 s");
}

#[test]
fn nothing_is_read_before_it_is_asked_for_blocking() {
    let world = World::new(1);
    let connect = Scripted(&world, |_: &Asked| stream(&"data: 1\n\n".repeat(500), End::Silent));
    let mut driver = driver_blocking::Driver::new(new_session(policy()), [0; 512], &world);
    let (mut room, mut headers) = ([0; 256], |_: &mut HeaderList<'_>| Ok(()));
    let mut events = driver.events(connect, &mut room, &mut headers);
    events.next().unwrap();
    assert_eq!(world.reads(), 1);
    for _ in 1..500 {
        world.pass(40_000);
        events.next().unwrap();
    }
    assert_eq!(world.requests().len(), 1);
    let before = world.now();
    events.next().unwrap();
    let passed = world.now().saturating_duration_since(before);
    assert!(passed >= 31 * SECOND && passed < 32 * SECOND, "30 s of silence and a wait of 1 s");
}

#[test]
fn the_application_stops_and_restarts() {
    let world = World::new(1);
    let connect = Scripted(&world, |_: &Asked| stream("data: 1\n\ndata: 2\n\n", End::Silent));
    let (mut session, mut buffer) = (new_session(policy()), [0; 512]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(connect, [0; 256], no_headers));
    let mut events = driver.events(run);
    assert_eq!(Said::of(world.block_on(events.next())), Said::event(1));
    events.finished();
    assert_eq!(Said::of(world.block_on(events.next())), Said::Stopped(StopReason::Finished));
    assert_eq!(Said::of(world.block_on(events.next())), Said::Stopped(StopReason::Finished), "a stop is permanent");
    assert!(!world.is_connected());
    events.restart();
    assert_eq!(Said::of(world.block_on(events.next())), Said::event(1));
    events.close();
    assert_eq!(Said::of(world.block_on(events.next())), Said::Stopped(StopReason::Closed));
    assert!(!world.is_connected());
}

#[test]
fn the_session_is_accessible_at_any_time() {
    let world = World::new(1);
    let long = "x".repeat(600);
    let connect = Scripted(&world, |_: &Asked| match world.requests().len() {
        1 => stream(&format!("id: 1\ndata: 1\n\nid: 2\ndata: {long}\n\nid: 3\n\n"), End::Clean),
        _ => nothing_more(),
    });
    let (mut session, mut buffer) = (new_session(policy()), [0; 512]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(connect, [0; 256], no_headers));
    let mut events = driver.events(run);
    let id = |session: &mut TestSession| session.last_event_id().to_vec();
    assert_eq!(events.session(id).as_deref(), Some(&b""[..]));
    assert_eq!(Said::of(world.block_on(events.next())), Said::event(1));
    assert_eq!(events.session(id).as_deref(), Some(&b"1"[..]));
    assert_eq!(Said::of(world.block_on(events.next())), Said::TooLong(Field::Data));
    assert_eq!(events.session(id).as_deref(), Some(&b"2"[..]));
    assert_eq!(Said::of(world.block_on(events.next())), Said::Stopped(StopReason::NoContent));
    assert_eq!(events.session(id).as_deref(), Some(&b"3"[..]), "an id without an event");
}

#[test]
fn drivers_wait_for_a_network_that_is_down() {
    let world = World::new(1);
    let connect = Scripted(&world, |_: &Asked| stream("data: 1\n\ndata: 2\n\n", End::Silent));
    let (mut session, mut buffer) = (new_session(policy()), [0; 512]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(connect, [0; 256], no_headers));
    let mut events = driver.events(run);
    assert_eq!(Said::of(world.block_on(events.next())), Said::event(1));
    events.network_down();
    {
        // Another task reports the network an hour later.
        let mut next = pin!(events.next());
        let mut hour = pin!(world.wait_until(world.now().as_millis() + 3_600_000));
        world.block_on(poll_fn(|context| {
            assert!(next.as_mut().poll(context).is_pending());
            assert!(!world.is_connected());
            hour.as_mut().poll(context)
        }));
    }
    events.network_up();
    assert_eq!(Said::of(world.block_on(events.next())), Said::event(1));
    assert_eq!(world.requests().len(), 2);
    events.network_changed();
    assert_eq!(Said::of(world.block_on(events.next())), Said::event(1));
    assert_eq!(world.requests().len(), 3);
}

#[test]
fn a_network_that_is_down_is_reported_if_no_other_task_could_change_it() {
    let world = World::new(1);
    let connect = Scripted(&world, |_: &Asked| nothing_more());
    let mut driver = driver_blocking::Driver::new(new_session(policy()), [0; 512], &world);
    let (mut room, mut headers) = ([0; 256], |_: &mut HeaderList<'_>| Ok(()));
    let mut events = driver.events(connect, &mut room, &mut headers);
    events.session().network_down(world.now());
    assert_eq!(Said::of(events.next()), Said::Offline);
    events.session().network_up(world.now());
    assert_eq!(Said::of(events.next()), Said::Stopped(StopReason::NoContent));
}

#[test]
fn comments_and_reconnection_times_are_reported() {
    let script = |count: usize| match count {
        0 => stream(": hello\nretry: 7000\ndata: 1\n\n", End::Clean),
        _ => nothing_more(),
    };
    let mut expected = [
        format!("{:?}", Ok::<_, NextError>(Item::Comment(b" hello"))),
        format!("{:?}", Ok::<_, NextError>(Item::Retry(7 * SECOND))),
        format!(
            "{:?}",
            Ok::<_, NextError>(Item::Event(Event { event_type: b"message", data: b"1", last_event_id: b"" }))
        ),
        format!("{:?}", Err::<Item<'_>, _>(NextError::Stopped(StopReason::NoContent))),
    ]
    .into_iter();
    let world = World::new(1);
    let mut count = 0..;
    let connect = Scripted(&world, |_: &Asked| script(count.next().unwrap()));
    let (mut session, mut buffer) = (new_session(policy()), [0; 512]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(connect, [0; 256], no_headers));
    let mut events = driver.events(run);
    let mut count = 0..;
    let blocking = World::new(1);
    let connect = Scripted(&blocking, |_: &Asked| script(count.next().unwrap()));
    let mut driver_blocking = driver_blocking::Driver::new(new_session(policy()), [0; 512], &blocking);
    let (mut room, mut headers) = ([0; 256], |_: &mut HeaderList<'_>| Ok(()));
    let mut events_blocking = driver_blocking.events(connect, &mut room, &mut headers);
    for expected in expected.by_ref() {
        assert_eq!(format!("{:?}", world.block_on(events.next_item())), expected);
        assert_eq!(format!("{:?}", events_blocking.next_item()), expected, "blocking");
    }
    assert!(world.requests()[1] - world.requests()[0] >= 7_000);
}

/// The timer from the documentation, over `embedded-hal-async`.
#[test]
fn a_delay_and_a_counter_make_a_timer() {
    use embedded_hal_async::delay::DelayNs;
    use embedded_sse::io::driver::Timer;

    struct Delay<'w>(&'w World);

    impl DelayNs for Delay<'_> {
        async fn delay_ns(&mut self, ns: u32) {
            self.0.wait_until(self.0.now().as_millis() + u64::from(ns.div_ceil(1_000_000))).await;
        }
    }

    struct DelayTimer<D, C>(RefCell<D>, C);

    impl<D: DelayNs, C: Fn() -> u64> Timer for DelayTimer<D, C> {
        fn now(&self) -> Instant {
            Instant::from_millis(self.1())
        }
        #[expect(clippy::await_holding_refcell_ref, reason = "there is one wait at a time")]
        async fn wait_until(&self, at: Instant) {
            let wait = at.saturating_duration_since(self.now()).as_millis();
            let mut delay = self.0.try_borrow_mut().expect("one wait at a time");
            delay.delay_ms(wait.try_into().unwrap_or(u32::MAX)).await;
        }
    }

    let world = World::new(1);
    let mut count = 0..;
    let connect = Scripted(&world, |_: &Asked| match count.next() {
        Some(0) => stream("data: 1\n\n", End::Silent),
        _ => nothing_more(),
    });
    let timer = DelayTimer(RefCell::new(Delay(&world)), || world.now().as_millis());
    let (mut session, mut buffer) = (new_session(policy()), [0; 512]);
    let driver = Driver::new(&mut session, &mut buffer, timer);
    let run = pin!(driver.run(connect, [0; 256], no_headers));
    let mut events = driver.events(run);
    assert_eq!(Said::of(world.block_on(events.next())), Said::event(1));
    assert_eq!(Said::of(world.block_on(events.next())), Said::Stopped(StopReason::NoContent));
    assert!(world.requests()[1] - world.requests()[0] >= 31_000);
}
