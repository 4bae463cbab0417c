//! Counts instructions per byte with QEMU. The counts are exact and the same in every run. They are not cycles: QEMU has no
//! wait states, no caches and no pipeline.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use std::{env, fs, thread};

use crate::bare_metal::{Board, run};
use crate::budgets::{Counted, Held};
use crate::level::{Core, Cores, Level, Levels};
use crate::page::Table;
use crate::progress::{build, done};
use crate::verdict::Verdict;
use crate::workspace;

/// Instructions per byte of one work, rounded to two digits.
type Counts = Cores<Levels<f64>>;

/// Counts each row on each core at each level.
pub(crate) fn measure(rows: &[Counted]) -> Result<Vec<Counts>, String> {
    let counter = counter()?;
    let works: Vec<_> = rows.iter().map(|row| row.work).collect();
    let counts = Cores::try_new(|core| {
        Levels::try_new(|level| {
            let board = core.board();
            let firmware = build("measure", board.target, level, &["--bins"])?.join("count");
            let since = Instant::now();
            let counts = two_at_once(&works, |work| count(&counter, board, &firmware, work))?;
            done(&format!("counted {} works on {} at opt-level {level}", works.len(), board.core), since);
            Ok(counts)
        })
    })?;
    let missing = |row: &Counted| format!("no count of {}", row.name);
    let count = |(index, row): (usize, &Counted)| {
        Cores::try_new(|core| {
            let at = |level| counts.get(core).get(level).get(index).copied().ok_or_else(|| missing(row));
            Levels::try_new(at)
        })
    };
    rows.iter().enumerate().map(count).collect()
}

/// Compares the counts with the budgets, and shows a table for each core.
pub(crate) fn report(rows: &[Counted], counts: &[Counts], verdict: &mut Verdict) {
    for core in Core::ALL {
        verdict.show(&table(core, rows, counts));
        for (row, counts) in rows.iter().zip(counts) {
            for level in Level::ALL {
                let what = format!("instructions per byte, {} on {}, opt-level {level}", row.name, core.board().core);
                verdict.compare(&what, *counts.get(core).get(level), *row.held.get(core).get(level));
            }
        }
    }
}

pub(crate) fn held(counts: &[Counts]) -> impl Iterator<Item = Held> {
    counts.iter().enumerate().flat_map(|(row, counts)| {
        Core::ALL.map(|core| {
            let value = counts.get(core).to_string();
            Held { table: "instructions", row, key: format!("held.{core}"), value }
        })
    })
}

/// A column for each level, and after it one for its aims if it has any on this core.
fn table(core: Core, rows: &[Counted], counts: &[Counts]) -> Table {
    let aim = |row: &Counted, level| row.aim.get(core).as_ref().and_then(|aims| *aims.get(level));
    let has_aims = |level: &Level| rows.iter().any(|row| aim(row, *level).is_some());
    let Board { core: name, target, .. } = core.board();
    let mut header = format!("| {name}, {target}: instructions per byte |");
    for level in Level::ALL {
        header += &format!(" `{level}` |{}", if has_aims(&level) { " aim |" } else { "" });
    }
    let mut table = Table::new(&header);
    for (row, counts) in rows.iter().zip(counts) {
        let mut cells = format!("| {} |", row.name);
        for level in Level::ALL {
            cells += &format!(" {:.2} |", counts.get(core).get(level));
            if has_aims(&level) {
                let aim = aim(row, level).map_or(String::new(), |aim| aim.to_string());
                cells += &format!(" {aim} |");
            }
        }
        table.row(&cells);
    }
    table
}

/// Calls a function for each work, in two threads. Returns the results in order, or the first error.
fn two_at_once<T: Send>(works: &[usize], call: impl Fn(usize) -> Result<T, String> + Sync) -> Result<Vec<T>, String> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut results = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(&work) = works.get(index) else { return Ok(results) };
            results.push((index, call(work)?));
        }
    };
    let mut results = thread::scope(|scope| {
        let threads = [scope.spawn(worker), scope.spawn(worker)];
        threads
            .map(|thread| thread.join().unwrap_or_else(|_| Err("a thread that counts panicked".into())))
            .into_iter()
            .try_fold(Vec::new(), |mut all, results: Result<Vec<_>, String>| {
                all.extend(results?);
                Ok::<_, String>(all)
            })
    })?;
    results.sort_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// Runs one work, and returns its instructions per byte.
fn count(counter: &Path, board: Board, firmware: &Path, work: usize) -> Result<f64, String> {
    let report = firmware.with_extension(format!("{}.{}.{work}.count", board.name, std::process::id()));
    let plugin = format!("file={},out={},start=count_start,stop=count_stop", counter.display(), report.display());
    let run = run(board, firmware, &["-plugin".into(), plugin], &[work.to_string()])?;
    let failed = |what: &str| format!("work {work} of {} on {}: {what}:\n{}", firmware.display(), board.name, run.said);
    if run.status != Some(0) {
        return Err(failed("it did not find everything"));
    }
    let text = fs::read_to_string(&report).and_then(|text| fs::remove_file(&report).map(|()| text));
    let text = text.map_err(|error| failed(&error.to_string()))?;
    per_byte(&text, &run.said).ok_or_else(|| failed("it reported no count"))
}

