//! What an application sees of an event source.

use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::error::Error as _;

use embedded_sse::SetIdError;
use embedded_sse::client::{Backoff, NoJitter, Policy, Repeat, Resumption, Rules, StopReason};
use embedded_sse::io::event_source::{BoxError, Error, EventSource, Failure, News};
use futures_util::Stream;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method, Request};
use tokio::time::{Instant, advance, sleep};

use crate::server::Answer::{Break, Hang, Refuse};
use crate::server::Part::{self, Bytes, Wait};
use crate::server::{Answer, Server, events, status};

const SECOND: Duration = Duration::from_secs(1);

/// Waits of one second, and 30 seconds of silence.
fn policy() -> Policy {
    Policy::new(Backoff::fixed(SECOND)).liveness(Some(30 * SECOND))
}

fn quick(source: EventSource) -> EventSource {
    source.policy(policy()).jitter(NoJitter)
}

/// Returns all news as text, until the stream ends.
async fn story(mut source: EventSource) -> Vec<String> {
    let mut story = vec![];
    while let Some(news) = source.next().await {
        story.push(match news {
            News::Event(event) => event.data_lossy().to_string(),
            News::Opened(response) => format!("opened {}", response.status().as_u16()),
            News::Lost { why, wait, failures } => format!("lost: {why}; {wait:?}, {failures}"),
            News::Stopped { reason, why: Some(why) } => format!("stopped: {reason}: {why}"),
            News::Stopped { reason, why: None } => format!("stopped: {reason}"),
            news => format!("{news:?}"),
        });
    }
    story
}

const NO_CONTENT: &str =
    "stopped: the server has no more events (status 204): the server answered 204 No Content; it has no more events";

