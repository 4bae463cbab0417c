//! Counts the instructions that this crate executes on a host, and compares them with `held.toml`.
//!
//! ```sh
//! cargo run --release --manifest-path benches/instructions/Cargo.toml              # count and compare
//! cargo run --release --manifest-path benches/instructions/Cargo.toml -- --accept  # count and write held.toml
//! ```
//!
//! The functions are in `benches/work.rs`. gungraun runs each of them in Callgrind, and counts neither setup nor
//! teardown.

mod count;
mod held;
mod verdict;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use held::{Held, Origin};
use verdict::Verdict;

/// Count the instructions per 1000 bytes of stream, and compare them with benches/instructions/held.toml.
#[derive(Parser)]
struct Options {
    /// Write the figures to held.toml instead of comparing them
    #[arg(long)]
    accept: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("instructions: {reason}");
            ExitCode::from(2)
        }
    }
}

/// Returns whether no figure is too high.
fn run(options: &Options) -> Result<bool, String> {
    let here = Origin::here();
    // Reads the file before the measurement. A file that is damaged or missing can only be written again.
    let held = if options.accept { None } else { Some(Held::read(&package())?) };
    count::check_tools()?;
    let figures = count::run(&package())?;
    let Some(held) = held else {
        let count = figures.len();
        Held { origin: here, figures }.write(&package())?;
        println!("{count} figures written to {}", held::FILE);
        return Ok(true);
    };
    if held.origin != here {
        let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        println!(
            "{}: the figures here are of {here}, but {} holds those of {}, so they were not compared",
            if is_ci { "FAILED" } else { "warning" },
            held::FILE,
            held.origin,
        );
        println!("count with that compiler on such a CPU, or accept the figures of this one with --accept");
        return Ok(!is_ci);
    }
    let verdict = Verdict::new(&figures, &held.figures);
    println!("{verdict}");
    Ok(verdict.holds())
}

/// Returns the folder of this package.
fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).into()
}
