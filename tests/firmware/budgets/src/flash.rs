//! Flash of each part of the library, alone and together.
//!
//! Each part has two figures. **Linked** is the size difference between a firmware that uses the part and its base, which is
//! the empty firmware for most parts; this figure is held. **Own** is the sum of the symbols of the library; what is inlined into the caller is not in it.

use crate::budgets::{Budgets, Held, Part};
use crate::elf::Elf;
use crate::level::{Level, Levels};
use crate::page::Table;
use crate::progress::build;
use crate::verdict::Verdict;

const TARGET: &str = "thumbv6m-none-eabi";

/// What the parts take, row by row as in `budgets.toml`.
pub(crate) struct Linked {
    compiler: String,
    parts: Vec<Sizes>,
}

struct Sizes {
    linked: Levels<u64>,
    /// At `z`.
    own: u64,
    /// The symbols at `z` that the base does not have, larger ones first.
    symbols: Vec<(String, u64)>,
}

pub(crate) fn measure(rows: &[Part]) -> Result<Linked, String> {
    let folders = Levels::try_new(|level| build("flash", TARGET, level, &["--bins", "--features", "storage"]))?;
    let read = |level, part: &str| Elf::read(&folders.get(level).join(part));
    let sizes = |row: &Part| {
        let (mut part, base) = (read(Level::Z, &row.part)?, read(Level::Z, &row.base)?);
        let own = |elf: &Elf| elf.bytes_of("embedded_sse::");
        let own = own(&part).saturating_sub(own(&base));
        part.symbols.retain(|symbol| !base.symbols.contains(symbol));
        let flash = |level, part: &str| read(level, part).map(|elf| elf.flash);
        let linked = |level| Ok(flash(level, &row.part)?.saturating_sub(flash(level, &row.base)?));
        Ok(Sizes { linked: Levels::try_new(linked)?, own, symbols: part.symbols })
    };
    let parts = rows.iter().map(sizes).collect::<Result<_, String>>()?;
    Ok(Linked { compiler: read(Level::Z, "empty")?.compiler, parts })
}

/// Compares the sizes with the budgets, and shows the table.
pub(crate) fn report(budgets: &Budgets, linked: &Linked, verdict: &mut Verdict) {
    verdict.compiler(&linked.compiler, &budgets.compiler);
    verdict.show(&table(&budgets.flash, &linked.parts));
    for (row, sizes) in budgets.flash.iter().zip(&linked.parts) {
        for level in Level::ALL {
            let what = format!("flash of {}, opt-level {level}", row.name);
            verdict.compare(&what, *sizes.linked.get(level) as f64, *row.held.get(level) as f64);
        }
    }
}

fn table(rows: &[Part], sizes: &[Sizes]) -> Table {
    let mut table = Table::new(&format!(
        "| Cortex-M0, {TARGET}, fat LTO: bytes of flash | `z` | in own functions | held | aim | `s` | `3` |"
    ));
    for (row, Sizes { linked, own, .. }) in rows.iter().zip(sizes) {
        let [three, s, z] = Level::ALL.map(|level| linked.get(level));
        let aim = row.aim.map_or(String::new(), |aim| aim.to_string());
        table.row(&format!("| {} | {z} | {own} | {} | {aim} | {s} | {three} |", row.name, row.held.get(Level::Z)));
    }
    table
}

/// Prints the symbols of each part that misses its aim.
pub(crate) fn symbols(rows: &[Part], linked: &Linked) {
    for (row, sizes) in rows.iter().zip(&linked.parts) {
        if row.aim.is_some_and(|aim| *sizes.linked.get(Level::Z) > aim) {
            println!("{}:", row.name);
            for (name, size) in &sizes.symbols {
                println!("{size:>6} {name}");
            }
            println!();
        }
    }
}

pub(crate) fn held(linked: &Linked) -> impl Iterator<Item = Held> {
    let held = |(row, sizes): (_, &Sizes)| {
        let value = sizes.linked.to_string();
        Held { table: "flash", row, key: "held".into(), value }
    };
    linked.parts.iter().enumerate().map(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, held: [u64; 3], aim: Option<u64>) -> Part {
        Part { part: name.to_lowercase(), base: "empty".into(), name: name.into(), held: levels(held), aim }
    }

    fn levels([three, s, z]: [u64; 3]) -> Levels<u64> {
        let at = |level| match level {
            Level::Three => three,
            Level::S => s,
            Level::Z => z,
        };
        Levels::try_new(|level| Ok(at(level))).unwrap()
    }

    fn linked(sizes: [u64; 3]) -> Linked {
        let parts = vec![Sizes { linked: levels(sizes), own: 10, symbols: Vec::new() }];
        Linked { compiler: "1".into(), parts }
    }

    #[test]
    fn the_figure_with_an_aim_stands_first() {
        let rows = [part("Decoder", [300, 200, 90], Some(80))];
        let text = table(&rows, &linked([301, 201, 91]).parts).text().to_owned();
        assert!(text.ends_with("| Decoder | 91 | 10 | 90 | 80 | 201 | 301 |\n"), "{text}");
    }

    #[test]
    fn every_level_is_held() {
        let toml = "compiler = '1'\nflash = []\nram = []\nstack = []\ninstructions = []";
        let mut budgets: Budgets = toml::from_str(toml).unwrap();
        budgets.flash = vec![part("Decoder", [300, 200, 90], None)];
        for (sizes, holds) in [([300, 200, 90], true), ([310, 200, 90], false), ([300, 207, 90], false)] {
            let mut verdict = Verdict::default();
            report(&budgets, &linked(sizes), &mut verdict);
            assert_eq!(verdict.holds(), holds, "{verdict}");
        }
    }

    #[test]
    fn held_figures_are_of_all_levels() {
        let held: Vec<_> = held(&linked([3, 2, 1])).map(|held| (held.table, held.row, held.value)).collect();
        assert_eq!(held, [("flash", 0, "{ 3 = 3, s = 2, z = 1 }".into())]);
    }
}
