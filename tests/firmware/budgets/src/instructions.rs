//! Instructions for each byte, counted by QEMU: exact, and the same in every run. They are no cycles: memory has no wait states
//! here, and nothing is known of caches and pipelines.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::bare_metal::{BOARDS, Board, build, run};
use crate::held::{Budgets, Verdict};
use crate::page::Table;
use crate::workspace;

/// The cores that have rows in `budgets.toml`.
const CORES: [&str; 3] = ["Cortex-M0", "Cortex-M4F", "RV32IMC"];

pub(crate) fn measure(budgets: &Budgets, verdict: &mut Verdict) -> Result<(), String> {
    let counter = counter()?;
    let mut boards = Vec::new();
    for board in BOARDS.into_iter().filter(|board| CORES.contains(&board.core)) {
        boards.push((board, build(&workspace(), "measure", board.target, "o3", &["--bins"])?.join("count")));
    }
    let mut table = Table::new(&format!("| instructions per byte, `opt-level = 3` | {} |", CORES.join(" | ")));
    for row in &budgets.instructions {
        let mut cells = String::new();
        for (board, firmware) in &boards {
            let measured = count(&counter, *board, firmware, row.work)?;
            let held =
                row.held.get(board.name).ok_or_else(|| format!("no budget for {} on {}", row.name, board.name))?;
            cells += &format!(" {}.{:02} |", measured / 1000, measured % 1000 / 10);
            verdict.compare(&format!("instructions in 1000 bytes, {} on {}", row.name, board.core), measured, *held);
        }
        table.row(&format!("| {} |{cells}", row.name));
    }
    verdict.show(table);
    Ok(())
}

/// Instructions in 1000 bytes.
fn count(counter: &Path, board: Board, firmware: &Path, work: usize) -> Result<u64, String> {
    let report = firmware.with_extension(format!("{}.{}.count", board.name, std::process::id()));
    let plugin = format!("file={},out={},start=count_start,stop=count_stop", counter.display(), report.display());
    let run = run(board, firmware, &["-plugin".into(), plugin], &[work.to_string()])?;
    let failed = |what: &str| format!("{} on {}: {what}:\n{}", firmware.display(), board.name, run.said);
    if run.status != Some(0) {
        return Err(failed("not everything was found"));
    }
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u64>().ok());
    let bytes = run.said.lines().find_map(|line| number(line.strip_suffix(" bytes")));
    let text = fs::read_to_string(&report).and_then(|text| fs::remove_file(&report).map(|()| text));
    let text = text.map_err(|error| failed(&error.to_string()))?;
    let total = number(text.trim_start().split(' ').next());
    match (total, bytes) {
        (Some(total), Some(bytes)) if bytes > 0 => Ok(total * 1000 / bytes),
        _ => Err(failed("no count")),
    }
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
