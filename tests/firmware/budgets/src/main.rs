//! Measures what the library costs on a device: builds the firmware in the folders beside this one, compares the figures with
//! `budgets.toml`, and compares the tables with those in `README.md`.
//!
//! ```sh
//! cargo run --manifest-path tests/firmware/budgets/Cargo.toml                     # everything
//! cargo run --manifest-path tests/firmware/budgets/Cargo.toml -- --write          # write the tables to README.md
//! cargo run --manifest-path tests/firmware/budgets/Cargo.toml -- --hold           # write the figures to budgets.toml too
//! cargo run --manifest-path tests/firmware/budgets/Cargo.toml -- flash            # one table: flash, memory, instructions
//! cargo run --manifest-path tests/firmware/budgets/Cargo.toml -- flash --symbols  # list the symbols of what misses its aim, or the bytes in .data
//! ```
//!
//! `BARE_METAL_CARGO` is the command that builds for bare metal. If it is not set, `cargo` builds with the targets that are
//! installed (`rustup target add thumbv6m-none-eabi`). Figures of two compilers cannot be compared: with another compiler
//! than that of the budgets, the tables are printed and the comparison fails.

mod bare_metal;
mod budgets;
mod elf;
mod flash;
mod instructions;
mod level;
mod memory;
mod page;
mod progress;
mod verdict;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use budgets::{Budgets, Held};
use verdict::Verdict;

fn main() -> ExitCode {
    match Options::parse(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(verdict) => {
            println!("{verdict}");
            if verdict.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(reason) => {
            eprintln!("budgets: {reason}");
            ExitCode::from(2)
        }
    }
}

/// The arguments.
#[derive(Debug, Default, PartialEq)]
struct Options {
    /// Which tables to measure; all of them if empty.
    tables: Vec<String>,
    symbols: bool,
    write: bool,
    hold: bool,
}

impl Options {
    fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        for argument in arguments {
            match argument.as_str() {
                "flash" | "memory" | "instructions" => options.tables.push(argument),
                "--symbols" => options.symbols = true,
                "--write" => options.write = true,
                "--hold" => options.hold = true,
                _ => {
                    let known = "flash, memory, instructions, --symbols, --write, --hold";
                    return Err(format!("{argument:?} is none of: {known}"));
                }
            }
        }
        if (options.write || options.hold) && !options.tables.is_empty() {
            return Err("--write and --hold need all tables: leave out flash, memory and instructions".into());
        }
        Ok(options)
    }

    fn wants(&self, table: &str) -> bool {
        self.tables.is_empty() || self.tables.iter().any(|asked| asked == table)
    }
}

fn run(options: &Options) -> Result<Verdict, String> {
    let mut budgets = Budgets::read()?;
    let linked = options.wants("flash").then(|| flash::measure(&budgets.flash)).transpose()?;
    let sizes = options.wants("memory").then(|| memory::measure(&budgets)).transpose()?;
    let counts = options.wants("instructions").then(|| instructions::measure(&budgets.instructions)).transpose()?;
    if options.hold {
        let mut figures: Vec<Held> = Vec::new();
        figures.extend(linked.iter().flat_map(flash::held));
        figures.extend(sizes.iter().flat_map(memory::held));
        figures.extend(counts.iter().flat_map(|counts| instructions::held(counts)));
        budgets = Budgets::hold(&figures)?;
    }
    let mut verdict = Verdict::default();
    if let Some(linked) = &linked {
        flash::report(&budgets, linked, &mut verdict);
        if options.symbols {
            flash::symbols(&budgets.flash, linked);
        }
    }
    if let Some(sizes) = &sizes {
        memory::report(&budgets, sizes, &mut verdict);
        if options.symbols {
            memory::symbols(sizes);
        }
    }
    if let Some(counts) = &counts {
        instructions::report(&budgets.instructions, counts, &mut verdict);
    }
    if options.tables.is_empty() {
        verdict.page(options.write || options.hold)?;
    }
    Ok(verdict)
}

/// The folder of the firmware.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &str) -> Result<Options, String> {
        Options::parse(arguments.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn arguments_choose_tables_and_what_is_written() {
        let options = parse("flash --symbols").unwrap();
        assert!(options.symbols && options.wants("flash") && !options.wants("memory"));
        let options = parse("--hold").unwrap();
        assert!(options.hold && ["flash", "memory", "instructions"].iter().all(|table| options.wants(table)));
        assert!(parse("falsh").unwrap_err().contains("none of"));
    }

    #[test]
    fn parts_of_the_page_cannot_be_written() {
        assert!(parse("flash --write").is_err());
        assert!(parse("--hold memory").is_err());
    }
}
