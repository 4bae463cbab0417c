//! Round trips: `decode(encode(e)) == e`, except that each line end is LF afterwards.

use crate::common::{Said, decoded_items, pieces};
use crate::frames::Values;
use crate::streams::{cuts, cuts_of, streams};
use embedded_sse::{Decoder, EventId, InvalidEventId, SingleLine};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn frames_are_read_as_they_were_written(all in vec(values(), 0..5), cuts in cuts(), size in 0..20_usize) {
        let (mut stream, mut expected, mut id) = (Vec::new(), Vec::new(), String::new());
        for values in &all {
            stream.extend(values.written(size));
            expected.extend(values.said(&mut id));
        }
        let cuts = cuts_of(stream.len(), &cuts);
        let mut decoder = Decoder::with_id_store(vec![0; stream.len()], [0; 2 * 8192]);
        let decoded = decoded_items(&mut decoder, pieces(&stream, &cuts));
        prop_assert_eq!(decoded.said, expected);
        prop_assert_eq!(decoded.last_event_id, id.into_bytes());
        prop_assert!(!decoder.is_mid_event());
    }

    #[test]
    fn data_in_pieces_is_written_as_in_one(mut values in values(), data in text(), cuts in cuts()) {
        let cuts = cuts_of(data.len(), &cuts);
        values.data = Some(data);
        prop_assert_eq!(values.written_in_pieces(&cuts), values.written(1));
    }

    /// Everything that was read can be written again without a change.
    #[test]
    fn what_was_read_can_be_written(stream in streams()) {
        let text = String::from_utf8_lossy(&stream);
        let mut decoder = Decoder::with_id_store(vec![0; text.len()], [0; 2 * 8192]);
        let first = decoded_items(&mut decoder, [text.as_bytes()]);
        let written: Vec<u8> = first.said.iter().flat_map(|said| Values::of(said).written(7)).collect();
        let mut decoder = Decoder::with_id_store(vec![0; written.len()], [0; 2 * 8192]);
        let mut second = decoded_items(&mut decoder, [&written[..]]);
        // The writer adds a space before a comment's text if there is none.
        for (first, second) in first.said.iter().zip(&mut second.said) {
            if let (Said::Comment(first), Said::Comment(second)) = (first, second) {
                prop_assert!(first == second || *second == [b" ", &first[..]].concat());
                second.clone_from(first);
            }
        }
        prop_assert_eq!(second.said, first.said);
    }

    #[test]
    fn what_a_line_cannot_hold_is_refused(text in text()) {
        let line_break = text.find(['\r', '\n']);
        prop_assert_eq!(SingleLine::new(&text).err().map(|error| error.offset), line_break);
        match EventId::new(&text) {
            Ok(id) => prop_assert!(id.as_str() == text && line_break.is_none() && !text.contains('\0')),
            Err(InvalidEventId::LineBreak { offset, .. }) => prop_assert_eq!(Some(offset), line_break),
            Err(InvalidEventId::Nul { offset, .. }) => prop_assert_eq!(Some(offset), text.find('\0')),
            Err(other) => prop_assert!(false, "unexpected error: {}", other),
        }
    }
}

fn values() -> impl Strategy<Value = Values> {
    let (maybe_text, maybe_line) = (|| prop::option::of(text()), || prop::option::of(line()));
    let id = prop::option::of(line().prop_map(|line| line.replace('\0', "0")));
    (maybe_text(), maybe_line(), id, prop::option::of(any::<u64>()), maybe_text())
        .prop_map(|(comment, event_type, id, retry_ms, data)| Values { comment, event_type, id, retry_ms, data })
}

/// Any text. Line ends, spaces and what looks like a field are frequent; some texts are so long that they are copied in
/// blocks.
fn text() -> impl Strategy<Value = String> {
    const PARTS: &[&str] = &[
        "\n", "\r", "\r\n", " ", ":", "a", "bc", "data: ", "id: 9", "\0", "\u{FEFF}", "\u{85}", "\u{2028}", "é", "😀",
    ];
    prop_oneof![
        6 => vec(select(PARTS), 0..10).prop_map(|parts| parts.concat()),
        1 => vec(select(PARTS), 10..80).prop_map(|parts| parts.concat()),
        1 => vec(any::<char>(), 0..10).prop_map(String::from_iter),
        1 => (0..5000_usize, select(PARTS), 0..300_usize).prop_map(|(before, part, behind)| {
            ["x".repeat(before), part.repeat(2), "é".repeat(behind)].concat()
        }),
    ]
}

fn line() -> impl Strategy<Value = String> {
    text().prop_map(|text| text.replace(['\r', '\n'], ""))
}
