//! Measures how the time per byte grows with the length of streams and events.
//!
//! ```sh
//! cargo run --release --manifest-path benches/growth/Cargo.toml             # measure, and print the tables
//! cargo run --release --manifest-path benches/growth/Cargo.toml -- --write  # also write the page and the chart
//! ```

mod curves;
#[path = "../../inputs/mod.rs"]
mod inputs;
mod measure;
#[path = "../../peers/src/origin.rs"]
mod origin;
mod page;
mod plot;
mod report;
mod source;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use page::Page;

/// Measure how the time per byte grows with the length of streams and events.
#[derive(Parser)]
struct Options {
    /// Number of rounds; the result is the median
    #[arg(long, default_value_t = 101, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Write the tables to benches/README.md, and draw benches/growth.svg
    #[arg(long)]
    write: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("growth: {reason}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    // Finds out before the measurement whether the page can be written.
    let page = if options.write { Some(Page::read(&root(), "growth")?) } else { None };
    let measured = measure::measure(curves::all(), options.rounds)?;
    let tables = report::tables(&measured);
    print!("{tables}");
    let Some(page) = page else { return Ok(()) };
    plot::draw(&measured, &root().join(CHART)).map_err(|error| format!("cannot draw {CHART}: {error}"))?;
    let origin = report::origin(&origin::today(), origin::cpu().as_deref(), options.rounds);
    page.write(&format!("{origin}\n\n{tables}"))?;
    println!("\nwritten: {} and {CHART}", page::FILE);
    Ok(())
}

/// The chart in the page, relative to the root of the repository.
const CHART: &str = "benches/growth.svg";

/// Returns the root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
