//! A stream gives the same result however it is cut (R16): as a whole, and in pieces of three sizes.
#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;
mod controls;

use common::{decoded_events, decoded_items, pieces, reassembled};
use controls::LONGEST;
use embedded_sse::Decoder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((stream, sizes)) = controls::split::<3>(input) else { return };
    let cuts = controls::cuts(stream.len(), sizes);
    let decoder = || Decoder::with_id_store(vec![0; stream.len()], [0; 2 * LONGEST]);

    let whole = decoded_items(&mut decoder(), [stream]);
    assert_eq!(decoded_items(&mut decoder(), pieces(stream, &cuts)), whole);
    assert_eq!(reassembled(b"", [stream]), whole);
    assert_eq!(reassembled(b"", pieces(stream, &cuts)), whole);
    let whole = whole.events();
    assert_eq!(decoded_events(&mut decoder(), [stream]), whole);
    assert_eq!(decoded_events(&mut decoder(), pieces(stream, &cuts)), whole);
});
