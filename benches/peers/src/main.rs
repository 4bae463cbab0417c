//! Compares `embedded-sse` with other SSE crates on the same streams, in turn, in one process.

mod blocks;
mod closest;
mod contender;
mod error;
mod figures;
mod file;
#[path = "../../inputs/mod.rs"]
mod inputs;
mod origin;
mod pages;
mod plot;
mod race;
#[cfg(test)]
mod read_ours;
mod readers;
mod report;
mod verdict;
mod writers;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use contender::Kind;
use error::Error;
use figures::Figures;
use inputs::Input;
use pages::Pages;
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
    /// Write the figures to benches/figures.json, benches/peers.svg, benches/README.md and README.md; needs all inputs
    /// and chunk sizes
    #[arg(long, conflicts_with_all = ["only", "chunks", "json", "svg"])]
    write: bool,
    /// Repeat the measurement this many times, and write the median of the runs
    #[arg(long, default_value_t = 1, requires = "write", value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// Write the pages again from benches/figures.json, without measuring
    #[arg(long, exclusive = true)]
    write_pages: bool,
    /// Exit with status 1 if a page differs from benches/figures.json, without measuring
    #[arg(long, exclusive = true)]
    compare_pages: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let result = if options.compare_pages {
        compare_pages()
    } else if options.write_pages {
        write_pages().map(|()| true)
    } else {
        measure(&options)
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("peers: {error}");
            ExitCode::from(2)
        }
    }
}

/// Measures, prints the results and writes what the options ask for. Returns whether the checks of the options passed.
fn measure(options: &Options) -> Result<bool, Error> {
    let (reads, writes) = (inputs::all(), inputs::to_write());
    let inputs = reads.len();
    if let Some(unknown) = options.only.iter().find(|name| reads.iter().all(|input| input.name != **name)) {
        let names = reads.iter().map(|input| input.name).collect();
        return Err(Error::NoInput { asked: unknown.clone(), names });
    }
    let wanted = |inputs: Vec<Input>| -> &'static [Input] {
        inputs
            .into_iter()
            .filter(|input| options.only.is_empty() || options.only.iter().any(|name| name == input.name))
            .collect::<Vec<_>>()
            .leak()
    };
    let (reads, writes) = (wanted(reads), wanted(writes));
    // Finds out before the measurement, which takes minutes, whether the pages can be written.
    let pages = if options.write { Some(Pages::read(&root())?) } else { None };

    let mut figures = Figures::new(origin::today(), origin::cpu(), options.rounds);
    let (mut speeds, mut kept) = (Vec::new(), true);
    for run in 1..=options.runs {
        if options.runs > 1 {
            println!("\nRun {run} of {}", options.runs);
        }
        let (reading, writing) = one_run(options, reads, writes);
        let verdicts = verdict::judge(&reading, &writing, inputs);
        if options.json {
            println!("{:#}", report::json(&reading, &writing, &verdicts));
        } else {
            options.chunks.iter().for_each(|&chunk| report::reading(&reading, chunk));
            report::writing(&writing);
            report::verdicts(&verdicts);
        }
        let mut entrants = reading.iter().chain(&writing).flat_map(|race| &race.entrants);
        kept &= entrants.all(|entrant| entrant.right || entrant.kind != Kind::Ours);
        kept &= verdicts.iter().all(verdict::Verdict::is_kept);
        speeds.push(report::speeds(&reading, 1460));
        if pages.is_some() {
            figures.add(&reading, &writing)?;
        }
    }
    let ranking = report::ranking(&speeds);
    if let Some(path) = &options.svg
        && let Err(error) = plot::readers(path, &ranking, reads.len())
    {
        eprintln!("{}: {error}", path.display());
        return Ok(false);
    }
    if let Some(pages) = pages {
        figures.write(&root())?;
        plot::readers(&root().join(CHART), &ranking, reads.len())
            .map_err(|error| Error::Draw { file: CHART, error })?;
        pages.write(&figures)?;
    }
    Ok(kept || !options.check)
}

/// Measures all contenders on all inputs: reading with each chunk size, and writing.
fn one_run(options: &Options, reads: &'static [Input], writes: &'static [Input]) -> (Vec<Race>, Vec<Race>) {
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
    (reading, writing)
}

/// Compares the pages with the committed figures. Returns whether they are the same.
fn compare_pages() -> Result<bool, Error> {
    let pages = Pages::read(&root())?;
    let differences = pages.compare(&Figures::read(&root())?)?;
    differences.iter().for_each(|difference| println!("FAILED: {difference}"));
    println!("{} pages compared, {} failed", pages.count(), differences.len());
    if !differences.is_empty() {
        println!("run this with --write-pages, and commit the pages");
    }
    Ok(differences.is_empty())
}

fn write_pages() -> Result<(), Error> {
    Pages::read(&root())?.write(&Figures::read(&root())?)
}

/// Returns the root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The chart in the pages, relative to the root of the repository.
const CHART: &str = "benches/peers.svg";

fn chunk_size(text: &str) -> Result<usize, String> {
    match text {
        "whole" => Ok(usize::MAX),
        _ => text.parse().ok().filter(|&size| size > 0).ok_or_else(|| "neither a number of bytes nor `whole`".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_needs_all_inputs_and_chunk_sizes() {
        for other in [["--only", "tiny"], ["--chunks", "64"], ["--svg", "x.svg"]] {
            let error =
                Options::try_parse_from(["peers", "--write"].into_iter().chain(other)).err().expect("a conflict");
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains(other[0]), "{error}");
        }
        assert!(Options::try_parse_from(["peers", "--write", "--runs", "3", "--rounds", "1", "--check"]).is_ok());
    }

    #[test]
    fn the_tables_show_all_chunk_sizes_that_are_measured() {
        let measured = Options::parse_from(["peers"]).chunks.into_iter().map(report::chunk_name);
        assert!(measured.eq(blocks::CHUNKS.map(|(name, ..)| name)));
    }

    #[test]
    fn several_runs_are_only_for_writing() {
        assert!(Options::try_parse_from(["peers", "--runs", "3"]).is_err());
        assert!(Options::try_parse_from(["peers", "--write", "--runs", "0"]).is_err());
    }

    #[test]
    fn pages_are_compared_and_written_without_measuring() {
        for option in ["--compare-pages", "--write-pages"] {
            assert!(Options::try_parse_from(["peers", option]).is_ok());
            assert!(Options::try_parse_from(["peers", option, "--rounds", "1"]).is_err());
        }
    }
}
