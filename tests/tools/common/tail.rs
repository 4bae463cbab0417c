//! Runs the `tail` tool with a time limit.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::tool::tool;

pub(crate) const S: Duration = Duration::from_secs(1);

/// The result of a run.
pub(crate) struct Run {
    pub(crate) stdout: String,
    pub(crate) stderr: Vec<String>,
    pub(crate) status: Option<i32>,
    pub(crate) took: Duration,
}

impl Run {
    /// Checks the last line on standard error and the status.
    #[track_caller]
    pub(crate) fn assert_ends(&self, status: i32, last_line: &str) {
        assert_eq!(self.stderr.last().map(String::as_str), Some(last_line), "{:?}", self.stderr);
        assert_eq!(self.status, Some(status));
    }

    /// Checks that the run succeeded without a message.
    #[track_caller]
    pub(crate) fn assert_quiet(&self) {
        assert_eq!(self.stderr, [""; 0]);
        assert_eq!(self.status, Some(0));
    }
}

/// Returns a command for the tool, with an environment without a proxy.
pub(crate) fn tail(arguments: &[&str]) -> Command {
    let mut command = tool("tail");
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

pub(crate) fn start(arguments: &[&str]) -> Child {
    tail(arguments).spawn().expect("the tool starts")
}

/// Runs the tool, which has to end by itself.
#[track_caller]
pub(crate) fn run(arguments: &[&str]) -> Run {
    finish(start(arguments), 90 * S)
}

#[track_caller]
pub(crate) fn finish(mut child: Child, patience: Duration) -> Run {
    let begun = Instant::now();
    let stdout = child.stdout.take().map(read_all);
    let stderr = child.stderr.take().map(read_all);
    let status = loop {
        match child.try_wait().expect("a child") {
            Some(status) => break status,
            None if begun.elapsed() < patience => thread::sleep(Duration::from_millis(5)),
            None => {
                child.kill().expect("a running process");
                panic!("the tool did not end within {patience:?}");
            }
        }
    };
    let text = |pipe: Option<thread::JoinHandle<String>>| pipe.map_or(String::new(), |pipe| pipe.join().expect("text"));
    let (stdout, stderr) = (text(stdout), text(stderr));
    let stderr: Vec<_> = stderr.lines().map(Into::into).collect();
    Run { stdout, stderr, status: status.code(), took: begun.elapsed() }
}

fn read_all(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).expect("UTF-8");
        text
    })
}

pub(crate) fn interrupt(child: &Child) {
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(killed.success());
}

pub(crate) fn kill(id: u32) {
    let killed = Command::new("kill").args(["-KILL", &id.to_string()]).status().expect("kill");
    assert!(killed.success());
}

/// Returns an empty folder.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tail-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Waits until a condition holds.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < 30 * S, "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}