/// Returns the instructions per byte, from the report of the counter and the output of the firmware.
fn per_byte(report: &str, said: &str) -> Option<f64> {
    let total: u32 = report.trim_start().split(' ').next()?.parse().ok()?;
    let bytes: u32 = said.lines().find_map(|line| line.strip_suffix(" bytes"))?.parse().ok()?;
    (bytes > 0).then(|| (f64::from(total) * 100.0 / f64::from(bytes)).round() / 100.0)
}

/// Builds the plugin for QEMU.
fn counter() -> Result<PathBuf, String> {
    let folder = env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
    let counter = folder.join("insncount.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-O2", "-shared", "-fPIC", "-o"]).arg(&counter).arg(workspace().join("insncount.c"));
    match compiler.status() {
        Ok(status) if status.success() => Ok(counter),
        Ok(status) => Err(format!("cc did not build the counter: {status}")),
        Err(error) => Err(format!("cc cannot be run: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = r#"
        [[rows]]
        work = 0
        name = "whole"
        held = { m0 = { 3 = 9, s = 9, z = 9 }, m4f = { 3 = 9, s = 9, z = 9 }, rv32imc = { 3 = 9, s = 9, z = 9 } }
        aim.m0 = { 3 = 8, z = 9.5 }

        [[rows]]
        work = 7
        name = "byte by byte"
        held = { m0 = { 3 = 9, s = 9, z = 9 }, m4f = { 3 = 9, s = 9, z = 9 }, rv32imc = { 3 = 9, s = 9, z = 9 } }
        aim.m0 = { z = 70 }
    "#;

    fn rows() -> Vec<Counted> {
        #[derive(serde::Deserialize)]
        struct File {
            rows: Vec<Counted>,
        }
        toml::from_str::<File>(ROWS).unwrap().rows
    }

    fn counts(three: f64, s: f64, z: f64) -> Counts {
        let at = |level| match level {
            Level::Three => three,
            Level::S => s,
            Level::Z => z,
        };
        Cores::try_new(|_| Levels::try_new(|level| Ok(at(level)))).unwrap()
    }

    #[test]
    fn only_levels_with_aims_have_a_column_for_them() {
        let counts = [counts(7.5, 8.0, 9.123), counts(1.0, 2.0, 80.0)];
        assert_eq!(
            table(Core::M0, &rows(), &counts).text(),
            "| Cortex-M0, thumbv6m-none-eabi: instructions per byte | `3` | aim | `s` | `z` | aim |\n\
             |---|--:|--:|--:|--:|--:|\n\
             | whole | 7.50 | 8 | 8.00 | 9.12 | 9.5 |\n\
             | byte by byte | 1.00 |  | 2.00 | 80.00 | 70 |\n"
        );
        assert!(table(Core::M4f, &rows(), &counts).text().lines().next().unwrap().ends_with("| `3` | `s` | `z` |"));
    }

    #[test]
    fn every_core_and_level_is_compared() {
        let rows = rows();
        let mut verdict = Verdict::default();
        report(&rows, &[counts(9.0, 9.0, 9.0), counts(9.0, 9.0, 9.0)], &mut verdict);
        assert!(verdict.holds());
        assert!(verdict.to_string().starts_with("18 compared"));
        report(&rows, &[counts(9.0, 9.0, 9.3), counts(9.0, 9.0, 9.0)], &mut verdict);
        assert!(verdict.to_string().contains("whole on RV32IMC, opt-level z: 9.3, more than 3 % above 9\n"));
    }

    #[test]
    fn counts_are_held_for_each_core() {
        let held: Vec<_> = held(&[counts(1.0, 2.0, 3.0)]).map(|held| (held.row, held.key, held.value)).collect();
        assert_eq!(held[1], (0, "held.m4f".into(), "{ 3 = 1.00, s = 2.00, z = 3.00 }".into()));
    }

    #[test]
    fn a_count_is_rounded_to_two_digits() {
        assert_eq!(per_byte("       12345 TOTAL\n        9 main\n", "begun\n1000 bytes\n"), Some(12.35));
        assert_eq!(per_byte("       12345 TOTAL\n", "0 bytes\n"), None);
        assert_eq!(per_byte("", "1000 bytes\n"), None);
        assert_eq!(per_byte("       12345 TOTAL\n", "panicked\n"), None);
    }

    #[test]
    fn results_come_in_order_and_an_error_ends_the_work() {
        let works: Vec<_> = (0..50).rev().collect();
        assert_eq!(
            two_at_once(&works, |work| Ok(work * 2)).unwrap(),
            works.iter().map(|work| work * 2).collect::<Vec<_>>()
        );
        let failing = |work| if work == 30 { Err("30".to_owned()) } else { Ok(work) };
        assert_eq!(two_at_once(&works, failing).unwrap_err(), "30");
    }
}
