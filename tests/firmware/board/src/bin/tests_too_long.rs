//! Runs `tests/codec/too_long.rs`.
#![no_std]
#![no_main]

// The test files name some types by their path in `std`.
extern crate alloc as std;

#[path = "../../../../common/mod.rs"]
mod common;

include!(concat!(env!("OUT_DIR"), "/too_long.rs"));

board::main!(|| board::run::tests(too_long::TESTS));
