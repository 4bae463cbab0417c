//! What the library costs on a device: builds the firmware beside this, measures it, compares it with `budgets.toml`, and prints
//! the table that the README shows.
//!
//! ```sh
//! cargo run --manifest-path tests/firmware/budgets/Cargo.toml                     # everything
//! cargo run --manifest-path tests/firmware/budgets/Cargo.toml -- flash            # one table: flash, memory, instructions
//! cargo run --manifest-path tests/firmware/budgets/Cargo.toml -- flash --symbols  # and where the bytes are
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
    let (mut tables, mut symbols) = (Vec::new(), false);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "flash" | "memory" | "instructions" => tables.push(argument),
            "--symbols" => symbols = true,
            _ => return Err(format!("{argument:?} is none of: flash, memory, instructions, --symbols")),
        }
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
    Ok(verdict)
}

/// The folder of the firmware.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
