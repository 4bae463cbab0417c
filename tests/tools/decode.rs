//! Tests of the `decode` tool through its command line.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use crate::common::tool::{Lines, run, text, tool};

fn decode(arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
    run("decode", arguments, input)
}

/// Writes a file and returns its path. Unlike a pipe, a file is read in pieces of exactly the requested size.
fn file(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("decode-{name}"));
    fs::write(&path, bytes).expect("a file");
    path.into_os_string().into_string().expect("UTF-8")
}

/// Checks that the tool succeeded and printed exactly this.
#[track_caller]
fn assert_prints(output: &Output, expected: &str) {
    assert_eq!(text(&output.stdout), expected);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

/// A stream with everything the format has, and an unfinished event at its end.
const STREAM: &str = concat!(
    "\u{FEFF}: hello\r\n\r\n",
    "event: tick\ndata: a\ndata:  b\nid: 7\nretry: 3000\n: within\n\n",
    ":\nunknown: x\ndata\rretry: x\r\r",
    "id: 8\n\n",
    "data: \"\\\u{1}\n\n",
    "retry: 99999999999999999999\nid\ndata: c\n\n",
    "data: never",
);

const EVENTS: &str = concat!(
    "{\"type\":\"tick\",\"data\":\"a\\n b\",\"last_event_id\":\"7\"}\n",
    "{\"type\":\"message\",\"data\":\"\",\"last_event_id\":\"7\"}\n",
    "{\"type\":\"message\",\"data\":\"\\\"\\\\\\u0001\",\"last_event_id\":\"8\"}\n",
    "{\"type\":\"message\",\"data\":\"c\",\"last_event_id\":\"\"}\n",
);

const ALL: &str = concat!(
    "{\"comment\":\" hello\"}\n",
    "{\"retry\":3000}\n",
    "{\"comment\":\" within\"}\n",
    "{\"type\":\"tick\",\"data\":\"a\\n b\",\"last_event_id\":\"7\"}\n",
    "{\"comment\":\"\"}\n",
    "{\"type\":\"message\",\"data\":\"\",\"last_event_id\":\"7\"}\n",
    "{\"type\":\"message\",\"data\":\"\\\"\\\\\\u0001\",\"last_event_id\":\"8\"}\n",
    "{\"retry\":18446744073709551615}\n",
    "{\"type\":\"message\",\"data\":\"c\",\"last_event_id\":\"\"}\n",
);

#[test]
fn events_are_printed_with_any_chunk_size() {
    assert_prints(&decode(&[], STREAM), EVENTS);
    for chunk in ["1", "2", "3", "7", "64", "100000"] {
        assert_prints(&decode(&["--chunk", chunk], STREAM), EVENTS);
    }
}

#[test]
fn all_prints_comments_and_reconnection_times_in_stream_order() {
    for chunk in ["1", "5", "16384"] {
        assert_prints(&decode(&["--all", "--chunk", chunk], STREAM), ALL);
    }
}

#[test]
fn a_chunk_has_the_given_size() {
    // An event needs the buffer only if it is not whole in one chunk.
    let stream = file("chunk", "data: 34567\n\n");
    let fits = "{\"type\":\"message\",\"data\":\"34567\",\"last_event_id\":\"\"}\n";
    assert_prints(&decode(&["--buffer", "0", "--chunk", "13", &stream], ""), fits);
    assert_eq!(decode(&["--buffer", "0", "--chunk", "12", &stream], "").status.code(), Some(3));

    let fits = file("chunk-default", format!("data: {}\n\n", "x".repeat(16 * 1024 - 8)));
    assert_eq!(decode(&["--buffer", "0", &fits], "").status.code(), Some(0));
    let straddles = file("chunk-default-and-1", format!("data: {}\n\n", "x".repeat(16 * 1024 - 7)));
    assert_eq!(decode(&["--buffer", "0", &straddles], "").status.code(), Some(3));
}

#[test]
fn a_buffer_has_the_given_size() {
    for (buffer, length, status) in
        [(Some("5"), 5, 0), (Some("5"), 6, 3), (None, 1024 * 1024, 0), (None, 1024 * 1024 + 1, 3)]
    {
        let mut arguments = vec!["--chunk", "4"];
        arguments.extend(buffer.iter().flat_map(|buffer| ["--buffer", buffer]));
        let output = decode(&arguments, format!("data: {}\n\n", "x".repeat(length)));
        assert_eq!(output.status.code(), Some(status), "{buffer:?} for {length}");
    }
}

#[test]
fn what_is_too_long_is_reported_in_its_place() {
    let stream = concat!(
        "data: 1\n\n",
        "id: a\ndata: 12345\n\n",
        "data: 2\n\n",
        "event: 12345\nid: b\ndata: x\n\n",
        ": 12345\n",
        "data: 3\n\n",
        "data: 12345678",
    );
    let arguments = ["--chunk", "1", "--buffer", "4"];
    let expected = concat!(
        "{\"type\":\"message\",\"data\":\"1\",\"last_event_id\":\"\"}\n",
        "{\"error\":\"event too long\",\"field\":\"data\",\"last_event_id\":\"a\"}\n",
        "{\"type\":\"message\",\"data\":\"2\",\"last_event_id\":\"a\"}\n",
        "{\"error\":\"event too long\",\"field\":\"event\",\"last_event_id\":\"b\"}\n",
        "{\"type\":\"message\",\"data\":\"3\",\"last_event_id\":\"b\"}\n",
    );
    let output = decode(&arguments, stream);
    assert_eq!(text(&output.stdout), expected);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(3));

    // Comments need space only if they are printed.
    let comment = ": 12345\n";
    assert_prints(&decode(&arguments, comment), "");
    let output = decode(&[&arguments[..], &["--all"]].concat(), comment);
    let expected = "{\"error\":\"comment too long\",\"field\":\"comment\",\"last_event_id\":\"\"}\n";
    assert_eq!(text(&output.stdout), expected);
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn an_id_that_is_too_long_keeps_the_one_before() {
    let output = decode(&["--state"], format!("id: 1\n\nid: {}\ndata: a\n\n", "x".repeat(64 * 1024 + 1)));
    let expected = concat!(
        "{\"type\":\"message\",\"data\":\"a\",\"last_event_id\":\"1\"}\n",
        "{\"error\":\"event ID too long\",\"field\":\"id\",\"last_event_id\":\"1\"}\n",
        "{\"state\":{\"last_event_id\":\"1\",\"reconnection_time_ms\":null}}\n",
    );
    assert_eq!(text(&output.stdout), expected);
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn state_is_the_last_line() {
    let state = |id: &str, time: &str| {
        format!("{{\"state\":{{\"last_event_id\":\"{id}\",\"reconnection_time_ms\":{time}}}}}\n")
    };
    assert_prints(&decode(&["--state"], ""), &state("", "null"));
    assert_prints(&decode(&["--state"], "id: 7\nretry: 3000\n\nid: 8"), &state("7", "3000"));
    assert_prints(&decode(&["--state"], STREAM), &format!("{EVENTS}{}", state("", "18446744073709551615")));

    let (first, second) = (file("state-1", "id: 7\nretry: 1\n\n"), file("state-2", "retry: 2\n"));
    assert_prints(&decode(&["--state", &first, &second], ""), &state("7", "2"));
}

#[test]
fn stats_go_to_standard_error() {
    let stream = file("stats", STREAM);
    for (all, expected) in [(None, EVENTS), (Some("--all"), ALL)] {
        let mut arguments = vec!["--stats", stream.as_str(), &stream];
        arguments.extend(all);
        let output = decode(&arguments, "");
        let lines = expected.lines().count();
        assert!(text(&output.stdout).starts_with(expected), "{}", text(&output.stdout));
        assert!(text(&output.stdout).lines().count() == 2 * lines, "{}", text(&output.stdout));
        let stats = text(&output.stderr);
        let events = 2 * EVENTS.lines().count();
        assert!(stats.starts_with(&format!("{} bytes, {events} events, decoded at ", 2 * STREAM.len())), "{stats}");
        assert!(stats.ends_with(" MB/s\n"), "{stats}");
        assert_eq!(stats.lines().count(), 1, "{stats}");
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
fn a_given_last_event_id_applies_before_the_first_event() {
    let event =
        |data: &str, id: &str| format!("{{\"type\":\"message\",\"data\":\"{data}\",\"last_event_id\":\"{id}\"}}\n");
    let output = decode(&["--last-event-id", "é 1"], "data: a\n\nid: 2\ndata: b\n\n");
    assert_prints(&output, &format!("{}{}", event("a", "é 1"), event("b", "2")));
    let output = decode(&["--last-event-id", "1"], "id\ndata: a\n\n");
    assert_prints(&output, &event("a", ""));

    for impossible in ["1\n2", "1\r", &"x".repeat(64 * 1024 + 1)] {
        let output = decode(&["--last-event-id", impossible], "data: a\n\n");
        assert!(text(&output.stderr).starts_with("decode: --last-event-id: "), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn each_file_is_a_separate_connection() {
    let first = file("connection-1", "\u{FEFF}id: 1\ndata: a\n\nid: 2\nevent: lost\ndata: lost");
    let second = file("connection-2", "\u{FEFF}data: b\n\n\u{FEFF}data: no field of this name\n\n");
    let third = file("connection-3", "\n\ndata: c\n\n");
    let expected = concat!(
        "{\"type\":\"message\",\"data\":\"a\",\"last_event_id\":\"1\"}\n",
        "{\"type\":\"message\",\"data\":\"b\",\"last_event_id\":\"1\"}\n",
        "{\"type\":\"message\",\"data\":\"c\",\"last_event_id\":\"1\"}\n",
    );
    assert_prints(&decode(&[&first, &second, &third], "data: not asked for\n\n"), expected);
}

#[test]
fn a_dash_is_standard_input() {
    let before = file("dash-before", "data: before\n\n");
    let after = file("dash-after", "data: after\n\n");
    let event = |data: &str| format!("{{\"type\":\"message\",\"data\":\"{data}\",\"last_event_id\":\"\"}}\n");
    let expected = [event("before"), event("between"), event("after")].concat();
    assert_prints(&decode(&[&before, "-", &after], "data: between\n\n"), &expected);
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_the_others_are_decoded() {
    let before = file("unreadable-before", "data: before\n\n");
    let too_long = file("unreadable-after", "data: 12345\n\ndata: 1\n\n");
    let missing = format!("{before}-is-not-there");
    let folder = env!("CARGO_TARGET_TMPDIR");
    let arguments = [&before, &missing, folder, &too_long, "--chunk", "14", "--buffer", "4"];
    let output = decode(&arguments, "");
    let expected = concat!(
        "{\"type\":\"message\",\"data\":\"before\",\"last_event_id\":\"\"}\n",
        "{\"type\":\"message\",\"data\":\"12345\",\"last_event_id\":\"\"}\n",
        "{\"type\":\"message\",\"data\":\"1\",\"last_event_id\":\"\"}\n",
    );
    assert_eq!(text(&output.stdout), expected);
    let messages: Vec<_> = text(&output.stderr).lines().collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages[0].starts_with(&format!("decode: {missing}: ")), "{messages:?}");
    assert!(messages[1].starts_with(&format!("decode: {folder}: ")), "{messages:?}");
    assert_eq!(output.status.code(), Some(1));

    // This status takes precedence over the one for an event that is too long.
    let output = decode(&["--chunk", "1", "--buffer", "4", &missing, &too_long], "");
    assert!(text(&output.stdout).contains("event too long"), "{}", text(&output.stdout));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn text_is_printed_as_a_browser_shows_it() {
    // An id with U+0000 would be ignored. In data it is an ordinary character.
    let stream = b"event: t\xff\nid: i\xc3\ndata: \xf0\x9f\x92(\xc3\xa9\xed\xa0\x80\0\n:\xe2\x82\n\n";
    let expected = concat!(
        "{\"comment\":\"\u{FFFD}\"}\n",
        "{\"type\":\"t\u{FFFD}\",\"data\":\"\u{FFFD}(é\u{FFFD}\u{FFFD}\u{FFFD}\\u0000\",\"last_event_id\":\"i\u{FFFD}\"}\n",
        "{\"state\":{\"last_event_id\":\"i\u{FFFD}\",\"reconnection_time_ms\":null}}\n",
    );
    for chunk in ["1", "16384"] {
        assert_prints(&decode(&["--all", "--state", "--chunk", chunk], stream), expected);
    }
}

#[test]
fn an_event_is_printed_as_soon_as_it_is_complete() {
    let mut child = tool("decode").spawn().expect("the tool starts");
    let mut input = child.stdin.take().expect("a pipe");
    let mut lines = Lines::of(child.stdout.take().expect("a pipe"));
    for round in 0..3 {
        write!(input, "data: {round}\n\nid: not yet").expect("the tool reads");
        let id = if round == 0 { "" } else { "not yet" };
        let expected = format!("{{\"type\":\"message\",\"data\":\"{round}\",\"last_event_id\":\"{id}\"}}");
        assert_eq!(lines.next(), Some(expected));
        writeln!(input).expect("the tool reads");
    }
    drop(input);
    assert_eq!(lines.next(), None);
    assert!(child.wait().expect("the tool ends").success());
}

#[test]
fn it_ends_quietly_when_its_output_is_closed() {
    let mut child = tool("decode").spawn().expect("the tool starts");
    drop(child.stdout.take());
    let mut input = child.stdin.take().expect("a pipe");
    // The reader may be gone before everything is written.
    let _ = input.write_all("data: x\n\n".repeat(10).as_bytes());
    let output = child.wait_with_output().expect("the tool ends, though its input goes on");
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    drop(input);
}

#[test]
fn wrong_arguments_are_refused() {
    for arguments in [
        &["--chunk", "0"][..],
        &["--chunk", "x"],
        &["--chunk", "1.5"],
        &["--chunk"],
        &["--buffer", "x"],
        &["--buffer", "1.5"],
        &["--chunk", "18446744073709551615"],
        &["--buffer", "18446744073709551615"],
        &["--last-event-id"],
        &["--unknown"],
    ] {
        let output = decode(arguments, "data: a\n\n");
        assert!(text(&output.stderr).contains(arguments[0]), "{arguments:?}: {}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn encoding_what_was_decoded_gives_an_equivalent_stream() {
    let mut first = tool("decode").arg("--all").spawn().expect("the tool starts");
    let mut encode = tool("encode");
    encode.stdin(Stdio::from(first.stdout.take().expect("a pipe")));
    let mut encode = encode.spawn().expect("the tool starts");
    // Chunks of five bytes cut what was whole before.
    let mut second = tool("decode");
    second.args(["--all", "--chunk", "5"]).stdin(Stdio::from(encode.stdout.take().expect("a pipe")));
    let second = second.spawn().expect("the tool starts");

    first.stdin.take().expect("a pipe").write_all(STREAM.as_bytes()).expect("the tool reads");
    assert_prints(&second.wait_with_output().expect("the tool ends"), ALL);
    assert!(first.wait().expect("the tool ends").success());
    assert!(encode.wait().expect("the tool ends").success());
}
