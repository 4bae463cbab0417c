//! Standard output and standard error, as the system has them.
//!
//! Knows what `std` hides of them; decides nothing.

#[cfg_attr(unix, path = "stdio/unix.rs")]
#[cfg_attr(not(unix), path = "stdio/other.rs")]
mod system;

use core::fmt::Display;
use core::sync::atomic::{AtomicBool, Ordering};
use std::io::{self, ErrorKind, Write};

use crate::text::Tame;

pub(crate) use system::{goes_on_in_a_line, stdout};

/// Says something on standard error, in one line.
pub(crate) fn say(text: impl Display) {
    write(&format!("tail: {}\n", Tame { bytes: text.to_string().as_bytes(), indent: " " }));
}

/// Writes a text of several lines to standard error.
pub(crate) fn write_message(text: &str) {
    write(&Tame { bytes: text.as_bytes(), indent: "" }.to_string());
}

/// When that fails, it is no reason to stop, but to [say so](was_unsaid) at the end.
fn write(text: &str) {
    match io::stderr().lock().write_all(text.as_bytes()) {
        // Whoever read it wants no more.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => UNSAID.store(true, Ordering::Relaxed),
        _ => {}
    }
}

static UNSAID: AtomicBool = AtomicBool::new(false);

/// Whether something could not be said.
pub(crate) fn was_unsaid() -> bool {
    UNSAID.load(Ordering::Relaxed)
}
