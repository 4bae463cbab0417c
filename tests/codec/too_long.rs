//! What does not fit in memory is reported once, in its place, and does not affect anything else.

use crate::common::{Said, decoded_events, decoded_items};
use embedded_sse::{Decoder, Field, Item};

#[cfg(target_os = "none")]
use board::prelude::*;

/// Decodes byte by byte with 8 bytes for an event and 4 for an id. Returns the reports and the last event ID at the
/// end.
fn byte_by_byte(stream: &str) -> (Vec<Said>, String) {
    let mut decoder = Decoder::with_id_store([0; 8], [0; 2 * 4]);
    let outcome = decoded_items(&mut decoder, stream.as_bytes().iter().map(core::slice::from_ref));
    (outcome.said, String::from_utf8(outcome.last_event_id).unwrap())
}

/// Does the same, and checks that no cut into two pieces changes the ids that are reported or kept.
fn in_any_pieces(stream: &str) -> (Vec<Said>, String) {
    let expected = byte_by_byte(stream);
    for cut in 0..=stream.len() {
        let (head, tail) = stream.as_bytes().split_at(cut);
        let mut decoder = Decoder::with_id_store([0; 8], [0; 2 * 4]);
        let outcome = decoded_items(&mut decoder, [head, tail]);
        let ids: Vec<_> = outcome.said.iter().filter(|said| **said == Said::TooLong(Field::Id)).collect();
        let expected_ids: Vec<_> = expected.0.iter().filter(|said| **said == Said::TooLong(Field::Id)).collect();
        assert_eq!(ids, expected_ids, "{stream:?} cut at {cut}");
        assert_eq!(outcome.last_event_id, expected.1.as_bytes(), "{stream:?} cut at {cut}");
    }
    expected
}

fn event(event_type: &str, data: &str, last_event_id: &str) -> Said {
    Said::event(event_type.as_bytes(), data.as_bytes(), last_event_id.as_bytes())
}

#[test]
fn data_that_fits_exactly_is_delivered() {
    assert_eq!(byte_by_byte("data: 12345678\n\n").0, [event("message", "12345678", "")]);
    assert_eq!(byte_by_byte("data: 1234\ndata: 678\n\n").0, [event("message", "1234\n678", "")]);
    assert_eq!(byte_by_byte("event: tick\ndata: 5678\n\n").0, [event("tick", "5678", "")]);
    assert_eq!(byte_by_byte("data: 5678\nevent: tick\n\n").0, [event("tick", "5678", "")]);
}

#[test]
fn data_that_is_one_byte_too_long_is_reported_once() {
    assert_eq!(byte_by_byte("data: 123456789\n\n").0, [Said::TooLong(Field::Data)]);
    assert_eq!(byte_by_byte("data: 1234\ndata: 6789\n\n").0, [Said::TooLong(Field::Data)]);
    assert_eq!(byte_by_byte("data: 12345678\ndata\n\n").0, [Said::TooLong(Field::Data)]);
    assert_eq!(byte_by_byte("event: tick\ndata: 56789\n\n").0, [Said::TooLong(Field::Data)]);
}

#[test]
fn a_type_that_is_too_long_is_reported_once() {
    assert_eq!(byte_by_byte("event: 123456789\ndata\n\n").0, [Said::TooLong(Field::Event)]);
    assert_eq!(byte_by_byte("data: 5678\nevent: ticks\n\n").0, [Said::TooLong(Field::Event)]);
}

#[test]
fn only_the_last_type_has_to_fit() {
    assert_eq!(byte_by_byte("event: 123456789\nevent: tick\ndata: 5678\n\n").0, [event("tick", "5678", "")]);
    assert_eq!(byte_by_byte("event: 123456789\nevent\ndata: 5678\n\n").0, [event("message", "5678", "")]);
}

#[test]
fn a_block_without_data_has_no_event_to_lose() {
    assert_eq!(byte_by_byte("event: 123456789\n\ndata\n\n").0, [event("message", "", "")]);
}

