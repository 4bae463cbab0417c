//! Counts the bytes that the codec inspects, copies and moves, so that tests can detect repeated work.
//!
//! Compiled for tests only.

use core::cell::Cell;

std::thread_local! {
    static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
    static COPIED: Cell<usize> = const { Cell::new(0) };
}

pub(crate) fn looked_at(bytes: usize) {
    LOOKED_AT.set(LOOKED_AT.get() + bytes);
}

pub(crate) fn copied(bytes: usize) {
    COPIED.set(COPIED.get() + bytes);
}

/// Returns the number of bytes inspected and the number copied since the last call.
pub(crate) fn take() -> (usize, usize) {
    (LOOKED_AT.replace(0), COPIED.replace(0))
}
