//! Standard output and standard error of the tools: a write that fails does not panic, and is never silent.
//!
//! Knows streams and what clap says. What the other exit statuses mean, each tool says.

use core::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;

/// The exit status when standard output or standard error could not be written.
pub(crate) const UNWRITABLE: u8 = 5;

/// What a tool says on standard error. Whether all of it was written decides on the exit status too.
pub(crate) struct Messages {
    tool: &'static str,
    is_one_lost: bool,
}

impl Messages {
    pub(crate) const fn new(tool: &'static str) -> Self {
        Self { tool, is_one_lost: false }
    }

    /// The arguments. If there are none, because clap had to complain or to help, it is the exit status.
    pub(crate) fn parse<A: Parser>(&mut self) -> Result<A, u8> {
        A::try_parse().map_err(|error| {
            let text = error.render().to_string();
            if error.use_stderr() {
                self.write(&text);
                return u8::try_from(error.exit_code()).unwrap_or(u8::MAX);
            }
            match output().and_then(|mut output| output.write_all(text.as_bytes())) {
                Ok(()) => 0,
                Err(error) => self.output_failed(&error),
            }
        })
    }

    /// Says something under the tool's name. Tells whether it was written.
    pub(crate) fn say(&mut self, text: impl Display) -> bool {
        self.write(&format!("{}: {text}\n", self.tool))
    }

    /// Writes whole lines as they are. Tells whether they were written, or nobody reads them any more.
    pub(crate) fn write(&mut self, lines: &str) -> bool {
        let is_written = match unmasked(io::stderr()).and_then(|mut stderr| stderr.write_all(lines.as_bytes())) {
            Ok(()) => true,
            Err(error) => error.kind() == ErrorKind::BrokenPipe,
        };
        self.is_one_lost |= !is_written;
        is_written
    }

    /// Standard output could not be written: the exit status. A reader that has seen enough, such as `head`, is no failure.
    pub(crate) fn output_failed(&mut self, error: &io::Error) -> u8 {
        if error.kind() == ErrorKind::BrokenPipe {
            return 0;
        }
        self.say(format_args!("standard output: {error}"));
        UNWRITABLE
    }

    /// Ends the tool with this status, unless a message was lost.
    pub(crate) fn exit(self, status: u8) -> ExitCode {
        ExitCode::from(if self.is_one_lost { UNWRITABLE } else { status })
    }
}

/// Standard output, without a buffer.
///
/// # Errors
///
/// It is closed. On Unix only this can be told, and not for sure: before `main`, `std` puts /dev/null in its place, opened for
/// reading and writing. Python and Node open it like this too when they are asked to discard an output; a shell does not.
pub(crate) fn output() -> io::Result<impl Write> {
    #[cfg_attr(not(unix), expect(unused_mut))]
    let mut output = unmasked(io::stdout())?;
    #[cfg(unix)]
    if is_null_to_be_read(&mut output) {
        return Err(io::Error::other(
            "it is closed, or /dev/null opened for reading and writing; to discard the output, open /dev/null for writing only",
        ));
    }
    Ok(output)
}

/// The same stream as a file. `std`'s own one takes a write that the system refuses, because the stream is not there or can
/// only be read, for a success.
#[cfg(unix)]
fn unmasked(stream: impl std::os::fd::AsFd) -> io::Result<std::fs::File> {
    Ok(stream.as_fd().try_clone_to_owned()?.into())
}

#[cfg(not(unix))]
fn unmasked<W: Write>(stream: W) -> io::Result<W> {
    Ok(stream)
}

#[cfg(unix)]
fn is_null_to_be_read(file: &mut std::fs::File) -> bool {
    use std::io::Read;
    use std::os::unix::fs::MetadataExt;

    let device = |metadata: io::Result<std::fs::Metadata>| metadata.map(|metadata| metadata.rdev()).ok();
    let null = device(std::fs::metadata("/dev/null"));
    null.is_some() && device(file.metadata()) == null && file.read(&mut [0]).is_ok()
}
