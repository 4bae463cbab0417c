//! What a case is: what the server does, what a program has to do about it, and what is known of a run.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use scripted::{Request, Step};

use crate::way::{Job, Way};

/// One way in which a server behaves, and the rule that a program is judged by.
#[derive(Debug)]
pub struct Case {
    pub name: &'static str,
    /// What the server does and what a program has to do, for the page.
    pub rule: &'static str,
    /// What the server answers to the request of this number.
    pub script: fn(&Scene, usize, &Request) -> Vec<Step>,
    pub judge: fn(&Run) -> Result<(), &'static str>,
    /// How long to watch a program that has passed so far.
    pub at_least: Duration,
    /// How long to wait for a program that has not.
    pub limit: Duration,
}

/// What the scripts of a run can use.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The file with the value of `Authorization` at the moment.
    pub token: PathBuf,
    /// A URL of another server, which sends one event.
    pub elsewhere: String,
}

impl Scene {
    /// The value of `Authorization` after this many changes.
    pub fn token(number: usize) -> String {
        format!("Bearer token-{number}")
    }

    pub fn set_token(&self, number: usize) -> io::Result<()> {
        std::fs::write(&self.token, Self::token(number))
    }
}

/// What was seen of a program.
#[derive(Debug, Default)]
pub struct Run {
    pub requests: Vec<Request>,
    /// Requests to the other server.
    pub elsewhere: Vec<Request>,
    /// The lines of standard output and standard error.
    pub lines: Vec<String>,
    /// `None` while the program runs.
    pub status: Option<ExitStatus>,
}

impl Run {
    /// The data of the events that the program has printed.
    pub fn events(&self) -> Vec<&str> {
        self.lines.iter().filter_map(|line| line.strip_prefix("event ")).collect()
    }

    /// Whether the program has ended and calls that success.
    pub fn has_succeeded(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// Whether the program has ended with an error.
    pub fn has_failed(&self) -> bool {
        self.status.is_some_and(|status| !status.success())
    }

    /// The `Last-Event-ID` of a request. `None` if the request was not made, or has none.
    pub fn last_event_id(&self, number: usize) -> Option<&str> {
        self.requests.get(number)?.header("Last-Event-ID")
    }

    /// The `Authorization` of a request.
    pub fn authorization(&self, number: usize) -> Option<&str> {
        self.requests.get(number)?.header("Authorization")
    }
}

/// How one program did in one case.
#[derive(Debug)]
pub struct Verdict {
    pub way: &'static Way,
    pub job: &'static Job,
    pub case: &'static Case,
    /// What it did wrong, if it did.
    pub result: Result<(), &'static str>,
}

pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
