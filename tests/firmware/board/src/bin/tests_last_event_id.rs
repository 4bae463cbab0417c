//! Runs `tests/codec/last_event_id.rs`.
#![no_std]
#![no_main]

// The test files name some types by their path in `std`.
extern crate alloc as std;

#[path = "../../../../common/mod.rs"]
mod common;

include!(concat!(env!("OUT_DIR"), "/last_event_id.rs"));

board::main!(|| board::run::tests(last_event_id::TESTS));
