//! `tests/too_long.rs`
#![no_std]
#![no_main]

extern crate alloc as std;

include!(concat!(env!("OUT_DIR"), "/too_long.rs"));

board::main!(|| board::run::tests(TESTS));
