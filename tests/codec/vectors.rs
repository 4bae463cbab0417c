//! Runs every vector of `tests/vectors/` in every mode.

use crate::common::{decoded_events, decoded_items, pieces, reassembled};
use crate::the_vectors::{Vector, vectors};
#[cfg(feature = "nom")]
use crate::{bounded, common};

impl Vector {
    /// Cuts the input in one way and reads it with each method.
    fn run(&self, mode: &str, cuts: &[usize], buffer: &mut [u8]) {
        let pieces = pieces(&self.input, cuts);
        let events = decoded_events(&mut self.decoder(&mut *buffer), pieces.clone());
        self.check(&format!("{mode}, by next_event"), &events);
        let items = decoded_items(&mut self.decoder(&mut *buffer), pieces.clone());
        self.check(&format!("{mode}, by next_item"), &items);
        let tokens = reassembled(self.initial_last_event_id.as_bytes(), pieces);
        self.check(&format!("{mode}, by tokens"), &tokens);
        assert_eq!(items, tokens, "{}, {mode}: items and tokens", self.name);
    }

    fn every_byte(&self) -> Vec<usize> {
        (1..self.input.len()).collect()
    }

    /// Returns whether the input ends with a blank line, so that whatever follows does not change its events.
    fn ends_with_blank_line(&self) -> bool {
        [&b"\n\n"[..], b"\r\r", b"\n\r", b"\n\r\n"].iter().any(|end| self.input.ends_with(end))
    }
}

#[test]
fn every_vector_whole() {
    for vector in vectors() {
        vector.run("whole", &[], &mut room(&vector));
        vector.run("in its own chunks", &vector.cuts, &mut room(&vector));
    }
}

#[test]
fn every_vector_byte_by_byte() {
    for vector in vectors() {
        vector.run("byte by byte", &vector.every_byte(), &mut room(&vector));
        let empty_pieces: Vec<_> = (0..=vector.input.len()).flat_map(|cut| [cut, cut]).collect();
        vector.run("byte by byte, with empty pieces", &empty_pieces, &mut room(&vector));
    }
}

#[test]
fn every_vector_at_every_split() {
    for vector in vectors() {
        // The one huge value repeats a single byte. A prime stride covers every alignment.
        let stride = if vector.input.len() > 10_000 { 97 } else { 1 };
        let ends = vector.input.len().saturating_sub(64)..=vector.input.len();
        for cut in (0..vector.input.len()).filter(|cut| *cut < 64 || cut % stride == 0).chain(ends) {
            vector.run(&format!("split at {cut}"), &[cut], &mut room(&vector));
        }
    }
}

/// When every event arrives in pieces, data and type together must fit.
#[cfg(feature = "nom")]
#[test]
fn every_vector_in_the_smallest_buffer() {
    for vector in vectors() {
        let bytes = vector.every_byte();
        let needed = bounded::needed(&vector.input);
        let outcome = decoded_events(&mut vector.decoder(vec![0; needed]), pieces(&vector.input, &bytes));
        vector.check("in the smallest buffer", &outcome);
        if let Some(less) = needed.checked_sub(1) {
            let outcome = decoded_events(&mut vector.decoder(vec![0; less]), pieces(&vector.input, &bytes));
            let too_long = outcome.said.iter().any(|said| matches!(said, common::Said::TooLong(_)));
            assert!(too_long, "{}: one byte less is not enough", vector.name);
        }
    }
}

#[test]
fn every_vector_with_trailing_data() {
    for mut vector in vectors().into_iter().filter(Vector::ends_with_blank_line) {
        let end = vector.input.len();
        vector.input.extend(b"event: behind\nid: behind\ndata: behind");
        vector.run("with an unfinished event after it", &[], &mut room(&vector));
        vector.run("with an unfinished event after it, cut there", &[end], &mut room(&vector));
        vector.run("with an unfinished event after it, byte by byte", &vector.every_byte(), &mut room(&vector));
        vector.input.extend(b"\n\n");
        vector.expected.events.push(["behind".into(), "behind".into(), "behind".into()]);
        vector.final_last_event_id = Some("behind".into());
        vector.run("with an event after it", &[], &mut room(&vector));
        vector.run("with an event after it, cut there", &[end], &mut room(&vector));
        vector.run("with an event after it, byte by byte", &vector.every_byte(), &mut room(&vector));
    }
}

/// A new connection keeps nothing of the old one except the last event ID and the reconnection time (R13, R62).
#[test]
fn every_vector_on_a_second_connection() {
    for first in [&b""[..], b"\xEF\xBB", b"\xEF\xBB\xBF", b"data: lost", b"event: lost\ndata: lost\nid: lost\n", b"\r"]
    {
        for vector in vectors() {
            let mut decoder = vector.decoder(room(&vector));
            assert_eq!(decoded_items(&mut decoder, [first]).said, [], "{first:?} completes nothing");
            decoder.reset();
            let outcome = decoded_events(&mut decoder, [&vector.input[..]]);
            vector.check(&format!("on a connection after {first:?}"), &outcome);
        }
    }
}

#[cfg(feature = "nom")]
#[test]
fn every_vector_in_the_grammar() {
    for vector in vectors() {
        let outcome = common::specified(vector.initial_last_event_id.as_bytes(), &vector.input);
        vector.check("in the grammar", &outcome);
    }
}

/// Returns a buffer that is large enough for every event of the vector.
fn room(vector: &Vector) -> Vec<u8> {
    vec![0; vector.input.len()]
}
