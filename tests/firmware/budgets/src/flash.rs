//! Flash of each part of the library, alone and together.
//!
//! Two figures for each. **Linked**: what a firmware that uses the part is larger than the empty one; that is the part, the calls
//! of it, and what they need of `core` and of the compiler's arithmetic. This one is held. **Own**: the sum of the symbols that
//! carry the library's name; what is inlined into the caller is not in it.

use crate::bare_metal::build;
use crate::elf::Elf;
use crate::held::{Budgets, Verdict};
use crate::page::Table;
use crate::workspace;

const TARGET: &str = "thumbv6m-none-eabi";

pub(crate) fn measure(budgets: &Budgets, symbols: bool, verdict: &mut Verdict) -> Result<(), String> {
    let folder = build(&workspace(), "flash", TARGET, "z", &["--bins"])?;
    let empty = Elf::read(&folder.join("empty"))?;
    verdict.compiler(&empty.compiler);
    let mut table = Table::new(&format!(
        "| {TARGET}, `opt-level = \"z\"`, fat LTO | bytes of flash | in own functions | held | aim |"
    ));
    let mut missed = Vec::new();
    for budget in &budgets.flash {
        let elf = Elf::read(&folder.join(&budget.part))?;
        let linked = elf.flash.saturating_sub(empty.flash);
        let own = elf.bytes_of("embedded_sse::");
        table.row(&format!("| {} | {linked} | {own} | {} | {} |", budget.name, budget.held, budget.aim()));
        verdict.compare(&format!("flash of {}", budget.name), linked, budget.held);
        if budget.aim.is_some_and(|aim| linked > aim) {
            missed.push((budget, elf));
        }
    }
    verdict.show(table);
    if symbols {
        for (budget, elf) in &missed {
            println!("{}:", budget.name);
            for (name, size) in elf.symbols.iter().filter(|symbol| !empty.symbols.contains(symbol)) {
                println!("{size:>6} {name}");
            }
            println!();
        }
    }
    Ok(())
}
