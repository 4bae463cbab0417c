//! `tests/last_event_id.rs`
#![no_std]
#![no_main]

extern crate alloc as std;

include!(concat!(env!("OUT_DIR"), "/last_event_id.rs"));

board::main!(|| board::run::tests(TESTS));
