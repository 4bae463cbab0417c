//! The comparison of the figures with the held ones. This module must not depend on how either is obtained.

use std::fmt;

use crate::held::Figure;

/// The result of a comparison.
#[derive(Debug, Default, PartialEq)]
pub struct Verdict {
    compared: usize,
    faults: Vec<String>,
    less: Vec<String>,
}

impl Verdict {
    /// Compares figures. One that is 3 % above the held one is a fault, and so is one that is held or measured only.
    pub fn new(measured: &[Figure], held: &[Figure]) -> Self {
        let mut verdict = Self::default();
        for (key, figure) in measured {
            match held.iter().find(|(other, _)| other == key) {
                Some((_, held)) => verdict.compare(key, *figure, *held),
                None => verdict.faults.push(format!("{key}: {figure}, but no figure is held")),
            }
        }
        for (key, held) in held.iter().filter(|(key, _)| measured.iter().all(|(other, _)| other != key)) {
            verdict.faults.push(format!("{key}: {held} is held, but nothing was measured"));
        }
        verdict
    }

    fn compare(&mut self, what: &impl fmt::Display, measured: u64, held: u64) {
        self.compared += 1;
        if measured * 100 > held * 103 {
            self.faults.push(format!("{what}: {measured}, more than 3 % above {held}"));
        } else if measured * 103 < held * 100 {
            self.less.push(format!("{what}: {measured}, so hold that instead of {held}"));
        }
    }

    /// Returns whether figures were compared and none is a fault.
    pub fn holds(&self) -> bool {
        self.faults.is_empty() && self.compared > 0
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.less.iter().try_for_each(|line| writeln!(f, "less: {line}"))?;
        self.faults.iter().try_for_each(|line| writeln!(f, "FAILED: {line}"))?;
        if !self.less.is_empty() || !self.faults.is_empty() {
            writeln!(f, "to accept the new figures, run this with --accept, and say why in the commit")?;
        }
        write!(f, "{} compared, {} failed", self.compared, self.faults.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::held::Key;

    fn verdict(measured: &[(&str, u64)], held: &[(&str, u64)]) -> Verdict {
        let figures = |figures: &[(&str, u64)]| -> Vec<Figure> {
            figures.iter().map(|&(input, figure)| (Key::new("events", input, "64"), figure)).collect()
        };
        Verdict::new(&figures(measured), &figures(held))
    }

    #[test]
    fn up_to_3_percent_more_or_less_is_the_same() {
        for measured in [971, 1000, 1030] {
            let verdict = verdict(&[("tiny", measured)], &[("tiny", 1000)]);
            assert_eq!(verdict, Verdict { compared: 1, ..Verdict::default() });
            assert!(verdict.holds());
            assert_eq!(verdict.to_string(), "1 compared, 0 failed");
        }
    }

    #[test]
    fn more_than_3_percent_above_the_held_figure_fails() {
        let verdict = verdict(&[("tiny", 1031), ("named", 5)], &[("tiny", 1000), ("named", 5)]);
        assert!(!verdict.holds());
        assert_eq!(
            verdict.to_string(),
            "FAILED: events, tiny, chunks: 64: 1031, more than 3 % above 1000\n\
             to accept the new figures, run this with --accept, and say why in the commit\n\
             2 compared, 1 failed"
        );
    }

    #[test]
    fn clearly_less_is_reported_and_does_not_fail() {
        let verdict = verdict(&[("tiny", 970)], &[("tiny", 1000)]);
        assert!(verdict.holds());
        assert!(
            verdict.to_string().starts_with("less: events, tiny, chunks: 64: 970, so hold that instead of 1000\n"),
            "{verdict}"
        );
    }

    #[test]
    fn a_figure_that_is_held_or_measured_only_fails() {
        let verdict = verdict(&[("tiny", 5), ("new", 6)], &[("tiny", 5), ("old", 7)]);
        assert!(!verdict.holds());
        assert_eq!(
            verdict.faults,
            [
                "events, new, chunks: 64: 6, but no figure is held",
                "events, old, chunks: 64: 7 is held, but nothing was measured"
            ]
        );
    }

    #[test]
    fn a_comparison_of_nothing_does_not_hold() {
        assert!(!verdict(&[], &[]).holds());
    }
}
