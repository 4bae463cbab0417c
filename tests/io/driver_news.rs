//! Tests of what both drivers report beside events, in virtual time.

use core::convert::Infallible;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use embedded_io::ErrorKind;
use embedded_sse::Decoder;
use embedded_sse::client::{Backoff, NoJitter, Policy, Reconnect, Response, Session};
use embedded_sse::io::driver::{AllNews, Connect, Driver, Events, Exchange, News};
use embedded_sse::io::{HeaderError, HeaderList, Request, driver_blocking};

use crate::world::{Answer, Asked, End, Scripted, World};

type TestSession = Session<Decoder<[u8; 64]>, NoJitter>;
type TestEvents<'d, R> = Events<'d, TestSession, &'d World, R, AllNews>;

const SECOND: Duration = Duration::from_secs(1);

fn policy() -> Policy {
    Policy::new(Backoff::fixed(SECOND)).liveness(Some(30 * SECOND)).connect_timeout(Some(5 * SECOND))
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

fn text(news: News<'_>) -> String {
    match news {
        News::Event(event) => format!("event {}", event.data_lossy()),
        News::Comment(comment) => format!("comment{}", comment.escape_ascii()),
        News::Retry(time) => format!("retry {time:?}"),
        News::TooLong(too_long) => format!("too long {:?}", too_long.field),
        News::Opened => "opened".to_owned(),
        News::Lost { why, wait: Some(wait), failures, .. } => {
            format!("lost {why:?}, wait {wait:?}, failure {failures}")
        }
        News::Lost { why, wait: None, .. } => format!("lost {why:?}, no network"),
        News::Offline => "offline".to_owned(),
        News::Stopped { reason, why: Some(why), .. } => format!("stopped {reason:?} {why:?}"),
        News::Stopped { reason, why: None, .. } => format!("stopped {reason:?}"),
        news => unreachable!("unexpected news: {news:?}"),
    }
}

/// Waits for news, and checks that no connection is left when it is reported as lost.
#[track_caller]
fn next(world: &World, events: &mut TestEvents<'_, impl Future<Output = Infallible> + Unpin>) -> String {
    let news = world.block_on(events.next()).map_or("none".to_owned(), text);
    assert_eq!(world.is_connected(), !is_end(&news) && world.is_connected(), "{news}");
    news
}

fn is_end(news: &str) -> bool {
    ["lost", "stopped", "none", "offline"].iter().any(|word| news.starts_with(word))
}

/// Runs both drivers with a script until they stop, and returns what they report. Headers are refused as often as
/// `refused` says.
#[track_caller]
fn told(policy: Policy, items: bool, refused: usize, script: impl Fn(usize) -> Answer) -> Vec<String> {
    let refuse = |left: &mut usize| {
        let is_refused = *left > 0;
        *left -= usize::from(is_refused);
        if is_refused { Err(HeaderError::Unavailable) } else { Ok(()) }
    };
    let world = World::new(1);
    let (mut count, mut left) = (0.., refused);
    let connect = Scripted(&world, |_: &Asked| script(count.next().unwrap()));
    let (mut session, mut buffer) = (new_session(policy), [0; 512]);
    let mut driver = Driver::with_news(&mut session, &mut buffer, &world);
    if items {
        driver = driver.comments().reconnection_times();
    }
    let run = pin!(driver.run(connect, [0; 256], async |_: &mut HeaderList<'_>| refuse(&mut left)));
    let mut events = driver.events(run);
    let mut told = vec![];
    while told.last().is_none_or(|last| last != "none") {
        told.push(next(&world, &mut events));
    }

    let blocking = World::new(1);
    let (mut count, mut left) = (0.., refused);
    let connect = Scripted(&blocking, |_: &Asked| script(count.next().unwrap()));
    let mut driver = driver_blocking::Driver::with_news(new_session(policy), [0; 512], &blocking);
    if items {
        driver = driver.comments().reconnection_times();
    }
    let (mut room, mut headers) = ([0; 256], |_: &mut HeaderList<'_>| refuse(&mut left));
    let mut events = driver.events(connect, &mut room, &mut headers);
    for expected in &told {
        let news = events.next().map_or("none".to_owned(), text);
        assert_eq!(news, *expected, "blocking and asynchronous");
        assert!(!is_end(&news) || !blocking.is_connected(), "{news}");
    }
    assert_eq!(told.pop().as_deref(), Some("none"), "after the stop");
    told
}

#[test]
fn connections_and_their_losses_are_told_in_order() {
    let told = told(policy(), false, 1, |count| match count {
        0 => stream(": hello\nretry: 2000\ndata: 1\n\ndata: unfinished", End::Clean),
        1 => stream("data: 2\n\n", End::Reset),
        2 => stream("data: 3\n\n", End::Clean),
        3 => Answer::Refuse,
        4 => Answer::Hang,
        5 => Answer::Status(503, Some("120"), None),
        6 => stream("data: 4\n\n", End::Silent),
        7 => Answer::Status(307, None, Some("/there")),
        8 => stream("", End::Clean),
        _ => nothing_more(),
    });
    let expected = [
        "lost Headers(Unavailable), wait 1s, failure 1",
        "opened",
        "event 1",
        "lost Ended { mid_event: true }, wait 2s, failure 2",
        "opened",
        "event 2",
        "lost Body, wait 2s, failure 3",
        "opened",
        "event 3",
        "lost Ended { mid_event: false }, wait 2s, failure 4",
        "lost Client, wait 2s, failure 5",
        "lost TimedOut, wait 2s, failure 6",
        "lost Status(503), wait 120s, failure 7",
        "opened",
        "event 4",
        "lost Silent, wait 2s, failure 8",
        "opened",
        "lost Ended { mid_event: false }, wait 2s, failure 9",
        "stopped NoContent Status(204)",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_stop_is_told_with_what_happened() {
    let last = |policy: Policy, answer: fn() -> Answer| told(policy, false, 0, |_| answer()).pop().unwrap();
    let status = |status| Answer::Status(status, None, Some("/round"));
    assert_eq!(last(policy(), || Answer::Status(401, None, None)), "stopped Credentials(401) Status(401)");
    assert_eq!(last(policy(), || Answer::Status(200, None, None)), "stopped ContentType ContentType");
    assert_eq!(last(policy().max_attempts(0), || Answer::Refuse), "stopped MaxAttempts Client");
    let ended = "stopped Ended Ended { mid_event: true }";
    assert_eq!(last(policy().stop_at_end(), || stream("data: 1", End::Clean)), ended);
    let told = told(policy(), false, 0, |count| if count <= 20 { status(302) } else { nothing_more() });
    assert_eq!(told, ["lost Status(302), wait 1s, failure 1", "stopped NoContent Status(204)"], "too many redirects");
}

#[test]
fn comments_and_reconnection_times_are_told_if_asked_for() {
    let long = "x".repeat(600);
    let script = |count| match count {
        0 => {
            let text = format!(":{long}\n: hello\nretry: 7000\nevent: {long}\ndata: 1\n\ndata: {long}\n\ndata: 2\n\n");
            stream(&text, End::Clean)
        }
        _ => nothing_more(),
    };
    let all = told(policy(), true, 0, script);
    let items = ["too long Comment", "comment hello", "retry 7s"];
    assert_eq!(all[1..4], items);
    let without: Vec<_> = all.into_iter().filter(|news| !items.contains(&&**news)).collect();
    assert_eq!(without[1..4], ["too long Event", "too long Data", "event 2"]);
    assert_eq!(told(policy(), false, 0, script), without);
}

#[test]
fn what_the_application_ends_is_told() {
    let world = World::new(1);
    let connect = Scripted(&world, |_: &Asked| stream("data: 1\n\ndata: 2\n\n", End::Silent));
    let (mut session, mut buffer) = (new_session(policy()), [0; 512]);
    let driver = Driver::with_news(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(connect, [0; 256], no_headers));
    let mut events = driver.events(run);
    let blocking = World::new(1);
    let connect = Scripted(&blocking, |_: &Asked| stream("data: 1\n\ndata: 2\n\n", End::Silent));
    let mut driver_blocking = driver_blocking::Driver::with_news(new_session(policy()), [0; 512], &blocking);
    let (mut room, mut headers) = ([0; 256], |_: &mut HeaderList<'_>| Ok(()));
    let mut events_blocking = driver_blocking.events(connect, &mut room, &mut headers);

    macro_rules! both {
        ($order:ident: $($expected:expr),+) => {
            events.$order();
            events_blocking.$order();
            both!($($expected),+);
        };
        ($($expected:expr),+) => {
            $(
                assert_eq!(next(&world, &mut events), $expected);
                assert_eq!(events_blocking.next().map_or("none".to_owned(), text), $expected, "blocking");
                assert!(!is_end($expected) || !blocking.is_connected());
            )+
        };
    }
    both!("opened", "event 1");
    both!(restart: "lost Interrupted, wait 0ns, failure 0", "opened", "event 1");
    both!(network_changed: "lost Interrupted, wait 1.499s, failure 0", "opened", "event 1");
    both!(network_down: "lost Interrupted, no network");
    assert!(world.poll_once(pin!(events.next())).is_pending(), "it waits");
    for _ in 0..2 {
        assert_eq!(events_blocking.next().map(text).as_deref(), Some("offline"), "it cannot wait");
    }
    both!(network_up: "opened", "event 1");
    both!(finished: "stopped Finished", "none", "none");
    both!(restart: "opened", "event 1");
    both!(close: "stopped Closed", "none");
    events.restart();
    events.network_down();
    assert!(world.poll_once(pin!(events.next())).is_pending());
    events.close();
    assert_eq!(next(&world, &mut events), "stopped Closed", "it ran in between");
}

/// A transport that gives up a stream that was accepted.
#[test]
fn a_stream_that_is_not_read_has_opened_and_is_lost() {
    struct Lazy;

    impl Connect for Lazy {
        type Error = ErrorKind;

        async fn open(&mut self, _: &Request<'_>, exchange: Exchange<'_>) -> Result<(), ErrorKind> {
            let content_type = Some(&b"text/event-stream"[..]);
            exchange.respond(&Response { status: 200, content_type, ..Response::default() }).await;
            Ok(())
        }
    }

    let world = World::new(1);
    let (mut session, mut buffer) = (new_session(policy().max_attempts(1)), [0; 512]);
    let driver = Driver::with_news(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(Lazy, [0; 256], no_headers));
    let mut events = driver.events(run);
    for expected in ["opened", "lost Body, wait 1s, failure 1", "opened", "stopped MaxAttempts Body", "none"] {
        assert_eq!(next(&world, &mut events), expected);
    }
}

#[test]
fn no_news_is_lost_if_every_wait_is_dropped() {
    let play = |polls: usize| {
        let world = World::new(5);
        let mut count = 0..;
        let connect = Scripted(&world, |_: &Asked| match count.next() {
            Some(count @ 0..20) => {
                stream(&format!("data: {count}\n\ndata: x\n\n"), [End::Clean, End::Reset, End::Silent][count % 3])
            }
            _ => nothing_more(),
        });
        let (mut session, mut buffer) = (new_session(policy()), [0; 16]);
        let driver = Driver::with_news(&mut session, &mut buffer, &world);
        let run = pin!(driver.run(connect, [0; 256], no_headers));
        let mut events = driver.events(run);
        let mut told: Vec<String> = vec![];
        while told.last().is_none_or(|last| last != "none") {
            let mut next = pin!(events.next());
            for _ in 0..polls {
                if let Poll::Ready(news) = world.poll(next.as_mut()) {
                    told.push(news.map_or("none".to_owned(), text));
                    break;
                }
            }
        }
        told
    };
    let told = play(usize::MAX);
    assert_eq!(told.len(), 20 * 4 + 2);
    for polls in 1..=6 {
        assert_eq!(play(polls), told, "dropped after {polls} polls");
    }
}
