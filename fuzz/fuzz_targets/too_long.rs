//! With little memory, everything that does not fit is reported once, in its place, and nothing else changes.
#![no_main]

#[path = "../../tests/common/bounded.rs"]
mod bounded;
#[path = "../../tests/common/mod.rs"]
mod common;
mod controls;

use bounded::{Limits, byte_by_byte, places};
use common::{decoded_items, pieces};
use embedded_sse::Decoder;
use libfuzzer_sys::fuzz_target;

/// The room for IDs, in bytes. Many IDs do not fit.
const ID: usize = 8;

fuzz_target!(|input: &[u8]| {
    let Some((stream, [buffer, sizes @ ..])) = controls::split::<4>(input) else { return };
    let limits = Limits { buffer: usize::from(buffer), id: ID };
    let decoder = || Decoder::with_id_store(vec![0; limits.buffer], [0; 2 * ID]);

    let bytes = stream.iter().map(core::slice::from_ref);
    assert_eq!(decoded_items(&mut decoder(), bytes), byte_by_byte(stream, limits));

    // An ID in pieces needs more room until its end, because it may contain NUL. The result can then depend on the
    // pieces.
    if !stream.contains(&0) {
        let (places, last_event_id) = places(stream, limits);
        let decoded = decoded_items(&mut decoder(), pieces(stream, &controls::cuts(stream.len(), sizes)));
        assert_eq!(decoded.said.len(), places.len(), "{decoded:?} in {places:?}");
        for (said, place) in decoded.said.iter().zip(&places) {
            assert!(place.allows(said), "{said:?} at {place:?}");
        }
        assert_eq!(decoded.last_event_id, last_event_id);
    }
});
