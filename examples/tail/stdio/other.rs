//! What `stdio/unix.rs` does, where standard output cannot be had as a file.

use std::io::{self, Write};

/// Standard output, which is flushed after each line.
pub(crate) fn stdout() -> io::Result<Box<dyn Write + Send>> {
    Ok(Box::new(io::stdout()))
}

pub(crate) fn goes_on_in_a_line() -> bool {
    false
}
