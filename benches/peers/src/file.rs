//! The file that holds the figures. This module must not depend on how they are measured or rendered.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, from_value, json};

use crate::error::Error;
use crate::figures::{Figures, Tables};

/// The file, relative to the root of the repository.
pub const FILE: &str = "benches/figures.json";

impl Figures {
    /// Reads the file.
    pub fn read(root: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(root.join(FILE)).map_err(|error| Error::Read { file: FILE, error })?;
        Self::parse(&text)
    }

    /// Writes the file.
    pub fn write(&self, root: &Path) -> Result<(), Error> {
        fs::write(root.join(FILE), self.text()).map_err(|error| Error::Write { file: FILE, error })
    }

    fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |field| move |error| Error::Figures { file: FILE, field, error };
        let mut fields: Map<String, Value> = serde_json::from_str(text).map_err(wrong("the whole file"))?;
        let mut field = |name| fields.remove(name).unwrap_or_default();
        Ok(Self {
            date: from_value(field("date")).map_err(wrong("date"))?,
            cpu: from_value(field("cpu")).map_err(wrong("cpu"))?,
            rounds: from_value(field("rounds")).map_err(wrong("rounds"))?,
            runs: from_value(field("runs")).map_err(wrong("runs"))?,
            ratios: from_value(field("ratios")).map_err(wrong("ratios"))?,
            fastest: from_value(field("fastest")).map_err(wrong("fastest"))?,
        })
    }

    /// Returns the text of the file: JSON with one line for each input, so that a change is easy to review.
    fn text(&self) -> String {
        let fields = [
            ("date", json!(self.date).to_string()),
            ("cpu", json!(self.cpu).to_string()),
            ("rounds", json!(self.rounds).to_string()),
            ("runs", json!(self.runs).to_string()),
            ("ratios", lines(&self.ratios)),
            ("fastest", lines(&self.fastest)),
        ];
        let fields = fields.map(|(name, value)| format!("  {}: {value}", json!(name)));
        format!("{{\n{}\n}}\n", fields.join(",\n"))
    }
}

fn lines<T: Clone + Into<Value>>(tables: &Tables<T>) -> String {
    let object = |indent: &str, members: Vec<String>| format!("{{\n{}\n{indent}}}", members.join(",\n"));
    let row = |(input, values): (&String, &Vec<T>)| format!("      {}: {}", json!(input), Value::from(values.clone()));
    let table = |(name, rows): (&String, &BTreeMap<String, Vec<T>>)| {
        format!("    {}: {}", json!(name), object("    ", rows.iter().map(row).collect()))
    };
    object("  ", tables.iter().map(table).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::tests::two_runs;

    const TEXT: &str = r#"{
  "date": "2026-01-05",
  "cpu": "A \"fast\" CPU",
  "rounds": 3,
  "runs": 2,
  "ratios": {
    "one": {
      "named": [0.667,2.667],
      "tiny": [2.0,8.0]
    }
  },
  "fastest": {
    "64": {
      "tiny": ["slow","slower"]
    }
  }
}
"#;

    #[test]
    fn the_file_has_one_line_for_each_input_and_is_read_back() {
        let figures = two_runs();
        assert_eq!(figures.text(), TEXT);
        assert_eq!(Figures::parse(TEXT).expect("the same figures"), figures);
    }

    #[test]
    fn a_file_of_another_form_is_refused_with_the_name_of_the_field() {
        let without_runs = TEXT.replace("  \"runs\": 2,\n", "");
        for (text, named) in [("[]", "the whole file"), ("{", "the whole file"), (without_runs.as_str(), "runs")] {
            match Figures::parse(text) {
                Err(Error::Figures { file: FILE, field, .. }) => assert_eq!(field, named),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_folder_without_the_file_is_an_error_that_names_the_file() {
        let error = Figures::read(Path::new("no such folder")).expect_err("there is no such folder");
        assert!(matches!(error, Error::Read { file: FILE, .. }));
        assert!(error.to_string().starts_with("cannot read benches/figures.json: "), "{error}");
    }
}
