//! Tests of the messages of the `tail` tool: no secrets, no long texts, no control characters, and reports about ids.

use std::process::{Command, Stdio};
use std::thread;

use crate::common::script::{END, STREAM, Script, answer, chunk, send};
use crate::common::tail::{Run, S, finish, run, tail};

fn events(stream: &str) -> Script {
    Script::new([send(STREAM.to_owned() + &chunk(stream))])
}

#[track_caller]
fn assert_hidden(run: &Run) {
    assert!(!run.stderr.is_empty());
    for line in &run.stderr {
        assert!(!line.contains("SECRET") && !line.contains("Us3r"), "{line}");
    }
}

/// All at once, because there are three attempts each.
#[test]
fn secrets_of_a_redirect_are_not_shown() {
    thread::scope(|scope| {
        for (location, shown) in [
            ("ftp://Us3r:SECRET@example.org/there?key=SECRET#SECRET", "\"ftp://example.org/there\""),
            ("mailto:Us3r@example.org?subject=SECRET", "\"mailto:...\""),
            ("data:text/plain,SECRET", "\"data:...\""),
            ("http://Us3r:SECRET@[bad/?SECRET", "\"(31 bytes that are not a URL)\""),
            ("http:\\\\Us3r:SECRET@a b/", "\"(23 bytes that are not a URL)\""),
        ] {
            scope.spawn(move || {
                let script = Script::new((0..3).map(|_| answer("302 Found", &format!("Location: {location}\r\n"))));
                let run = run(&[&script.url()]);
                assert_hidden(&run);
                let begins = format!("tail: a redirect leads to {shown}; next attempt in ");
                assert!(run.stderr[0].starts_with(&begins), "{:?}", run.stderr);
            });
        }
    });

    let stranger = events("data: 1\n\n");
    let location = stranger.url().replace("://", "://Us3r:SECRET@") + "?SECRET#SECRET";
    let script = Script::new([answer("301 Moved Permanently", &format!("Location: {location}\r\n"))]);
    let url = script.url().replace("://", "://Us3r:SECRET@") + "?key=SECRET";
    let run = run(&["--verbose", "--events", "1", &url]);
    assert_hidden(&run);
    assert_eq!((run.stderr.len(), run.status), (4, Some(0)), "{:?}", run.stderr);
}

#[test]
fn secrets_of_the_arguments_are_not_shown() {
    for arguments in [
        &["http://Us3r:SECRET@a b/?SECRET"][..],
        &["Us3r:SECRET@example.org/?SECRET"],
        &["http://127.0.0.1:1/", "http://Us3r:SECRET@example.org/"],
        &["http://127.0.0.1:1/", "Us3r:SECRET@example.org"],
        &["-H", "Authorization SECRET", "http://127.0.0.1:1/"],
        &["-H", "Authorization: SECRET\u{7f}", "http://127.0.0.1:1/"],
        &["http://%ff:SECRET@127.0.0.1:1/"],
    ] {
        let run = run(arguments);
        assert_hidden(&run);
        assert_eq!(run.status, Some(2), "{:?}", run.stderr);
    }
}

#[test]
fn what_a_server_sends_is_cut_short() {
    let long = "x".repeat(100_000);
    let cut = "x".repeat(100) + "...";
    let script = Script::new([answer("200 OK", &format!("Content-Type: {long}\r\n"))]);
    let advice = "check that the URL is that of an event stream";
    run(&[&script.url()])
        .assert_ends(3, &format!("tail: refused: the response is \"{cut}\", not text/event-stream; {advice}"));

    let script = Script::new([answer("302 Found", &format!("Location: ftp://h/{long}\r\n"))]);
    let run1 = run(&["--verbose", &script.url()]);
    assert!(run1.stderr.iter().all(|line| line.len() < 400), "{:?}", run1.stderr.iter().map(String::len));

    let script = events(&format!(":{long}\nid: {}\ndata: 1\n\n", &long[..8000]));
    let run2 = run(&["--json", "--verbose", "--events", "1", &script.url()]);
    assert!(run2.stderr.contains(&format!("tail: comment:{cut}")));
    let script = events("data: 1\n\n");
    let run3 = run(&["--json", "--verbose", "--events", "1", "--last-event-id", &long[..8000], &script.url()]);
    assert!(run3.stderr[0].ends_with(&format!(" after event {cut}")), "{:?}", run3.stderr);
}

#[test]
fn an_empty_encoding_is_none() {
    for encoding in ["", " ", "identity", "Identity, ", ","] {
        let head = STREAM.replace("\r\n\r\n", &format!("\r\nContent-Encoding: {encoding}\r\n\r\n"));
        let script = Script::new([send(head + &chunk("data: 1\n\n"))]);
        let run = run(&["--json", "--events", "1", &script.url()]);
        assert_eq!((run.stderr.as_slice(), run.status), (&[][..], Some(0)), "{encoding:?}");
    }
}

