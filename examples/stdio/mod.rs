//! Standard output and standard error of the example tools: a failed write never panics and never goes unnoticed.
//!
//! This module handles the two streams, clap's own messages and the exit status for a stream that cannot be written. It
//! must not depend on what a tool does, nor on the meaning of the tool's other exit statuses.

use core::fmt::Display;
use core::sync::atomic::{AtomicBool, Ordering};
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;

/// The exit status when standard output or standard error could not be written.
pub(crate) const UNWRITABLE: u8 = 5;

/// Writes a tool's messages to standard error, and remembers whether one was lost.
pub(crate) struct Messages {
    tool: &'static str,
    is_one_lost: AtomicBool,
}

impl Messages {
    pub(crate) const fn new(tool: &'static str) -> Self {
        Self { tool, is_one_lost: AtomicBool::new(false) }
    }

    /// Parses the command line. `show` rewrites clap's error message before it is written.
    ///
    /// # Errors
    ///
    /// The exit status, after the help or clap's error message was written.
    pub(crate) fn parse<A: Parser>(&self, show: impl FnOnce(String) -> String) -> Result<A, u8> {
        A::try_parse().map_err(|error| {
            let text = error.render().to_string();
            if error.use_stderr() {
                self.write(&show(text));
                return u8::try_from(error.exit_code()).unwrap_or(u8::MAX);
            }
            match output().and_then(|mut output| output.write_all(text.as_bytes())) {
                Ok(()) => 0,
                Err(error) => self.output_failed(&error),
            }
        })
    }

    /// Writes a message that starts with the tool's name. Returns what [`write`](Self::write) returns.
    pub(crate) fn say(&self, text: impl Display) -> bool {
        self.write(&format!("{}: {text}\n", self.tool))
    }

    /// Writes whole lines as they are. Returns whether they were written, or the reader has closed the pipe.
    pub(crate) fn write(&self, lines: &str) -> bool {
        let is_written = match unmasked(io::stderr()).and_then(|mut stderr| stderr.write_all(lines.as_bytes())) {
            Ok(()) => true,
            Err(error) => error.kind() == ErrorKind::BrokenPipe,
        };
        self.is_one_lost.fetch_or(!is_written, Ordering::Relaxed);
        is_written
    }

    /// Reports that standard output could not be written, and returns the exit status. It is not a failure if the
    /// reader, for example `head`, has closed the pipe.
    pub(crate) fn output_failed(&self, error: &io::Error) -> u8 {
        if error.kind() == ErrorKind::BrokenPipe {
            return 0;
        }
        self.say(format_args!("standard output: {error}"));
        UNWRITABLE
    }

    /// Returns the exit status of the tool: `status`, or [`UNWRITABLE`] if a message was lost.
    pub(crate) fn status(&self, status: u8) -> u8 {
        if self.is_one_lost.load(Ordering::Relaxed) { UNWRITABLE } else { status }
    }

    /// Returns [`status`](Self::status) for `main`.
    pub(crate) fn exit(&self, status: u8) -> ExitCode {
        ExitCode::from(self.status(status))
    }
}

/// Returns standard output without a buffer: each write is one system call, unless the system accepts only part of it.
/// On systems other than Unix it is buffered by line.
///
/// # Errors
///
/// Standard output is closed. This is detected on Unix only, and a false alarm is possible: before `main`, `std`
/// replaces a closed stream by /dev/null opened for reading and writing. Python and Node open /dev/null like this too
/// to discard an output; shells open it for writing only.
pub(crate) fn output() -> io::Result<impl Write + Send> {
    #[cfg_attr(not(unix), expect(unused_mut))]
    let mut output = unmasked(io::stdout())?;
    #[cfg(unix)]
    if is_readable_null(&mut output) {
        return Err(io::Error::other(
            "it is closed, or /dev/null opened for reading and writing; redirect it to a file, or with >/dev/null",
        ));
    }
    Ok(output)
}

/// Returns the stream as a file. The types of `std` report success when the system refuses a write because the stream
/// is closed or open for reading only.
#[cfg(unix)]
fn unmasked(stream: impl std::os::fd::AsFd) -> io::Result<std::fs::File> {
    Ok(stream.as_fd().try_clone_to_owned()?.into())
}

#[cfg(not(unix))]
fn unmasked<W: Write>(stream: W) -> io::Result<W> {
    Ok(stream)
}

#[cfg(unix)]
fn is_readable_null(file: &mut std::fs::File) -> bool {
    use std::io::Read;
    use std::os::unix::fs::MetadataExt;

    let device = |metadata: io::Result<std::fs::Metadata>| metadata.map(|metadata| metadata.rdev()).ok();
    let null = device(std::fs::metadata("/dev/null"));
    null.is_some() && device(file.metadata()) == null && file.read(&mut [0]).is_ok()
}
