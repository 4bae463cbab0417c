//! Tests of the service for the SSE contract tests. They act as its harness: they ask for clients over HTTP, serve them
//! streams piece by piece, and check what they report.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Child;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::common::script::{END, STREAM, Script, Step, answer, chunk, request, send, send_and_stay, stay};
use crate::common::tool::{Lines, tool};
use serde_json::{Value, json};

/// A running service, which ends when this is dropped.
struct Service {
    child: Child,
    address: SocketAddr,
}

impl Service {
    fn new() -> Self {
        let mut child = tool("contract_service").args(["--listen", "127.0.0.1:0"]).spawn().expect("the tool starts");
        let line = Lines::of(child.stdout.take().expect("a pipe")).next().expect("a line");
        let address = line.strip_prefix("listening on http://").and_then(|rest| rest.strip_suffix('/'));
        Self { child, address: address.expect("an address").parse().expect("an address") }
    }

    /// Returns the status, `Location` and body of the response.
    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String, String) {
        let mut socket = TcpStream::connect(self.address).expect("a service");
        let length = body.len();
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
        socket.write_all((head + body).as_bytes()).expect("a service");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let location = head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_default();
        (status, location.into(), body.into())
    }

    /// Starts a client that reads from `script`. `options` are added to the body of the request.
    fn client(&self, script: &Script, options: Value) -> Client<'_> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let callbacks = format!("http://{}/callbacks", listener.local_addr().expect("an address"));
        let mut body = json!({ "streamUrl": script.url(), "callbackUrl": callbacks, "tag": "test" });
        for (name, value) in options.as_object().expect("an object") {
            body[name] = value.clone();
        }
        let (sender, callbacks) = mpsc::channel();
        thread::spawn(move || {
            for number in 1.. {
                let (mut socket, _) = listener.accept().expect("a connection");
                let Some(request) = request(&socket) else { return };
                let (head, body) = request.split_once("\r\n\r\n").expect("a body");
                assert!(head.starts_with(&format!("post /callbacks/{number} http/1.1\r\n")), "{head}");
                let _ = socket.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
                if sender.send(serde_json::from_str(body).expect("JSON")).is_err() {
                    return;
                }
            }
        });
        let (status, path, _) = self.ask("POST", "/", &body.to_string());
        assert_eq!(status, 201);
        Client { service: self, path, callbacks }
    }

    /// Checks that a client reports exactly `expected` for a stream in these pieces that stays open.
    #[track_caller]
    fn assert_reports(&self, name: &str, pieces: &[&str], expected: &[Value]) {
        let pieces: Vec<String> = pieces.iter().map(|piece| chunk(piece)).collect();
        let script = Script::new([Box::new(move |socket: &mut TcpStream| {
            socket.set_nodelay(true).expect("a socket");
            socket.write_all(STREAM.as_bytes()).expect("a client");
            for piece in pieces {
                thread::sleep(Duration::from_millis(5));
                socket.write_all(piece.as_bytes()).expect("a client");
            }
            stay(socket);
        }) as Step]);
        let client = self.client(&script, json!({}));
        for expected in expected {
            let callback = client.next();
            // Large reports are truncated in the message.
            assert!(callback == *expected, "{name}: {:.300} for {:.300}", callback.to_string(), expected.to_string());
        }
        client.assert_silent(Duration::from_millis(20));
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        self.child.wait().expect("it ends");
    }
}

struct Client<'s> {
    service: &'s Service,
    path: String,
    callbacks: mpsc::Receiver<Value>,
}

impl Client<'_> {
    #[track_caller]
    fn next(&self) -> Value {
        self.callbacks.recv_timeout(Duration::from_secs(30)).expect("a callback")
    }

    #[track_caller]
    fn assert_error(&self) {
        let callback = self.next();
        assert_eq!(callback["kind"], "error", "{callback}");
        assert!(callback["error"].as_str().is_some_and(|text| !text.is_empty()), "{callback}");
    }

    #[track_caller]
    fn assert_silent(&self, time: Duration) {
        assert_eq!(self.callbacks.recv_timeout(time).ok(), None);
    }

    fn command(&self, body: &Value) -> u16 {
        self.service.ask("POST", &self.path, &body.to_string()).0
    }
}

