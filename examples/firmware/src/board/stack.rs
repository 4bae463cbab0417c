//! Measures the RAM of a firmware: its static memory, and the deepest use of the stack.

use core::ptr::addr_of;

/// The value with which `cortex-m-rt` fills the stack at the start, with its feature `paint-stack`.
const PAINT: u32 = 0xCCCC_CCCC;

unsafe extern "C" {
    static _stack_start: u32;
    static _stack_end: u32;
    static _ram_start: u32;
}

/// Returns the largest stack use so far in bytes, including interrupts. It is not exact: the program may have written
/// the fill value.
#[must_use]
pub fn stack_high_water() -> usize {
    let (top, mut at) = (addr_of!(_stack_start), addr_of!(_stack_end));
    // SAFETY: all words in between are RAM, and every bit pattern is a valid `u32`.
    while at < top && unsafe { at.read_volatile() } == PAINT {
        at = at.wrapping_add(1);
    }
    top as usize - at as usize
}

/// Returns the size in bytes of the RAM below the stack: everything that is `static`, including the tasks.
#[must_use]
pub fn static_ram() -> usize {
    addr_of!(_stack_end) as usize - addr_of!(_ram_start) as usize
}
