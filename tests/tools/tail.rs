//! Tests of the `tail` tool through its command line, with servers that fail in many ways.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::script::{END, STREAM, Script, Step, answer, chunk, send, send_and_stay, stay};
use crate::common::tail::{Run, S, finish, folder, interrupt, run, start};
use crate::common::tool::Lines;
use serde_json::Value;

/// Returns what `--json` prints for an event of the default type.
fn json(data: &str, id: &str) -> String {
    format!("{{\"type\":\"message\",\"data\":\"{data}\",\"last_event_id\":\"{id}\"}}\n")
}

fn event(id: u32) -> String {
    chunk(&format!("id: {id}\ndata: {id}\n\n"))
}

fn events(ids: impl IntoIterator<Item = u32>) -> String {
    ids.into_iter().map(event).collect()
}

/// Returns what `--json` prints for [`event`].
fn printed(ids: impl IntoIterator<Item = u32>) -> String {
    ids.into_iter().map(|id| json(&id.to_string(), &id.to_string())).collect()
}

/// Checks that the tool gave up after three attempts without a stream, each of which failed for this reason.
#[track_caller]
fn assert_given_up(run: &Run, why: &str, advice: &str) {
    run.assert_ends(4, &format!("tail: given up after 3 attempts: {why}; {advice}"));
    assert_eq!(run.stderr.len(), 3, "{:?}", run.stderr);
    for line in &run.stderr[..2] {
        assert!(line.starts_with(&format!("tail: {why}; next attempt in ")), "{line}");
    }
    assert_eq!(run.stdout, "");
}

#[test]
fn without_a_url_it_shows_every_event_once() {
    let run = run(&["--json", "--verbose"]);
    let events: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event["last_event_id"], (index + 1).to_string());
        assert!(event["data"].as_str().expect("text").contains(&(index + 1).to_string()));
    }
    let stderr = run.stderr.join("\n");
    let opened = run.stderr.iter().filter(|line| line.contains("the stream is open")).count();
    run.assert_ends(0, &format!("tail: {} events, {} reconnects, gaps 0, duplicates 0", events.len(), opened - 1));
    assert!(events.len() >= 50 && opened >= 4, "{stderr}");
    for part in
        ["503 Service Unavailable; next attempt in 1.", "the connection broke", "comment: ", "reconnection time: "]
    {
        assert!(stderr.contains(part), "{stderr}");
    }
    assert!(events.iter().any(|event| event["data"].as_str().expect("text").contains('\n')));
    assert!((10 * S..15 * S).contains(&run.took), "{:?}", run.took);
}

#[test]
fn events_are_printed_without_control_characters() {
    let stream = chunk("event: a\u{1b}[31m\nid: 7\u{85}\ndata: one\u{7}\ndata: two\n\ndata: \u{e9}\u{fffd}\n\n");
    let script = Script::new([send(STREAM.to_owned() + &stream)]);
    let run = run(&["--events", "2", &script.url()]);
    run.assert_quiet();
    let lines: Vec<_> = run.stdout.lines().map(|line| line.get("12:34:56.789".len()..).expect("a time")).collect();
    let id = "[7\\u{85}]";
    assert_eq!(lines, [&format!(" a\\u{{1b}}[31m {id} one\\u{{7}}"), " two", &format!(" message {id} \u{e9}\u{fffd}")]);
}

/// These run in parallel, because they wait between attempts.
#[test]
fn faults_before_there_is_a_stream() {
    thread::scope(|scope| {
        for fault in [
            refused,
            reset,
            no_tls_where_tls_was_asked_for,
            half_a_head,
            a_head_that_does_not_come,
            something_else_than_http,
            redirects_in_a_circle,
            redirects_to_nowhere,
        ] {
            scope.spawn(fault);
        }
    });
}

fn refused() {
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let run = run(&[&format!("http://{address}/")]);
    assert_given_up(&run, "connection refused", "start the server, or correct host and port");
    assert!(run.took >= 2 * S, "no wait between attempts");
}

fn reset() {
    // Closing a socket with unread bytes resets the connection.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for socket in listener.incoming() {
            let _ = socket.expect("a connection").peek(&mut [0]);
        }
    });
    let run = run(&[&format!("http://{address}/")]);
    assert_given_up(
        &run,
        "the connection broke: Connection reset by peer (os error 104)",
        "look into the server's log",
    );
}

