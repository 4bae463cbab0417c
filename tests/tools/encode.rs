//! Tests of the `encode` tool through its command line.

use std::env;
use std::io::Write;
use std::process::Output;

use crate::common::tool::{Lines, run, text, tool};

fn encode(arguments: &[&str], input: &str) -> Output {
    run("encode", arguments, input)
}

#[test]
fn every_field_is_written() {
    let input = concat!(
        r#"{"data":"a\r\nb","type":"tick","id":"7","retry":3000,"comment":"c"}"#,
        "\n\n",
        r#"{"data":""}"#,
        "\r\n",
        r#"{"comment":""}"#, // the last line needs no end
    );
    for arguments in [&[][..], &["-"]] {
        let output = encode(arguments, input);
        let expected = ": c\nevent: tick\nid: 7\nretry: 3000\ndata: a\ndata: b\n\ndata: \n\n:\n\n";
        assert_eq!(text(&output.stdout), expected, "{arguments:?}");
        assert_eq!(text(&output.stderr), "", "{arguments:?}");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn a_line_that_cannot_be_encoded_is_reported_and_skipped() {
    for (line, reason) in [
        ("{\"data\":", "EOF while parsing a value at column 8"),
        ("[1]", "expected a map"),
        (r#"{"data":"x"} {"data":"y"}"#, "trailing characters"),
        ("{\"data\":\"\u{7}\"}", "control character"),
        (r#"{"data":1}"#, "`data` is not a string"),
        (r#"{"data":null}"#, "`data` is not a string"),
        (r#"{"data":"x","comment":["c"]}"#, "`comment` is not a string"),
        (r#"{"data":"x","kind":"y"}"#, "unknown key `kind`"),
        (r#"{"error":"event too long","field":"data","last_event_id":""}"#, "unknown key `error`"),
        (r#"{"data":"x","type":"a\nb"}"#, "`type`: line break at byte 1"),
        (r#"{"data":"x","id":"ab\r"}"#, "`id`: line break at byte 2 of the id"),
        (r#"{"data":"x","id":"\u0000"}"#, "`id`: NUL at byte 0 of the id"),
        (r#"{"data":"x","id":"1","last_event_id":"1"}"#, "both `id` and `last_event_id`"),
        (r#"{"retry":-1}"#, "`retry` is not a number of milliseconds"),
        (r#"{"retry":1.5}"#, "`retry` is not a number of milliseconds"),
        (r#"{"retry":"1"}"#, "`retry` is not a number of milliseconds"),
        (r#"{"retry":18446744073709551616}"#, "`retry` is not a number of milliseconds"),
    ] {
        let output = encode(&[], &format!("{{\"data\":\"1\"}}\n{line}\n{{\"data\":\"3\"}}\n"));
        let message = text(&output.stderr);
        assert!(message.starts_with("encode: line 2: "), "{line}: {message}");
        assert!(message.contains(reason), "{line}: {message}");
        assert_eq!(message.lines().count(), 1, "{line}: {message}");
        assert_eq!(text(&output.stdout), "data: 1\n\ndata: 3\n\n", "{line}");
        assert_eq!(output.status.code(), Some(1), "{line}");
    }
}

#[test]
fn the_output_of_decode_is_accepted() {
    let input = concat!(
        "{\"comment\":\" hello\"}\n",
        "{\"retry\":3000}\n",
        "{\"type\":\"message\",\"data\":\"a\",\"last_event_id\":\"\"}\n",
        "{\"type\":\"tick\",\"data\":\"b\",\"last_event_id\":\"1\"}\n",
        "{\"type\":\"message\",\"data\":\"c\",\"last_event_id\":\"1\"}\n",
        "{\"type\":\"a\\nb\",\"data\":\"left out\",\"last_event_id\":\"2\"}\n",
        "{\"type\":\"message\",\"data\":\"d\",\"last_event_id\":\"2\"}\n",
        "{\"type\":\"message\",\"data\":\"e\",\"last_event_id\":\"\"}\n",
        "{\"state\":{\"last_event_id\":\"\",\"reconnection_time_ms\":null}}\n",
    );
    let output = encode(&[], input);
    let expected = concat!(
        ": hello\n\nretry: 3000\n\nevent: message\ndata: a\n\nevent: tick\nid: 1\ndata: b\n\nevent: message\ndata: c\n\n",
        "event: message\nid: 2\ndata: d\n\nevent: message\nid: \ndata: e\n\n",
    );
    assert_eq!(text(&output.stdout), expected);
    assert_eq!(text(&output.stderr), "encode: line 6: `type`: line break at byte 1\n");
}

#[test]
fn a_frame_is_written_before_the_next_line_is_read() {
    let mut child = tool("encode").spawn().expect("the tool starts");
    let mut input = child.stdin.take().expect("a pipe");
    let mut lines = Lines::of(child.stdout.take().expect("a pipe"));
    for round in 0..3 {
        writeln!(input, "{{\"data\":\"{round}\"}}").expect("the tool reads");
        assert_eq!(lines.next(), Some(format!("data: {round}")));
        assert_eq!(lines.next().as_deref(), Some(""));
    }
    drop(input);
    assert_eq!(lines.next(), None);
    assert!(child.wait().expect("the tool ends").success());
}

#[test]
fn a_file_is_read_and_a_missing_one_is_named() {
    let path = env::temp_dir().join(format!("embedded-sse-encode-{}.jsonl", std::process::id()));
    std::fs::write(&path, "{\"data\":\"from a file\"}\n").expect("a file");
    let name = path.to_str().expect("UTF-8");
    let output = encode(&[name], "");
    std::fs::remove_file(&path).expect("the file");
    assert_eq!(text(&output.stdout), "data: from a file\n\n");
    assert_eq!(output.status.code(), Some(0));

    let output = encode(&[name], "");
    assert!(text(&output.stderr).starts_with(&format!("encode: {name}: ")), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn it_ends_quietly_when_its_output_is_closed() {
    let mut child = tool("encode").spawn().expect("the tool starts");
    drop(child.stdout.take());
    let mut input = child.stdin.take().expect("a pipe");
    // The reader may be gone before everything is written.
    let _ = input.write_all("{\"data\":\"x\"}\n".repeat(10).as_bytes());
    drop(input);
    let output = child.wait_with_output().expect("the tool ends");
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}
