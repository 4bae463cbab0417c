//! Runs the vectors, the round trips and the scenarios on five cores under QEMU, and a journal on one of them that loses its
//! power. Checks that no panic is linked and what devices log.
//!
//! These tests are ignored by default, because they need `qemu-system-arm`, `qemu-system-riscv32`, `defmt-print` and
//! five targets:
//!
//! ```sh
//! rustup target add thumbv6m-none-eabi thumbv7m-none-eabi thumbv7em-none-eabihf thumbv8m.main-none-eabihf \
//!     riscv32imc-unknown-none-elf
//! cargo test --test firmware -- --ignored
//! ```
//!
//! Set `BARE_METAL_CARGO` to build the firmware with another command than `cargo`, for example one that builds `core`
//! and `alloc` from source where there is no rustup.

#[allow(dead_code, reason = "the budgets use the rest")]
#[path = "firmware/budgets/src/bare_metal.rs"]
mod bare_metal;
#[path = "firmware/power_cuts.rs"]
mod power_cuts;

use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bare_metal::{BOARDS, Board, build, run};

/// Tests that need more memory than the board has.
const TOO_LARGE: [(&str, &str); 3] = [
    ("microbit", "a_reconnection_time_of_zero_causes_no_hot_loop"),
    ("microbit", "network_errors_are_retried_forever"),
    ("lm3s6965evb", "network_errors_are_retried_forever"),
];