fn no_tls_where_tls_was_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.expect("a connection");
            let _ = socket.read(&mut [0; 1024]);
            let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let run = run(&[&format!("https://{address}/")]);
    let advice = "check that the server speaks TLS at this port and that its certificate is trusted here";
    assert_given_up(&run, "TLS failed: received corrupt message of type InvalidContentType", advice);
}

fn half_a_head() {
    let script = Script::new((0..3).map(|_| send("HTTP/1.1 200 OK\r\nContent-Ty")));
    let run = run(&[&script.url()]);
    let why = "the connection broke: connection closed before message completed";
    assert_given_up(&run, why, "look into the server's log");
}

fn a_head_that_does_not_come() {
    let script = Script::new([send_and_stay("HTTP/1.1 200 OK\r\nContent-Ty"), send(STREAM.to_owned() + &event(1))]);
    let run = run(&["--json", "--events", "1", &script.url()]);
    assert!(run.stderr[0].starts_with("tail: no response for 30 s; next attempt in "), "{:?}", run.stderr);
    assert_eq!((run.stdout, run.status), (printed([1]), Some(0)));
}

fn something_else_than_http() {
    let script = Script::new((0..3).map(|_| send("220 mail.example ESMTP\r\n")));
    let run = run(&[&script.url()]);
    let why = "HTTP failed: invalid HTTP version parsed";
    assert_given_up(&run, why, "check that the URL is that of an HTTP server");
}

fn redirects_in_a_circle() {
    let script = Script::new((0..63).map(|_| answer("302 Found", "Location: /events\r\n")));
    let run = run(&[&script.url()]);
    assert_given_up(&run, "the server answered 302 Found", "correct the server, or use the URL that it means");
}

fn redirects_to_nowhere() {
    let script = Script::new((0..3).map(|_| answer("302 Found", "Location: ftp://example.org/\r\n")));
    let why = "a redirect leads to \"ftp://example.org/\"";
    assert_given_up(&run(&[&script.url()]), why, "correct the server, or use the URL that it means");
}

#[test]
fn responses_that_another_attempt_would_not_change() {
    for (status, headers, last_line) in [
        (
            "200 OK",
            "Content-Type: text/html\r\n",
            "refused: the response is \"text/html\", not text/event-stream; check that the URL is that of an event stream",
        ),
        ("200 OK", "", "refused: the response has no content type; check that the URL is that of an event stream"),
        (
            "200 OK",
            "Content-Type: text/event-stream\r\nContent-Encoding: gzip\r\n",
            "refused: the response is compressed (\"gzip\"), which was not requested; configure the server not to compress the stream",
        ),
        (
            "401 Unauthorized",
            "",
            "refused: the server answered 401 Unauthorized; give credentials with -H 'Authorization: ..'",
        ),
        ("404 Not Found", "", "refused: the server answered 404 Not Found; correct the URL's path"),
        (
            "301 Moved Permanently",
            "",
            "refused: the server answered 301 Moved Permanently; correct the server, or use the URL that it means",
        ),
    ] {
        let script = Script::new([answer(status, headers)]);
        let run = run(&[&script.url()]);
        run.assert_ends(3, &format!("tail: {last_line}"));
        assert_eq!((run.stdout.as_str(), run.stderr.len()), ("", 1));
    }
}

#[test]
fn a_server_without_more_events() {
    let script = Script::new([send(STREAM.to_owned() + &event(1) + END), answer("204 No Content", "")]);
    let run = run(&["--json", &script.url()]);
    run.assert_ends(0, "tail: the server has no more events");
    assert!(run.stderr[0].starts_with("tail: the stream ended; next attempt in "), "{:?}", run.stderr);
    assert_eq!(run.stdout, printed([1]));
}

#[test]
fn a_server_that_is_busy() {
    let busy = |seconds: u32| answer("503 Service Unavailable", &format!("Retry-After: {seconds}\r\n"));
    let script = Script::new([busy(2), send(STREAM.to_owned() + &event(1))]);
    let run1 = run(&["--json", "--events", "1", &script.url()]);
    assert!(run1.stderr[0].starts_with("tail: the server answered 503 Service Unavailable; next attempt in "));
    assert!(run1.took >= 2 * S);
    assert_eq!((run1.stdout, run1.status), (printed([1]), Some(0)));

    // A long wait is no reason to give up.
    for seconds in [3600, 7200] {
        let script = Script::new([busy(seconds)]);
        let child = start(&[&script.url()]);
        script.request();
        thread::sleep(S);
        interrupt(&child);
        let run = finish(child, 5 * S);
        let said = "tail: the server answered 503 Service Unavailable; next attempt in ";
        let [line] = &run.stderr[..] else { panic!("{:?}", run.stderr) };
        let wait: f32 = line.strip_prefix(said).and_then(|wait| wait.strip_suffix(" s")).unwrap().parse().unwrap();
        assert!((seconds as f32..seconds as f32 + 31.0).contains(&wait), "{line}");
        assert_eq!(run.status, Some(0));
    }
}

