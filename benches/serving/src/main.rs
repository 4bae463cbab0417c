//! Measures what it costs to serve the same events to many clients: processor time, memory and the time to delivery.
//!
//! ```sh
//! cargo run --release --manifest-path benches/serving/Cargo.toml             # measure, and print the table
//! cargo run --release --manifest-path benches/serving/Cargo.toml -- --write  # also write the page
//! ```
//!
//! Each server runs in its own process, so that its processor time and memory are measured without those of the clients.

mod clients;
mod nchan;
#[path = "../../peers/src/origin.rs"]
mod origin;
#[path = "../../growth/src/page.rs"]
mod page;
mod process;
mod report;
mod round;
mod server;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use page::Page;
use round::Load;
use server::Contender;

/// Measure what it costs to serve the same events to many clients.
#[derive(Parser)]
struct Options {
    /// Number of clients
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    clients: u32,
    /// Number of events in each round
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    events: u32,
    /// Events in a second
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// Number of rounds for each server; the result is the median
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Also measure nginx with nchan: `apt-get install nginx libnginx-mod-nchan`
    #[arg(long)]
    nchan: bool,
    /// Write the table to benches/README.md
    #[arg(long)]
    write: bool,
    /// Be a server: print the port, and publish once a line comes on standard input
    #[arg(long, hide = true)]
    serve: Option<Contender>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("serving: {reason}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let load = Load { clients: options.clients, events: options.events, rate: options.rate };
    if let Some(contender) = options.serve {
        return server::run(contender, &load);
    }
    process::allow_files(u64::from(options.clients) + 100)?;
    // Finds out before the measurement whether the page can be written.
    let page = if options.write { Some(Page::read(&root(), "serving")?) } else { None };
    let contenders = Contender::value_variants().iter().filter(|one| options.nchan || **one != Contender::Nchan);
    let mut measured: Vec<_> = contenders.map(|contender| (*contender, Vec::new())).collect();
    for number in 1..=options.rounds {
        for (contender, rounds) in &mut measured {
            let round = round::run(*contender, &load).map_err(|error| format!("{}: {error}", contender.name()))?;
            eprintln!("round {number} of {}, {}: {round}", options.rounds, contender.name());
            rounds.push(round);
        }
    }
    let table = report::table(&measured);
    print!("{table}");
    let Some(page) = page else { return Ok(()) };
    let origin = report::origin(&origin::today(), origin::cpu().as_deref(), &load, options.rounds);
    page.write(&format!("{origin}\n\n{table}"))?;
    println!("\nwritten: {}", page::FILE);
    Ok(())
}

/// Returns the root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
