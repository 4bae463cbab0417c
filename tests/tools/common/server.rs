//! A running `serve` tool.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Child;

use super::tool::{Lines, tool};

/// A running server, which ends when this is dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child =
            tool("serve").args(["--listen", "127.0.0.1:0"]).args(arguments).spawn().expect("the tool starts");
        let line = Lines::of(child.stdout.take().expect("a pipe")).next().expect("a line");
        let address = line.strip_prefix("listening on http://").and_then(|rest| rest.strip_suffix('/'));
        Self { child, address: address.expect("an address").parse().expect("an address") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().expect("a running process");
        self.child.wait().expect("the process ends");
    }
}

/// Writes a file and returns its path.
pub(crate) fn file(name: &str, bytes: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("serve-{name}"));
    fs::write(&path, bytes).expect("a file");
    path.into_os_string().into_string().expect("UTF-8")
}
