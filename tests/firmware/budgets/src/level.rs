//! The optimization levels and the cores that have figures, under the names that `budgets.toml` gives them.

use std::fmt;

use serde::Deserialize;

use crate::bare_metal::{BOARDS, Board};

/// A value of `opt-level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Three,
    S,
    Z,
}

impl Level {
    pub(crate) const ALL: [Self; 3] = [Self::Three, Self::S, Self::Z];

    /// Returns cargo's profile with this level.
    pub(crate) fn profile(self) -> &'static str {
        match self {
            Self::Three => "o3",
            Self::S => "s",
            Self::Z => "z",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Three => "3",
            Self::S => "s",
            Self::Z => "z",
        })
    }
}

/// A value for each level.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Levels<T> {
    #[serde(rename = "3")]
    three: T,
    s: T,
    z: T,
}

impl<T> Levels<T> {
    pub(crate) fn try_new(mut value: impl FnMut(Level) -> Result<T, String>) -> Result<Self, String> {
        Ok(Self { three: value(Level::Three)?, s: value(Level::S)?, z: value(Level::Z)? })
    }

    pub(crate) fn get(&self, level: Level) -> &T {
        match level {
            Level::Three => &self.three,
            Level::S => &self.s,
            Level::Z => &self.z,
        }
    }
}

/// Writes an inline table, as in `budgets.toml`. Fractions have two digits.
impl<T: fmt::Display> fmt::Display for Levels<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{ 3 = {:.2}, s = {:.2}, z = {:.2} }}", self.three, self.s, self.z)
    }
}

/// A core on which instructions are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Core {
    M0,
    M4f,
    Rv32imc,
}

impl Core {
    pub(crate) const ALL: [Self; 3] = [Self::M0, Self::M4f, Self::Rv32imc];

    pub(crate) fn board(self) -> Board {
        let [m0, _, m4f, _, rv32imc] = BOARDS;
        match self {
            Self::M0 => m0,
            Self::M4f => m4f,
            Self::Rv32imc => rv32imc,
        }
    }
}

impl fmt::Display for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::M0 => "m0",
            Self::M4f => "m4f",
            Self::Rv32imc => "rv32imc",
        })
    }
}

/// A value for each core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cores<T> {
    m0: T,
    m4f: T,
    rv32imc: T,
}

impl<T> Cores<T> {
    pub(crate) fn try_new(mut value: impl FnMut(Core) -> Result<T, String>) -> Result<Self, String> {
        Ok(Self { m0: value(Core::M0)?, m4f: value(Core::M4f)?, rv32imc: value(Core::Rv32imc)? })
    }

    pub(crate) fn get(&self, core: Core) -> &T {
        match core {
            Core::M0 => &self.m0,
            Core::M4f => &self.m4f,
            Core::Rv32imc => &self.rv32imc,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_written_as_they_are_read() {
        let bytes: Levels<u64> = toml::from_str("3 = 700\ns = 650\nz = 632").unwrap();
        assert_eq!(bytes.to_string(), "{ 3 = 700, s = 650, z = 632 }");
        let counts: Levels<f64> = toml::from_str("3 = 8\ns = 9.5\nz = 10.257").unwrap();
        assert_eq!(counts.to_string(), "{ 3 = 8.00, s = 9.50, z = 10.26 }");
    }

    #[test]
    fn a_figure_needs_every_level_and_an_aim_does_not() {
        assert!(toml::from_str::<Levels<u64>>("3 = 700\nz = 632").is_err());
        assert!(toml::from_str::<Levels<u64>>("2 = 700\n3 = 700\ns = 650\nz = 632").is_err());
        let aim: Levels<Option<f64>> = toml::from_str("z = 9.5").unwrap();
        assert_eq!(Level::ALL.map(|level| *aim.get(level)), [None, None, Some(9.5)]);
    }

    #[test]
    fn each_core_has_its_board() {
        assert_eq!(Core::ALL.map(|core| core.board().core), ["Cortex-M0", "Cortex-M4F", "RV32IMC"]);
    }
}
