//! What a program costs: its lines, and the crates that it depends on. It also builds the programs.
//!
//! This module runs cargo. It must not run the programs.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;
use crate::way::{Job, Way};

/// The folder of this package.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Returns the folder of the programs, which is that of this one.
pub fn programs() -> Result<PathBuf, Error> {
    let program = env::current_exe().map_err(|error| Error::Start("compare".into(), error))?;
    Ok(program.parent().map(Path::to_owned).unwrap_or_default())
}

/// Builds all programs.
pub fn build() -> Result<(), Error> {
    let mut command = cargo();
    command.args(["build", "--quiet", "--locked", "--workspace", "--bins"]);
    if let Some(folder) = programs()?.parent() {
        command.arg("--target-dir").arg(folder);
    }
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let status = command.status().map_err(|error| Error::Start("cargo build".into(), error))?;
    if status.success() { Ok(()) } else { Err(Error::Command("cargo build", status)) }
}

/// Returns the version of a way's crate, and the number of crates that its programs depend on. It is the same on every machine.
pub fn crates(way: &Way) -> Result<(String, usize), Error> {
    let mut command = cargo();
    command.args(["tree", "--quiet", "--locked", "--edges", "normal", "--prefix", "none", "--no-dedupe"]);
    command.args(["--target", "x86_64-unknown-linux-gnu", "--format", "{p}", "--package", way.package]);
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| Error::Start("cargo tree".into(), error))?;
    if !output.status.success() {
        return Err(Error::Command("cargo tree", output.status));
    }
    tally(way, &String::from_utf8_lossy(&output.stdout)).ok_or(Error::NoVersion(way.name))
}

/// Reads lines such as `bytes v1.2.3` and `a v0.1.0 (/path)`, the first of which is the program.
fn tally(way: &Way, tree: &str) -> Option<(String, usize)> {
    let packages = tree.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.next()?))
    });
    let crates: BTreeSet<_> = packages.filter(|(name, _)| *name != way.package).collect();
    let (_, version) = crates.iter().find(|(name, _)| *name == way.name)?;
    Some((version.trim_start_matches('v').to_owned(), crates.len()))
}

/// Returns the source of a program.
pub fn source(way: &Way, job: &Job) -> Result<String, Error> {
    let path = way.source(job);
    fs::read_to_string(root().join(&path)).map_err(|error| Error::File(path, error))
}

/// Counts the lines of code: neither blank nor a comment.
pub fn lines(source: &str) -> usize {
    source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

/// The cargo that runs this tool, in its folder.
fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::way::{JOBS, WAYS};

    #[test]
    fn each_crate_counts_once_and_the_program_does_not() {
        let tree = "with-embedded-sse v0.0.0 (/a/b)\nembedded-sse v0.1.0 (/a)\nmemchr v2.8.0\nbytes v1.11.0\nmemchr v2.8.0\n\
                    memchr v1.0.0\n";
        assert_eq!(tally(&WAYS[0], tree), Some(("0.1.0".into(), 4)));
        assert_eq!(tally(&WAYS[1], tree), None);
    }

    #[test]
    fn blank_lines_and_comments_are_no_lines_of_code() {
        assert_eq!(lines("// A\n/// B\nfn main() {\n\n    // C\n    a(); // D\n}\n"), 3);
    }

    #[test]
    fn our_programs_have_at_most_twenty_lines() {
        for job in &JOBS {
            let count = lines(&source(&WAYS[0], job).expect("a source"));
            assert!(count <= 20, "{}: {count} lines", job.name);
        }
    }
}