#[tokio::test(start_paused = true)]
async fn a_stream_is_resumed_after_a_clean_end_and_after_a_cut_inside_an_event() {
    let server = Server::new([
        events(&[Bytes("id: 1\ndata: a\n\n")]),
        events(&[Bytes("id: 2\ndata: b\n\nid: 3\nda"), Part::Break]),
        events(&[Bytes("id: 3\ndata: c\n\nid: 4\ndata: un")]),
    ]);
    let expected = [
        "opened 200",
        "a",
        "lost: the stream ended; Some(1s), 1",
        "opened 200",
        "b",
        "lost: the connection broke: connection reset; Some(1s), 2",
        "opened 200",
        "c",
        "lost: the stream ended in the middle of an event; Some(1s), 3",
        NO_CONTENT,
    ];
    assert_eq!(story(quick(server.get())).await, expected);
    let ids = server.requests(|asked| {
        asked.iter().map(|asked| asked.header("last-event-id").map(str::to_owned)).collect::<Vec<_>>()
    });
    assert_eq!(ids, [None, Some("1".into()), Some("2".into()), Some("3".into())]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_given_up_and_a_busy_application_is_not_silence() {
    let stream =
        [Bytes("data: a\n\ndata: b\n\n"), Wait(20), Bytes(": beat\n\n"), Wait(20), Bytes("data: c\n\n"), Part::Hang];
    let server = Server::new([events(&stream)]);
    let mut source = quick(server.get());
    assert!(matches!(source.next().await, Some(News::Opened(_))));
    sleep(100 * SECOND).await;
    for data in ["a", "b", "c"] {
        let Some(News::Event(event)) = source.next().await else { panic!("{data}") };
        assert_eq!(event.data(), data.as_bytes());
        sleep(100 * SECOND).await;
    }
    let begun = Instant::now();
    let Some(News::Lost { why: Failure::Silent(time), wait, failures }) = source.next().await else { panic!() };
    assert_eq!((time, wait, failures, begun.elapsed()), (30 * SECOND, Some(SECOND), 1, 30 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_was_given_up_is_not_silence() {
    let server = Server::new([events(&[Wait(20), Bytes("data: a\n\n"), Part::Hang])]);
    let mut source = quick(server.get());
    assert!(matches!(source.next().await, Some(News::Opened(_))));
    assert!(tokio::time::timeout(10 * SECOND, source.next()).await.is_err());
    // The body is not polled meanwhile, so that its 20 s go on only with the next wait.
    sleep(1000 * SECOND).await;
    assert!(matches!(source.next().await, Some(News::Event(_))));
    // 10 s of waiting, a pause, and 20 s more.
    assert!(tokio::time::timeout(10 * SECOND, source.next()).await.is_err());
    sleep(1000 * SECOND).await;
    let begun = Instant::now();
    assert!(matches!(source.next().await, Some(News::Lost { why: Failure::Silent(_), .. })));
    assert_eq!(begun.elapsed(), 20 * SECOND);
}

/// Polled as a `Stream`, the source is not told that a wait was given up.
#[tokio::test(start_paused = true)]
async fn a_poll_that_comes_much_too_late_is_not_silence() {
    let server = Server::new([events(&[Bytes("data: a\n\n"), Part::Hang])]);
    let mut source = quick(server.get());
    for _ in 0..2 {
        source.next().await;
    }
    let mut context = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut source).poll_next(&mut context).is_pending());
    advance(100 * SECOND).await;
    assert!(Pin::new(&mut source).poll_next(&mut context).is_pending());
    advance(30 * SECOND).await;
    assert!(matches!(Pin::new(&mut source).poll_next(&mut context), Poll::Ready(Some(News::Lost { .. }))));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_given_up() {
    let server = Server::new([Hang]);
    let source = server.get().policy(policy().connect_timeout(Some(5 * SECOND))).jitter(NoJitter);
    let expected = ["lost: no response for 5s; check that the server is alive; Some(1s), 1", NO_CONTENT];
    assert_eq!(story(source).await, expected);
    assert_eq!(server.gaps(), [6]);
}

#[tokio::test(start_paused = true)]
async fn retry_after_and_retry_are_waited_for() {
    let server = Server::new([
        status(503, &[("retry-after", "120")]),
        events(&[Bytes("retry: 7000\n\n")]),
        events(&[Bytes("retry: 0\n\n")]),
    ]);
    let expected = [
        "lost: the server answered 503 Service Unavailable; try again later; Some(120s), 1",
        "opened 200",
        "lost: the stream ended; Some(7s), 2",
        "opened 200",
        "lost: the stream ended; Some(500ms), 3",
        NO_CONTENT,
    ];
    assert_eq!(story(quick(server.get())).await, expected, "`retry: 0` is no hot loop");
    assert_eq!(server.gaps(), [120, 7, 0]);
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_not_the_stream_stop_it_and_say_why() {
    for (answer, expected) in [
        (
            status(401, &[("www-authenticate", "Bearer")]),
            "stopped: the server requires other credentials (status 401): \
             the server answered 401 Unauthorized; give other credentials",
        ),
        (
            status(200, &[("content-type", "text/html")]),
            "stopped: the response is not an event stream: the content-type of the response is \"text/html\"; \
             check that the URL is that of an event stream",
        ),
        (
            status(200, &[("content-type", "text/event-stream"), ("content-encoding", "gzip")]),
            "stopped: the response is not an event stream: the content-encoding of the response is \"gzip\", \
             which was not requested; configure the server not to compress the stream",
        ),
    ] {
        let server = Server::new([answer]);
        assert_eq!(story(quick(server.get())).await, [expected]);
        assert_eq!(server.requests(<[_]>::len), 1);
    }
    let server = Server::new([status(401, &[("www-authenticate", "Bearer")])]);
    let Some(News::Stopped { why: Some(Failure::Status(response)), .. }) = server.get().next().await else { panic!() };
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    let server = Server::new([status(503, &[])]);
    let stopped = server.get().rules(Rules::Browser).next().await;
    assert!(matches!(stopped, Some(News::Stopped { reason: StopReason::Status(503), .. })));
}

#[tokio::test(start_paused = true)]
async fn the_application_restarts_with_fresh_credentials() {
    let server = Server::new([status(401, &[]), events(&[Bytes("data: a\n\n"), Part::Hang])]);
    let mut tokens = 0;
    let mut source = quick(server.get()).headers(move || {
        tokens += 1;
        async move {
            sleep(SECOND).await;
            Ok(HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {tokens}").parse()?)]))
        }
    });
    assert!(matches!(source.next().await, Some(News::Stopped { reason: StopReason::Credentials(401), .. })));
    assert!(source.next().await.is_none());
    assert!(source.next().await.is_none());
    source.restart();
    assert!(matches!(source.next().await, Some(News::Opened(_))));
    let tokens = server.requests(|asked| {
        asked.iter().map(|asked| asked.header("authorization").map(str::to_owned)).collect::<Vec<_>>()
    });
    assert_eq!(tokens, [Some("Bearer 1".into()), Some("Bearer 2".into())]);
    source.close();
    assert!(matches!(source.next().await, Some(News::Stopped { reason: StopReason::Closed, why: None })));
    assert!(source.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn headers_that_cannot_be_had_are_a_failure_of_which_nothing_was_sent() {
    let server = Server::new([events(&[Bytes("data: a\n\n")])]);
    let mut asked = 0;
    let source = quick(server.post()).headers(move || {
        asked += 1;
        async move { if asked == 1 { Err(BoxError::from("no token")) } else { Ok(HeaderMap::new()) } }
    });
    let expected = [
        "lost: no headers for the request: no token; Some(1s), 1",
        "opened 200",
        "a",
        "stopped: the request must not be repeated, and its response cannot be resumed: the stream ended",
    ];
    assert_eq!(story(source).await, expected);
    assert_eq!(server.requests(<[_]>::len), 1);
}

#[tokio::test(start_paused = true)]
async fn a_post_is_sent_once_unless_it_was_not_sent_or_can_be_resumed() {
    let cannot = "stopped: the request must not be repeated, and its response cannot be resumed: ";
    for answer in [events(&[Part::Break]), events(&[Bytes("data: a\n\n"), Part::Break]), Break, status(503, &[])] {
        let server = Server::new([answer]);
        let story = story(quick(server.post())).await;
        assert!(story.last().is_some_and(|last| last.starts_with(cannot)), "{story:?}");
        assert_eq!(server.requests(<[_]>::len), 1);
    }
    let server = Server::new([Refuse, events(&[Bytes("id: 1\ndata: a\n\n"), Part::Break])]);
    assert_eq!(story(quick(server.post())).await.last().map(String::as_str), Some(NO_CONTENT));
    server.requests(|asked| {
        assert_eq!(asked.len(), 3, "refused, cut, and resumed");
        assert!(asked.iter().all(|asked| asked.request.method() == Method::POST && asked.request.body() == "{}"));
        assert_eq!(asked[2].header("last-event-id"), Some("1"));
    });
    let server = Server::new([Break]);
    let story_of_a_known_error =
        story(quick(server.post()).not_sent(|error| error.to_string().contains("reset"))).await;
    assert_eq!(story_of_a_known_error.last().map(String::as_str), Some(NO_CONTENT));
    let server = Server::new([Break]);
    assert_eq!(story(quick(server.post()).repeat(Repeat::Always)).await.last().map(String::as_str), Some(NO_CONTENT));
}

#[tokio::test(start_paused = true)]
async fn a_post_can_be_sent_again_on_request() {
    let server = Server::new([status(429, &[]), events(&[Bytes("data: a\n\n"), Part::Hang])]);
    let mut source = quick(server.post());
    assert!(matches!(source.next().await, Some(News::Stopped { reason: StopReason::CannotResume, .. })));
    source.restart();
    assert!(source.next().await.is_none(), "it must not be repeated");
    source.send_again();
    assert!(matches!(source.next().await, Some(News::Opened(_))));
}

#[tokio::test(start_paused = true)]
async fn a_permanent_redirect_is_remembered_and_another_origin_gets_no_secrets() {
    let server = Server::new([
        status(301, &[("location", "moved?x")]),
        status(307, &[("location", "//b.test/there")]),
        events(&[Part::Break]),
    ]);
    let request = Request::get("http://a.test/dir/events").header("x-api-key", "1").header("user-agent", "me");
    let source = server
        .source(request.body(String::new()).unwrap())
        .policy(policy())
        .headers(|| async { Ok(HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("1"))])) });
    assert_eq!(source.url(), "http://a.test/dir/events");
    assert_eq!(story(source).await.last().map(String::as_str), Some(NO_CONTENT));
    server.requests(|asked| {
        let urls: Vec<_> = asked.iter().map(|asked| asked.request.uri().to_string()).collect();
        let (first, moved) = ("http://a.test/dir/events", "http://a.test/dir/moved?x");
        assert_eq!(urls, [first, moved, "http://b.test/there", moved]);
        for (asked, has_secrets) in asked.iter().zip([true, true, false, true]) {
            assert_eq!(asked.header("authorization").is_some(), has_secrets, "{}", asked.request.uri());
            assert_eq!(asked.header("x-api-key").is_some(), has_secrets, "{}", asked.request.uri());
            assert_eq!(asked.header("user-agent"), Some("me"));
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_redirect_keeps_or_drops_the_body() {
    let answers = || [status(307, &[("location", "/b")]), status(303, &[("location", "/c")])];
    let server = Server::new(answers());
    assert_eq!(story(quick(server.post())).await, [NO_CONTENT]);
    server.requests(|asked| {
        let seen: Vec<_> = asked.iter().map(|asked| (asked.request.method(), &**asked.request.body())).collect();
        assert_eq!(seen, [(&Method::POST, "{}"), (&Method::POST, "{}"), (&Method::GET, "")]);
        assert_eq!(asked[2].header("content-type"), None);
    });
    let server = Server::new([status(307, &[("location", "//b.test/?q")])]);
    let expected = "stopped: the server refuses the request (status 307): \
                    a redirect would take the body of the request to another server, http://b.test/";
    assert_eq!(story(quick(server.post())).await, [expected]);
    let server = Server::new([status(307, &[("location", "//b.test/?q")])]);
    assert_eq!(story(quick(server.post()).trust_redirects()).await, [NO_CONTENT]);
    let server = Server::new([status(302, &[("location", "ftp://b.test/")])]);
    let expected =
        "lost: a redirect leads to no HTTP URL; correct the server, or use the URL that it means; Some(1s), 1";
    assert_eq!(story(quick(server.get())).await, [expected, NO_CONTENT]);
}

#[tokio::test(start_paused = true)]
async fn comments_and_reconnection_times_are_reported_on_request() {
    let text = ": hi\nretry: 7000\ndata: a\n\n";
    let story = async |ask: fn(EventSource) -> EventSource| {
        let story = story(ask(quick(Server::new([events(&[Bytes(text)])]).get()))).await;
        story
            .into_iter()
            .filter(|news| ["Comment", "Retry", "a"].iter().any(|kind| news.starts_with(kind)))
            .collect::<Vec<_>>()
    };
    assert_eq!(story(|source| source).await, ["a"]);
    assert_eq!(story(EventSource::comments).await, ["Comment([32, 104, 105])", "a"]);
    assert_eq!(story(EventSource::reconnection_times).await, ["Retry(7s)", "a"]);
    assert_eq!(story(|source| source.comments().reconnection_times()).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_long_is_reported_and_the_stream_continues() {
    let long = [Bytes("data: 0123456789"), Bytes("0123456789\n\n"), Bytes("data: a\n\n"), Part::Hang];
    let mut source = quick(Server::new([events(&long)]).get()).max_event(16);
    assert!(matches!(source.next().await, Some(News::Opened(_))));
    assert!(matches!(source.next().await, Some(News::TooLong(_))));
    assert!(matches!(source.next().await, Some(News::Event(event)) if event.data() == b"a"));
}

#[tokio::test(start_paused = true)]
async fn the_last_event_id_comes_from_the_application() {
    let server = Server::new([]);
    let request = || Request::get("http://a.test/").header("last-event-id", "7").body(String::new()).unwrap();
    let mut source = server.source(request());
    assert_eq!((source.current_id(), source.resumption()), (&b"7"[..], Resumption::From(embedded_sse::Lossy(b"7"))));
    source.next().await;
    let mut source = server.source(request()).last_event_id("8").unwrap().policy(policy()).max_event(9);
    source.next().await;
    assert_eq!(
        server.requests(|asked| asked
            .iter()
            .filter_map(|asked| asked.header("last-event-id").map(str::to_owned))
            .collect::<Vec<_>>()),
        ["7", "8"]
    );
    assert_eq!(server.get().last_event_id(b"a\nb").map(drop), Err(SetIdError::Forbidden));
    assert_eq!(server.get().last_event_id([b'x'; EventSource::MAX_ID + 1]).map(drop), Err(SetIdError::TooLong));
}

#[tokio::test(start_paused = true)]
async fn the_plain_form_ends_with_the_reason() {
    let stream = events(&[Bytes("id: 1\ndata: a\n\n"), Part::Break]);
    let mut plain = quick(Server::new([stream.clone(), status(404, &[])]).get()).events();
    assert_eq!(plain.next().await.unwrap().unwrap().data(), b"a");
    let error = plain.next().await.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the event stream is over: the server refuses the request (status 404): \
         the server answered 404 Not Found; check the path of the URL"
    );
    assert!(error.source().is_some_and(|source| source.downcast_ref::<Failure>().is_some()));
    assert!(plain.next().await.is_none());

    let mut plain = quick(Server::new([stream.clone()]).get()).events();
    assert!(plain.next().await.unwrap().is_ok());
    assert!(plain.next().await.is_none(), "204");
    let mut plain = quick(Server::new([stream]).get()).events();
    assert!(plain.next().await.unwrap().is_ok());
    plain.source().finished();
    assert!(plain.next().await.is_none(), "the application reported the last event");
}

/// An answer that is streamed once, and what becomes of it when it breaks off.
#[tokio::test(start_paused = true)]
async fn an_answer_is_complete_or_an_error() {
    let ends = |parts: &[Part]| quick(Server::new([events(parts)]).post()).policy(policy().stop_at_end()).events();
    let mut whole = ends(&[Bytes("data: a\n\n")]);
    assert!(whole.next().await.unwrap().is_ok());
    assert!(whole.next().await.is_none());
    for cut in [Bytes("data: unfin"), Part::Break] {
        let mut cut = ends(&[Bytes("data: a\n\n"), cut]);
        assert!(cut.next().await.unwrap().is_ok());
        assert!(matches!(cut.next().await, Some(Err(Error::Stopped { why: Some(_), .. }))));
        assert!(cut.next().await.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn another_task_controls_the_stream() {
    let open = || events(&[Bytes("data: a\n\n"), Part::Hang]);
    let server = Server::new([open(), open(), open(), open()]);
    let mut source = quick(server.get());
    let handle = source.handle();
    let orders = tokio::spawn(async move {
        sleep(10 * SECOND).await;
        handle.restart();
        sleep(10 * SECOND).await;
        handle.network_changed();
        sleep(5 * SECOND).await;
        handle.network_down();
        sleep(1000 * SECOND).await;
        handle.network_up();
        sleep(10 * SECOND).await;
        handle.finished();
    });
    let mut story = vec![];
    while let Some(news) = source.next().await {
        story.push(match news {
            News::Lost { why: Failure::Interrupted, wait, .. } => {
                format!("interrupted, {}", if wait.is_some() { "waits" } else { "offline" })
            }
            News::Stopped { reason, why: None } => format!("{reason:?}"),
            News::Event(event) => event.data_lossy().to_string(),
            News::Opened(_) => continue,
            news => format!("{news:?}"),
        });
    }
    orders.await.unwrap();
    let expected = ["a", "interrupted, waits", "a", "interrupted, waits", "a", "interrupted, offline", "a", "Finished"];
    assert_eq!(story, expected);
    assert_eq!(server.gaps(), [10, 11, 1004], "`network_changed` waits for a moment");
    let handle = source.handle();
    assert!(source.next().await.is_none());
    handle.restart();
    assert!(matches!(source.next().await, Some(News::Stopped { reason: StopReason::NoContent, .. })));
    drop(source);
    handle.clone().close();
}

#[tokio::test(start_paused = true)]
async fn a_closed_source_returns_no_event_that_has_arrived() {
    let server = Server::new([events(&[Bytes("data: a\n\ndata: b\n\n"), Part::Hang])]);
    let mut source = quick(server.get());
    source.next().await;
    source.next().await;
    source.handle().close();
    assert!(matches!(source.next().await, Some(News::Stopped { reason: StopReason::Closed, why: None })));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_always_ready_leaves_other_tasks_their_turn() {
    let beats = vec![Bytes(": beat\n\n"); 1000];
    let mut source =
        quick(Server::new([Answer::Response(200, vec![("content-type", "text/event-stream")], beats)]).get());
    source.next().await;
    let mut context = Context::from_waker(Waker::noop());
    let mut polls = 0;
    while Pin::new(&mut source).poll_next(&mut context).is_pending() {
        polls += 1;
    }
    assert!((50..100).contains(&polls), "{polls}");
}

/// For a log.
#[test]
fn nothing_secret_is_shown() {
    let request = Request::get("http://user:secret@a.test/").header("authorization", "secret").body(String::new());
    let source = Server::new([]).source(request.unwrap());
    assert_eq!(format!("{source:?} {:?}", source.handle()), "EventSource { .. } Handle { .. }");
}