/// Controls, directions of writing, separators of lines, and what has no width.
const WILD: &str = "a\u{9b}b\u{202e}c\u{2066}d\u{2028}e\u{200b}f\u{feff}g\u{e0041}h";
const TAME: &str = "a\\u{9b}b\\u{202e}c\\u{2066}d\\u{2028}e\\u{200b}f\\u{feff}g\\u{e0041}h";

#[test]
fn wild_characters_are_escaped() {
    let stream = format!(":{WILD}\nevent: {WILD}\nid: {WILD}\ndata: {WILD}\n\n");
    let run1 = run(&["--verbose", "--events", "1", &events(&stream).url()]);
    assert!(run1.stdout.ends_with(&format!(" {TAME} [{TAME}] {TAME}\n")), "{}", run1.stdout);
    assert!(run1.stderr.contains(&format!("tail: comment:{TAME}")), "{:?}", run1.stderr);

    // A program gets JSON as it is.
    let json = format!("{{\"type\":\"{WILD}\",\"data\":\"{WILD}\",\"last_event_id\":\"{WILD}\"}}\n");
    let run2 = run(&["--json", "--events", "1", &events(&stream).url()]);
    assert_eq!(run2.stdout, json);

    let run3 = run(&["--events", "x\u{202e}"]);
    assert!(run3.stderr[0].contains("'x\\u{202e}'"), "{:?}", run3.stderr);
    let script = Script::new([answer("200 OK", "Content-Type: a\u{9b}\u{202e}\r\n")]);
    assert!(run(&[&script.url()]).stderr[0].is_ascii());
}

/// With the terminal of `script`, where there is one.
#[test]
fn a_terminal_gets_json_that_it_does_not_obey() {
    if !Command::new("script").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return;
    }
    let script = events(&format!("data: {WILD}\n\n"));
    let tail = tail(&["--json", "--events", "1", &script.url()]);
    let words = [tail.get_program()].into_iter().chain(tail.get_args());
    let line = words.map(|word| format!("'{}'", word.to_str().expect("UTF-8"))).collect::<Vec<_>>().join(" ");
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let run = finish(command.spawn().expect("a terminal"), 30 * S);
    let tame = r"a\u009bb\u202ec\u2066d\u2028e\u200bf\ufeffg\udb40\udc41h";
    assert_eq!(run.stdout.trim_end(), format!("{{\"type\":\"message\",\"data\":\"{tame}\",\"last_event_id\":\"\"}}"));
}

/// Events with these ids, of which `-` is none.
fn numbered(ids: &str) -> String {
    let event = |id| if id == "-" { "data\n\n".to_owned() } else { format!("id: {id}\ndata\n\n") };
    ids.split(' ').map(event).collect()
}

#[track_caller]
fn assert_told(ids: &str, options: &[&str], told: &[&str]) {
    let script = events(&numbered(ids));
    let count = ids.split(' ').count().to_string();
    let run = run(&[&["--json", "--events", &count], options, &[&script.url()]].concat());
    let told: Vec<_> = told.iter().map(|line| format!("tail: {line}")).collect();
    assert_eq!((run.stderr, run.status), (told, Some(0)), "{ids}");
}

#[test]
fn ids_that_are_missing_or_come_again_are_told() {
    assert_told("1 2 3 a 4", &[], &[]);
    assert_told("1 2 4 5", &[], &["event 3 is missing"]);
    assert_told("1 5", &[], &["events 2 to 4 are missing"]);
    assert_told("1 2 2 3", &[], &["event 2 repeated"]);
    assert_told("1 2 2 2 2 3", &[], &["event 2 repeated", "event 2 repeated 3 times"]);
    // An event without an id has that of the one before.
    assert_told("1 - - 2 -", &[], &[]);
    assert_told("1 3 2 4", &[], &["event 2 is missing", "event 2 repeated or late, after event 3"]);
    assert_told("1 2 3 1 2 3 4", &[], &["event 1 repeated or late, after event 3", "events 1 to 3 repeated or late"]);
    // After the one to begin with.
    assert_told("9 10", &["--last-event-id", "7"], &["event 8 is missing"]);
    assert_told("7 8", &["--last-event-id", "7"], &["event 7 repeated"]);
    assert_told(
        "18446744073709551615 18446744073709551615 0",
        &[],
        &["event 18446744073709551615 repeated", "event 0 repeated or late, after event 18446744073709551615"],
    );
    // Times, for example.
    assert_told(
        "10 20 30 40 50",
        &[],
        &[
            "events 11 to 19 are missing",
            "events 21 to 29 are missing",
            "events 31 to 39 are missing",
            "these IDs are not consecutive: missing events are no longer reported",
        ],
    );
}

#[test]
fn what_comes_again_after_a_reconnect_is_told() {
    let script = Script::new([
        send(STREAM.to_owned() + &chunk(&numbered("1 2")) + END),
        send(STREAM.to_owned() + &chunk(&numbered("2 3 5"))),
    ]);
    let run = run(&["--json", "--events", "5", &script.url()]);
    assert_eq!(run.stderr[1..], ["tail: event 2 repeated", "tail: event 4 is missing"]);
    assert_eq!(run.status, Some(0));
}
