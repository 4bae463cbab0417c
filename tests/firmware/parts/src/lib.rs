//! The firmware around what is measured: it receives chunks and sends answers, as far as a compiler can tell.
//!
//! The empty firmware is this and nothing else. It copies memory and clears it, so that both functions, which every firmware
//! has, are in the empty one too and are nobody's price.
#![no_std]

mod delivery;
mod parts;
#[cfg(feature = "storage")]
mod storage;

pub use delivery::{continuity, delivery, full_sync};
pub use parts::{Sink, decoder, encoder, pieces, reconnect, session, tokenizer, two_buffers, whole_decoder};
#[cfg(feature = "storage")]
pub use storage::{flash_journal, flash_queue};

use core::hint::black_box;

/// The longest chunk.
pub const CHUNK: usize = 64;

/// What a firmware got since it last looked.
#[derive(Clone, Copy)]
pub struct Received<'a> {
    /// From a socket.
    pub chunk: &'a [u8],
    /// From a sensor, or out of a header.
    pub text: &'a str,
    /// From a clock.
    pub now: u64,
}

/// A firmware whose work is `$part`: a function that takes what was [`Received`], or an expression that makes one.
#[macro_export]
macro_rules! firmware {
    ($part:expr) => {
        #[cortex_m_rt::entry]
        fn main() -> ! {
            $crate::run($part)
        }

        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
            $crate::panicked()
        }
    };
}

/// What a panic ends in: with the feature `panic-free` in a function that there is not, so that the firmware cannot be linked
/// unless the compiler sees that no panic is reached.
pub fn panicked() -> ! {
    #[cfg(feature = "panic-free")]
    {
        unsafe extern "C" {
            safe fn a_panic_is_reachable() -> !;
        }
        a_panic_is_reachable()
    }
    #[cfg(not(feature = "panic-free"))]
    loop {}
}

/// Receives for ever.
pub fn run(mut part: impl FnMut(Received<'_>)) -> ! {
    let mut received = [0; CHUNK];
    loop {
        let arrived: &[u8] = black_box(b"data: 21.5\n\n");
        let length = arrived.len().min(CHUNK);
        black_box(&mut received).fill(0);
        if let (Some(chunk), Some(arrived)) = (received.get_mut(..length), arrived.get(..length)) {
            chunk.copy_from_slice(arrived);
            part(Received { chunk, text: black_box("21.5"), now: black_box(7) });
        }
    }
}

/// Where results go.
pub fn used<T>(result: T) {
    black_box(result);
}
