//! Firmware from source to file. Knows how cargo is called, and nothing of what is built.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::elf::Elf;

/// Builds all binaries of a package of this workspace, and says where they are.
pub fn build(package: &str, target: &str, profile: &str) -> Result<PathBuf, String> {
    let output = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let command = env::var("BARE_METAL_CARGO").unwrap_or_else(|_| "cargo".into());
    let mut words = command.split_whitespace();
    let program = words.next().ok_or("BARE_METAL_CARGO is empty")?;
    let status = Command::new(program)
        .args(words)
        .args(["build", "--locked", "--quiet", "--bins", "--package", package])
        .args(["--profile", profile, "--target", target])
        .arg("--manifest-path")
        .arg(root().join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", &output)
        // Theirs are of the toolchain that builds this program.
        .env_remove("LD_LIBRARY_PATH")
        .env_remove("RUSTFLAGS")
        .status()
        .map_err(|error| format!("{command:?} cannot be run: {error}"))?;
    if !status.success() {
        return Err(format!("{command:?} did not build {package} for {target}"));
    }
    Ok(output.join(target).join(profile))
}

/// What was built.
pub fn open(file: &Path) -> Result<Elf, String> {
    let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Elf::parse(&bytes).map_err(|error| format!("{}: {error}", file.display()))
}

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
