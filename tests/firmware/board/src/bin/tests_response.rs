//! `tests/response.rs`
#![no_std]
#![no_main]

extern crate alloc as std;

include!(concat!(env!("OUT_DIR"), "/response.rs"));

board::main!(|| board::run::tests(TESTS));
