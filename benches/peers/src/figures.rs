//! The figures that the pages show. This module must not depend on how they are stored or rendered.

use std::collections::BTreeMap;

use crate::contender::Kind;
use crate::error::Error;
use crate::race::Race;
use crate::report::chunk_name;
use crate::verdict::{self, geometric_mean};

/// Values by table and input, one for each run.
pub type Tables<T> = BTreeMap<String, BTreeMap<String, Vec<T>>>;

/// The figures of one or several runs.
#[derive(Debug, Default, PartialEq)]
pub struct Figures {
    pub date: String,
    /// The model of the CPU, if it is known.
    pub cpu: Option<String>,
    /// The number of rounds in each run.
    pub rounds: u16,
    pub runs: usize,
    pub ratios: Tables<f64>,
    /// The crates that the ratios for decoding are relative to, by chunk size.
    pub fastest: Tables<String>,
}

/// The runs in one figure.
pub struct Spread {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

/// The names of the tables in the file.
pub mod table {
    /// Decoding to `events` ("bytes" or "text"), relative to the fastest other crate.
    pub fn decoding(events: &str, chunk: &str) -> String {
        format!("decoding as {events}, chunks: {chunk}")
    }

    /// Streams of owned events, relative to the stream of `peer`.
    pub fn stream(peer: &str) -> String {
        format!("EventStream, against {peer}")
    }

    /// Decoding as bytes, relative to the bare search for line ends.
    pub const LIMIT: &str = "decoding as bytes, of a memchr2 scan";

    /// Writing, relative to `russe`.
    pub const WRITING: &str = "writing, against russe";
}

impl Figures {
    /// Creates an empty set of figures, to which each run is [added](Self::add).
    pub fn new(date: String, cpu: Option<String>, rounds: u16) -> Self {
        Self { date, cpu, rounds, ..Self::default() }
    }

    /// Adds one run.
    ///
    /// # Errors
    ///
    /// Returns an error if this crate gives a wrong result, or if no other crate gives a correct one.
    pub fn add(&mut self, reading: &[Race], writing: &[Race]) -> Result<(), Error> {
        for race in reading.iter().chain(writing) {
            if let Some(ours) = race.entrants.iter().find(|entrant| entrant.kind == Kind::Ours && !entrant.right) {
                return Err(Error::Wrong { name: ours.name, input: race.input.name });
            }
        }
        for race in reading {
            let (chunk, input) = (chunk_name(race.chunk), race.input.name);
            for (events, name) in [("bytes", verdict::BYTES), ("text", verdict::TEXT)] {
                self.push(table::decoding(events, &chunk), input, verdict::ahead(race, name))?;
            }
            if let Some(peer) = race.fastest_peer() {
                push(&mut self.fastest, chunk, input, peer.name.to_owned());
            }
            if race.chunk == usize::MAX {
                self.push(table::LIMIT.into(), input, verdict::of_limit(race, verdict::BYTES))?;
            }
            if race.chunk == verdict::STREAM_CHUNK {
                for &(peer, ..) in verdict::STREAMS {
                    self.push(table::stream(peer), input, verdict::ratio(race, verdict::STREAM, peer))?;
                }
            }
        }
        for race in writing {
            self.push(table::WRITING.into(), race.input.name, verdict::ratio(race, verdict::WRITER, "russe"))?;
        }
        self.runs += 1;
        Ok(())
    }

    fn push(&mut self, table: String, input: &'static str, ratio: Option<f64>) -> Result<(), Error> {
        let Some(ratio) = ratio else { return Err(Error::NoPeer { table, input }) };
        push(&mut self.ratios, table, input, (ratio * 1000.0).round() / 1000.0);
        Ok(())
    }

    /// Returns the ratios on one input, in the order of the runs.
    pub fn ratios(&self, table: &str, input: &str) -> Result<&[f64], Error> {
        self.values(&self.ratios, table, input)
    }

