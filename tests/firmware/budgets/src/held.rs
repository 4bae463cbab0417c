//! The file with the budgets, and the comparison with it.

use std::collections::BTreeMap;
use std::{fmt, fs};

use serde::Deserialize;

use crate::page::{Page, Table};
use crate::workspace;

/// `budgets.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budgets {
    /// The compiler that the figures are of.
    compiler: String,
    pub(crate) flash: Vec<Budget>,
    pub(crate) ram: Vec<Budget>,
    pub(crate) stack: Vec<Budget>,
    pub(crate) instructions: Vec<Counted>,
}

/// One figure.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budget {
    /// What is measured: a binary, or what the board calls it.
    pub(crate) part: String,
    pub(crate) name: String,
    /// What it was when it was looked at last. 3 % more is too much.
    pub(crate) held: u64,
    /// What it should be.
    pub(crate) aim: Option<u64>,
}

/// Instructions in 1000 bytes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counted {
    /// The number by which the firmware knows it.
    pub(crate) work: usize,
    pub(crate) name: String,
    /// By board.
    pub(crate) held: BTreeMap<String, u64>,
}

impl Budget {
    /// The cell of a table.
    pub(crate) fn aim(&self) -> String {
        self.aim.map_or(String::new(), |aim| aim.to_string())
    }
}

impl Budgets {
    pub(crate) fn read() -> Result<Self, String> {
        let file = workspace().join("budgets.toml");
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
    }
}

/// What the comparisons came to.
pub(crate) struct Verdict {
    expected: String,
    compared: usize,
    faults: Vec<String>,
    less: Vec<String>,
    /// All tables so far.
    tables: Vec<String>,
}

impl Verdict {
    pub(crate) fn new(budgets: &Budgets) -> Self {
        Self {
            expected: budgets.compiler.clone(),
            compared: 0,
            faults: Vec::new(),
            less: Vec::new(),
            tables: Vec::new(),
        }
    }

    pub(crate) fn compiler(&mut self, version: &str) {
        if version != self.expected {
            self.faults.push(format!("built with rustc {version}, but the budgets are for {}", self.expected));
        }
    }

    pub(crate) fn compare(&mut self, what: &str, measured: u64, held: u64) {
        self.compared += 1;
        if measured * 100 > held * 103 {
            self.faults.push(format!("{what}: {measured}, more than 3 % above {held}"));
        } else if measured * 103 < held * 100 {
            self.less.push(format!("{what}: {measured}, so hold that instead of {held}"));
        }
    }

    /// Prints a table, and keeps it for the page.
    pub(crate) fn show(&mut self, table: Table) {
        println!("{}", table.text());
        self.tables.push(table.text().to_owned());
    }

    /// Writes all tables to the page, or compares it with them.
    pub(crate) fn page(&mut self, write: bool) -> Result<(), String> {
        let (page, tables) = (Page::read()?, self.tables.join("\n"));
        if write {
            return page.write(&tables);
        }
        if !page.shows(&tables)? {
            self.faults.push("README.md shows other figures: run this again with --write, and commit the page".into());
        }
        Ok(())
    }

    pub(crate) fn holds(&self) -> bool {
        self.faults.is_empty() && self.compared > 0
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.less.iter().try_for_each(|line| writeln!(f, "less: {line}"))?;
        self.faults.iter().try_for_each(|line| writeln!(f, "FAILED: {line}"))?;
        write!(f, "{} compared, {} failed", self.compared, self.faults.len())
    }
}
