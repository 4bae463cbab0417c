//! What the library costs on a device: builds the firmware beside this, measures it, compares it with `budgets.toml`, and prints
//! the table that the README shows.
//!
//! ```sh
//! cargo run --manifest-path tests/firmware/budgets/Cargo.toml                     # everything
//! cargo run --manifest-path tests/firmware/budgets/Cargo.toml -- flash            # one table
//! cargo run --manifest-path tests/firmware/budgets/Cargo.toml -- flash --symbols  # and where the bytes are
//! ```
//!
//! `BARE_METAL_CARGO` is the command that builds for bare metal, `cargo` if it is not set; then the targets have to be there
//! (`rustup target add thumbv6m-none-eabi`). Figures of two compilers cannot be compared: with another one than the budgets
//! were measured with, the table is printed and the comparison fails.

mod build;
mod elf;
mod flash;
mod held;

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
            "flash" => tables.push(argument),
            "--symbols" => symbols = true,
            _ => return Err(format!("{argument:?} is none of: flash, --symbols")),
        }
    }
    let wanted = |table| tables.is_empty() || tables.iter().any(|asked| asked == table);
    let mut verdict = held::Verdict::new(&budgets);
    if wanted("flash") {
        flash::measure(&budgets, symbols, &mut verdict)?;
    }
    Ok(verdict)
}
