//! Builds firmware, and runs it under QEMU. This module must not depend on what a firmware does.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// A board that QEMU emulates. There is one board for each target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Board {
    /// Its name in QEMU.
    pub(crate) name: &'static str,
    pub(crate) core: &'static str,
    pub(crate) target: &'static str,
}

pub(crate) const BOARDS: [Board; 5] = [
    Board { name: "microbit", core: "Cortex-M0", target: "thumbv6m-none-eabi" },
    Board { name: "lm3s6965evb", core: "Cortex-M3", target: "thumbv7m-none-eabi" },
    Board { name: "mps2-an386", core: "Cortex-M4F", target: "thumbv7em-none-eabihf" },
    Board { name: "mps2-an505", core: "Cortex-M33", target: "thumbv8m.main-none-eabihf" },
    Board { name: "virt", core: "RV32IMC", target: "riscv32imc-unknown-none-elf" },
];

/// The result of a run.
#[derive(Debug)]
#[allow(dead_code, reason = "logs are read as bytes, all else as text")]
pub(crate) struct Run {
    /// `None`: it did not end in time, or QEMU was killed.
    pub(crate) status: Option<i32>,
    /// Its output, panics included: as text and as bytes.
    pub(crate) said: String,
    pub(crate) bytes: Vec<u8>,
}

/// Builds binaries of a package of the workspace, and returns the folder that they are in. `options` are cargo's.
///
/// The environment variable `BARE_METAL_CARGO` is the command to build with, split at spaces. If it is not set, that is
/// `cargo`.
pub(crate) fn build(
    workspace: &Path,
    package: &str,
    target: &str,
    profile: &str,
    options: &[&str],
) -> Result<PathBuf, String> {
    let folder = env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from);
    let command = env::var("BARE_METAL_CARGO").unwrap_or_else(|_| "cargo".into());
    let mut words = command.split_whitespace();
    let output = Command::new(words.next().ok_or("BARE_METAL_CARGO is empty")?)
        .args(words)
        .args(["build", "--locked", "--package", package, "--profile", profile, "--target", target])
        .arg("--manifest-path")
        .arg(workspace.join("Cargo.toml"))
        .args(options)
        .env("CARGO_TARGET_DIR", &folder)
        // Cargo has set these for the toolchain of this program.
        .env_remove("LD_LIBRARY_PATH")
        .env_remove("RUSTFLAGS")
        .output()
        .map_err(|error| format!("{command:?} cannot be run: {error}"))?;
    if !output.status.success() {
        let log = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?} did not build {package} for {target}:\n{log}"));
    }
    Ok(folder.join(target).join(profile))
}

/// Runs a firmware under QEMU. `options` are those of QEMU, `arguments` those of the firmware.
pub(crate) fn run(board: Board, firmware: &Path, options: &[String], arguments: &[String]) -> Result<Run, String> {
    let (qemu, bios): (_, &[_]) = match board.target.starts_with("riscv") {
        true => ("qemu-system-riscv32", &["-bios", "none"]),
        false => ("qemu-system-arm", &[]),
    };
    let semihosting = ["firmware".into()]
        .iter()
        .chain(arguments)
        .fold(String::from("enable=on,target=native"), |config, argument: &String| config + ",arg=" + argument);
    // Write the output to a file: a pipe blocks when it is full. The number keeps runs of the same firmware apart.
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let number = RUNS.fetch_add(1, Ordering::Relaxed);
    let log = firmware.with_extension(format!("{}.{number}.log", std::process::id()));
    let failed = |error| format!("{qemu} for {}: {error}", firmware.display());
    let file = fs::File::create(&log).map_err(failed)?;
    let mut child = Command::new(qemu)
        .args(["-machine", board.name])
        .args(bios)
        .args(["-display", "none", "-monitor", "none", "-serial", "none", "-semihosting-config", &semihosting])
        .args(options)
        .arg("-kernel")
        .arg(firmware)
        .stdin(Stdio::null())
        .stderr(file.try_clone().map_err(failed)?)
        .stdout(file)
        .spawn()
        .map_err(failed)?;
    let end = Instant::now() + TIMEOUT;
    let status = loop {
        match child.try_wait().map_err(failed)? {
            Some(status) => break status.code(),
            None if Instant::now() > end => {
                child.kill().and_then(|()| child.wait()).map_err(failed)?;
                break None;
            }
            None => thread::sleep(Duration::from_millis(10)),
        }
    };
    let bytes = fs::read(&log).and_then(|bytes| fs::remove_file(&log).map(|()| bytes)).map_err(failed)?;
    Ok(Run { status, said: String::from_utf8_lossy(&bytes).into_owned(), bytes })
}

const TIMEOUT: Duration = Duration::from_secs(300);
