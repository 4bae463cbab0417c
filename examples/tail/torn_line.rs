//! Detects that the file on standard output ends in the middle of a line.
//!
//! This module only looks at the file. It must not write to it.

/// Returns whether standard output is a file in which half a line precedes the place of the next write, because an
/// earlier run was killed. Also returns `true` if that cannot be read.
///
/// The file is opened a second time for reading through `/proc`, so outside Linux a file that is not empty counts as
/// torn.
#[cfg(unix)]
pub(crate) fn follows_half_a_line() -> bool {
    use std::fs::File;
    use std::io::{self, Seek};
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileExt;

    let Ok(mut out) = io::stdout().as_fd().try_clone_to_owned().map(File::from) else { return false };
    let length = match out.metadata() {
        Ok(metadata) if metadata.is_file() => metadata.len(),
        _ => return false,
    };
    // With `>>` the position is 0 until the first write.
    let end = match out.stream_position() {
        Ok(position) if position > 0 => position.min(length),
        _ => length,
    };
    let mut last = [0];
    // Standard output is usually open for writing only.
    let mut read = |at| File::open("/proc/self/fd/1").and_then(|file| file.read_exact_at(&mut last, at));
    match end.checked_sub(1) {
        Some(at) => read(at).is_err() || last != *b"\n",
        None => false,
    }
}

/// Returns `false`: this is detected on Unix only.
#[cfg(not(unix))]
pub(crate) fn follows_half_a_line() -> bool {
    false
}