#[test]
fn garbage_where_a_chunk_size_should_be() {
    let script = Script::new([
        send(STREAM.to_owned() + &events(1..3) + "zz\r\nid: 3\ndata: 3\n\n\r\n"),
        send(STREAM.to_owned() + &events(3..5)),
    ]);
    let run = run(&["--json", "--events", "4", &script.url()]);
    assert!(run.stderr[0].starts_with("tail: HTTP failed: Invalid chunk size line"), "{:?}", run.stderr);
    assert_eq!((run.stdout, run.status), (printed(1..5), Some(0)));
    assert!(!script.request().contains("last-event-id"));
    assert!(script.request().contains("\r\nlast-event-id: 2\r\n"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_line_of_a_gibibyte_takes_no_memory() {
    let script = Script::new([Box::new(|socket: &mut TcpStream| {
        let begin = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: ";
        socket.write_all(begin.as_bytes()).expect("a client");
        let piece = [b'x'; 64 * 1024];
        for _ in 0..(1 << 30) / piece.len() {
            socket.write_all(&piece).expect("a client");
        }
        socket.write_all(b"\nid: 1\n\nid: 2\ndata: 2\n\n").expect("a client");
        stay(socket);
    }) as Step]);
    let mut child = start(&["--json", &script.url()]);
    let mut lines = Lines::of(child.stdout.take().expect("a pipe"));
    assert_eq!(lines.next().as_deref(), Some(printed([2]).trim_end()));
    let peak = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("a process");
    let peak = peak.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let kibibytes: u32 = peak.trim().strip_suffix(" kB").expect("kB").parse().expect("a number");
    assert!(kibibytes < 64 * 1024, "{kibibytes} KiB");
    interrupt(&child);
    finish(child, 5 * S).assert_ends(0, "tail: event too long for the buffer: data; skipped");
}

#[test]
fn redirects() {
    let to = |status, location: &str| answer(status, &format!("Location: {location}\r\n"));
    let script = Script::new([
        to("307 Temporary Redirect", "/there?x=1"),
        send(STREAM.to_owned() + &event(1)),
        to("301 Moved Permanently", "there"),
        send(STREAM.to_owned() + &event(2)),
        send(STREAM.to_owned() + &event(3)),
    ]);
    let run1 = run(&["--json", "--events", "3", "-H", "Authorization: secret", &script.url()]);
    assert_eq!((run1.stdout, run1.status), (printed(1..4), Some(0)));
    for path in ["/events", "/there?x=1", "/events", "/there", "/there"] {
        let request = script.request();
        assert!(request.starts_with(&format!("get {path} http/1.1\r\n")), "{request}");
        assert!(request.contains("\r\nauthorization: secret\r\n"), "{request}");
    }

    // To another origin.
    let stranger = Script::new([send(STREAM.to_owned() + &event(1))]);
    let script = Script::new([to("307 Temporary Redirect", &stranger.url())]);
    let arguments = ["-H", "X-Key: secret", "-H", "Accept-Language: de", "--events", "1", "--last-event-id", "0"];
    let run2 = run(&[&arguments[..], &[&script.url()]].concat());
    run2.assert_ends(0, &format!("tail: a redirect leads to another server: GET {}", stranger.url()));
    assert!(script.request().contains("\r\nx-key: secret\r\n"));
    let request = stranger.request();
    assert!(!request.contains("secret"), "{request}");
    assert!(request.contains("\r\naccept-language: de\r\n"), "{request}");
    assert!(request.contains("\r\nlast-event-id: 0\r\n"), "{request}");
}

#[test]
fn a_post_is_resumed_from_an_id() {
    let script = Script::new([
        send(STREAM.to_owned() + &events(1..3)),
        send(STREAM.to_owned() + &events(3..4) + &chunk("data: [DONE]\n\n") + END),
    ]);
    let run1 = run(&["--json", "--post", "{\"stream\":true}", &script.url()]);
    assert_eq!((run1.stdout, run1.status), (printed(1..4) + &json("[DONE]", "3"), Some(0)));
    assert_eq!(run1.stderr.len(), 1);
    for id in ["", "\r\nlast-event-id: 2\r\n"] {
        let request = script.request();
        assert!(request.starts_with("post /events http/1.1\r\n"), "{request}");
        assert!(request.contains("\r\ncontent-type: application/json\r\n"), "{request}");
        assert!(request.contains(id), "{request}");
        assert!(request.ends_with("\r\n\r\n{\"stream\":true}"), "{request}");
    }

    let script = Script::new([send(STREAM.to_owned() + &chunk("data: 1\n\n"))]);
    let run2 = run(&["--json", "--post", "x", "-H", "content-type: text/plain", &script.url()]);
    assert!(run2.stderr.len() == 1 && run2.stderr[0].starts_with("tail: given up: the connection broke: "));
    assert!(run2.stderr[0].ends_with("; to continue would send the POST twice; run the command again"));
    assert_eq!((run2.stdout, run2.status), (json("1", ""), Some(4)));
    assert!(script.request().contains("\r\ncontent-type: text/plain\r\n"));

    // Without a response, the server may still have acted on the request.
    for cut in [send(STREAM.to_owned()), send(String::new()), answer("503 Service Unavailable", "Retry-After: 1\r\n")] {
        let script = Script::new([cut]);
        let run = run(&["--post", "x", &script.url()]);
        assert!(run.stderr.len() == 1 && run.stderr[0].starts_with("tail: given up: "), "{:?}", run.stderr);
        assert_eq!(run.status, Some(4));
        script.request();
        script.assert_done();
    }

    let script = Script::new([answer("303 See Other", "Location: /answer\r\n"), send(STREAM.to_owned() + END)]);
    run(&["--post", "x", &script.url()]).assert_quiet();
    script.request();
    let request = script.request();
    assert!(request.starts_with("get /answer http/1.1\r\n") && !request.contains("content-type"), "{request}");
}

#[test]
fn the_last_event_id_is_kept_between_runs() {
    let folder = folder("state");
    let file = folder.join("last id");
    let path = file.to_str().expect("UTF-8");
    let script = Script::new([
        send(STREAM.to_owned() + &event(1) + &event(2) + &event(3)),
        send_and_stay(STREAM.to_owned() + &chunk("id: 3\ndata: 3\n\nid: \u{e9} 4\n\n")),
        send_and_stay(STREAM.to_owned() + &chunk("data: 5\n\n")),
        send_and_stay(STREAM.to_owned() + &chunk("id\ndata: 6\n\n")),
    ]);
    let stored = || fs::read_to_string(&file).expect("a file");

    let run1 = run(&["--json", "--events", "2", "--state", path, &script.url()]);
    assert_eq!((run1.stdout, stored()), (printed(1..3), "2\n".into()));
    assert!(!script.request().contains("last-event-id"));

    // It is stored immediately, even without an event, and not only at the end.
    let child = start(&["--json", "--state", path, &script.url()]);
    let begun = Instant::now();
    while stored() != "\u{e9} 4\n" {
        assert!(begun.elapsed() < 30 * S, "{}", stored());
        thread::sleep(Duration::from_millis(5));
    }
    interrupt(&child);
    finish(child, 5 * S).assert_quiet();
    assert!(script.request().contains("\r\nlast-event-id: 2\r\n"));

    let run2 = run(&["--json", "--events", "1", "--state", path, "--last-event-id", "x", &script.url()]);
    assert_eq!((run2.stdout, stored()), (json("5", "x"), "x\n".into()));
    assert!(script.request().contains("\r\nlast-event-id: x\r\n"));

    run(&["--json", "--events", "1", "--state", path, &script.url()]).assert_quiet();
    assert_eq!(stored(), "\n");
    assert!(script.request().contains("\r\nlast-event-id: x\r\n"));
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1, "nothing is left beside it");
}

#[test]
fn an_invalid_state_file_is_refused() {
    let folder = folder("wrong-state");
    let file = folder.join("precious");
    fs::write(&file, "one\ntwo\n").expect("a file");
    let path = |path: PathBuf| path.into_os_string().into_string().expect("UTF-8");
    for state in [path(file.clone()), path(folder.join("missing").join("file")), path(folder)] {
        let run = run(&["--state", &state, "http://127.0.0.1:1/"]);
        assert!(run.stderr.len() == 1 && run.stderr[0].starts_with(&format!("tail: {state}: ")), "{:?}", run.stderr);
        assert!(run.stderr[0].ends_with("; name another file"), "{:?}", run.stderr);
        assert_eq!(run.status, Some(2));
    }
    assert_eq!(fs::read_to_string(file).expect("a file"), "one\ntwo\n");
}

#[test]
fn a_closed_output_ends_it() {
    let script = Script::new([Box::new(|socket: &mut TcpStream| {
        let _ = socket.write_all(STREAM.as_bytes());
        while socket.write_all(chunk("data: 1\n\n").as_bytes()).is_ok() {
            thread::sleep(Duration::from_millis(10));
        }
    }) as Step]);
    let mut child = start(&["--json", &script.url()]);
    let mut stdout = child.stdout.take().expect("a pipe");
    stdout.read_exact(&mut [0]).expect("an event");
    drop(stdout);
    finish(child, 5 * S).assert_quiet();
}

#[test]
fn an_interrupt_ends_it() {
    let open = || Script::new([send_and_stay(STREAM.to_owned() + &event(1))]);
    let script = open();
    let mut child = start(&["--json", &script.url()]);
    let mut lines = Lines::of(child.stdout.take().expect("a pipe"));
    assert_eq!(lines.next().as_deref(), Some(printed([1]).trim_end()));
    interrupt(&child);
    finish(child, 5 * S).assert_quiet();

    // Even if its output is blocked.
    let script = Script::new([Box::new(|socket: &mut TcpStream| {
        let _ = socket.write_all(STREAM.as_bytes());
        while socket.write_all(chunk("data: 1\n\n").as_bytes()).is_ok() {}
    }) as Step]);
    let mut child = start(&["--json", &script.url()]);
    let stdout = child.stdout.take();
    thread::sleep(2 * S);
    interrupt(&child);
    finish(child, 5 * S).assert_quiet();
    drop(stdout);
}

/// These run in parallel, because they wait.
#[test]
fn silence() {
    thread::scope(|scope| {
        scope.spawn(heartbeats_that_stay_away);
        scope.spawn(a_pipe_that_is_not_read);
    });
}

/// Sends heartbeats from which the client learns a limit of 10 s for silence.
fn heartbeats(socket: &mut TcpStream) {
    let _ = socket.write_all((STREAM.to_owned() + &event(1)).as_bytes());
    // In the first 10 s they could be a greeting.
    for _ in 0..13 {
        thread::sleep(Duration::from_millis(1_100));
        let _ = socket.write_all(chunk(":\n").as_bytes());
    }
}

fn heartbeats_that_stay_away() {
    let script = Script::new([
        Box::new(|socket: &mut TcpStream| {
            heartbeats(socket);
            stay(socket);
        }) as Step,
        send(STREAM.to_owned() + &event(2)),
    ]);
    let run = run(&["--json", "--events", "2", &script.url()]);
    assert!(run.stderr[0].starts_with("tail: the server was silent for 10 s; next attempt in "), "{:?}", run.stderr);
    assert_eq!((run.stdout, run.status), (printed(1..3), Some(0)));
    script.request();
    assert!(script.request().contains("\r\nlast-event-id: 1\r\n"));
    script.assert_done();
}

/// The server is not silent in this case.
fn a_pipe_that_is_not_read() {
    let script = Script::new([Box::new(|socket: &mut TcpStream| {
        heartbeats(socket);
        // More than a pipe holds.
        let _ = socket.write_all(events(2..20_000).as_bytes());
        stay(socket);
    }) as Step]);
    let mut child = start(&["--json", "--events", "19999", &script.url()]);
    let stdout = child.stdout.take().expect("a pipe");
    thread::sleep(30 * S);
    child.stdout = Some(stdout);
    let run = finish(child, 30 * S);
    run.assert_quiet();
    assert!(run.stdout == printed(1..20_000));
}

#[test]
fn wrong_arguments() {
    for arguments in [
        &["ftp://example.org/"][..],
        &["localhost:1"],
        &["-H", "no colon", "http://127.0.0.1:1/"],
        &["-H", "Last-Event-ID: 7", "http://127.0.0.1:1/"],
        &["-H", "a b: c", "http://127.0.0.1:1/"],
        &["--events", "0", "http://127.0.0.1:1/"],
        &["--state", "file"],
        &["--post", "x"],
        &["--last-event-id", "a\nb", "http://127.0.0.1:1/"],
        &["--unknown"],
    ] {
        let run = run(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{arguments:?}: {:?}", run.stderr);
        assert!(!run.stderr.is_empty(), "{arguments:?}");
    }
}
