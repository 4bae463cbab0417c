//! The reasons why the tool cannot do what it was asked to do.

use std::{error, fmt, io};

#[derive(Debug)]
pub enum Error {
    /// There is no input of this name.
    NoInput { asked: String, names: Vec<&'static str> },
    /// The file cannot be read.
    Read { file: &'static str, error: io::Error },
    /// The file cannot be written.
    Write { file: &'static str, error: io::Error },
    /// The chart cannot be drawn.
    Draw { file: &'static str, error: Box<dyn error::Error> },
    /// The page lacks one of the two markers around the block.
    Marker { page: &'static str, marker: &'static str },
    /// The file with the figures is not JSON of the expected form.
    Figures { file: &'static str, field: &'static str, error: serde_json::Error },
    /// The figures do not have one value for each run.
    Missing { table: String, input: String },
    /// No other crate reads or writes this input correctly, so that there is no ratio.
    NoPeer { table: String, input: &'static str },
    /// This crate gives a wrong result.
    Wrong { name: &'static str, input: &'static str },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoInput { asked, names } => write!(f, "no input `{asked}`; there are: {}", names.join(", ")),
            Self::Read { file, error } => write!(f, "cannot read {file}: {error}"),
            Self::Write { file, error } => write!(f, "cannot write {file}: {error}"),
            Self::Draw { file, error } => write!(f, "cannot draw {file}: {error}"),
            Self::Marker { page, marker } => {
                write!(f, "{page} has no line `{marker}`: put it back where the block begins or ends")
            }
            Self::Figures { file, field, error } => {
                write!(f, "{file}: {field}: {error}: restore the file, or run this with --write")
            }
            Self::Missing { table, input } => write!(
                f,
                "the figures do not have one ratio per run for `{input}` in `{table}`: restore the file, or run this with \
                 --write"
            ),
            Self::NoPeer { table, input } => {
                write!(f, "{table}: no other crate gives a correct result on {input}, so there is no ratio to write")
            }
            Self::Wrong { name, input } => {
                write!(f, "{name} gives a wrong result on {input}, so nothing is written: fix this crate first")
            }
        }
    }
}

impl error::Error for Error {}
