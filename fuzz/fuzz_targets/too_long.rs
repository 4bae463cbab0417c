//! With little memory: what does not fit is told once, in its place, and everything else is as if nothing had happened.
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

/// For ids: so short that many do not fit.
const ID: usize = 8;

fuzz_target!(|input: &[u8]| {
    let Some((stream, [buffer, sizes @ ..])) = controls::split::<4>(input) else { return };
    let limits = Limits { buffer: usize::from(buffer), id: ID };
    let decoder = || Decoder::<_, ID>::with_id_capacity(vec![0; limits.buffer]);

    let bytes = stream.iter().map(core::slice::from_ref);
    assert_eq!(decoded_items(&mut decoder(), bytes), byte_by_byte(stream, limits));

    // An id in pieces takes more room while it is not known whether it holds NUL, so that here the pieces may matter.
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