    /// Returns the fastest other crate on one input, in the order of the runs.
    pub fn fastest(&self, chunk: &str, input: &str) -> Result<&[String], Error> {
        self.values(&self.fastest, chunk, input)
    }

    fn values<'a, T>(&self, tables: &'a Tables<T>, table: &str, input: &str) -> Result<&'a [T], Error> {
        let values = tables.get(table).and_then(|table| table.get(input));
        match values.filter(|values| !values.is_empty() && values.len() == self.runs) {
            Some(values) => Ok(values),
            None => Err(Error::Missing { table: table.into(), input: input.into() }),
        }
    }

    /// Returns the ratio on one input.
    pub fn ratio(&self, table: &str, input: &str) -> Result<Spread, Error> {
        self.ratios(table, input).map(|ratios| Spread::of(ratios.to_vec()))
    }

    /// Returns the geometric mean over these inputs, which is calculated for each run.
    pub fn mean<'a>(&self, table: &str, inputs: impl Iterator<Item = &'a str>) -> Result<Spread, Error> {
        let columns = inputs.map(|input| self.ratios(table, input)).collect::<Result<Vec<_>, _>>()?;
        let mean = |run: usize| geometric_mean(columns.iter().map(|ratios| ratios[run]));
        Ok(Spread::of((0..self.runs).map(mean).collect()))
    }
}

impl Spread {
    /// Summarises the values of all runs, of which there is at least one.
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let last = values.len() - 1;
        Self { median: (values[last / 2] + values[last.div_ceil(2)]) / 2.0, least: values[0], most: values[last] }
    }
}

fn push<T>(tables: &mut Tables<T>, table: String, input: &str, value: T) {
    tables.entry(table).or_default().entry(input.to_owned()).or_default().push(value);
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn two_runs() -> Figures {
        let mut figures = Figures::new("2026-01-05".into(), Some("A \"fast\" CPU".into()), 3);
        for (ratio, peer) in [(2.0, "slow"), (8.0, "slower")] {
            figures.push("one".into(), "tiny", Some(ratio)).expect("a ratio");
            figures.push("one".into(), "named", Some(ratio / 3.0)).expect("a ratio");
            push(&mut figures.fastest, "64".into(), "tiny", peer.into());
            figures.runs += 1;
        }
        figures
    }

    #[test]
    fn a_figure_is_the_median_of_the_runs() {
        let spread = |values: &[f64]| {
            let spread = Spread::of(values.to_vec());
            [spread.least, spread.median, spread.most]
        };
        assert_eq!(spread(&[2.0]), [2.0, 2.0, 2.0]);
        assert_eq!(spread(&[4.0, 2.0]), [2.0, 3.0, 4.0]);
        assert_eq!(spread(&[9.0, 1.0, 2.0]), [1.0, 2.0, 9.0]);
    }

    #[test]
    fn the_mean_is_taken_in_each_run() {
        let mut figures = two_runs();
        for (input, ratios) in [("tiny", [2.0, 16.0]), ("named", [8.0, 1.0])] {
            figures.ratios.entry("two".into()).or_default().insert(input.into(), ratios.into());
        }
        let mean = figures.mean("two", ["tiny", "named"].into_iter()).expect("all ratios");
        let rounded = [mean.least, mean.median, mean.most].map(|mean| (mean * 1e6).round() / 1e6);
        assert_eq!(rounded, [4.0, 4.0, 4.0]);
    }

    #[test]
    fn an_input_without_a_ratio_for_each_run_is_refused() {
        let mut figures = two_runs();
        figures.runs = 3;
        for (table, input) in [("one", "tiny"), ("one", "x"), ("x", "tiny")] {
            assert!(
                matches!(figures.ratios(table, input), Err(Error::Missing { table: t, input: i }) if t == table && i == input)
            );
        }
        assert!(matches!(figures.fastest("64", "tiny"), Err(Error::Missing { .. })));
    }
}