/// Otherwise every reconnect would repeat the same event.
#[test]
fn the_id_of_an_event_that_is_too_long_counts() {
    let (said, id) = byte_by_byte("id: 1\ndata: 123456789\nid: 2\n\ndata: a\n\n");
    assert_eq!(said, [Said::TooLong(Field::Data), event("message", "a", "2")]);
    assert_eq!(id, "2");
}

#[test]
fn the_events_around_one_that_is_too_long_are_delivered() {
    let (said, _) = byte_by_byte("data: a\n\nevent: x\ndata: 123456789\ndata: b\n\ndata: c\n\n");
    assert_eq!(said, [event("message", "a", ""), Said::TooLong(Field::Data), event("message", "c", "")]);
}

#[test]
fn an_id_that_is_too_long_is_reported_after_its_event() {
    let (said, id) = in_any_pieces("id: 1234\ndata: a\n\nid: 12345\ndata: b\n\ndata: c\n\n");
    let b_c = [event("message", "b", "1234"), Said::TooLong(Field::Id), event("message", "c", "1234")];
    assert_eq!(said[0], event("message", "a", "1234"));
    assert_eq!(said[1..], b_c);
    assert_eq!(id, "1234");
}

#[test]
fn an_id_that_is_too_long_is_reported_without_an_event() {
    let (said, id) = in_any_pieces("id: 1\n\nid: 12345\n\ndata: c\n\n");
    assert_eq!(said, [Said::TooLong(Field::Id), event("message", "c", "1")]);
    assert_eq!(id, "1");
}

/// The id from before the block stays. An earlier id of the same block does not replace it.
#[test]
fn an_earlier_id_of_the_block_does_not_replace_one_that_is_too_long() {
    for other in ["2", "23", "2345", ""] {
        let (said, id) = in_any_pieces(&format!("id: 1\n\nid: {other}\nid: 12345\ndata: b\n\n"));
        assert_eq!(said, [event("message", "b", "1"), Said::TooLong(Field::Id)], "after {other:?}");
        assert_eq!(id, "1", "after {other:?}");
    }
}

#[test]
fn only_the_last_id_has_to_fit() {
    let (said, id) = in_any_pieces("id: 12345\nid: 2\ndata: b\n\n");
    assert_eq!((said, &id[..]), (vec![event("message", "b", "2")], "2"));
}

/// It would not have counted anyway (R42).
#[test]
fn a_long_id_with_nul_is_not_reported() {
    let (said, id) = in_any_pieces("id: 1\n\nid: 12345\0\ndata: b\n\n");
    assert_eq!((said, &id[..]), (vec![event("message", "b", "1")], "1"));
}

#[test]
fn a_comment_that_is_too_long_is_reported_at_the_end_of_its_line() {
    assert_eq!(byte_by_byte(":12345678\n").0, [Said::Comment(b"12345678".into())]);
    assert_eq!(byte_by_byte(":123456789\n").0, [Said::TooLong(Field::Comment)]);
    let (said, _) = byte_by_byte("data: 1234\n:56789\ndata: 678\n\n");
    assert_eq!(said, [Said::TooLong(Field::Comment), event("message", "1234\n678", "")]);
}

#[test]
fn next_event_does_not_report_a_comment_that_is_too_long() {
    let mut decoder = Decoder::new([0; 8]);
    let stream = b"data: a\n:123456789\ndata: b\n\n";
    let outcome = decoded_events(&mut decoder, stream.iter().map(core::slice::from_ref));
    assert_eq!(outcome.said, [event("message", "a\nb", "")]);
}

#[test]
fn an_event_in_one_piece_needs_no_buffer() {
    let mut decoder = Decoder::new([]);
    let stream = b": hello\nid: 1\nevent: tick\ndata: as long as it likes\n\ndata: b\n\n";
    let outcome = decoded_events(&mut decoder, [&stream[..]]);
    assert_eq!(outcome.said, [event("tick", "as long as it likes", "1"), event("message", "b", "1")]);
}

