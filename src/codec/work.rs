//! Counts the bytes that are looked at, and those that are copied or moved, so that a test can see what is done twice.
//!
//! Tests only; must not know who counts and why.

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

/// What was looked at and what was copied since the last call.
pub(crate) fn take() -> (usize, usize) {
    (LOOKED_AT.replace(0), COPIED.replace(0))
}
