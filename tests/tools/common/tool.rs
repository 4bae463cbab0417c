//! Runs the command-line tools of `examples/`.

use std::env;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Returns a command for a tool, with pipes for its standard streams. `cargo test` builds all examples before it runs a
/// test.
pub(crate) fn tool(name: &str) -> Command {
    let mut path: PathBuf = env::current_exe().expect("the path of this test");
    path.pop();
    path.pop();
    path.extend(["examples", &format!("{name}{}", env::consts::EXE_SUFFIX)]);
    assert!(
        path.is_file(),
        "{} is missing: build it with `cargo build --example {name}` in the same profile",
        path.display()
    );
    let mut command = Command::new(path);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a tool to its end.
pub(crate) fn run(name: &str, arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
    let mut child = tool(name).args(arguments).spawn().expect("the tool starts");
    match child.stdin.take().expect("a pipe").write_all(input.as_ref()) {
        // A tool may ignore its input.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        written => written.expect("the tool reads"),
    }
    child.wait_with_output().expect("the tool ends")
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("UTF-8")
}

/// The lines of an output while the tool runs. A line that does not arrive in time is a failure.
pub(crate) struct Lines(mpsc::Receiver<String>);

impl Lines {
    pub(crate) fn of(output: impl Read + Send + 'static) -> Self {
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                if sender.send(line.expect("a line in UTF-8")).is_err() {
                    return;
                }
            }
        });
        Self(lines)
    }

    /// Returns the next line, or `None` at the end.
    pub(crate) fn next(&mut self) -> Option<String> {
        match self.0.recv_timeout(Duration::from_secs(30)) {
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("no line for 30 s"),
            line => line.ok(),
        }
    }
}
