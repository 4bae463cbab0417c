//! Shared by all firmware here: an entry point, output and a status for the host, and a heap for tests of the host.
#![no_std]

extern crate alloc;

#[cfg(target_arch = "arm")]
use cortex_m as _; // links its critical section
#[cfg(target_arch = "riscv32")]
use riscv as _;

pub mod heap;
pub mod prelude;
pub mod run;

pub use semihosting::{print, println};

/// Defines the entry point of a firmware, which ends with the status that `$main` returns.
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

/// Returns the first argument, if it is a number.
pub fn argument() -> Option<usize> {
    let arguments = semihosting::experimental::env::args::<64>().ok()?;
    arguments.skip(1).next()?.ok()?.parse().ok()
}
