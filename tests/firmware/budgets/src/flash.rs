//! Flash of each part of the library, alone and together.
//!
//! Each part has two figures. **Linked** is the size difference between a firmware that uses the part and the empty one; this
//! figure is held. **Own** is the sum of the symbols of the library; what is inlined into the caller is not in it.

use crate::budgets::{Budgets, Bytes, Held};
use crate::elf::Elf;
use crate::level::Level;
use crate::page::Table;
use crate::progress::build;
use crate::verdict::Verdict;

const TARGET: &str = "thumbv6m-none-eabi";

/// The empty firmware, and that of each row in `budgets.toml`.
pub(crate) struct Linked {
    empty: Elf,
    parts: Vec<Elf>,
}

impl Linked {
    fn sizes(&self) -> impl Iterator<Item = u64> {
        self.parts.iter().map(|elf| elf.flash.saturating_sub(self.empty.flash))
    }
}

pub(crate) fn measure(rows: &[Bytes]) -> Result<Linked, String> {
    let folder = build("flash", TARGET, Level::Z, &["--bins"])?;
    let parts = rows.iter().map(|row| Elf::read(&folder.join(&row.part))).collect::<Result<_, _>>()?;
    Ok(Linked { empty: Elf::read(&folder.join("empty"))?, parts })
}

/// Compares the sizes with the budgets, and shows the table.
pub(crate) fn report(budgets: &Budgets, linked: &Linked, verdict: &mut Verdict) {
    verdict.compiler(&linked.empty.compiler, &budgets.compiler);
    let mut table = Table::new(&format!(
        "| {TARGET}, `opt-level = \"z\"`, fat LTO | bytes of flash | in own functions | held | aim |"
    ));
    for ((row, elf), size) in budgets.flash.iter().zip(&linked.parts).zip(linked.sizes()) {
        let own = elf.bytes_of("embedded_sse::");
        table.row(&format!("| {} | {size} | {own} | {} | {} |", row.name, row.held, row.aim()));
        verdict.compare(&format!("flash of {}", row.name), size as f64, row.held as f64);
    }
    verdict.show(&table);
}

/// Prints the symbols of each part that misses its aim.
pub(crate) fn symbols(rows: &[Bytes], linked: &Linked) {
    for ((row, elf), size) in rows.iter().zip(&linked.parts).zip(linked.sizes()) {
        if row.aim.is_some_and(|aim| size > aim) {
            println!("{}:", row.name);
            for (name, size) in elf.symbols.iter().filter(|symbol| !linked.empty.symbols.contains(symbol)) {
                println!("{size:>6} {name}");
            }
            println!();
        }
    }
}

pub(crate) fn held(linked: &Linked) -> impl Iterator<Item = Held> {
    let held = |(row, size): (_, u64)| Held { table: "flash", row, key: "held".into(), value: size.to_string() };
    linked.sizes().enumerate().map(held)
}
