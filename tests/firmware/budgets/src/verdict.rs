//! Compares measured figures with the held ones, and collects the tables.

use std::fmt;

use crate::page::{Page, Table};

/// The result of all comparisons.
#[derive(Default)]
pub(crate) struct Verdict {
    compared: usize,
    faults: Vec<String>,
    less: Vec<String>,
    /// All tables so far.
    tables: Vec<String>,
}

impl Verdict {
    /// Compares the compiler of the firmware with that of the budgets.
    pub(crate) fn compiler(&mut self, version: &str, expected: &str) {
        if version != expected {
            self.faults.push(format!("built with rustc {version}, but the budgets are for {expected}"));
        }
    }

    /// Compares a figure with the held one. More than 3 % above it is a fault.
    pub(crate) fn compare(&mut self, what: &str, measured: f64, held: f64) {
        self.compared += 1;
        if measured * 100.0 > held * 103.0 {
            self.faults.push(format!("{what}: {measured}, more than 3 % above {held}"));
        } else if measured * 103.0 < held * 100.0 {
            self.less.push(format!("{what}: {measured}, more than 3 % below {held}"));
        }
    }

    /// Prints a table, and keeps it for the page.
    pub(crate) fn show(&mut self, table: &Table) {
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
        if !self.less.is_empty() {
            writeln!(f, "--hold writes the smaller figures to budgets.toml")?;
        }
        self.faults.iter().try_for_each(|line| writeln!(f, "FAILED: {line}"))?;
        write!(f, "{} compared, {} failed", self.compared, self.faults.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(measured: f64, held: f64) -> (usize, usize) {
        let mut verdict = Verdict::default();
        verdict.compare("it", measured, held);
        (verdict.faults.len(), verdict.less.len())
    }

    #[test]
    fn three_percent_more_is_allowed() {
        assert_eq!(compared(1030.0, 1000.0), (0, 0));
        assert_eq!(compared(1031.0, 1000.0), (1, 0));
        assert_eq!(compared(11.91, 11.50), (1, 0));
    }

    #[test]
    fn three_percent_less_is_worth_a_line() {
        assert_eq!(compared(971.0, 1000.0), (0, 0));
        assert_eq!(compared(970.0, 1000.0), (0, 1));
    }

    #[test]
    fn nothing_is_held_at_zero() {
        assert_eq!(compared(0.0, 0.0), (0, 0));
        assert_eq!(compared(1.0, 0.0), (1, 0));
    }

    #[test]
    fn another_compiler_is_a_fault() {
        let mut verdict = Verdict::default();
        verdict.compare("it", 1.0, 1.0);
        verdict.compiler("1.96.0", "1.96.0");
        assert!(verdict.holds());
        verdict.compiler("1.97.0", "1.96.0");
        assert!(!verdict.holds());
    }

    #[test]
    fn a_run_that_compares_nothing_does_not_pass() {
        assert!(!Verdict::default().holds());
    }
}
