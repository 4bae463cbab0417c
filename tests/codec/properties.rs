//! Properties that hold for any stream in any pieces.

use crate::bounded::{Limits, byte_by_byte, needed, places};
use crate::common::{Outcome, Said, decoded_events, decoded_items, pieces, reassembled, specified};
use crate::streams::{cuts, cuts_of, streams};
use embedded_sse::codec::grammar;
use embedded_sse::{Decoder, Field, Found, TooLong};
use proptest::prelude::*;

/// Longer than any id in these streams.
const ID: usize = 1024;

/// Shorter than many ids in these streams.
const SHORT: usize = 4;

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decoder_grammar_and_tokens_agree_however_the_stream_is_cut(
        stream in streams(), cuts in cuts(), id in "[a-z]{0,3}",
    ) {
        let cuts = cuts_of(stream.len(), &cuts);
        let specified = specified(id.as_bytes(), &stream);
        let tokens = reassembled(id.as_bytes(), pieces(&stream, &cuts));
        prop_assert_eq!(&tokens, &specified, "tokens");
        let mut decoder = Decoder::with_id_store(vec![0; stream.len()], [0; 2 * ID]);
        decoder.set_last_event_id(id.as_bytes()).unwrap();
        let items = decoded_items(&mut decoder, pieces(&stream, &cuts));
        prop_assert_eq!(&items, &specified, "items");
        let mut decoder = Decoder::with_id_store(vec![0; stream.len()], [0; 2 * ID]);
        decoder.set_last_event_id(id.as_bytes()).unwrap();
        let events = decoded_events(&mut decoder, pieces(&stream, &cuts));
        prop_assert_eq!(events, specified.events(), "events");
    }

    /// Nothing is held back: what a piece completes is reported before the next piece arrives (R19).
    #[test]
    fn every_prefix_reports_all_it_completes(stream in streams()) {
        // The grammar reads each prefix from its start, so the stream must be short.
        let stream = &stream[..stream.len().min(60)];
        let mut decoder = Decoder::with_id_store(vec![0; stream.len()], [0; 2 * ID]);
        let mut said = Vec::new();
        for (end, byte) in stream.iter().enumerate() {
            said.extend(decoded_items(&mut decoder, [core::slice::from_ref(byte)]).said);
            let specified = specified(b"", &stream[..=end]);
            prop_assert_eq!(&said, &specified.said);
            prop_assert_eq!(decoder.last_event_id(), specified.last_event_id);
            prop_assert_eq!(decoder.reconnection_time(), specified.reconnection_time);
            prop_assert_eq!(decoder.is_mid_event(), loses_something(&stream[..=end]));
        }
    }

    /// After a reset the decoder keeps the last event ID and the reconnection time and nothing else (R13, R62).
    #[test]
    fn a_reset_keeps_only_the_id_and_the_reconnection_time(first in streams(), second in streams()) {
        let mut decoder = Decoder::with_id_store(vec![0; first.len().max(second.len())], [0; 2 * ID]);
        let before = decoded_items(&mut decoder, [&first[..]]);
        decoder.reset();
        let after = decoded_items(&mut decoder, [&second[..]]);
        let mut specified = specified(&before.last_event_id, &second);
        specified.reconnection_time = specified.reconnection_time.or(before.reconnection_time);
        prop_assert_eq!(after, specified);
    }

    /// Each event, comment and id that does not fit is reported once, in its place. All others are unaffected.
    #[test]
    fn what_is_too_long_does_not_affect_the_rest(stream in streams(), buffer in 0..24_usize) {
        let limits = Limits { buffer, id: SHORT };
        let expected = byte_by_byte(&stream, limits);
        let bytes = stream.iter().map(core::slice::from_ref);
        let decoded = decoded_items(&mut Decoder::with_id_store(vec![0; buffer], [0; 2 * SHORT]), bytes.clone());
        prop_assert_eq!(&decoded, &expected, "items");
        let decoded = decoded_events(&mut Decoder::with_id_store(vec![0; buffer], [0; 2 * SHORT]), bytes);
        prop_assert_eq!(&decoded, &without_comments(expected), "events");
    }

    /// In larger pieces at least as much fits as byte by byte. The stream has no NUL, because an id in pieces takes
    /// more space until it is known whether it counts.
    #[test]
    fn what_fits_byte_by_byte_fits_in_any_pieces(stream in streams(), cuts in cuts(), buffer in 0..24_usize) {
        let stream: Vec<_> = stream.iter().map(|byte| if *byte == 0 { b'0' } else { *byte }).collect();
        let cuts = cuts_of(stream.len(), &cuts);
        let (places, last_event_id) = places(&stream, Limits { buffer, id: SHORT });
        let mut decoder = Decoder::with_id_store(vec![0; buffer], [0; 2 * SHORT]);
        let decoded = decoded_items(&mut decoder, pieces(&stream, &cuts));
        prop_assert_eq!(decoded.said.len(), places.len(), "{:?} in {:?}", decoded, places);
        for (said, place) in decoded.said.iter().zip(&places) {
            prop_assert!(place.allows(said), "{:?} at {:?}", said, place);
        }
        prop_assert_eq!(decoded.last_event_id, last_event_id);
    }

    /// An event needs as much space as its data and its type together, and not a byte more.
    #[test]
    fn a_buffer_of_the_right_size_is_enough(stream in streams(), cuts in cuts()) {
        let cuts = cuts_of(stream.len(), &cuts);
        let mut decoder = Decoder::with_id_store(vec![0; needed(&stream)], [0; 2 * ID]);
        let decoded = decoded_events(&mut decoder, pieces(&stream, &cuts));
        prop_assert_eq!(decoded, specified(b"", &stream).events());
    }

    /// Every step makes progress: it consumes its chunk or it reports something, and only the report of an id consumes
    /// nothing. So there are no more steps than bytes, chunks and ids that were too long.
    #[test]
    fn the_number_of_steps_is_linear(stream in streams(), cuts in cuts(), buffer in 0..24_usize, items in any::<bool>()) {
        let cuts = cuts_of(stream.len(), &cuts);
        let mut decoder = Decoder::with_id_store(vec![0; buffer], [0; 2 * SHORT]);
        for mut piece in pieces(&stream, &cuts) {
            let mut told_id = true;
            loop {
                let step = if items { decoder.step_item(piece) } else { decoder.step(piece) };
                piece = piece.get(step.consumed..).expect("a step consumes at most its chunk");
                let Some(found) = step.found else { break };
                let tells_id = matches!(found, Found::TooLong(TooLong { field: Field::Id, .. }));
                prop_assert!(step.consumed > 0 || tells_id && !told_id, "{:?}", found);
                told_id = tells_id;
            }
            prop_assert!(piece.is_empty(), "a step without a report consumes its chunk");
        }
    }

    /// An event with one data line that arrives whole is borrowed from its chunk.
    #[test]
    fn an_event_in_one_piece_needs_no_buffer(
        before in "(: [a-z]{0,9}\n|\n){0,3}", event_type in "[a-z]{1,9}", data in "[^\r\n]{0,40}", id in "[a-z]{1,9}",
    ) {
        let stream = format!("{before}event: {event_type}\nid: {id}\ndata: {data}\n\n");
        let mut decoder = Decoder::with_id_store([], [0; 2 * ID]);
        let decoded = decoded_events(&mut decoder, [stream.as_bytes()]);
        prop_assert_eq!(decoded.said, [Said::event(event_type.as_bytes(), data.as_bytes(), id.as_bytes())]);
    }
}

