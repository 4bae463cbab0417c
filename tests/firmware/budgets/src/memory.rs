//! Memory of each type and stack of each part, as the smallest board says them.

use std::collections::BTreeMap;

use crate::bare_metal::{BOARDS, build, run};
use crate::held::{Budget, Budgets, Verdict};
use crate::page::Table;
use crate::workspace;

pub(crate) fn measure(budgets: &Budgets, verdict: &mut Verdict) -> Result<(), String> {
    let [board, ..] = BOARDS;
    let firmware = build(&workspace(), "measure", board.target, "z", &["--bins"])?.join("memory");
    let run = run(board, &firmware, &[], &[])?;
    if run.status != Some(0) {
        return Err(format!("{} ended with {:?}:\n{}", firmware.display(), run.status, run.said));
    }
    let said = |kind: &str| -> BTreeMap<String, u64> {
        let lines = run.said.lines().filter_map(|line| line.strip_prefix(kind)?.trim().split_once(' '));
        lines.filter_map(|(name, size)| Some((name.to_owned(), size.parse().ok()?))).collect()
    };
    let head = format!("{}, {}, `opt-level = \"z\"`", board.target, board.core);
    table(&format!("{head}: memory"), "bytes", &budgets.ram, said("ram"), verdict)?;
    table(&format!("{head}: stack"), "bytes at most", &budgets.stack, said("stack"), verdict)
}

fn table(
    head: &str,
    unit: &str,
    rows: &[Budget],
    said: BTreeMap<String, u64>,
    verdict: &mut Verdict,
) -> Result<(), String> {
    let mut table = Table::new(&format!("| {head} | {unit} | held | aim |"));
    for row in rows {
        let measured = *said.get(&row.part).ok_or_else(|| format!("the board does not say {}", row.part))?;
        table.row(&format!("| {} | {measured} | {} | {} |", row.name, row.held, row.aim()));
        verdict.compare(&format!("{head} of {}", row.name), measured, row.held);
    }
    verdict.show(table);
    match said.keys().find(|name| !rows.iter().any(|row| row.part == **name)) {
        Some(name) => Err(format!("there is no budget for the {head} of {name}")),
        None => Ok(()),
    }
}
