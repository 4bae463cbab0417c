//! Runs `tests/client/scenarios.rs`.
#![no_std]
#![no_main]

// The test files name some types by their path in `std`.
extern crate alloc as std;

#[path = "../../../../harness/mod.rs"]
mod harness;

include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

board::main!(|| board::run::tests(scenarios::TESTS));
