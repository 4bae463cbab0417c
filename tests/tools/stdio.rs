//! Tests of the tools when standard output or standard error cannot be written: no panic, no silent loss, and a status
//! of its own.
#![cfg(target_os = "linux")] // which has /dev/full

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::common::tool::{Lines, run, text, tool};

/// The status if an output cannot be written.
const UNWRITABLE: i32 = 5;
const TOOLS: [&str; 4] = ["decode", "encode", "serve", "tail"];
const STREAM: &str = "data: 1\n\n";

/// Returns a command that runs the tool with its streams redirected by a shell.
fn redirected(name: &str, redirections: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec \"$0\" \"$@\" {redirections}")]).arg(tool(name).get_program()).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run_redirected(name: &str, redirections: &str, arguments: &[&str]) -> Output {
    redirected(name, redirections, arguments).output().expect("a shell")
}

fn file(name: &str, bytes: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("stdio-{name}"));
    fs::write(&path, bytes).expect("a file");
    path.into_os_string().into_string().expect("UTF-8")
}

/// Checks that there is one line on standard error, and this status.
#[track_caller]
fn assert_fails(output: &Output, status: i32, message: &str) {
    let error = text(&output.stderr);
    assert!(error.starts_with(message), "{error} does not start with {message}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert_eq!(output.status.code(), Some(status), "{error}");
}

#[test]
fn a_message_that_cannot_be_written_has_its_own_status() {
    let stream = file("message.sse", STREAM);
    let lines = file("message.jsonl", "{\"data\":\"1\"}\nnonsense\n");
    let event = "{\"type\":\"message\",\"data\":\"1\",\"last_event_id\":\"\"}\n";
    let cases: [(&str, &[&str], &str); 10] = [
        ("decode", &["nowhere"], ""),
        ("decode", &["nowhere", &stream], event),
        ("decode", &["--stats", &stream], event),
        ("decode", &["--last-event-id", "1\n2"], ""),
        ("decode", &["--unknown"], ""),
        ("encode", &["nowhere"], ""),
        ("encode", &[&lines], STREAM),
        ("encode", &["--unknown"], ""),
        ("serve", &["--listen", "127.0.0.1:0", "--replay", "nowhere"], ""),
        ("serve", &["--unknown"], ""),
    ];
    for (name, arguments, expected) in cases {
        let output = run_redirected(name, "2>/dev/full", arguments);
        assert_eq!(output.status.code(), Some(UNWRITABLE), "{name} {arguments:?}");
        assert_eq!(text(&output.stdout), expected, "{name} {arguments:?}");
    }
}

#[test]
fn a_closed_standard_error_is_not_a_failure() {
    for (name, arguments, status) in
        [("decode", ["nowhere"], 1), ("encode", ["nowhere"], 1), ("serve", ["--unknown"], 2)]
    {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let status_code = tool(name).args(arguments).stderr(writer).status().expect("the tool starts").code();
        assert_eq!(status_code, Some(status), "{name}");
    }
}

#[test]
fn an_output_that_cannot_be_written_is_named() {
    let stream = file("output.sse", STREAM);
    let lines = file("output.jsonl", "{\"data\":\"1\"}\n");
    let cases: [(&str, &[&str]); 6] = [
        ("decode", &[&stream]),
        ("decode", &["--state", "/dev/null"]),
        ("decode", &["--help"]),
        ("encode", &[&lines]),
        ("encode", &["--help"]),
        ("serve", &["--help"]),
    ];
    for (name, arguments) in cases {
        for (redirection, reason) in [
            (">/dev/full", "No space left on device"),
            (">&-", "it is closed"),
            ("1</dev/zero", "Bad file descriptor"), // which can only be read
        ] {
            let output = run_redirected(name, redirection, arguments);
            assert_fails(&output, UNWRITABLE, &format!("{name}: standard output: {reason}"));
        }
        let output = run_redirected(name, ">/dev/full 2>/dev/full", arguments);
        assert_eq!(output.status.code(), Some(UNWRITABLE), "{name} {arguments:?}");
    }
}

#[test]
fn output_to_dev_null_is_not_a_failure() {
    let stream = file("thrown-away.sse", STREAM);
    let lines = file("thrown-away.jsonl", "{\"data\":\"1\"}\n");
    for (name, argument) in [("decode", stream.as_str()), ("encode", &lines), ("serve", "--help")] {
        let output = run_redirected(name, ">/dev/null", &[argument]);
        assert_eq!((text(&output.stderr), output.status.code()), ("", Some(0)), "{name}");
    }
}

#[test]
fn a_closed_output_for_help_is_not_a_failure() {
    for name in TOOLS {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = tool(name).arg("--help").stdout(writer).output().expect("the tool starts");
        assert_eq!((text(&output.stderr), output.status.code()), ("", Some(0)), "{name}");
    }
}

#[test]
fn help_and_wrong_arguments_are_printed() {
    for name in TOOLS {
        let help = run(name, &["--help"], "");
        assert!(text(&help.stdout).contains("\nUsage: "), "{}", text(&help.stdout));
        assert!(text(&help.stdout).contains("5  standard output or standard error"), "{}", text(&help.stdout));
        assert_eq!((text(&help.stderr), help.status.code()), ("", Some(0)), "{name}");
        let wrong = run(name, &["--unknown"], "");
        assert!(text(&wrong.stderr).starts_with("error: unexpected argument '--unknown'"), "{}", text(&wrong.stderr));
        assert_eq!((text(&wrong.stdout), wrong.status.code()), ("", Some(2)), "{name}");
    }
}

#[test]
fn an_input_that_cannot_be_read_is_named() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    for name in ["decode", "encode"] {
        // This also holds if the output could not be written.
        for redirection in ["", ">/dev/full"] {
            let missing = run_redirected(name, redirection, &["nowhere"]);
            assert_fails(&missing, 1, &format!("{name}: nowhere: No such file"));
            let output = run_redirected(name, redirection, &[folder]);
            assert_fails(&output, 1, &format!("{name}: {folder}: Is a directory"));
            let output = run_redirected(name, &format!("<{folder} {redirection}"), &[]);
            assert_fails(&output, 1, &format!("{name}: standard input: Is a directory"));
        }
    }
}

/// A running tool, which ends when this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
    }
}

#[test]
fn serve_prints_its_address_where_it_can() {
    for (redirection, reason) in [(">/dev/full", "No space left on device"), (">&-", "it is closed")] {
        let mut server =
            Running(redirected("serve", redirection, &["--listen", "127.0.0.1:0"]).spawn().expect("a shell"));
        let line = Lines::of(server.0.stderr.take().expect("a pipe")).next().expect("a line");
        assert!(line.starts_with(&format!("serve: standard output: {reason}")), "{line}");
        let address = line.split("http://").nth(1).and_then(|rest| rest.strip_suffix('/')).expect("an address");
        TcpStream::connect(address).expect("a server");
    }
    let arguments = ["--listen", "127.0.0.1:0"];
    let output = run_redirected("serve", ">/dev/full 2>/dev/full", &arguments);
    assert_eq!(output.status.code(), Some(UNWRITABLE));
}
