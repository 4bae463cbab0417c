//! The heap of the tests that were written for the host. The library has none.

use embedded_alloc::LlffHeap;

#[global_allocator]
static HEAP: LlffHeap = LlffHeap::empty();

/// Bytes: what the board can spare.
const SIZE: usize = include!(concat!(env!("OUT_DIR"), "/heap.rs"));

/// Call it once, before the heap is used.
pub(crate) fn init() {
    static mut MEMORY: [u8; SIZE] = [0; SIZE];
    // SAFETY: `run` calls this once, and nothing else uses this memory.
    unsafe { HEAP.init(&raw mut MEMORY as usize, SIZE) }
}
