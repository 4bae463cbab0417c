//! Runs `tests/codec/round_trip_table.rs`.
#![no_std]
#![no_main]

// The test files name some types by their path in `std`.
extern crate alloc as std;

#[path = "../../../../common/mod.rs"]
mod common;
#[path = "../../../../common/frames.rs"]
mod frames;

include!(concat!(env!("OUT_DIR"), "/round_trip_table.rs"));

board::main!(|| board::run::tests(round_trip_table::TESTS));
