//! Tests of the `serve` tool, with a client that sends HTTP by hand, reads with the library's decoder, and comes back.

use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use crate::app;
use crate::common::server::{Server, file};
use crate::common::tool::{run, text};
use axum::serve::Listener;
use embedded_sse::Decoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

impl Server {
    fn get(&self, headers: &str) -> Client {
        self.ask(&format!("GET /events HTTP/1.1\r\nHost: x\r\n{headers}\r\n"))
    }

    fn ask(&self, request: &str) -> Client {
        Client::new(self.address, request)
    }
}

/// A response whose body is read as it arrives.
struct Client {
    socket: TcpStream,
    head: String,
    raw: Vec<u8>,
    decoder: Decoder<Vec<u8>>,
    /// The body so far.
    body: Vec<u8>,
    end: Option<End>,
}

/// How a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    BrokenOff,
}

/// Type, data and ID of an event.
type Told = (String, String, String);

impl Client {
    fn new(address: SocketAddr, request: &str) -> Self {
        let mut socket = TcpStream::connect(address).expect("a connection");
        socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        socket.write_all(request.as_bytes()).expect("a request");
        let mut raw = Vec::new();
        let end = loop {
            if let Some(end) = raw.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            let mut byte = [0];
            socket.read_exact(&mut byte).expect("a head");
            raw.push(byte[0]);
        };
        let head = String::from_utf8(raw.drain(..end).collect()).expect("UTF-8");
        Self {
            socket,
            head: head.to_lowercase(),
            raw,
            decoder: Decoder::new(vec![0; 4096]),
            body: Vec::new(),
            end: None,
        }
    }

    fn status(&self) -> &str {
        self.head.split(' ').nth(1).expect("a status")
    }

