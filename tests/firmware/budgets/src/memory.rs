//! Memory of each type and stack of each part, as the firmware reports them on the smallest board; and the initial values of
//! statics, which a firmware keeps in flash.

use std::collections::BTreeMap;

use crate::bare_metal::{BOARDS, run};
use crate::budgets::{Budgets, Bytes, Held};
use crate::elf::{Elf, Variable};
use crate::level::Level;
use crate::page::Table;
use crate::progress::build;
use crate::verdict::Verdict;

/// Bytes, row by row as in `budgets.toml`.
pub(crate) struct Sizes {
    ram: Vec<u64>,
    stack: Vec<u64>,
    /// Statics that are not initialized to zeros.
    variables: Vec<Variable>,
}

/// The row for `.data`, which is read from the firmware of this name.
const STATICS: &str = "statics";

pub(crate) fn measure(budgets: &Budgets) -> Result<Sizes, String> {
    let [board, ..] = BOARDS;
    let firmware = build("measure", board.target, Level::Z, &["--bins"])?.join("memory");
    let run = run(board, &firmware, &[], &[])?;
    if run.status != Some(0) {
        return Err(format!("{} ended with {:?}:\n{}", firmware.display(), run.status, run.said));
    }
    let statics = build("flash", board.target, Level::Z, &["--bin", STATICS, "--features", STATICS])?.join(STATICS);
    let statics = Elf::read(&statics)?;
    let mut ram = said(&run.said, "ram");
    ram.insert(STATICS.into(), statics.data);
    Ok(Sizes {
        ram: in_order(&budgets.ram, &ram)?,
        variables: statics.variables,
        stack: in_order(&budgets.stack, &said(&run.said, "stack"))?,
    })
}

/// Compares the sizes with the budgets, and shows both tables.
pub(crate) fn report(budgets: &Budgets, sizes: &Sizes, verdict: &mut Verdict) {
    let [board, ..] = BOARDS;
    for (rows, sizes, what, unit) in
        [(&budgets.ram, &sizes.ram, "memory", "bytes"), (&budgets.stack, &sizes.stack, "stack", "bytes at most")]
    {
        let mut table = Table::new(&format!("| {}, {}, `z`: {what} | {unit} | held | aim |", board.core, board.target));
        for (row, size) in rows.iter().zip(sizes) {
            table.row(&format!("| {} | {size} | {} | {} |", row.name, row.held, row.aim()));
            verdict.compare(&format!("{what} of {}", row.name), *size as f64, row.held as f64);
        }
        verdict.show(&table);
    }
}

/// Prints the statics that are not initialized to zeros, and which of their bytes are not.
pub(crate) fn symbols(sizes: &Sizes) {
    if !sizes.variables.is_empty() {
        println!("In .data, with the offset and the value of each byte that is not zero:");
    }
    for variable in &sizes.variables {
        println!("{}", line(variable));
    }
    println!();
}

fn line(Variable { name, size, set }: &Variable) -> String {
    let set: Vec<_> = set.iter().map(|(offset, byte)| format!("{offset}: {byte:#04x}")).collect();
    format!("{size:>6} {name}: {}", set.join(", "))
}

pub(crate) fn held(sizes: &Sizes) -> impl Iterator<Item = Held> {
    let tables = [("ram", &sizes.ram), ("stack", &sizes.stack)];
    tables.into_iter().flat_map(|(table, sizes)| {
        let held = move |(row, size): (_, &u64)| Held { table, row, key: "held".into(), value: size.to_string() };
        sizes.iter().enumerate().map(held)
    })
}

/// Returns the sizes that the firmware reports in lines of this kind, by name.
fn said(output: &str, kind: &str) -> BTreeMap<String, u64> {
    let lines = output.lines().filter_map(|line| line.strip_prefix(kind)?.trim().split_once(' '));
    lines.filter_map(|(name, size)| Some((name.to_owned(), size.parse().ok()?))).collect()
}

/// Returns the size of each row. Each row must have a size and each size a row.
fn in_order(rows: &[Bytes], said: &BTreeMap<String, u64>) -> Result<Vec<u64>, String> {
    if let Some(name) = said.keys().find(|name| rows.iter().all(|row| row.part != **name)) {
        return Err(format!("the firmware reports {name}, but budgets.toml has no row for it"));
    }
    let size = |row: &Bytes| said.get(&row.part).copied().ok_or(format!("the firmware does not report {}", row.part));
    rows.iter().map(size).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(part: &str) -> Bytes {
        Bytes { part: part.into(), name: part.to_uppercase(), held: 100, aim: None }
    }

    #[test]
    fn sizes_are_found_by_kind_and_name() {
        let output = "ram a 3\nram b 88\nstack a 64\nnoise\nstack c x\n";
        assert_eq!(in_order(&[row("b"), row("a")], &said(output, "ram")), Ok(vec![88, 3]));
        assert_eq!(in_order(&[row("a")], &said(output, "stack")), Ok(vec![64]));
    }

    #[test]
    fn a_static_is_shown_with_its_bytes_that_are_not_zero() {
        let variable = Variable { name: "statics::of::REPLAY".into(), size: 280, set: vec![(4, 1), (260, 0xFF)] };
        assert_eq!(line(&variable), "   280 statics::of::REPLAY: 4: 0x01, 260: 0xff");
    }

    #[test]
    fn each_row_needs_a_size_and_each_size_a_row() {
        let output = said("ram a 3\nram b 88\n", "ram");
        assert!(in_order(&[row("a")], &output).unwrap_err().contains("reports b"));
        assert!(in_order(&[row("a"), row("b"), row("c")], &output).unwrap_err().contains("does not report c"));
    }
}