/// Returns what `next_event` reports.
fn without_comments(mut outcome: Outcome) -> Outcome {
    outcome.said.retain(|said| match said {
        Said::Event { .. } => true,
        Said::TooLong(field) => *field != Field::Comment,
        Said::Comment(_) | Said::Retry(_) => false,
    });
    outcome
}

/// Whether the stream, if it ended here, would lose an event or an id that has begun (R41).
fn loses_something(stream: &[u8]) -> bool {
    let stream = grammar::Stream::new(stream);
    let (mut data, mut event_type, mut id) = (false, false, false);
    for line in stream.lines() {
        match line {
            grammar::Line::Blank => (data, event_type, id) = (false, false, false),
            grammar::Line::Field { name: b"data", .. } => data = true,
            grammar::Line::Field { name: b"event", value } => event_type = !value.is_empty(),
            grammar::Line::Field { name: b"id", value } => id |= !value.contains(&0),
            _ => {}
        }
    }
    let last_line = stream.unfinished().rsplit(|byte| b"\r\n".contains(byte)).next().unwrap_or_default();
    let last_name = last_line.split(|byte| *byte == b':').next().unwrap_or_default();
    let has_colon = last_name.len() < last_line.len();
    let begins = |name: &[u8]| name == last_name || !has_colon && name.starts_with(last_name);
    data || event_type || id || !last_name.is_empty() && [&b"data"[..], b"event", b"id"].into_iter().any(begins)
}