    /// Returns the next chunk of the body, or `None` at its end.
    fn chunk(&mut self) -> Option<Vec<u8>> {
        loop {
            let whole = self.raw.windows(2).position(|bytes| bytes == b"\r\n").and_then(|line| {
                let size = usize::from_str_radix(text(&self.raw[..line]), 16).expect("a size");
                (self.raw.len() >= line + 2 + size + 2).then_some((line + 2, size))
            });
            if let Some((start, size)) = whole {
                let chunk = self.raw.drain(..start + size + 2).skip(start).take(size).collect::<Vec<_>>();
                if chunk.is_empty() {
                    self.end = Some(End::Whole);
                    return None;
                }
                self.body.extend(&chunk);
                return Some(chunk);
            }
            let mut bytes = [0; 1024];
            match self.socket.read(&mut bytes) {
                Ok(0) => {
                    self.end = Some(End::BrokenOff);
                    return None;
                }
                Ok(length) => self.raw.extend(&bytes[..length]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                    self.end = Some(End::BrokenOff);
                    return None;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Returns at least `count` events, unless the body ends before.
    fn events(&mut self, count: usize) -> Vec<Told> {
        let mut events = Vec::new();
        while events.len() < count {
            let Some(chunk) = self.chunk() else { break };
            let mut input = &chunk[..];
            while let Some(event) = self.decoder.next_event(&mut input) {
                let event = event.expect("room");
                let [event_type, data, id] =
                    [event.event_type, event.data, event.last_event_id].map(|t| text(t).into());
                events.push((event_type, data, id));
            }
        }
        events
    }
}

fn ids(events: &[Told]) -> Vec<u64> {
    events.iter().map(|(_, _, id)| id.parse().expect("a number")).collect()
}

#[track_caller]
fn assert_follow_each_other(ids: &[u64], first: u64) {
    assert!(
        ids.iter().copied().eq(first..first + ids.len() as u64),
        "{ids:?} do not start with {first}, or have a gap"
    );
}

#[test]
fn numbered_events_of_all_kinds_are_sent() {
    let server = Server::start(&["--every", "5"]);
    let mut client = server.get("");
    assert_eq!(client.status(), "200");
    for header in ["content-type: text/event-stream\r\n", "cache-control: no-cache\r\n", "x-accel-buffering: no\r\n"] {
        assert!(client.head.contains(header), "{header} is not in {}", client.head);
    }
    let events = client.events(6);
    assert_follow_each_other(&ids(&events), 1);
    for (_, data, id) in &events {
        assert!(
            data.contains(&format!("event {id}")) || data.contains(&format!("\"event\":{id},")),
            "{id} is not in {data}"
        );
    }
    let types: Vec<&str> = events[..6].iter().map(|(event_type, ..)| event_type.as_str()).collect();
    assert_eq!(types, ["message", "message", "reading", "message", "message", "reading"]);
    assert!(events[1].1.contains("\n\n"), "data of many lines");
    let body = text(&client.body);
    assert_eq!(body.matches("retry: ").count(), 1);
    assert_eq!(body.matches("\n: all is well\n").count(), 1, "a comment in event 5");
}

#[test]
fn all_clients_receive_the_same_events() {
    let server = Server::start(&["--every", "5"]);
    let mut first = server.get("");
    assert_follow_each_other(&ids(&first.events(3)), 1);
    let second = server.get("").events(3);
    assert!(ids(&second)[0] > 3, "{second:?}");
    let first = first.events(10);
    assert!(second.iter().all(|event| first.contains(event)), "{second:?} are not in {first:?}");
}

#[test]
fn a_client_that_comes_back_receives_what_it_missed_with_get_and_with_post() {
    let server = Server::start(&["--every", "5"]);
    assert!(server.get("").events(20).len() >= 20);
    let events = server.get("Last-Event-ID: 3\r\n").events(20);
    assert_follow_each_other(&ids(&events), 4);
    let post = "POST /events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 5\r\nContent-Length: 2\r\n\r\n{}";
    assert_follow_each_other(&ids(&server.ask(post).events(20)), 6);
    let long = format!("POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n{}", "x".repeat(3_000_000));
    assert_eq!(server.ask(&long).status(), "200");
}

#[test]
fn missed_events_that_are_no_longer_kept_are_reported_as_cut() {
    let server = Server::start(&["--every", "5", "--history", "10"]);
    assert!(server.get("").events(30).len() >= 30);
    for unknown in ["3", "of another server", "99999"] {
        let events = server.get(&format!("Last-Event-ID: {unknown}\r\n")).events(4);
        assert_eq!((events[0].0.as_str(), events[0].2.as_str()), ("cut", ""), "{unknown}");
        let following = ids(&events[1..]);
        assert_follow_each_other(&following, following[0]);
        assert!(following[0] > 30);
    }
}

#[test]
fn history_has_the_given_length() {
    // The fifth event is sent after the end of the test.
    let server = Server::start(&["--every", "1000", "--history", "2"]);
    assert_follow_each_other(&ids(&server.get("").events(4)), 1);
    assert_eq!(server.get("Last-Event-ID: 1\r\n").events(1)[0].0, "cut");
    assert_follow_each_other(&ids(&server.get("Last-Event-ID: 2\r\n").events(2)), 3);
}

#[test]
fn without_history_connected_clients_receive_every_event() {
    // Only the newest event is kept, so the server must send each one within this interval, even on a slow machine.
    let server = Server::start(&["--every", "500", "--history", "0"]);
    assert_follow_each_other(&ids(&server.get("").events(3)), 1);
    assert_eq!(server.get("Last-Event-ID: 1\r\n").events(1)[0].0, "cut");
}

#[test]
fn statuses_are_sent_in_turn() {
    let server = Server::start(&[
        "--every", "5", "--status", "503", "--status", "429", "--status", "404", "--status", "301", "--status", "204",
    ]);
    let answers = [
        ("503", "retry-after: 1\r\n"),
        ("429", "retry-after: 1\r\n"),
        ("404", ""),
        ("301", "location: /events\r\n"),
        ("204", ""),
    ];
    for (status, header) in answers {
        let client = server.get("");
        assert_eq!(client.status(), status);
        assert!(client.head.contains(header), "{header} is not in {}", client.head);
        assert_eq!(client.head.contains("retry-after"), header.contains("retry-after"), "{}", client.head);
    }
    assert_eq!(server.get("").status(), "200");
}

#[test]
fn connections_are_cut_within_an_event_and_nothing_is_lost() {
    let server = Server::start(&["--every", "5", "--cut-after", "3"]);
    let (mut all, mut id, mut tails) = (Vec::new(), String::new(), Vec::new());
    for _ in 0..12 {
        let mut client = server.get(&if id.is_empty() { String::new() } else { format!("Last-Event-ID: {id}\r\n") });
        let events = client.events(usize::MAX);
        assert_eq!((events.len(), client.end), (3, Some(End::BrokenOff)));
        let whole = client.body.windows(2).rposition(|bytes| bytes == b"\n\n").expect("a frame") + 2;
        tails.push(client.body.len() - whole);
        id.clone_from(&events[2].2);
        all.extend(events);
    }
    assert_follow_each_other(&ids(&all), 1);
    tails.sort_unstable();
    assert!(tails[0] >= 1, "{tails:?}");
    tails.dedup();
    assert!(tails.len() > 5, "the offset of the cut varies: {tails:?}");
}

#[test]
fn a_recording_is_sent_from_its_start_to_each_client_and_ends() {
    let name = file(
        "no-ids",
        ": thinking\n\nevent: delta\ndata: a\n\ndata: b\ndata: c\n\nretry: 50\ndata: [DONE]\n\ndata: never",
    );
    let server = Server::start(&["--replay", &name, "--every", "1"]);
    let told = |t: &str, d: &str, id: &str| -> Told { (t.into(), d.into(), id.into()) };
    let all = [told("delta", "a", "1"), told("message", "b\nc", "2"), told("message", "[DONE]", "3")];
    for request in
        ["GET /events HTTP/1.1\r\nHost: x\r\n\r\n", "POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"]
    {
        let mut client = server.ask(request);
        assert_eq!(client.events(usize::MAX), all);
        assert_eq!(client.end, Some(End::Whole));
        assert_eq!(
            text(&client.body),
            ": thinking\nevent: delta\nid: 1\ndata: a\n\nid: 2\ndata: b\ndata: c\n\nid: 3\nretry: 50\ndata: [DONE]\n\n"
        );
    }
    assert_eq!(server.get("Last-Event-ID: 2\r\n").events(usize::MAX), all[2..]);
    assert_eq!(server.get("Last-Event-ID: 3\r\n").status(), "204");
    let unknown = server.get("Last-Event-ID: x\r\n").events(usize::MAX);
    assert_eq!(unknown[0].0, "cut");
    assert_eq!(unknown[1..], all);
}

#[test]
fn a_recording_keeps_ids_that_are_unique() {
    let own = file("ids", "id: a\ndata: 1\n\nid: b\ndata: 2\n\n");
    let server = Server::start(&["--replay", &own, "--every", "1"]);
    let ids = |events: Vec<Told>| events.into_iter().map(|(_, _, id)| id).collect::<Vec<_>>();
    assert_eq!(ids(server.get("").events(usize::MAX)), ["a", "b"]);
    let shared = file("shared-ids", "id: a\ndata: 1\n\ndata: 2\n\nid: b\ndata: 3\n\n");
    let server = Server::start(&["--replay", &shared, "--every", "1"]);
    assert_eq!(ids(server.get("").events(usize::MAX)), ["1", "2", "3"]);
}

#[test]
fn a_recording_is_cut_and_resumed_to_its_end() {
    let stream: String = (0..20).map(|number| format!("data: {number}\n\n")).collect();
    let server = Server::start(&["--replay", &file("cut", &stream), "--every", "1", "--cut-after", "3"]);
    let mut seen = Vec::new();
    loop {
        let id = ids(&seen).last().map_or_else(String::new, |id| format!("Last-Event-ID: {id}\r\n"));
        let mut client = server.get(&id);
        if client.status() == "204" {
            break;
        }
        seen.extend(client.events(usize::MAX));
    }
    assert_follow_each_other(&ids(&seen), 1);
    assert_eq!(seen.len(), 20);
}

#[test]
fn the_page_listens_to_the_types_of_the_stream() {
    let name = file("types", "event: </script>\ndata: 1\n\nevent: delta\ndata: 2\n\n");
    let server = Server::start(&["--replay", &name]);
    let mut client = server.ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(client.head.contains("content-type: text/html; charset=utf-8"));
    client.socket.read_to_end(&mut client.raw).expect("a page");
    let page = text(&client.raw);
    assert!(page.contains(r#"new Set(["\u003c/script>","delta"])"#), "{page}");
    assert!(page.contains(r#"new EventSource("/events")"#));
}

#[test]
fn the_page_distinguishes_events_of_the_types_error_and_open_from_the_state_of_the_connection() {
    // `tests/peers` tests this in a browser. This test checks that each listener for both types looks at what it was
    // given.
    let page = include_str!("../../examples/serve/page.html");
    let script = page.split("<script>").nth(1).expect("a script");
    assert_eq!(script.matches("source.on").count(), 0, "a handler of one is a handler of both");
    assert_eq!(script.matches(".addEventListener(").count(), 1);
    assert!(script.contains("(event instanceof MessageEvent ? told(event) : news[event.type]())"));
}

#[test]
fn a_quiet_connection_is_kept_alive() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = listener.local_addr().expect("an address");
    let (keep_alive, every) = (Duration::from_millis(20), Duration::from_secs(3600));
    let options = app::Options { keep_alive, every, ..app::Options::default() };
    std::thread::spawn(move || runtime.block_on(async { axum::serve(listener, app::router(options)).await }));
    let start = std::time::Instant::now();
    let mut client = Client::new(address, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    while !client.body.ends_with(b"\n\n:\n\n:\n\n:\n\n") {
        client.chunk().expect("more");
    }
    assert!(start.elapsed() >= 3 * keep_alive);
    assert_eq!(text(&client.body).matches("data").count(), 1, "the first event");
}

/// A listener with one connection that buffers few bytes.
struct OnlyOne(Option<DuplexStream>);

impl Listener for OnlyOne {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (DuplexStream, ()) {
        match self.0.take() {
            Some(io) => (io, ()),
            None => core::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_too_slowly_is_told_that_events_are_missing() {
    let (mut client, server) = tokio::io::duplex(64);
    let options = app::Options { every: Duration::from_millis(1), history: 5, ..app::Options::default() };
    tokio::spawn(axum::serve(OnlyOne(Some(server)), app::router(options)).into_future());
    client.write_all(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("a request");
    // The buffer of the server for a client is full long before that.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let mut said = Vec::new();
    while !said.ends_with(b"event: cut") {
        said.push(client.read_u8().await.expect("more"));
        assert!(said.len() < 1_000_000, "no report that events are missing");
    }
    let cut = said.len();
    said.resize(cut + 500, 0);
    client.read_exact(&mut said[cut..]).await.expect("more");
    // Each frame is a chunk of its own, so no chunk header is inside its lines.
    let ids = |bytes: &[u8]| -> Vec<u64> {
        let lines = bytes.split(|byte| *byte == b'\n');
        lines.filter_map(|line| text(line.strip_prefix(b"id: ")?).parse().ok()).collect()
    };
    let (before, after) = said.split_at(cut);
    let (before, mut after) = (ids(before), ids(after));
    after.pop(); // which may lack a digit
    assert_follow_each_other(&before, 1);
    assert_follow_each_other(&after, after[0]);
    assert!(after[0] > before.len() as u64 + 5, "{} and {after:?}", before.len());
}

#[test]
fn what_cannot_be_served_is_reported_in_one_line() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = listener.local_addr().expect("an address").to_string();
    let empty = file("empty", ": nothing\n\n");
    let cases: [(&[&str], i32, &str); 5] = [
        (&["--listen", &taken], 1, "choose another address with --listen"),
        (&["--listen", "127.0.0.1:0", "--replay", "/nowhere.sse"], 1, "/nowhere.sse: No such file"),
        (&["--listen", "127.0.0.1:0", "--replay", &empty], 1, "it contains no events"),
        (&["--listen", "localhost"], 2, "invalid socket address"),
        (&["--status", "99"], 2, "99 is not in 200..600"),
    ];
    for (arguments, status, reason) in cases {
        let output = run("serve", arguments, "");
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {error}");
        assert!(error.contains(reason), "{arguments:?}: {error}");
        assert_eq!(error.lines().count() == 1, status == 1, "{arguments:?}: {error}");
        assert_eq!(text(&output.stdout), "");
    }
}
