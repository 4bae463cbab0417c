//! A guard: decoding looks at no byte more than a few times, whatever the stream is and however it is cut.
//!
//! Counts what the searches look at (`scan::work`), no clock. A machine that looked at a line again with each chunk would be
//! quadratic, and is what this is here to catch.

use alloc::vec::Vec;

use super::scan::work;
use super::{Decoder, Tokenizer};

/// How often a byte may be looked at: once by the search, and once more where a value is found to have no room.
const TIMES: usize = 3;

/// Streams that are made to be slow.
fn streams() -> [(&'static str, Vec<u8>); 8] {
    const LENGTH: usize = 64 * 1024;
    let repeated = |unit: &[u8]| unit.iter().copied().cycle().take(LENGTH).collect::<Vec<_>>();
    [
        ("blank lines", repeated(b"\n")),
        ("carriage returns", repeated(b"\r")),
        ("names without a colon", repeated(b"data\n")),
        ("short lines of data", repeated(b"data: x\ndata:y\r\n")),
        ("ids", repeated(b"id: 1234567890\nid:\r")),
        ("comments", repeated(b": keep-alive\n\n:\n")),
        ("one line", [b"data: ".to_vec(), repeated(b"x")].concat()),
        ("one line of controls", [b"data: ".to_vec(), repeated(b"\t\0")].concat()),
    ]
}

#[test]
fn decoding_looks_at_each_byte_a_few_times() {
    for (name, stream) in streams() {
        for size in [1, 7, 64, 1460, stream.len()] {
            for room in [0, 100, stream.len()] {
                let mut decoder = Decoder::new(alloc::vec![0; room]);
                work::take();
                for mut chunk in stream.chunks(size) {
                    while decoder.next_event(&mut chunk).is_some() {}
                }
                let looked_at = work::take();
                assert!(
                    looked_at <= TIMES * stream.len(),
                    "{name}, in pieces of {size}, room for {room}: {looked_at} of {} bytes",
                    stream.len()
                );
            }
        }
    }
}

#[test]
fn cutting_into_tokens_looks_at_each_byte_once() {
    for (name, stream) in streams() {
        for size in [1, 7, 64, 1460, stream.len()] {
            let mut tokenizer = Tokenizer::new();
            work::take();
            for mut chunk in stream.chunks(size) {
                while tokenizer.next_token(&mut chunk).is_some() {}
            }
            assert!(work::take() <= stream.len(), "{name}, in pieces of {size}");
        }
    }
}
