//! `tests/scenarios.rs`
#![no_std]
#![no_main]

extern crate alloc as std;

include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

board::main!(|| board::run::tests(TESTS));
