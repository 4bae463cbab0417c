//! Compares `embedded-sse` with other SSE crates on the same streams, in turn, in one process.

mod contender;
#[path = "../../inputs/mod.rs"]
mod inputs;
mod plot;
mod race;
#[cfg(test)]
mod read_ours;
mod readers;
mod report;
mod verdict;
mod writers;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use contender::Kind;
use inputs::Input;
use race::Race;

/// Compare this crate with other SSE crates: MB/s for reading, ns per event for writing.
#[derive(Parser)]
struct Options {
    /// Number of rounds; the result is the median
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Use only these inputs
    #[arg(long, value_delimiter = ',', value_name = "INPUT")]
    only: Vec<String>,
    /// Chunk sizes in bytes, or "whole"
    #[arg(long, value_delimiter = ',', default_value = "whole,16384,1460,64", value_parser = chunk_size)]
    chunks: Vec<usize>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
    /// Draw a bar chart of the readers with chunks of 1460 bytes to this SVG file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Exit with status 1 if a floor is missed, or if this crate gives a wrong result
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let (reads, writes) = (inputs::all(), inputs::to_write());
    let inputs = reads.len();
    if let Some(unknown) = options.only.iter().find(|name| reads.iter().all(|input| input.name != **name)) {
        let names: Vec<_> = reads.iter().map(|input| input.name).collect();
        eprintln!("no input `{unknown}`; there are: {}", names.join(", "));
        return ExitCode::from(2);
    }
    let wanted = |inputs: Vec<Input>| -> &'static [Input] {
        inputs
            .into_iter()
            .filter(|input| options.only.is_empty() || options.only.iter().any(|name| name == input.name))
            .collect::<Vec<_>>()
            .leak()
    };
    let (reads, writes) = (wanted(reads), wanted(writes));

    let (readers, writers) = (readers::all(), writers::all());
    let lanes = options.chunks.iter().flat_map(|&chunk| reads.iter().map(move |input| (input, chunk)));
    let mut reading: Vec<_> = lanes.map(|(input, chunk)| Race::new(&readers, input, chunk)).collect();
    let mut writing: Vec<_> = writes.iter().map(|input| Race::new(&writers, input, usize::MAX)).collect();

    let progress = ProgressBar::new(u64::from(options.rounds) * (reading.len() + writing.len()) as u64).with_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} ({elapsed})").expect("the template is fixed"),
    );
    for _ in 0..options.rounds {
        for race in reading.iter_mut().chain(&mut writing) {
            progress.set_message(format!("{} {}", race.input.name, report::chunk_name(race.chunk)));
            race.round();
            progress.inc(1);
        }
    }
    progress.finish_and_clear();

    let verdicts = verdict::judge(&reading, &writing, inputs);
    if options.json {
        println!("{:#}", report::json(&reading, &writing, &verdicts));
    } else {
        options.chunks.iter().for_each(|&chunk| report::reading(&reading, chunk));
        report::writing(&writing);
        report::verdicts(&verdicts);
    }
    if let Some(path) = options.svg
        && let Err(error) = plot::readers(&path, &report::ranking(&reading, 1460), reads.len())
    {
        eprintln!("{}: {error}", path.display());
        return ExitCode::FAILURE;
    }
    let ours_right = reading
        .iter()
        .chain(&writing)
        .flat_map(|race| &race.entrants)
        .all(|entrant| entrant.right || entrant.kind != Kind::Ours);
    let kept = ours_right && verdicts.iter().all(verdict::Verdict::is_kept);
    if options.check && !kept { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn chunk_size(text: &str) -> Result<usize, String> {
    match text {
        "whole" => Ok(usize::MAX),
        _ => text.parse().ok().filter(|&size| size > 0).ok_or_else(|| "neither a number of bytes nor `whole`".into()),
    }
}
