//! Reads `budgets.toml`, and writes the held figures to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde::Deserialize;

use crate::level::{Cores, Levels};
use crate::workspace;

/// `budgets.toml`. `held` is the accepted figure, `aim` the target.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budgets {
    /// The compiler that the figures are of.
    pub(crate) compiler: String,
    pub(crate) flash: Vec<Part>,
    pub(crate) ram: Vec<Bytes>,
    pub(crate) stack: Vec<Bytes>,
    pub(crate) instructions: Vec<Counted>,
}

/// Bytes of flash.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// A binary of `flash/`.
    pub(crate) part: String,
    /// The binary that it is compared with.
    #[serde(default = "empty")]
    pub(crate) base: String,
    pub(crate) name: String,
    pub(crate) held: Levels<u64>,
    /// The target for `z`.
    pub(crate) aim: Option<u64>,
}

fn empty() -> String {
    "empty".into()
}

/// Bytes of memory or stack.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bytes {
    /// The name in the output of the firmware.
    pub(crate) part: String,
    pub(crate) name: String,
    pub(crate) held: u64,
    pub(crate) aim: Option<u64>,
}

/// Instructions per byte.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counted {
    /// The argument of the firmware.
    pub(crate) work: usize,
    pub(crate) name: String,
    pub(crate) held: Cores<Levels<f64>>,
    #[serde(default)]
    pub(crate) aim: Cores<Option<Levels<Option<f64>>>>,
}

/// The place of a held figure in `budgets.toml`, and its new value.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) table: &'static str,
    /// The number of the row in its table, from 0.
    pub(crate) row: usize,
    pub(crate) key: String,
    pub(crate) value: String,
}

impl Bytes {
    /// Returns the cell of a table.
    pub(crate) fn aim(&self) -> String {
        self.aim.map_or(String::new(), |aim| aim.to_string())
    }
}

impl Budgets {
    pub(crate) fn read() -> Result<Self, String> {
        Self::parse(&read()?)
    }

    /// Writes these figures to the file, and returns its new content.
    pub(crate) fn hold(figures: &[Held]) -> Result<Self, String> {
        let text = with_held(&read()?, figures)?;
        let budgets = Self::parse(&text)?;
        let file = workspace().join("budgets.toml");
        fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(budgets)
    }

    fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| format!("budgets.toml: {error}"))
    }
}

fn read() -> Result<String, String> {
    let file = workspace().join("budgets.toml");
    fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Replaces the values of `held` in the text. Everything else stays as a person wrote it, comments included.
fn with_held(text: &str, figures: &[Held]) -> Result<String, String> {
    let mut values: BTreeMap<_, _> =
        figures.iter().map(|held| ((held.table, held.row, held.key.as_str()), held.value.as_str())).collect();
    let (mut rows, mut place, mut changed) = (BTreeMap::new(), None, String::new());
    for (line, number) in text.lines().zip(1..) {
        if let Some(table) = line.strip_prefix("[[").and_then(|line| line.strip_suffix("]]")) {
            let next = rows.entry(table).or_insert(0);
            place = Some((table, *next));
            *next += 1;
        }
        match (line.split_once('='), place) {
            (Some((start, _)), Some((table, row))) if start.trim_end().split('.').next() == Some("held") => {
                let key = start.trim_end();
                let value = values.remove(&(table, row, key));
                let value = value.ok_or(format!("budgets.toml, line {number}: no figure was measured for {key}"))?;
                changed += &format!("{start}= {value}\n");
            }
            _ => changed += &format!("{line}\n"),
        }
    }
    let missing: BTreeSet<_> =
        values.keys().map(|(table, row, key)| format!("{key} of row {row} of {table}")).collect();
    match missing.first() {
        Some(missing) => {
            Err(format!("budgets.toml has no line for {missing}: write `held` of each core on its own line"))
        }
        None => Ok(changed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# Not `held = 1`.
compiler = "1"

[[flash]]
part = "a"
name = "A"
held = { 3 = 3, s = 2, z = 1 } # old
aim = 9

[[flash]]
part = "b"
base = "a"
name = "B"
held = { 3 = 3, s = 2, z = 1 }

[[ram]]
part = "c"
name = "C"
held = 4

[[stack]]
part = "c"
name = "C"
held = 4

[[instructions]]
work = 0
name = "D"
held.m0      = { 3 = 3, s = 2, z = 1 }
held.m4f     = { 3 = 3, s = 2, z = 1 }
held.rv32imc = { 3 = 3, s = 2, z = 1 }
aim.m0       = { z = 0.5 }
"#;

    fn figures() -> Vec<Held> {
        [
            ("flash", 0, "held", "{ 3 = 6, s = 5, z = 4 }"),
            ("flash", 1, "held", "{ 3 = 9, s = 8, z = 7 }"),
            ("ram", 0, "held", "10"),
            ("stack", 0, "held", "11"),
            ("instructions", 0, "held.m0", "{ 3 = 1.25, s = 2.50, z = 3.75 }"),
            ("instructions", 0, "held.m4f", "{ 3 = 4.00, s = 5.00, z = 6.00 }"),
            ("instructions", 0, "held.rv32imc", "{ 3 = 7.00, s = 8.00, z = 9.00 }"),
        ]
        .map(|(table, row, key, value)| Held { table, row, key: key.into(), value: value.into() })
        .into()
    }

    #[test]
    fn held_figures_are_replaced_and_nothing_else() {
        let changed = with_held(TEXT, &figures()).unwrap();
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let differ: Vec<_> = lines(TEXT).into_iter().zip(lines(&changed)).filter(|(old, new)| old != new).collect();
        let differ: Vec<_> = differ.iter().map(|(_, new)| new.as_str()).collect();
        assert_eq!(
            differ,
            [
                "held = { 3 = 6, s = 5, z = 4 }",
                "held = { 3 = 9, s = 8, z = 7 }",
                "held = 10",
                "held = 11",
                "held.m0      = { 3 = 1.25, s = 2.50, z = 3.75 }",
                "held.m4f     = { 3 = 4.00, s = 5.00, z = 6.00 }",
                "held.rv32imc = { 3 = 7.00, s = 8.00, z = 9.00 }",
            ]
        );
        assert_eq!(lines(TEXT).len(), lines(&changed).len());
    }

    #[test]
    fn a_row_without_a_figure_and_a_figure_without_a_row_are_errors() {
        let mut figures = figures();
        figures.remove(2);
        assert_eq!(with_held(TEXT, &figures).unwrap_err(), "budgets.toml, line 19: no figure was measured for held");
        figures.push(Held { table: "ram", row: 0, key: "held".into(), value: "10".into() });
        figures.push(Held { table: "ram", row: 1, key: "held".into(), value: "10".into() });
        assert!(with_held(TEXT, &figures).unwrap_err().contains("no line for held of row 1 of ram"));
    }

    #[test]
    fn the_file_is_parsed() {
        let budgets = Budgets::parse(TEXT).unwrap();
        let flash: Vec<_> = budgets.flash.iter().map(|row| (row.base.as_str(), row.aim)).collect();
        assert_eq!(flash, [("empty", Some(9)), ("a", None)]);
        let row = &budgets.instructions[0];
        assert_eq!(row.aim.get(crate::level::Core::M0).unwrap().get(crate::level::Level::Z), &Some(0.5));
        assert!(row.aim.get(crate::level::Core::M4f).is_none());
        assert!(Budgets::parse(&TEXT.replace("held.m4f ", "held.m3 ")).is_err());
    }
}
