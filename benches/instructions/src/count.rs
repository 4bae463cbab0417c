//! Runs the benchmarks of `benches/work.rs`, and turns their counts into figures.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

use serde_json::Value;

use crate::held::{Figure, Key};

/// The version of gungraun, and so of its runner.
const GUNGRAUN: &str = "0.20.0";

/// Returns an error if a program is missing that is not part of Rust.
pub fn check_tools() -> Result<(), String> {
    if version("valgrind").is_none() {
        return Err("valgrind is missing: install it, for example with `apt-get install valgrind`".into());
    }
    let runner = version("gungraun-runner");
    if runner.as_deref() != Some(&format!("gungraun-runner {GUNGRAUN}")) {
        let found = runner.unwrap_or("no gungraun-runner".into());
        return Err(format!(
            "found {found}, but version {GUNGRAUN} is needed: run `cargo install --locked gungraun-runner --version \
             {GUNGRAUN}`"
        ));
    }
    Ok(())
}

/// Runs all benchmarks in the folder of this package, prints each figure, and returns them in the order of
/// `benches/work.rs`.
pub fn run(package: &Path) -> Result<Vec<Figure>, String> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["bench", "--bench", "work", "--manifest-path"]).arg(package.join("Cargo.toml"));
    cargo.args(["--", "--output-format=json"]).stdout(Stdio::piped());
    let failed = |error| format!("cannot run cargo bench: {error}");
    let mut child = cargo.spawn().map_err(failed)?;
    let mut figures = Vec::new();
    // The runner writes one line for each benchmark to stdout, and everything else to stderr.
    for line in child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).lines()) {
        let (key, instructions) = count(&line.map_err(failed)?)?;
        let figure = per_1000_bytes(instructions, length(&key.input)?);
        println!("{figure:>7}  {key}");
        figures.push((key, figure));
    }
    let status = child.wait().map_err(failed)?;
    if status.success() { Ok(figures) } else { Err(format!("cargo bench failed, with {status}")) }
}

/// Returns what was counted, and the number of instructions, from the summary of one benchmark in JSON.
fn count(summary: &str) -> Result<(Key, u64), String> {
    let wrong = || format!("gungraun-runner printed no summary of a benchmark, but {summary:?}");
    let value: Value = serde_json::from_str(summary).map_err(|_| wrong())?;
    let id = value["id"].as_str().and_then(|id| id.rsplit_once('_'));
    let instructions = value["profiles"][0]["data"]["total"]["metrics"]["Ir"]["values"]["new"].as_u64();
    let (Some(work), Some((input, chunk)), Some(instructions)) = (value["function_name"].as_str(), id, instructions)
    else {
        return Err(wrong());
    };
    Ok((Key::new(work, &name(input), chunk), instructions))
}

/// Returns the name of an input, of which an identifier holds `_` in place of `-`, and before a digit at the start.
fn name(identifier: &str) -> String {
    identifier.trim_start_matches('_').replace('_', "-")
}

/// Returns the length of the stream that the build script wrote for this input, in bytes.
fn length(input: &str) -> Result<u64, String> {
    let stream = Path::new(env!("OUT_DIR")).join(input);
    let metadata = fs::metadata(&stream).map_err(|error| format!("cannot read the stream {input}: {error}"))?;
    Ok(metadata.len())
}

/// Returns the figure, rounded. A stream is never empty.
fn per_1000_bytes(instructions: u64, length: u64) -> u64 {
    (instructions * 1000 + length / 2) / length
}

/// Returns the first line that a program prints for `--version`, or `None` if there is no such program.
fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next()?.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMMARY: &str = r#"{"function_name":"events","id":"_64k_line_whole","profiles":[{"data":{"total":{"metrics":{"Ir":{"values":{"new":81438,"old":5}}}}}}]}"#;

    #[test]
    fn a_summary_gives_the_key_and_the_count() {
        assert_eq!(count(SUMMARY), Ok((Key::new("events", "64k-line", "whole"), 81438)));
    }

    #[test]
    fn a_line_that_is_no_summary_is_an_error_that_shows_it() {
        let without_count = SUMMARY.replace("Ir", "Dr");
        for line in ["", "{}", "running 0 tests", without_count.as_str()] {
            let error = count(line).expect_err("no summary");
            assert!(error.ends_with(&format!("{line:?}")), "{error}");
        }
    }

    #[test]
    fn identifiers_become_names_of_inputs() {
        assert_eq!(["tokens", "tokens_crlf", "_20_lines"].map(name), ["tokens", "tokens-crlf", "20-lines"]);
    }

    #[test]
    fn figures_are_rounded() {
        assert_eq!([(0, 7), (1, 2), (5, 10_000), (4, 10_000)].map(|(i, l)| per_1000_bytes(i, l)), [0, 500, 1, 0]);
    }

    #[test]
    fn every_stream_is_at_least_64_kib_long_and_ends_with_a_blank_line() {
        for input in ["tokens", "named", "tiny", "64k-line", "20-lines", "tokens-crlf", "tokens-cr", "comments"] {
            let stream = fs::read(Path::new(env!("OUT_DIR")).join(input)).expect("a stream");
            assert_eq!(length(input), Ok(stream.len() as u64));
            assert!(stream.len() >= 64 * 1024 && stream.len() < 129 * 1024, "{input}: {}", stream.len());
            let blank = ["\n\n", "\r\n\r\n", "\r\r"];
            assert!(blank.iter().any(|end| stream.ends_with(end.as_bytes())), "{input}");
        }
        assert!(length("none").is_err());
    }

    #[test]
    fn the_runner_is_of_the_version_of_the_library() {
        let manifest = include_str!("../Cargo.toml");
        assert!(manifest.contains(&format!("\ngungraun = \"={GUNGRAUN}\"\n")));
    }
}