#[test]
fn a_reset_discards_a_lost_event() {
    let mut decoder = Decoder::with_id_store([0; 8], [0; 2 * 4]);
    let lost = b"id: 12345\nevent: 123456789\ndata: 123456789\n";
    assert_eq!(decoded_items(&mut decoder, lost.iter().map(core::slice::from_ref)).said, []);
    decoder.reset();
    let outcome = decoded_items(&mut decoder, [&b"data: a\n\n"[..]]);
    assert_eq!(outcome.said, [event("message", "a", "")]);
}

/// The event was delivered, so a reconnect from the id before it repeats the event. The report tells the application to
/// expect that.
#[test]
fn an_id_that_is_too_long_is_reported_after_a_reset() {
    for (next, behind) in [(&b"data: a\n\n"[..], 1), (b"", 0), (b": c\n", 0), (b"\xEF\xBB\xBFdata: a\n\n", 1)] {
        let mut decoder = Decoder::with_id_store([0; 8], [0; 2 * 4]);
        let mut stream = &b"id: 1\n\nid: 12345\ndata: b\n\ndata: of the old stream"[..];
        assert!(matches!(decoder.next_event(&mut stream), Some(Ok(event)) if event.data == b"b"));
        decoder.reset();
        assert!(!decoder.is_mid_event());
        let outcome = decoded_events(&mut decoder, [next]);
        let expected = [Said::TooLong(Field::Id), event("message", "a", "1")];
        assert_eq!(outcome.said, expected[..=behind], "before {}", next.escape_ascii());
        decoder.reset();
        assert_eq!(decoded_events(&mut decoder, [&b"\n"[..]]).said, [], "reported once");
    }
}

/// Without a report, `event` returns what was read so far, as its documentation states.
#[test]
fn event_without_a_report_returns_what_was_read_so_far() {
    let mut decoder = Decoder::new([0; 8]);
    let chunk = b"event: t\ndata: a";
    assert_eq!(decoder.step(chunk).found, None);
    assert_eq!((decoder.event(chunk).event_type, decoder.event(chunk).data), (&b"t"[..], &b"a"[..]));
    decoder.reset();
    assert_eq!((decoder.event(b"").event_type, decoder.event(b"").data), (&b"message"[..], &b""[..]));
}

/// Its block was never dispatched, so that nothing of it counts (R41).
#[test]
fn an_id_that_is_too_long_in_an_unfinished_block_is_not_reported() {
    let mut decoder = Decoder::with_id_store([0; 8], [0; 2 * 4]);
    assert_eq!(decoded_events(&mut decoder, [&b"data: a\nid: 12345\n"[..]]).said, []);
    decoder.reset();
    assert_eq!(decoded_events(&mut decoder, [&b"data: a\n\n"[..]]).said, [event("message", "a", "")]);
}

#[test]
fn a_lost_event_leaves_the_buffer_to_a_comment_in_it() {
    let stream = b"data:x\nevent: a long type\n: comment\nid: 123\n\n";
    for cut in 0..=stream.len() {
        let mut decoder = Decoder::new([0; 11]);
        let mut comments = 0;
        let (first, second) = stream.split_at(cut);
        for mut chunk in [first, second] {
            while let Some(item) = decoder.next_item(&mut chunk) {
                match item {
                    Ok(Item::Comment(text)) => {
                        assert_eq!(text, b" comment", "cut at {cut}");
                        comments += 1;
                    }
                    Err(too_long) => assert_ne!(too_long.field, Field::Comment, "cut at {cut}"),
                    Ok(_) => {}
                }
            }
        }
        assert_eq!(comments, 1, "cut at {cut}");
        assert_eq!(decoder.last_event_id(), b"123", "cut at {cut}");
    }
}

