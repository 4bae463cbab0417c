//! Tests that decoding inspects and copies each byte only a few times, whatever the stream is and wherever it is split.
//!
//! The tests count bytes (`work`) and do not measure time. They catch quadratic behaviour, such as a machine that
//! inspects a line again with each chunk or repeatedly moves what it keeps.

use alloc::vec::Vec;

use crate::codec::{Decoder, Tokenizer, work};

/// How often a byte may be inspected: once by the search for the line end, and again where a value turns out not to fit
/// or an id is searched for NUL.
const LOOKS: usize = 3;

/// How often a byte may be copied: out of its chunk, and once more to its final place.
const COPIES: usize = 2;

const LENGTH: usize = 32 * 1024;

/// A decoder with room for any id of these tests.
type Large = Decoder<Vec<u8>, Vec<u8>>;

fn repeated(unit: &[u8]) -> Vec<u8> {
    unit.iter().copied().cycle().take(LENGTH).collect()
}

/// Streams that are designed to be slow.
fn streams() -> [(&'static str, Vec<u8>); 13] {
    let long = "x".repeat(LENGTH / 2);
    let after = |head: &[u8], tail: &[u8]| [head, long.as_bytes(), b"\n", &repeated(tail)].concat();
    [
        ("blank lines", repeated(b"\n")),
        ("carriage returns", repeated(b"\r")),
        ("names without a colon", repeated(b"data\n")),
        ("short lines of data", repeated(b"data: x\ndata:y\r\n")),
        ("ids", repeated(b"id: 1234567890\nid:\r")),
        ("types", repeated(b"event: a type of its own\nevent\r")),
        ("comments", repeated(b": keep-alive\n\n:\n")),
        ("one line", [b"data: ".to_vec(), repeated(b"x")].concat()),
        ("one line of controls", [b"data: ".to_vec(), repeated(b"\t\0")].concat()),
        ("comments in an event with a long type", after(b"event: ", b": keep-alive\n")),
        ("lines of data after a long type", after(b"event: ", b"data: x\n")),
        ("ids that do not count after a long one", after(b"id: ", b"id: \0\n")),
        ("lines that mean nothing after long data", after(b"id: 7\nevent: x\ndata: ", b"x\nretry:1\n")),
    ]
}

/// Decodes the stream in pieces of `size` bytes. Returns the number of bytes inspected and the number copied.
fn work_of(decoder: &mut Large, stream: &[u8], size: usize, items: bool) -> (usize, usize) {
    work::take();
    for mut chunk in stream.chunks(size) {
        if items {
            while decoder.next_item(&mut chunk).is_some() {}
        } else {
            while decoder.next_event(&mut chunk).is_some() {}
        }
    }
    work::take()
}

#[test]
fn decoding_looks_at_and_copies_each_byte_a_few_times() {
    for (name, stream) in streams() {
        for size in [1, 7, 64, 1460, stream.len()] {
            for room in [0, 100, stream.len()] {
                for items in [false, true] {
                    let mut decoder = Large::with_id_store(alloc::vec![0; room], alloc::vec![0; 2 * LENGTH]);
                    let (looked_at, copied) = work_of(&mut decoder, &stream, size, items);
                    let run = alloc::format!("{name}, in pieces of {size}, room for {room}, items: {items}");
                    assert!(
                        looked_at <= LOOKS * stream.len(),
                        "{run}: {looked_at} of {} bytes looked at",
                        stream.len()
                    );
                    assert!(copied <= COPIES * stream.len(), "{run}: {copied} of {} bytes copied", stream.len());
                }
            }
        }
    }
}

/// The cost of a chunk does not depend on how much is stored, even if that is a million times as long.
#[test]
fn the_cost_of_a_byte_does_not_depend_on_what_is_stored() {
    let long = alloc::vec![b'x'; 1 << 20];
    let id = &long[..LENGTH - 1];
    let kept = [
        ("an open type", [b"event: ", &long[..]].concat()),
        ("a type", [b"event: ", &long[..], b"\n"].concat()),
        ("open data", [b"data: ", &long[..]].concat()),
        ("data", [b"data: ", &long[..], b"\n"].concat()),
        ("an open comment", [b": ", &long[..]].concat()),
        ("an open id", [b"id: ", id].concat()),
        // It moves once, when another one begins.
        ("an id", [b"id: ", id, b"\nid: \0\n"].concat()),
        ("an id that counts", [b"id: ", id, b"\n\n"].concat()),
        (
            "a type and an id and data",
            [b"event: ", &long[..], b"\nid: ", id, b"\nid: \0\ndata: ", &long[..], b"\n"].concat(),
        ),
    ];
    for (name, kept) in kept {
        for items in [false, true] {
            let mut decoder = Large::with_id_store(alloc::vec![0; 3 << 20], alloc::vec![0; 2 * LENGTH]);
            work_of(&mut decoder, &kept, 1460, items);
            for byte in b"x: y\0\t : z" {
                let (looked_at, copied) = work_of(&mut decoder, &[*byte], 1, items);
                assert!(looked_at <= LOOKS && copied <= COPIES, "a part of a line after {name}: {looked_at}, {copied}");
            }
            // The open line is complete now and may move once.
            work_of(&mut decoder, b"\n", 1, items);
            for byte in b": c\nretry: 1\nx\ndata: y\n:\nid: \0\nda" {
                let (looked_at, copied) = work_of(&mut decoder, &[*byte], 1, items);
                assert!(looked_at <= LOOKS && copied <= COPIES, "a line after {name}: {looked_at}, {copied}");
            }
            work::take();
            decoder.set_last_event_id(b"7").expect("it fits");
            assert_eq!(work::take(), (0, 1), "an id that is set after {name}");
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
            let (looked_at, copied) = work::take();
            assert!(looked_at <= stream.len() && copied == 0, "{name}, in pieces of {size}");
        }
    }
}
