//! The deepest that a call went: what lies below is painted before and looked at behind.
//!
//! Readings under 64 bytes mean nothing: so much next to the stack pointer is left unpainted.

use core::ptr;

const PAINT: u32 = 0xCCCC_CCCC;
const UNPAINTED: usize = 64;

/// Bytes of stack that the call takes, its own return address included.
#[inline(never)]
pub fn used(call: &mut dyn FnMut()) -> usize {
    paint();
    call();
    depth()
}

#[inline(never)]
fn paint() {
    let mut at = bottom();
    while at < pointer() - UNPAINTED {
        // SAFETY: nothing is stored below the stack pointer, and this function has no calls that would.
        unsafe { ptr::with_exposed_provenance_mut::<u32>(at).write_volatile(PAINT) };
        at += size_of::<u32>();
    }
}

#[inline(never)]
fn depth() -> usize {
    let mut at = bottom();
    // SAFETY: this is memory of the stack, and what stands there is only compared.
    while at < pointer() && unsafe { ptr::with_exposed_provenance::<u32>(at).read_volatile() } == PAINT {
        at += size_of::<u32>();
    }
    pointer() - at
}

fn pointer() -> usize {
    cortex_m::register::msp::read() as usize & !3
}

/// The lowest address of the stack.
fn bottom() -> usize {
    unsafe extern "C" {
        static _stack_end: u32; // from the linker script of cortex-m-rt
    }
    (&raw const _stack_end).addr()
}
