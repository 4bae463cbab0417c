//! What all firmware here has in common: an entry, words for the host, a status, and a heap for the tests of the host.
#![no_std]

extern crate alloc;

#[cfg(target_arch = "arm")]
use cortex_m as _; // its critical section
#[cfg(target_arch = "riscv32")]
use riscv as _;

mod heap;
pub mod prelude;
pub mod run;

pub use semihosting::{print, println};

/// The entry of a firmware. `$main` says with which status it ends.
#[macro_export]
macro_rules! main {
    ($main:expr) => {
        #[cfg_attr(target_arch = "arm", cortex_m_rt::entry)]
        #[cfg_attr(target_arch = "riscv32", riscv_rt::entry)]
        fn main() -> ! {
            let main = $main;
            $crate::exit(main())
        }
    };
}

/// Ends QEMU with this status.
pub fn exit(status: i32) -> ! {
    semihosting::process::exit(status)
}

/// The first argument, if it is a number.
pub fn argument() -> Option<usize> {
    let arguments = semihosting::experimental::env::args::<64>().ok()?;
    arguments.skip(1).next()?.ok()?.parse().ok()
}
