//! How much RAM a firmware takes: what the linker gave away, and how deep the stack has been.

use core::ptr::addr_of;

/// What `cortex-m-rt` paints the stack with before anything runs, by its feature `paint-stack`.
const PAINT: u32 = 0xCCCC_CCCC;

unsafe extern "C" {
    static _stack_start: u32;
    static _stack_end: u32;
    static _ram_start: u32;
}

/// Bytes of the stack that were ever used, interrupts included. Not exact: a painted word may have been written as it was.
#[must_use]
pub fn stack_high_water() -> usize {
    let (top, mut at) = (addr_of!(_stack_start), addr_of!(_stack_end));
    // SAFETY: all words in between are RAM, and are read as they happen to be.
    while at < top && unsafe { at.read_volatile() } == PAINT {
        at = at.wrapping_add(1);
    }
    top as usize - at as usize
}

/// Bytes of RAM below the stack: everything that is `static`, the tasks too.
#[must_use]
pub fn static_ram() -> usize {
    addr_of!(_stack_end) as usize - addr_of!(_ram_start) as usize
}
