//! The file with the held figures. This module must not depend on how they are counted.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fmt, fs};

use serde::Deserialize;

/// The file, relative to the root of the repository.
pub const FILE: &str = "benches/instructions/held.toml";

const NAME: &str = "held.toml";

const HEADER: &str = "\
# Instructions per 1000 bytes of stream, by work, input and chunk size in bytes. The guard fails if a figure is 3 %
# above the one here. Written by: cargo run --release --manifest-path benches/instructions/Cargo.toml -- --accept
";

/// What was counted: a function of `benches/work.rs`, the input, and the chunk size in bytes or `whole`.
#[derive(Debug, PartialEq)]
pub struct Key {
    pub work: String,
    pub input: String,
    pub chunk: String,
}

/// One figure: instructions per 1000 bytes.
pub type Figure = (Key, u64);

/// The compiler and the CPU that figures depend on.
#[derive(Debug, PartialEq)]
pub struct Origin {
    compiler: String,
    cpu: String,
}

/// The content of the file.
#[derive(Debug, PartialEq)]
pub struct Held {
    pub origin: Origin,
    pub figures: Vec<Figure>,
}

impl Origin {
    /// Returns the compiler that built this tool, and the kind of CPU that it runs on.
    pub fn here() -> Self {
        Self { compiler: env!("COMPILER").into(), cpu: cpu().into() }
    }
}

impl Held {
    /// Reads the file in the folder of this package.
    pub fn read(package: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(package.join(NAME))
            .map_err(|error| format!("cannot read {FILE}: {error}: restore the file, or run this with --accept"))?;
        Self::parse(&text)
    }

    /// Writes the file in the folder of this package.
    pub fn write(&self, package: &Path) -> Result<(), String> {
        fs::write(package.join(NAME), self.text()).map_err(|error| format!("cannot write {FILE}: {error}"))
    }

    fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Content {
            compiler: String,
            cpu: String,
            /// By work, input and chunk size.
            #[serde(flatten)]
            works: BTreeMap<String, BTreeMap<String, BTreeMap<String, u64>>>,
        }
        let Content { compiler, cpu, works } = toml::from_str(text)
            .map_err(|error| format!("{FILE}: {error}: restore the file, or run this with --accept"))?;
        let mut figures = Vec::new();
        for (work, inputs) in &works {
            for (input, chunks) in inputs {
                figures.extend(chunks.iter().map(|(chunk, &figure)| (Key::new(work, input, chunk), figure)));
            }
        }
        Ok(Self { origin: Origin { compiler, cpu }, figures })
    }

    /// Returns the text of the file, with one line for each input, so that a change is easy to review.
    fn text(&self) -> String {
        let Origin { compiler, cpu } = &self.origin;
        let mut text = format!("{HEADER}compiler = \"{compiler}\"\ncpu = \"{cpu}\"\n");
        for work in self.figures.chunk_by(|(a, _), (b, _)| a.work == b.work) {
            text += &format!("\n[{}]\n", work[0].0.work);
            for input in work.chunk_by(|(a, _), (b, _)| a.input == b.input) {
                let cells: Vec<_> = input.iter().map(|(key, figure)| format!("{} = {figure}", key.chunk)).collect();
                text += &format!("{} = {{ {} }}\n", input[0].0.input, cells.join(", "));
            }
        }
        text
    }
}

impl Key {
    pub fn new(work: &str, input: &str, chunk: &str) -> Self {
        Self { work: work.into(), input: input.into(), chunk: chunk.into() }
    }
}

/// Returns the kind of CPU as far as it decides what is executed. Callgrind shows programs the vector instructions that
/// it can emulate, at most AVX2, if the CPU has them.
fn cpu() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return "x86_64 with AVX2";
    }
    std::env::consts::ARCH
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rustc {} on {}", self.compiler, self.cpu)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, chunks: {}", self.work, self.input, self.chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"compiler = "1.2.3"
cpu = "x86_64 with AVX2"

[events]
64k-line = { whole = 9, 64 = 20 }
tiny = { 64 = 7 }

[frames]
tiny = { whole = 3 }
"#;

    fn held() -> Held {
        let figures = [
            ("events", "64k-line", "whole", 9),
            ("events", "64k-line", "64", 20),
            ("events", "tiny", "64", 7),
            ("frames", "tiny", "whole", 3),
        ];
        Held {
            origin: Origin { compiler: "1.2.3".into(), cpu: "x86_64 with AVX2".into() },
            figures: figures.map(|(work, input, chunk, figure)| (Key::new(work, input, chunk), figure)).into(),
        }
    }

    #[test]
    fn the_file_has_one_line_for_each_input_and_is_read_back() {
        assert_eq!(held().text(), [HEADER, TEXT].concat());
        let read = Held::parse(&held().text()).expect("the same file");
        assert_eq!(read.origin, held().origin);
        assert_eq!(read.figures.len(), 4);
        assert!(held().figures.iter().all(|figure| read.figures.contains(figure)));
    }

    #[test]
    fn a_damaged_file_is_an_error_that_names_the_file_and_the_command() {
        for text in ["", "compiler = 1", &TEXT.replace("64 = 7", "64 = -7"), &TEXT.replace("cpu", "CPU")] {
            let error = Held::parse(text).expect_err("a damaged file");
            assert!(error.starts_with(FILE) && error.ends_with("run this with --accept"), "{error}");
        }
    }

    #[test]
    fn a_missing_file_is_an_error_that_names_the_file_and_the_command() {
        let error = Held::read(Path::new("no such folder")).expect_err("there is no such folder");
        assert!(error.contains(FILE) && error.ends_with("run this with --accept"), "{error}");
    }
}
