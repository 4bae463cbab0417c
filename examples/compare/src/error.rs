//! Why the comparison could not be made. What a program does wrong is a result and not an error.

use std::fmt;
use std::io;
use std::process::ExitStatus;

use tokio::task::JoinError;

#[derive(Debug)]
pub enum Error {
    /// This file could not be read or written.
    File(String, io::Error),
    /// This program could not be started.
    Start(String, io::Error),
    /// This command failed. It has said why.
    Command(&'static str, ExitStatus),
    /// The server of a run could not be started.
    Server(io::Error),
    /// The page has no line that consists of this marker.
    Marker(&'static str),
    /// `cargo tree` did not list this crate.
    NoVersion(&'static str),
    /// A run panicked, which is a defect of this tool.
    Task(JoinError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(name, error) => write!(f, "{name}: {error}"),
            Self::Start(name, error) => write!(f, "cannot start {name}: {error}"),
            Self::Command(name, status) => write!(f, "`{name}` failed ({status})"),
            Self::Server(error) => write!(f, "cannot open a port on the loopback interface: {error}"),
            Self::Marker(marker) => {
                write!(f, "examples/README.md has no line `{marker}`: put it back where the block begins or ends")
            }
            Self::NoVersion(name) => write!(f, "`cargo tree` does not list {name}: check the manifest of its program"),
            Self::Task(error) => write!(f, "a run panicked; report this defect: {error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File(_, error) | Self::Start(_, error) | Self::Server(error) => Some(error),
            Self::Task(error) => Some(error),
            Self::Command(..) | Self::Marker(_) | Self::NoVersion(_) => None,
        }
    }
}
