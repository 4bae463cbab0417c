//! The file with the budgets, and the comparison with it.

use std::{fmt, fs};

use serde::Deserialize;

use crate::build;

/// `budgets.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    /// The compiler that the figures are of.
    compiler: String,
    pub flash: Vec<Budget>,
}

/// One figure.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// What is measured: a binary.
    pub part: String,
    pub name: String,
    /// What it was when it was looked at last. 3 % more is too much.
    pub held: u64,
    /// What it should be.
    pub aim: Option<u64>,
}

impl Budgets {
    pub fn read() -> Result<Self, String> {
        let file = build::root().join("budgets.toml");
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
    }
}

/// What the comparisons came to.
pub struct Verdict {
    expected: String,
    compared: usize,
    faults: Vec<String>,
    less: Vec<String>,
}

impl Verdict {
    pub fn new(budgets: &Budgets) -> Self {
        Self { expected: budgets.compiler.clone(), compared: 0, faults: Vec::new(), less: Vec::new() }
    }

    pub fn compiler(&mut self, version: &str) {
        if version != self.expected {
            self.faults.push(format!("built with rustc {version}, but the budgets are for {}", self.expected));
        }
    }

    pub fn compare(&mut self, what: &str, measured: u64, held: u64) {
        self.compared += 1;
        if measured * 100 > held * 103 {
            self.faults.push(format!("{what}: {measured}, more than 3 % above {held}"));
        } else if measured * 103 < held * 100 {
            self.less.push(format!("{what}: {measured}, so hold that instead of {held}"));
        }
    }

    pub fn holds(&self) -> bool {
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
