//! Runs `tests/client/response.rs`.
#![no_std]
#![no_main]

include!(concat!(env!("OUT_DIR"), "/response.rs"));

board::main!(|| board::run::tests(response::TESTS));
