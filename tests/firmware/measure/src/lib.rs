//! How much stack a call takes.
#![no_std]

#[cfg(target_arch = "arm")]
pub mod stack;
