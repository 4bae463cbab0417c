//! Tests that each heartbeat is reported exactly once, in the step that consumes its line end, wherever the stream is
//! split.

use alloc::vec::Vec;

use crate::codec::Decoder;

const TOKENS: [&[u8]; 11] =
    [b":", b"\r", b"\n", b"\r\n", b"x", b"data", b"id:7", b"id:\0", b"event:", b"retry:1\n", b"\xEF\xBB"];

/// What may precede the tokens in a stream.
const OPENINGS: [&[u8]; 8] = [
    b"",
    b"\xEF\xBB\xBF",
    b":\n",
    b"\xEF\xBB\xBF: c\r",
    b"data\n\n:\n",
    b"data\n:",
    b"event:\n",
    b": c\ndata: a long line\n\ndata: b",
];

#[test]
fn heartbeats_are_reported_where_they_end_however_the_stream_is_cut() {
    let mut stream = Vec::new();
    for opening in OPENINGS {
        for tokens in 0..TOKENS.len().pow(4) {
            stream.clear();
            stream.extend_from_slice(opening);
            for place in 0..4 {
                stream.extend_from_slice(TOKENS[tokens / TOKENS.len().pow(place) % TOKENS.len()]);
            }
            let ends = ends(&stream);
            for items in [false, true] {
                for cut in 0..=stream.len() {
                    check(&stream, &ends, cut, items);
                }
            }
        }
    }
}

/// Checks that each step reports the heartbeats that end in the bytes it consumed, and no others.
fn check(stream: &[u8], ends: &[usize], cut: usize, items: bool) {
    let mut decoder = Decoder::new([0; 64]);
    let mut at = 0;
    for mut chunk in [&stream[..cut], &stream[cut..]] {
        loop {
            let step = if items { decoder.step_item(chunk) } else { decoder.step(chunk) };
            let expected = ends.iter().any(|end| (at..at + step.consumed).contains(end));
            assert_eq!(
                decoder.take_heartbeat(),
                expected,
                "\"{}\" cut at {cut}, items: {items}, {step:?} at {at}",
                stream.escape_ascii()
            );
            assert!(!decoder.take_heartbeat(), "reported once");
            at += step.consumed;
            chunk = &chunk[step.consumed..];
            if step.found.is_none() {
                break;
            }
        }
    }
}

/// Returns where heartbeats end. A heartbeat ends at the first byte of a comment's line end, or of a blank line if its
/// block has neither a line that counts before it nor a comment. The blank line of a block with a comment belongs to
/// that comment's heartbeat.
fn ends(stream: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    // Whether the block has a line that counts, and whether it has a comment.
    let (mut counts, mut commented) = (false, false);
    let mut at = if stream.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    while let Some(length) = stream[at..].iter().position(|byte| b"\r\n".contains(byte)) {
        let (line, end) = (&stream[at..at + length], at + length);
        at = end + if stream[end..].starts_with(b"\r\n") { 2 } else { 1 };
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if line.is_empty() {
            if !(counts || commented) {
                ends.push(end);
            }
            (counts, commented) = (false, false);
        } else if line.starts_with(b":") {
            ends.push(end);
            commented = true;
        }
        match name {
            b"data" | b"event" => counts = true,
            b"id" => counts |= !value.contains(&0),
            _ => {}
        }
    }
    ends
}

#[test]
fn a_reset_discards_heartbeats() {
    let mut decoder = Decoder::new([0; 64]);
    let _ = decoder.step(b": c\n");
    decoder.reset();
    assert!(!decoder.take_heartbeat());
    let _ = decoder.step(b"\n");
    assert!(decoder.take_heartbeat(), "no comment came before it on this connection");
}
