//! What a decoder keeps between connections: the last event ID and the reconnection time (R62).

use core::time::Duration;

use crate::common::{Said, decoded_items};
use embedded_sse::{Decoder, SetIdError};

#[test]
fn an_id_counts_from_its_blank_line() {
    let mut decoder = Decoder::new([0; 8]);
    assert_eq!(decoded_items(&mut decoder, [&b"id: 1\n"[..]]).last_event_id, b"");
    assert_eq!(decoded_items(&mut decoder, [&b"\n"[..]]).last_event_id, b"1");
}

#[test]
fn a_reset_keeps_what_counts_and_discards_the_block() {
    let mut decoder = Decoder::new([0; 8]);
    decoded_items(&mut decoder, [&b"retry: 7\nid: 1\n\nretry: 8\nid: 2\ndata: lost\n"[..]]);
    assert!(decoder.is_mid_event());
    decoder.reset();
    assert!(!decoder.is_mid_event());
    assert_eq!(decoder.last_event_id(), b"1");
    assert_eq!(decoder.reconnection_time(), Some(Duration::from_millis(8)));
    assert_eq!(decoded_items(&mut decoder, [&b"data\n\n"[..]]).said, [Said::event(b"message", b"", b"1")]);
}

#[test]
fn a_set_id_applies_until_the_stream_names_another() {
    let mut decoder = Decoder::new([0; 8]);
    assert_eq!(decoder.set_last_event_id(b"old"), Ok(()));
    let outcome = decoded_items(&mut decoder, [&b"data\n\nid: new\ndata\n\nid\ndata\n\n"[..]]);
    assert_eq!(outcome.said, ["old", "new", ""].map(|id| Said::event(b"message", b"", id.as_bytes())));
    assert_eq!(outcome.last_event_id, b"");
}

#[test]
fn an_id_that_no_stream_can_send_is_refused() {
    let mut decoder = Decoder::with_id_store([0; 8], [0; 2 * 4]);
    assert_eq!(decoder.set_last_event_id(b"1234"), Ok(()));
    for id in [&b"a\0"[..], b"\r", b"a\nb"] {
        assert_eq!(decoder.set_last_event_id(id), Err(SetIdError::Forbidden));
    }
    assert_eq!(decoder.set_last_event_id(b"12345"), Err(SetIdError::TooLong));
    assert_eq!(decoder.last_event_id(), b"1234", "an error changes nothing");
    assert_eq!(decoder.set_last_event_id(b""), Ok(()));
    assert_eq!(decoder.last_event_id(), b"");
}

/// Even between the lines of a block, where the id of the block is kept separately.
#[test]
fn an_id_can_be_set_in_the_middle_of_a_block() {
    let mut decoder = Decoder::new([0; 8]);
    decoded_items(&mut decoder, [&b"id: of the block\nda"[..]]);
    assert_eq!(decoder.set_last_event_id(b"set"), Ok(()));
    assert_eq!(decoder.last_event_id(), b"set");
    assert_eq!(decoded_items(&mut decoder, [&b"ta\n\n"[..]]).last_event_id, b"of the block");
}

/// The id that is set takes no space from the id of the current block, whichever half of the store that is in.
#[test]
fn setting_an_id_inside_a_block_keeps_the_id_of_the_block() {
    let mut decoder = Decoder::with_id_store([0; 8], [0; 2 * 2]);
    for (set, own) in [(b"ab", b"cd"), (b"ef", b"gh"), (b"ij", b"kl")] {
        for piece in [&b"id: "[..], own, b"\n"] {
            assert!(decoder.next_event(&mut &piece[..]).is_none());
        }
        decoder.set_last_event_id(set).expect("it fits");
        assert_eq!(decoder.last_event_id(), set);
        assert!(decoder.next_event(&mut &b"data\n"[..]).is_none());
        assert_eq!(decoder.last_event_id(), set);
        let mut end = &b"\n"[..];
        assert_eq!(
            decoder.next_event(&mut end).map(|event| event.map(|event| event.last_event_id)),
            Some(Ok(&own[..]))
        );
        assert_eq!(decoder.last_event_id(), own);
    }
}
