//! Standard output as a file, which `std` shows on Unix only.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, MetadataExt};

/// Linux only: elsewhere it cannot be opened, and what it would tell is not known.
const STDOUT: &str = "/proc/self/fd/1";

/// Standard output without a buffer: what is written at once is one system call, as far as the system takes it.
pub(crate) fn stdout() -> io::Result<Box<dyn Write + Send>> {
    if is_closed() {
        return Err(io::Error::other(CLOSED));
    }
    Ok(Box::new(file()?))
}

const CLOSED: &str =
    "it is closed, or /dev/null opened for reading and writing; redirect it to a file, or with >/dev/null";

fn file() -> io::Result<File> {
    io::stdout().as_fd().try_clone_to_owned().map(File::from)
}

/// Whether standard output was closed when the program began. `std` opens `/dev/null` in its place then, for reading and
/// writing; a shell that drops the output opens it for writing only.
fn is_closed() -> bool {
    // The mode of this link is that in which the file was opened.
    let both_ways = fs::symlink_metadata(STDOUT).is_ok_and(|link| link.mode() & 0o600 == 0o600);
    let device = |path| fs::metadata(path).ok().map(|file| file.rdev());
    both_ways && device(STDOUT).is_some() && device(STDOUT) == device("/dev/null")
}

/// Whether standard output is a file that goes on after half a line, because a run before this one was killed. Also when
/// nobody can know.
pub(crate) fn goes_on_in_a_line() -> bool {
    let Ok(mut out) = file() else { return false };
    let length = match out.metadata() {
        Ok(metadata) if metadata.is_file() => metadata.len(),
        _ => return false,
    };
    // With `>>` the position stays at the beginning until something is written.
    let end = match out.stream_position() {
        Ok(position) if position > 0 => position.min(length),
        _ => length,
    };
    let mut last = [0];
    // What was opened for writing only is opened once more.
    let mut read = |at| File::open(STDOUT).and_then(|file| file.read_exact_at(&mut last, at));
    match end.checked_sub(1) {
        Some(at) => read(at).is_err() || last != *b"\n",
        None => false,
    }
}
