//! Measures what the library costs on a device: builds the firmware in the folders beside this one, compares the figures with
//! `budgets.toml`, and compares the tables with those in `README.md`.
//!
//! ```sh
//! cargo run --manifest-path tests/firmware/budgets/Cargo.toml                     # everything
//! cargo run --manifest-path tests/firmware/budgets/Cargo.toml -- --write          # write the tables to README.md
//! cargo run --manifest-path tests/firmware/budgets/Cargo.toml -- flash            # one table: flash, memory, instructions
//! cargo run --manifest-path tests/firmware/budgets/Cargo.toml -- flash --symbols  # list the symbols of what misses its target
//! ```
//!
//! `BARE_METAL_CARGO` is the command that builds for bare metal; without it that is `cargo`, and the targets have to be there
//! (`rustup target add thumbv6m-none-eabi`). Figures of two compilers cannot be compared: with another one than the budgets
//! were measured with, the table is printed and the comparison fails.

mod bare_metal;
mod elf;
mod flash;
mod held;
mod instructions;
mod memory;
mod page;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
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

fn run() -> Result<held::Verdict, String> {
    let budgets = held::Budgets::read()?;
    let (mut tables, mut symbols, mut write) = (Vec::new(), false, false);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "flash" | "memory" | "instructions" => tables.push(argument),
            "--symbols" => symbols = true,
            "--write" => write = true,
            _ => return Err(format!("{argument:?} is none of: flash, memory, instructions, --symbols, --write")),
        }
    }
    if write && !tables.is_empty() {
        return Err("--write needs all tables: leave out flash, memory and instructions".into());
    }
    let wanted = |table| tables.is_empty() || tables.iter().any(|asked| asked == table);
    let mut verdict = held::Verdict::new(&budgets);
    if wanted("flash") {
        flash::measure(&budgets, symbols, &mut verdict)?;
    }
    if wanted("memory") {
        memory::measure(&budgets, &mut verdict)?;
    }
    if wanted("instructions") {
        instructions::measure(&budgets, &mut verdict)?;
    }
    if tables.is_empty() {
        verdict.page(write)?;
    }
    Ok(verdict)
}

/// The folder of the firmware.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