/// Half a comment is not reported, whichever half it is.
#[test]
fn a_comment_is_reported_only_if_every_call_asked_for_items() {
    for last in [&b"t\n"[..], b"\n"] {
        let mut decoder = Decoder::new([0; 16]);
        assert!(decoder.next_event(&mut &b": tex"[..]).is_none());
        assert!(decoder.next_item(&mut &last[..]).is_none());
        assert!(decoder.next_item(&mut &b": tex"[..]).is_none());
        assert!(decoder.next_event(&mut &last[..]).is_none());
        assert!(decoder.next_item(&mut &b": tex"[..]).is_none());
        let mut end = last;
        assert!(matches!(decoder.next_item(&mut end), Some(Ok(Item::Comment(_)))));
    }
}

/// The type was lost in an earlier chunk than the one that ends the event.
#[test]
fn a_lost_type_is_reported_however_the_data_is_cut() {
    let mut decoder = Decoder::new([0; 8]);
    for piece in [&b"event: too long for it"[..], b"\ndata: a"] {
        assert!(decoder.next_event(&mut &piece[..]).is_none());
    }
    let told = decoder.next_event(&mut &b"b\n\n"[..]).map(|found| found.map_err(|too_long| too_long.field));
    assert_eq!(told, Some(Err(Field::Event)));
}

/// A comment that is not asked for does not affect the lines around it.
#[test]
fn an_id_counts_at_its_blank_line_after_a_comment() {
    let mut decoder = Decoder::new([0; 8]);
    assert!(decoder.next_event(&mut &b"\nid: 7\n: c\n\n: d\n\n"[..]).is_none());
    assert_eq!(decoder.last_event_id(), b"7");
}

/// Reading continues after the line that does not fit.
#[test]
fn lines_after_one_that_does_not_fit_are_read() {
    let mut decoder = Decoder::new([0; 4]);
    let mut stream = &b"\ndata: ab\ndata: much too long\ndata: c\n\ndata: ok\n\n"[..];
    let told = decoder.next_event(&mut stream).map(|found| found.map_err(|too_long| too_long.field));
    assert_eq!(told, Some(Err(Field::Data)));
    assert_eq!(decoder.next_event(&mut stream).map(|found| found.map(|event| event.data)), Some(Ok(&b"ok"[..])));
}

/// A line that does not fit is one loss, however long it is, and reading continues after it.
#[test]
fn a_line_of_any_length_that_does_not_fit_is_reported_once() {
    for length in 1..100 {
        let stream = format!("data: a\ndata: {}\n\ndata: y\n\n", "b".repeat(length));
        let mut rest = stream.as_bytes();
        let mut decoder = Decoder::new([0; 4]);
        let told =
            decoder.next_event(&mut rest).map(|found| found.map(|event| event.data.len()).map_err(|lost| lost.field));
        assert_eq!(told, Some(if length <= 2 { Ok(2 + length) } else { Err(Field::Data) }), "{length} bytes");
        assert!(rest.len() <= "\ndata: y\n\n".len(), "{length} bytes");
        assert_eq!(
            decoder.next_event(&mut rest).map(|found| found.map(|event| event.data)),
            Some(Ok(&b"y"[..])),
            "{length} bytes"
        );
        assert!(decoder.next_event(&mut rest).is_none(), "{length} bytes");
    }
}

#[test]
fn an_id_that_is_too_long_is_reported_before_the_first_byte_of_the_next_stream() {
    for chunk in [&b"\xEF"[..], b"d", b":", b"\n", b""] {
        let mut decoder = Decoder::with_id_store([0; 8], [0; 2 * 4]);
        assert!(matches!(decoder.next_event(&mut &b"id: 12345\ndata: x\n\n"[..]), Some(Ok(_))));
        decoder.reset();
        let mut rest = chunk;
        let field = decoder.next_event(&mut rest).and_then(Result::err).map(|too_long| too_long.field);
        assert_eq!((field, rest), (Some(Field::Id), chunk));
    }
}
