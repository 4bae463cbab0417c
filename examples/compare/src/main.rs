//! Runs the same two programs, written with this crate and with others, against scripted servers, and says what each does.
//!
//! This file handles arguments and exit statuses.

mod answer;
mod case;
mod cost;
mod error;
mod feed;
mod page;
mod run;
mod table;
mod way;

use std::process::ExitCode;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinSet;

use case::Verdict;
use error::Error;
use page::Page;
use table::Table;
use way::{JOBS, WAYS};

/// Run the same two programs, written with embedded-sse and with other crates, against scripted servers, and say what
/// each does.
///
/// It takes about a minute, in which the processor is idle.
///
/// Exit status:
///   0  the results were printed or written, or the page shows them
///   1  --check: the page shows other results, or embedded-sse failed
///   2  invalid arguments, or a program could not be built or run
#[derive(Parser)]
#[command(name = "compare", verbatim_doc_comment)]
struct Arguments {
    /// Write the results and the programs to examples/README.md
    #[arg(long)]
    write: bool,
    /// Compare the results and the programs with examples/README.md
    #[arg(long, conflicts_with = "write")]
    check: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs everything. Returns whether the checks passed.
async fn run(arguments: &Arguments) -> Result<bool, Error> {
    // Finds out first whether the page can be written.
    let page = if arguments.write || arguments.check { Some(Page::read()?) } else { None };
    eprintln!("building the programs");
    cost::build()?;
    let table = Table::new(verdicts().await?)?;
    println!("{}", table.plain());
    let is_right = table.ours_passes();
    if !is_right {
        println!("FAILED: embedded-sse does not pass every case");
    }
    let Some(page) = page else { return Ok(true) };
    let block = table.block()?;
    if arguments.write {
        page.write(&block)?;
        return Ok(true);
    }
    let difference = page.difference(&block);
    if let Some(difference) = &difference {
        println!("FAILED: {difference}\nrun this with --write, and commit the page");
    }
    Ok(is_right && difference.is_none())
}

/// Runs every program in every case of its job, all at once. They spend their time waiting.
async fn verdicts() -> Result<Vec<Verdict>, Error> {
    let mut runs = JoinSet::new();
    for way in &WAYS {
        for job in &JOBS {
            for case in job.cases {
                runs.spawn(async move { Ok(Verdict { way, job, case, result: run::run(way, job, case).await? }) });
            }
        }
    }
    let bar = "{bar:40} {pos}/{len} runs ({elapsed})";
    let style = ProgressStyle::with_template(bar).unwrap_or_else(|_| ProgressStyle::default_bar());
    let progress = ProgressBar::new(runs.len() as u64).with_style(style);
    let mut verdicts = Vec::new();
    while let Some(run) = runs.join_next().await {
        verdicts.push(run.map_err(Error::Task)??);
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(verdicts)
}
