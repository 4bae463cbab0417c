//! The heap for tests of the host. The library does not use a heap.

use embedded_alloc::LlffHeap;

#[global_allocator]
static HEAP: LlffHeap = LlffHeap::empty();

/// The size in bytes, which depends on the board.
const SIZE: usize = include!(concat!(env!("OUT_DIR"), "/heap.rs"));

/// Initializes the heap. Call this once, before the heap is used.
pub fn init() {
    static mut MEMORY: [u8; SIZE] = [0; SIZE];
    // SAFETY: each firmware calls this once, and nothing else uses this memory.
    unsafe { HEAP.init(&raw mut MEMORY as usize, SIZE) }
}
