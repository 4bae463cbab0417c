//! Writes the first events of each input to a file, so that nothing is generated in Callgrind, where it would take
//! minutes. Also passes the version of the compiler to the tool.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use embedded_sse::Decoder;

#[path = "../inputs/mod.rs"]
mod inputs;

use inputs::Input;

/// The least length of a file in bytes. Each file ends with a whole event.
const LEAST: usize = 64 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../inputs/mod.rs");
    println!("cargo::rustc-env=COMPILER={}", compiler()?);
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo has not set OUT_DIR")?);
    inputs::all().iter().try_for_each(|input| write(input, &folder))
}

/// Returns the version of the compiler that builds this package, as in `1.95.0`.
fn compiler() -> Result<String, Box<dyn Error>> {
    let output = Command::new(env::var_os("RUSTC").ok_or("cargo has not set RUSTC")?).arg("--version").output()?;
    let text = String::from_utf8(output.stdout)?;
    Ok(text.split_whitespace().nth(1).ok_or("rustc --version has printed no version")?.to_owned())
}

/// Writes the first events of an input, after comparing them with its messages.
fn write(input: &Input, folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut decoder = Decoder::with_id_store(vec![0; 2 * LEAST], [0; 2 * 256]);
    let mut rest = &input.bytes[..];
    for message in &input.messages {
        match decoder.next_event(&mut rest) {
            Some(Ok(event)) if event.data == message.data.as_bytes() => (),
            other => return Err(format!("{}: the decoder returned {other:?} for {message:?}", input.name).into()),
        }
        let length = input.bytes.len() - rest.len();
        if length >= LEAST {
            return Ok(fs::write(folder.join(input.name), &input.bytes[..length])?);
        }
    }
    Err(format!("{}: the input is shorter than {LEAST} bytes", input.name).into())
}
