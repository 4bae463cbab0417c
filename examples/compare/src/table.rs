//! The results as text: the table on the terminal, and the block of the page.

use std::fmt::Write;

use crate::case::{Case, Verdict};
use crate::cost;
use crate::error::Error;
use crate::way::{JOBS, Job, WAYS, Way};

pub struct Table {
    verdicts: Vec<Verdict>,
    /// The version of each way's crate, and how many crates its programs depend on.
    crates: Vec<(String, usize)>,
    /// The sources of the programs, those of a way together.
    sources: Vec<Vec<String>>,
}

impl Table {
    pub fn new(verdicts: Vec<Verdict>) -> Result<Self, Error> {
        let crates = WAYS.iter().map(cost::crates).collect::<Result<_, _>>()?;
        let sources = |way| JOBS.iter().map(|job| cost::source(way, job)).collect::<Result<_, _>>();
        Ok(Self { verdicts, crates, sources: WAYS.iter().map(sources).collect::<Result<_, _>>()? })
    }

    /// Returns whether this crate passes every case.
    pub fn ours_passes(&self) -> bool {
        self.verdicts.iter().all(|verdict| !verdict.way.is_ours || verdict.result.is_ok())
    }

    /// Returns one line for each fault, and how many cases each program passes.
    pub fn plain(&self) -> String {
        let mut text = String::new();
        for job in &JOBS {
            for way in &WAYS {
                let (passed, all) = self.passed(way, job);
                line(&mut text, format_args!("{}: {passed} of {all}", way.program(job)));
                for case in job.cases {
                    if let Some(Err(fault)) = self.result(way, job, case) {
                        line(&mut text, format_args!("    {}: {fault}", case.name));
                    }
                }
            }
        }
        text
    }

    /// Returns the block of the page.
    pub fn block(&self) -> Result<String, Error> {
        let mut text = String::new();
        for (number, job) in JOBS.iter().enumerate() {
            line(&mut text, format_args!("\n### `{}` {}\n", job.name, job.about));
            let names = WAYS.iter().zip(&self.crates).map(|(way, (version, _))| {
                if way.is_ours { way.name.to_owned() } else { format!("{} {version}", way.name) }
            });
            row(&mut text, "", names);
            line(&mut text, format_args!("|---|{}", "---|".repeat(WAYS.len())));
            row(&mut text, "lines of code", self.sources.iter().map(|of| cost::lines(&of[number]).to_string()));
            row(&mut text, "crates it depends on", self.crates.iter().map(|(_, count)| count.to_string()));
            for case in job.cases {
                row(&mut text, case.name, WAYS.iter().map(|way| self.cell(way, job, case)));
            }
            let passed = |way| {
                let (passed, all) = self.passed(way, job);
                format!("**{passed} of {all}**")
            };
            row(&mut text, "**passed**", WAYS.iter().map(passed));
            line(&mut text, format_args!(""));
            for case in job.cases {
                line(&mut text, format_args!("{}", wrapped(&format!("- *{}*: {}", case.name, case.rule))));
            }
            for (way, sources) in WAYS.iter().zip(&self.sources) {
                let source = &sources[number];
                let path = way.source(job);
                let count = cost::lines(source);
                let title = format!("<code>compare/{path}</code>, {count} lines of code");
                line(
                    &mut text,
                    format_args!("\n<details><summary>{title}</summary>\n\n```rust\n{source}```\n\n</details>"),
                );
            }
        }
        line(&mut text, format_args!(""));
        Ok(text)
    }

    fn cell(&self, way: &Way, job: &Job, case: &Case) -> String {
        match self.result(way, job, case) {
            Some(Ok(())) => "passes".into(),
            Some(Err(fault)) => format!("**{fault}**"),
            None => "not run".into(),
        }
    }

    fn result(&self, way: &Way, job: &Job, case: &Case) -> Option<Result<(), &'static str>> {
        let is_it =
            |verdict: &&Verdict| verdict.way == way && verdict.job.name == job.name && verdict.case.name == case.name;
        self.verdicts.iter().find(is_it).map(|verdict| verdict.result)
    }

    fn passed(&self, way: &Way, job: &Job) -> (usize, usize) {
        let passed = job.cases.iter().filter(|case| matches!(self.result(way, job, case), Some(Ok(())))).count();
        (passed, job.cases.len())
    }
}

/// The longest line of text on a page.
const WIDTH: usize = 140;

/// Breaks an item of a list into lines.
fn wrapped(item: &str) -> String {
    let (mut text, mut width) = (String::new(), 0);
    for word in item.split(' ') {
        if width + 1 + word.len() > WIDTH {
            text += "\n ";
            width = 1;
        }
        if width > 0 {
            text.push(' ');
        }
        text += word;
        width += 1 + word.len();
    }
    text
}

fn row(text: &mut String, name: &str, cells: impl Iterator<Item = String>) {
    let cells: Vec<_> = cells.collect();
    line(text, format_args!("| {name} | {} |", cells.join(" | ")));
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{arguments}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_broken_between_words() {
        let item = format!("- {}", "word ".repeat(60).trim_end());
        let lines = wrapped(&item);
        assert!(lines.lines().count() > 1 && lines.lines().all(|line| line.len() <= WIDTH), "{lines}");
        assert!(lines.lines().skip(1).all(|line| line.starts_with("  word")), "{lines}");
        assert_eq!(lines.split_whitespace().collect::<Vec<_>>().join(" "), item);
    }
}