impl Drop for Client<'_> {
    fn drop(&mut self) {
        let status = self.service.ask("DELETE", &self.path, "").0;
        if !thread::panicking() {
            assert_eq!(status, 204);
        }
    }
}

fn event(event_type: &str, data: &str, id: &str) -> Value {
    json!({ "kind": "event", "event": { "type": event_type, "data": data, "id": id } })
}

fn message(data: &str) -> Value {
    event("message", data, "")
}

fn comment(text: &str) -> Value {
    json!({ "kind": "comment", "comment": text })
}

#[test]
fn the_service_lists_its_capabilities_and_refuses_others() {
    let mut service = Service::new();
    let (status, _, body) = service.ask("GET", "/", "");
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((status, body["capabilities"].as_array().map(Vec::len)), (200, Some(10)));
    for body in ["", "{}", r#"{"streamUrl":"ftp://x/","callbackUrl":"http://127.0.0.1:1/"}"#] {
        assert_eq!(service.ask("POST", "/", body).0, 400, "{body}");
    }
    assert_eq!(service.ask("POST", "/clients/7", r#"{"command":"restart"}"#).0, 404);
    assert_eq!(service.ask("DELETE", "/clients/7", "").0, 404);
    let script = Script::new([send_and_stay(STREAM)]);
    let client = service.client(&script, json!({}));
    assert_eq!(client.command(&json!({ "command": "dance" })), 400);
    assert_eq!(client.command(&json!({ "command": "listen", "listen": { "type": "greeting" } })), 202);
    drop(client);
    service.ask("DELETE", "/", "");
    assert!(service.child.wait().expect("it ends").success());
}

#[test]
fn basic_parsing() {
    let service = Service::new();
    let hundred: String = (0..100).map(|number| format!("data: {number}\n\n")).collect();
    let hundred_events: Vec<_> = (0..100).map(|number| message(&number.to_string())).collect();
    let multi_byte = "data: \u{20ac}\u{8c46}\u{8150}\n\n";
    let cases: &[(&str, &[&str], &[Value])] = &[
        ("one line", &["data: Hello\n\n"], &[message("Hello")]),
        ("two chunks", &["data: Hel", "lo\n\n"], &[message("Hello")]),
        ("shared chunk", &["data: test", "test\n\ndata:", "test\n\n"], &[message("testtest"), message("test")]),
        ("two in one chunk", &["data: Hello\n\ndata: World\n\n"], &[message("Hello"), message("World")]),
        ("two lines", &["data: Hello\ndata: World\n\n"], &[message("Hello\nWorld")]),
        ("empty data", &["data:\n\n"], &[message("")]),
        ("all fields", &["event: greeting\nid: abc\ndata: Hello\n\n"], &[event("greeting", "Hello", "abc")]),
        ("in reverse", &["data: Hello\nid: abc\nevent: greeting\n\n"], &[event("greeting", "Hello", "abc")]),
        ("NUL in an id", &["id: a\0bc\ndata: Hello\n\n"], &[message("Hello")]),
        (
            "last ID persists",
            &["id: abc\ndata: 1\n\ndata: 2\n\nid: \ndata: 3\n\n"],
            &[event("message", "1", "abc"), event("message", "2", "abc"), message("3")],
        ),
        ("unknown field", &["data: Hello\ncolor: blue\n\n"], &[message("Hello")]),
        ("no space", &["event:greeting\ndata:Hello\n\n"], &[event("greeting", "Hello", "")]),
        ("more space", &["event:  greeting\ndata:  Hello\n\n"], &[event(" greeting", " Hello", "")]),
        ("no colon", &["data\n\ndata\ndata\n\n"], &[message(""), message("\n")]),
        ("multi-byte", &[multi_byte], &[message("\u{20ac}\u{8c46}\u{8150}")]),
        ("a hundred", &[&hundred], &hundred_events),
    ];
    for (name, pieces, expected) in cases {
        service.assert_reports(name, pieces, expected);
    }
}

#[test]
fn multi_byte_characters_byte_by_byte() {
    let script = Script::new([Box::new(|socket: &mut TcpStream| {
        socket.set_nodelay(true).expect("a socket");
        socket.write_all(STREAM.as_bytes()).expect("a client");
        for byte in "data: \u{20ac}\u{8c46}\u{8150}\n\n".bytes() {
            socket.write_all(&[&b"1\r\n"[..], &[byte], b"\r\n"].concat()).expect("a client");
            thread::sleep(Duration::from_millis(20));
        }
        stay(socket);
    }) as Step]);
    let service = Service::new();
    assert_eq!(service.client(&script, json!({})).next(), message("\u{20ac}\u{8c46}\u{8150}"));
}

#[test]
fn large_messages() {
    let service = Service::new();
    let half = "QUJD".repeat(6_990_508 / 4);
    let piece = format!("data: {half}");
    service.assert_reports("one chunk", &[&format!("{piece}\n\n")], &[message(&half)]);
    service.assert_reports("two chunks", &[&piece, &format!("{half}\n\n")], &[message(&half.repeat(2))]);
}

#[test]
fn byte_order_marks() {
    let service = Service::new();
    for (pieces, expected) in [
        (&["\u{feff}data: Hello\n\n"][..], &[message("Hello")][..]),
        (&["\u{feff}event: t\nid: 7\ndata: Hello\n\n"], &[event("t", "Hello", "7")]),
        (&["\u{feff}data: 1\n\ndata: 2\n\n"], &[message("1"), message("2")]),
        (&["\u{feff}data: 1\n\ndata: \u{feff}2\n\n"], &[message("1"), message("\u{feff}2")]),
        (&["\u{feff}:hello\ndata: 1\n\n"], &[comment("hello"), message("1")]),
        (&["\u{feff}data:\n\n"], &[message("")]),
    ] {
        service.assert_reports(pieces[0], pieces, expected);
    }
}

#[test]
fn comments() {
    let service = Service::new();
    service.assert_reports("one", &[":hello\n"], &[comment("hello")]);
    service.assert_reports("two", &[":hello\n", ":world\n"], &[comment("hello"), comment("world")]);
    service.assert_reports("before", &[":hello\ndata: 1\n\n"], &[comment("hello"), message("1")]);
    service.assert_reports("after", &["data: 1\n\n:hello\n"], &[message("1"), comment("hello")]);
}

#[test]
fn line_feeds() {
    let service = Service::new();
    let streams: &[(&str, &[Value])] = &[
        ("data: Hello\n\n", &[message("Hello")]),
        ("data: Hello\n\ndata: a\ndata: b\n\n", &[message("Hello"), message("a\nb")]),
        ("data:\ndata: a\ndata: b\n\n", &[message("\na\nb")]),
        ("data: a\ndata:\ndata: b\n\n", &[message("a\n\nb")]),
        ("data: a\n\n\ndata: b\n\n", &[message("a"), message("b")]),
        ("data: a\n\n\n\ndata: b\n\n", &[message("a"), message("b")]),
    ];
    for line_end in ["\n", "\r\n", "\r"] {
        for (stream, expected) in streams {
            let stream = stream.replace('\n', line_end);
            for size in [stream.len(), 1, 2] {
                let bytes: Vec<_> =
                    stream.as_bytes().chunks(size).map(|piece| str::from_utf8(piece).expect("ASCII")).collect();
                service.assert_reports(&format!("{stream:?} by {size}"), &bytes, expected);
            }
        }
    }
    let pieces = ["data: a\r", "\n\r", "\ndata: b\r", "\n\r", "\n"];
    service.assert_reports("CR at the end of chunks", &pieces, &[message("a"), message("b")]);
}

#[test]
fn http_behaviour() {
    let service = Service::new();
    let hello = || send_and_stay(STREAM.to_owned() + &chunk("data: Hello\n\n"));

    let script = Script::new([hello()]);
    assert_eq!(service.client(&script, json!({})).next(), message("Hello"));
    let head = script.request();
    assert!(head.starts_with("get /events http/1.1\r\n"), "{head}");
    assert!(
        head.contains("\r\naccept: text/event-stream\r\n") && head.contains("\r\ncache-control: no-cache\r\n"),
        "{head}"
    );
    assert!(!head.contains("last-event-id"), "{head}");

    for status in ["301 Moved Permanently", "307 Temporary Redirect"] {
        let script = Script::new([answer(status, "Location: /there\r\n"), hello()]);
        assert_eq!(service.client(&script, json!({})).next(), message("Hello"));
        script.request();
        assert!(script.request().starts_with("get /there http/1.1\r\n"));
        for location in ["", "Location:\r\n"] {
            let script = Script::new([answer(status, location)]);
            service.client(&script, json!({})).assert_error();
        }
    }

    let script = Script::new([answer("204 No Content", ""), hello()]);
    let client = service.client(&script, json!({}));
    script.request();
    client.assert_silent(Duration::from_millis(1500));
    script.assert_done();

    for method in ["POST", "REPORT"] {
        let script = Script::new([hello()]);
        let headers = json!({ "content-type": "application/json; charset=utf-8", "X-One": "1", "X-Two": "2" });
        let client = service.client(&script, json!({ "method": method, "body": "{\"a\":1}", "headers": headers }));
        assert_eq!(client.next(), message("Hello"));
        let request = script.request();
        assert!(request.starts_with(&format!("{} /events ", method.to_lowercase())), "{request}");
        assert!(request.contains("\r\ncontent-type: application/json; charset=utf-8\r\n"), "{request}");
        assert!(request.contains("\r\nx-one: 1\r\n") && request.contains("\r\nx-two: 2\r\n"), "{request}");
        assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
    }

    let script = Script::new([hello()]);
    assert_eq!(service.client(&script, json!({ "lastEventId": "abc" })).next(), event("message", "Hello", "abc"));
    assert!(script.request().contains("\r\nlast-event-id: abc\r\n"));
}

#[test]
fn reconnection() {
    let service = Service::new();
    let at_once = || json!({ "initialDelayMs": 0 });
    let broken = |text: &str| send(STREAM.to_owned() + &chunk(text));
    let open = |text: &str| send_and_stay(STREAM.to_owned() + &chunk(text));

    let script = Script::new([open("data: 1\n\n"), open("data: 2\n\n")]);
    let client = service.client(&script, at_once());
    assert_eq!(client.next(), message("1"));
    assert_eq!(client.command(&json!({ "command": "restart" })), 202);
    assert_eq!(client.next(), message("2"));
    drop(client);

    // A broken connection, a clean end, and an unfinished event that must not be delivered, nor its id. Then an empty
    // id.
    let script = Script::new([
        broken("id: abc\ndata: 1\n\ndata: 2\n\n"),
        send(STREAM.to_owned() + &chunk("data: 3\n\n") + END),
        broken("data: 4\n\nid: def\ndata: Goodbye"),
        broken("data: 5\n\nid\ndata: 6\n\n"),
        open("id: 7\ndata: 7\n\n"),
    ]);
    let client = service.client(&script, json!({ "initialDelayMs": 0, "method": "POST", "body": "{}" }));
    for (data, id) in [("1", "abc"), ("2", "abc"), ("3", "abc"), ("4", "abc"), ("5", "abc"), ("6", ""), ("7", "7")] {
        assert_eq!(client.next(), event("message", data, id));
    }
    for number in 0..5 {
        let request = script.request();
        assert!(request.starts_with("post ") && request.ends_with("\r\n\r\n{}"), "{request}");
        assert_eq!(request.contains("\r\nlast-event-id: abc\r\n"), (1..4).contains(&number), "{request}");
        assert_eq!(request.contains("last-event-id"), (1..4).contains(&number), "{request}");
    }
    client.assert_silent(Duration::from_millis(20));

    let script = Script::new([open("data: 1\n\n"), open("data: 2\n\n")]);
    let client = service.client(&script, json!({ "initialDelayMs": 0, "readTimeoutMs": 500 }));
    assert_eq!(client.next(), message("1"));
    client.assert_error();
    assert_eq!(client.next(), message("2"));
}
