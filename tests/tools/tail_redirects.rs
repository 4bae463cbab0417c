//! Tests of which servers the `tail` tool sends credentials, headers, bodies and ids to, in particular after redirects.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::thread;

use crate::common::script::{END, STREAM, Script, Step, answer, chunk, request, send};
use crate::common::tail::{folder, run, text};

fn stream() -> Step {
    send(STREAM.to_owned() + &chunk("id: 1\ndata: 1\n\n"))
}

fn to(status: &str, location: &str) -> Step {
    answer(status, &format!("Location: {location}\r\n"))
}

/// Returns the URL with `user@` before its host.
fn with_user(url: &str, user: &str) -> String {
    url.replace("://", &format!("://{user}@"))
}

/// A user name and a password that must be decoded first. `YTpiOnA6ICU=` is `a:b:p: %` in base 64.
const USER: &str = "a:b%3Ap%3A%20%25";
const BASIC: &str = "\r\nauthorization: basic ytpiona6icu=\r\n";

#[test]
fn credentials_of_the_url_are_sent_to_its_origin_only() {
    let script = Script::new([
        send(STREAM.to_owned() + &chunk("id: 1\ndata: 1\n\n") + END),
        to("307 Temporary Redirect", "/there"),
        send(STREAM.to_owned() + &chunk("id: 2\ndata: 2\n\n")),
    ]);
    let run1 = run(&["--json", "--verbose", "--events", "2", &with_user(&script.url(), USER)]);
    for path in ["/events", "/events", "/there"] {
        let request = script.request();
        assert!(request.starts_with(&format!("get {path} ")) && request.contains(BASIC), "{request}");
    }
    let output = run1.stdout.clone() + &run1.stderr.join("\n");
    assert!(!output.contains("p%3A") && !output.contains("a:b"), "{output}");

    let stranger = Script::new([stream()]);
    let script = Script::new([to("301 Moved Permanently", &stranger.url())]);
    let run2 = run(&["--json", "--trust-redirects", "--events", "1", &with_user(&script.url(), USER)]);
    assert_eq!(run2.status, Some(0), "{:?}", run2.stderr);
    assert!(script.request().contains(BASIC));
    assert!(!stranger.request().contains("authorization"));

    // A header from -H takes precedence.
    let script = Script::new([stream()]);
    run(&["--json", "--events", "1", "-H", "Authorization: mine", &with_user(&script.url(), USER)]).assert_quiet();
    let request = script.request();
    assert!(request.contains("\r\nauthorization: mine\r\n") && !request.contains("basic"), "{request}");
}

#[test]
fn credentials_stay_within_an_origin_for_every_form_of_redirect() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let requests = thread::spawn(move || {
        let answers = [
            format!("HTTP/1.1 302 Found\r\nLocation: http://{address}/absolute\r\nContent-Length: 0\r\n\r\n"),
            format!("HTTP/1.1 302 Found\r\nLocation: //{address}/host\r\nContent-Length: 0\r\n\r\n"),
            STREAM.to_owned() + &chunk("data: 1\n\n"),
        ];
        answers.map(|answer| {
            let (mut socket, _) = listener.accept().expect("a connection");
            let request = request(&socket).expect("a request");
            socket.write_all(answer.as_bytes()).expect("a client");
            request
        })
    });
    run(&["--json", "--events", "1", &format!("http://{USER}@{address}/")]).assert_quiet();
    for request in requests.join().expect("a server") {
        assert!(request.contains(BASIC), "{request}");
    }
}

#[test]
fn a_body_is_not_sent_to_another_origin() {
    for (status, becomes_get) in [
        ("301 Moved Permanently", true),
        ("302 Found", true),
        ("303 See Other", true),
        ("307 Temporary Redirect", false),
        ("308 Permanent Redirect", false),
    ] {
        let stranger = Script::new([send(STREAM.to_owned() + &chunk("data: 1\n\n") + END)]);
        let script = Script::new([to(status, &stranger.url())]);
        let run = run(&["--json", "--post", "body", "-H", "X-Key: k", "--last-event-id", "7", &script.url()]);
        assert!(script.request().ends_with("\r\n\r\nbody"));
        if becomes_get {
            run.assert_ends(0, &format!("tail: a redirect leads to another server: GET {}", stranger.url()));
            let request = stranger.request();
            assert!(!request.contains("body") && !request.contains("x-key"), "{request}");
        } else {
            let why = format!("a redirect would take the request's body to another server, {}", stranger.url());
            let advice = "use that URL, or give --trust-redirects";
            run.assert_ends(3, &format!("tail: refused: {why}; {advice}"));
            assert_eq!(run.stderr.len(), 1);
            stranger.assert_done();
        }
    }
}

#[test]
fn trusted_redirects_forward_everything() {
    for status in ["307 Temporary Redirect", "308 Permanent Redirect"] {
        let stranger = Script::new([send(STREAM.to_owned() + &chunk("data: 1\n\n") + END)]);
        let script = Script::new([to(status, &stranger.url())]);
        let options = ["--trust-redirects", "--post", "body", "-H", "X-Key: k", "--last-event-id", "7", "--json"];
        let run = run(&[&options[..], &[&with_user(&script.url(), USER)]].concat());
        run.assert_ends(0, &format!("tail: a redirect leads to another server: POST {}", stranger.url()));
        script.request();
        let request = stranger.request();
        assert!(request.ends_with("\r\n\r\nbody") && !request.contains("authorization"), "{request}");
        for header in ["\r\nx-key: k\r\n", "\r\nlast-event-id: 7\r\n"] {
            assert!(request.contains(header), "{request}");
        }
    }
}

#[test]
fn an_id_that_no_header_can_carry_is_reported() {
    let told = |id: &str| {
        format!("tail: the last event ID {id:?} cannot be sent in a header: events may be missing or repeated")
    };
    // An id from the arguments, for each attempt.
    let script = Script::new([send(STREAM.to_owned() + END), send(STREAM.to_owned() + &chunk("data: 1\n\n"))]);
    let run1 = run(&["--json", "--events", "1", "--last-event-id", "a\u{1}b", &script.url()]);
    assert_eq!(run1.stderr.iter().filter(|line| **line == told("a\u{1}b")).count(), 2, "{:?}", run1.stderr);
    assert_eq!((run1.stderr.len(), run1.status), (3, Some(0)));
    assert!(!script.request().contains("last-event-id") && !script.request().contains("last-event-id"));

    // An id from the state file.
    let file = folder("blank-id").join("id");
    fs::write(&file, "  \t\n").expect("a file");
    let script = Script::new([stream()]);
    run(&["--json", "--events", "1", "--state", text(&file), &script.url()]).assert_ends(0, &told("  \t"));

    // An id from the server, once for an attempt with a redirect.
    let script = Script::new([
        send(STREAM.to_owned() + &chunk("id: x\u{7f}\ndata: 1\n\n") + END),
        to("302 Found", "/there"),
        stream(),
    ]);
    let run2 = run(&["--json", "--events", "2", &script.url()]);
    assert_eq!((run2.stderr.len(), run2.stderr.last()), (2, Some(&told("x\u{7f}"))), "{:?}", run2.stderr);

    // Blanks at the ends are lost on the way.
    let script = Script::new([stream()]);
    let why = "HTTP strips the spaces around the last event ID \" x\": the server gets a different ID";
    run(&["--json", "--events", "1", "--last-event-id", " x", &script.url()]).assert_ends(0, &format!("tail: {why}"));
}