#[test]
#[ignore = "needs QEMU and targets for bare metal"]
fn every_board_passes_every_vector_and_every_test() {
    let mut faults = Vec::new();
    let files = test_files();
    for board in BOARDS {
        let folder =
            build(&workspace(), "board", board.target, "s", &["--bins"]).unwrap_or_else(|error| panic!("{error}"));
        let on_board = OnBoard { board, folder };
        faults.extend(on_board.vectors().err());
        for file in &files {
            faults.extend(on_board.tests(file));
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
#[ignore = "needs targets for bare metal"]
fn no_panic_is_linked() {
    let mut found = BTreeSet::new();
    for target in ["thumbv6m-none-eabi", "thumbv7em-none-eabihf"] {
        for profile in ["z", "s", "o3"] {
            found.extend(panics(target, profile, &["--bins", "--keep-going", "--features", "panic-free"]));
            let planted = panics(target, profile, &["--bin", "planted", "--features", "panic-free,planted"]);
            assert_eq!(planted, ["planted"], "{target}, {profile}: the planted panic must be found, and nothing else");
        }
    }
    assert!(found.is_empty(), "panics are linked into {found:?}");
}

/// Returns the binaries that cannot be linked because a panic is reachable in them.
fn panics(target: &str, profile: &str, options: &[&str]) -> Vec<String> {
    let fault = build(&workspace(), "flash", target, profile, options).err().unwrap_or_default();
    let name = |rest: &str| rest.split('.').next().expect("a name").to_owned();
    let found: Vec<_> = fault
        .split("undefined symbol: a_panic_is_reachable")
        .skip(1)
        .map(|rest| rest.split(">>> referenced by ").nth(1).map_or(rest.to_owned(), name))
        .collect();
    assert_eq!(fault.is_empty(), found.is_empty(), "the build failed for another reason: {fault}");
    found
}

/// Compares what a device logs for each public type with the expected text. If an expected line ends with two dots, the
/// rest of the line is private and is not compared.
#[test]
#[ignore = "needs QEMU, a target for bare metal and defmt-print"]
fn every_public_type_is_logged() {
    let board = BOARDS.into_iter().find(|board| board.core == "Cortex-M4F").expect("a board");
    let folder = build(&workspace(), "logs", board.target, "s", &["--bins"]).unwrap_or_else(|error| panic!("{error}"));
    let firmware = folder.join("logs");
    let frames = run(board, &firmware, &[], &[]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(frames.status, Some(0), "{}", frames.said);

    let mut print = Command::new("defmt-print");
    print.arg("-e").arg(&firmware).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut print = print.spawn().expect("defmt-print: cargo install --locked defmt-print");
    print.stdin.take().expect("a pipe").write_all(&frames.bytes).expect("defmt-print reads all");
    let shown = print.wait_with_output().expect("defmt-print ends");
    let shown = String::from_utf8(shown.stdout).expect("text");

    let expected = include_str!("firmware/logs/expected.txt");
    for (shown, expected) in shown.lines().zip(expected.lines()) {
        match expected.strip_suffix("..") {
            Some(beginning) => assert!(shown.starts_with(beginning), "{shown}\nis not\n{expected}"),
            None => assert_eq!(shown, expected),
        }
    }
    assert_eq!(shown.lines().count(), expected.lines().count(), "{shown}");
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/firmware")
}

/// The names of the test files that have firmware, which is `tests_{name}` each.
fn test_files() -> Vec<String> {
    let folder = workspace().join("board/src/bin");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let name = |entry: io::Result<DirEntry>| {
        let name = entry.expect("a readable folder").file_name().into_string().expect("a file name in UTF-8");
        Some(name.strip_prefix("tests_")?.strip_suffix(".rs")?.to_owned())
    };
    let mut names: Vec<_> = entries.filter_map(name).collect();
    names.sort();
    assert!(!names.is_empty(), "no test file in {}", folder.display());
    names
}

struct OnBoard {
    board: Board,
    folder: PathBuf,
}

impl OnBoard {
    /// Runs all vectors. Returns the failures as text.
    fn vectors(&self) -> Result<(), String> {
        let run = self.run("vectors", 0);
        println!("{}: {}", self.board.name, run.said.lines().last().unwrap_or_default());
        match run.status {
            Some(0) if run.said.lines().any(|line| line.starts_with("392 vectors, ")) => Ok(()),
            status => Err(self.fault("vectors", status, &run.said)),
        }
    }

    /// Runs all tests of a file and returns the failures. A failure ends the firmware, which then runs again from the
    /// next test.
    fn tests(&self, file: &str) -> Vec<String> {
        let (mut faults, mut done) = (Vec::new(), 0);
        loop {
            let run = self.run(&format!("tests_{file}"), done);
            let names = || run.said.lines().filter_map(|line| line.strip_prefix("begun "));
            let passed = names().count().saturating_sub(usize::from(run.status != Some(0)));
            let too_large = |name: &str| TOO_LARGE.contains(&(self.board.name, name));
            faults.extend(
                names()
                    .take(passed)
                    .filter(|name| too_large(name))
                    .map(|name| format!("{}: {name} fits, remove it from TOO_LARGE", self.board.name)),
            );
            done += passed;
            if run.status == Some(0) {
                println!("{}: {file}: {done} tests", self.board.name);
                assert!(run.said.ends_with(&format!("{done} tests\n")) && done > 0, "{}", run.said);
                return faults;
            }
            let out_of_memory = run.said.contains("memory allocation of ");
            match names().next_back() {
                Some(name) if out_of_memory && too_large(name) => {
                    println!("{}: {name} needs more memory than the board has", self.board.name);
                }
                Some(_) => faults.push(self.fault(file, run.status, &run.said)),
                None => {
                    faults.push(self.fault(file, run.status, &run.said));
                    return faults;
                }
            }
            done += 1;
        }
    }

    fn run(&self, firmware: &str, from: usize) -> bare_metal::Run {
        run(self.board, &self.folder.join(firmware), &[], &[from.to_string()]).unwrap_or_else(|error| panic!("{error}"))
    }

    fn fault(&self, firmware: &str, status: Option<i32>, said: &str) -> String {
        let status = status.map_or("no status".into(), |status| format!("status {status}"));
        let from = said.rfind("begun ").unwrap_or(0);
        format!("{}: {firmware}: {status}\n{}", self.board.name, &said[from..])
    }
}
