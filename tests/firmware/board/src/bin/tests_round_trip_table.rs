//! `tests/round_trip_table.rs`
#![no_std]
#![no_main]

extern crate alloc as std;

include!(concat!(env!("OUT_DIR"), "/round_trip_table.rs"));

board::main!(|| board::run::tests(TESTS));
