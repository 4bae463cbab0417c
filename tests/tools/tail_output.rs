//! Tests of the output of the `tail` tool, including output that cannot be written.
#![cfg(target_os = "linux")]

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::common::script::{END, STREAM, Script, chunk, request, send};
use crate::common::tail::{Run, S, finish, folder, kill, run, tail, text, wait_until};
use serde_json::Value;

fn server() -> Script {
    Script::new([send(STREAM.to_owned() + &chunk("id: 1\ndata: one\n\nid: 2\ndata: two\n\n"))])
}

const PRINTED: &str = "{\"type\":\"message\",\"data\":\"one\",\"last_event_id\":\"1\"}\n\
                       {\"type\":\"message\",\"data\":\"two\",\"last_event_id\":\"2\"}\n";

/// Runs the tool from a shell with `redirections`.
fn shell(redirections: &str, arguments: &[&str]) -> Run {
    let tail = tail(arguments);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec \"$0\" \"$@\" {redirections}")]).arg(tail.get_program()).args(tail.get_args());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    finish(command.spawn().expect("a shell"), 30 * S)
}

#[test]
fn an_unfinished_line_is_ended_first() {
    let file = folder("output-torn").join("out");
    for (before, begins) in [("", ""), ("{}\n", "{}\n"), ("{\"type\":\"mess", "{\"type\":\"mess\n")] {
        fs::write(&file, before).expect("a file");
        let script = server();
        shell(&format!(">> '{}'", text(&file)), &["--json", "--events", "2", &script.url()]).assert_quiet();
        assert_eq!(fs::read_to_string(&file).expect("a file"), begins.to_owned() + PRINTED);
    }

    // Where an earlier program stopped.
    let script = server();
    let mut out = File::create(&file).expect("a file");
    out.write_all(b"torn").expect("a file");
    let mut tail = tail(&["--events", "1", &script.url()]);
    finish(tail.stdout(out).spawn().expect("the tool starts"), 30 * S).assert_quiet();
    let written = fs::read_to_string(&file).expect("a file");
    assert!(written.starts_with("torn\n") && written.ends_with(" message [1] one\n"), "{written}");
    assert_eq!(written.lines().count(), 2);
}

#[test]
fn an_event_is_one_write() {
    if !Command::new("strace").arg("true").stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return;
    }
    let folder = folder("output-writes");
    let (out, log) = (folder.join("out"), folder.join("log"));
    let data = "x".repeat(100_000);
    let script = Script::new([send(STREAM.to_owned() + &chunk(&format!("data: {data}\n\ndata: 2\ndata: 3\n\n")))]);
    let tail = tail(&["--events", "2", &script.url()]);
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-e", "trace=write,writev", "-o", text(&log)]).arg(tail.get_program());
    command.args(tail.get_args()).stdin(Stdio::null()).stderr(Stdio::piped());
    finish(command.stdout(File::create(&out).expect("a file")).spawn().expect("strace"), 30 * S).assert_quiet();
    let log = fs::read_to_string(log).expect("a file");
    assert_eq!(log.lines().filter(|line| line.contains(text(&out))).count(), 2, "{log}");
    assert_eq!(fs::read_to_string(&out).expect("a file").lines().count(), 3);
}

/// Kills the tool 40 times while it writes large events. No event follows the rest of another one on the same line.
#[test]
fn no_kill_joins_two_events() {
    let file = folder("output-kills").join("out");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for socket in listener.incoming() {
            thread::spawn(|| large_events(socket.expect("a connection")));
        }
    });
    for round in 0..40 {
        let before = length(&file);
        let out = OpenOptions::new().append(true).create(true).open(&file).expect("a file");
        let mut tail = tail(&["--json", &url]);
        let child = tail.stdout(out).spawn().expect("the tool starts");
        wait_until("something is written", || length(&file) > before);
        thread::sleep(Duration::from_micros(round * 137 % 3000));
        kill(child.id());
        finish(child, 5 * S);
    }
    let mut whole = 0;
    for line in fs::read_to_string(&file).expect("a file").lines() {
        match serde_json::from_str::<Value>(line) {
            Ok(_) => whole += 1,
            Err(_) => assert_eq!(line.matches("{\"type\"").count(), 1, "{} bytes", line.len()),
        }
    }
    assert!(whole >= 1);
}

fn length(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |metadata| metadata.len())
}

fn large_events(mut socket: TcpStream) {
    let event = chunk(&format!("data: {}\n\n", "x".repeat(900_000)));
    if request(&socket).is_some() {
        // This fails when the client is killed.
        let _ = socket.write_all(STREAM.as_bytes());
        while socket.write_all(event.as_bytes()).is_ok() {}
    }
}

#[test]
fn output_that_cannot_be_written() {
    let url = server().url();
    for arguments in [&["--help"][..], &["--json", &url]] {
        let run = shell(">/dev/full", arguments);
        run.assert_ends(5, "tail: standard output: No space left on device (os error 28)");

        let run = shell(">&-", arguments);
        let why =
            "it is closed, or /dev/null opened for reading and writing; redirect it to a file, or with >/dev/null";
        run.assert_ends(5, &format!("tail: standard output: {why}"));
    }
    shell(">/dev/null", &["--help"]).assert_quiet();
    let script = server();
    shell(">/dev/null", &["--json", "--events", "2", &script.url()]).assert_quiet();
}

#[test]
fn messages_that_cannot_be_written() {
    for arguments in [&["nope"][..], &["--unknown"], &["--state", "/", "http://127.0.0.1:1/"], &["http://127.0.0.1:1/"]]
    {
        assert_eq!(shell("2>/dev/full", arguments).status, Some(5), "{arguments:?}");
    }
    // If standard error is closed, no messages are wanted.
    assert_eq!(shell("2>&-", &["nope"]).status, Some(2));
    // There was no message to write.
    let script = server();
    let run1 = shell("2>/dev/full", &["--json", "--events", "2", &script.url()]);
    assert_eq!((run1.stdout.as_str(), run1.status), (PRINTED, Some(0)));
    // There was a message about a failed attempt.
    let script = Script::new([
        send(STREAM.to_owned() + &chunk("id: 1\ndata: one\n\n") + END),
        send(STREAM.to_owned() + &chunk("id: 2\ndata: two\n\n")),
    ]);
    let run2 = shell("2>/dev/full", &["--json", "--events", "2", &script.url()]);
    assert_eq!((run2.stdout.as_str(), run2.status), (PRINTED, Some(5)));
}

#[test]
fn the_help_explains_what_a_reader_must_do() {
    let help = run(&["--help"]);
    help.assert_quiet();
    let text = help.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in
        ["a line that is not JSON", "5 standard output or standard error could not be written", "--trust-redirects"]
    {
        assert!(text.contains(part), "{part}: {}", help.stdout);
    }
}
