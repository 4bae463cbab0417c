//! The page that shows the tables, and the block in it that this tool writes.

use std::fs;

use crate::workspace;

/// A table in Markdown.
pub(crate) struct Table(String);

impl Table {
    /// The header row. The first column is left-aligned, the others are numbers.
    pub(crate) fn new(header: &str) -> Self {
        let columns = header.matches('|').count().saturating_sub(2);
        Self(format!("{header}\n|---|{}\n", "--:|".repeat(columns)))
    }

    pub(crate) fn row(&mut self, row: &str) {
        self.0.push_str(row);
        self.0.push('\n');
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

const BEGIN: &str = "<!-- cost: written by `budgets --write` -->\n";
const END: &str = "<!-- /cost -->";

/// `README.md` of the firmware tests.
pub(crate) struct Page {
    text: String,
}

impl Page {
    pub(crate) fn read() -> Result<Self, String> {
        let file = workspace().join("README.md");
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Self { text })
    }

    /// Whether the block holds these tables. A number may differ by 1 %, because the folder in which the firmware is built
    /// changes a few bytes of it.
    pub(crate) fn shows(&self, tables: &str) -> Result<bool, String> {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let (shown, measured) = (words(self.block()?.1), words(tables));
        Ok(shown.len() == measured.len()
            && shown.iter().zip(&measured).all(|(shown, measured)| is_alike(shown, measured)))
    }

    /// Puts these tables into the block.
    pub(crate) fn write(&self, tables: &str) -> Result<(), String> {
        let (before, _, after) = self.block()?;
        let file = workspace().join("README.md");
        fs::write(&file, [before, tables, after].concat()).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// What comes before the block, the block, and what comes after it.
    fn block(&self) -> Result<(&str, &str, &str), String> {
        let missing = || format!("README.md has no block from {:?} to {END:?}", BEGIN.trim_end());
        let start = self.text.find(BEGIN).ok_or_else(missing)? + BEGIN.len();
        let (before, rest) = self.text.split_at(start);
        let (block, after) = rest.split_at(rest.find(END).ok_or_else(missing)?);
        Ok((before, block, after))
    }
}

/// Whether two words of a table are the same, or numbers within 1 % of each other.
fn is_alike(one: &str, other: &str) -> bool {
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => (one - other).abs() <= one.abs() / 100.0,
        _ => one == other,
    }
}
