//! The decoder and the grammar give the same result, on one connection and on the next one.
#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;
mod controls;

use common::{decoded_items, pieces, specified};
use controls::LONGEST;
use embedded_sse::Decoder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((stream, [turn, sizes @ ..])) = controls::split::<4>(input) else { return };
    let (first, second) = stream.split_at(stream.len() * usize::from(turn) / 256);
    let mut decoder = Decoder::with_id_store(vec![0; stream.len()], [0; 2 * LONGEST]);
    let mut before = common::Outcome::default();
    for connection in [first, second] {
        let cuts = controls::cuts(connection.len(), sizes);
        let decoded = decoded_items(&mut decoder, pieces(connection, &cuts));
        let common::Outcome { last_event_id, reconnection_time, .. } = before;
        let mut specified = specified(&last_event_id, connection);
        specified.reconnection_time = specified.reconnection_time.or(reconnection_time);
        assert_eq!(decoded, specified);
        before = decoded;
        decoder.reset();
    }
});
