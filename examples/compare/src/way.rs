//! What is compared: the crates, and the jobs that a program does with each.

use crate::case::Case;
use crate::{answer, feed};

/// A crate that both programs are written with.
#[derive(Debug, PartialEq, Eq)]
pub struct Way {
    /// The name of the crate.
    pub name: &'static str,
    /// The folder of its programs.
    pub folder: &'static str,
    /// The package of its programs.
    pub package: &'static str,
    /// Whether it is this crate.
    pub is_ours: bool,
}

pub const WAYS: [Way; 4] = [
    Way { name: "embedded-sse", folder: "ours", package: "with-embedded-sse", is_ours: true },
    Way {
        name: "reqwest-eventsource",
        folder: "reqwest_eventsource",
        package: "with-reqwest-eventsource",
        is_ours: false,
    },
    Way {
        name: "eventsource-client",
        folder: "eventsource_client",
        package: "with-eventsource-client",
        is_ours: false,
    },
    Way {
        name: "eventsource-stream",
        folder: "eventsource_stream",
        package: "with-eventsource-stream",
        is_ours: false,
    },
];

/// What a program does.
#[derive(Debug)]
pub struct Job {
    /// The name of the program, without that of the crate.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    pub cases: &'static [Case],
}

pub const JOBS: [Job; 2] = [
    Job {
        name: "feed",
        about: "stays connected to a feed, and sends the token of the moment with each attempt",
        cases: &feed::CASES,
    },
    Job {
        name: "answer",
        about: "posts a prompt, and prints the tokens of a language model until `[DONE]`",
        cases: &answer::CASES,
    },
];

impl Way {
    /// The name of a program.
    pub fn program(&self, job: &Job) -> String {
        format!("{}-{}", self.name, job.name)
    }

    /// The source of a program, relative to the folder of this package.
    pub fn source(&self, job: &Job) -> String {
        format!("{}/src/bin/{}.rs", self.folder, job.name)
    }
}
