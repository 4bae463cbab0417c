//! The `Display` text of errors and reasons.

use core::time::Duration;

use embedded_sse::client::StopReason;
use embedded_sse::{BufferFull, Decoder, Event, EventId, Field, FixedEvent, Frame, Item, SingleLine, TooLong};

#[test]
fn messages_about_a_stream() {
    let mut decoder = Decoder::with_id_store([0; 1], [0; 2 * 2]);
    let mut told = Vec::new();
    for mut chunk in [&b"data: 1"[..], b"23\n\nevent: long", b"er\ndata\n\nid: 123\ndata\n\n: a comm", b"ent\n"] {
        while let Some(found) = decoder.next_item(&mut chunk) {
            told.extend(found.err().map(|too_long: TooLong| (too_long.field, too_long.to_string())));
        }
    }
    let expected = [
        (Field::Data, "event too long for the buffer: data"),
        (Field::Event, "event too long for the buffer: event"),
        (Field::Id, "event ID too long for its memory: provide more"),
        (Field::Comment, "comment too long for the buffer"),
    ];
    assert_eq!(told, expected.map(|(field, text)| (field, text.to_string())));
}

#[test]
fn text_is_unchanged_and_invalid_utf_8_is_refused_or_replaced() {
    let long = "é".repeat(100);
    for text in ["", "21.5", &long] {
        let event = Event { event_type: b"message", data: text.as_bytes(), last_event_id: b"" };
        assert_eq!((event.data_str(), event.data_lossy().to_string()), (Ok(text), text.to_string()));
        let broken = [text.as_bytes(), b"\xFF"].concat();
        let event = Event { data: &broken, ..event };
        assert_eq!(event.data_str().expect_err("invalid UTF-8").valid_up_to(), text.len());
        assert_eq!(event.data_lossy().to_string(), format!("{text}\u{FFFD}"));
    }
}

#[test]
fn debug_output_shows_text() {
    let event = Event { event_type: b"message", data: b"it's\n\"\xFF\xC2\xB0", last_event_id: b"7" };
    let expected = "Event { event_type: \"message\", data: \"it's\\n\\\"\u{FFFD}\u{B0}\", last_event_id: \"7\" }";
    assert_eq!(format!("{event:?}"), expected);
    assert_eq!(format!("{:?}", FixedEvent::<16>::new(&event).expect("there is room")), expected);
    #[cfg(feature = "alloc")]
    assert_eq!(format!("{:?}", embedded_sse::OwnedEvent::from(event)), expected);
    assert_eq!(format!("{:?}", Item::Event(event)), format!("Event({expected})"));
    assert_eq!(format!("{:?}", Item::Comment(b" hi")), "Comment(\" hi\")");
    assert_eq!(format!("{:?}", Item::Retry(Duration::from_secs(5))), "Retry(5s)");
}

#[test]
fn messages_about_arguments() {
    let mut decoder = Decoder::with_id_store([0; 0], [0; 2 * 2]);
    let mut refused = |id: &[u8]| decoder.set_last_event_id(id).map_err(|error| error.to_string());
    assert_eq!(refused(b"1\n"), Err("an event ID cannot hold CR, LF or NUL".into()));
    assert_eq!(refused(b"123"), Err("event ID too long for its memory: provide more".into()));
    let full: BufferFull = Frame::new().data("x").encode(&mut [0; 8]).expect_err("it is too short");
    assert_eq!(full.to_string(), "the buffer is too short: the frame needs 9 bytes");
    assert_eq!(SingleLine::new("a\rb").expect_err("CR").to_string(), "line break at byte 1");
    assert_eq!(EventId::new("ab\n").expect_err("LF").to_string(), "line break at byte 2 of the id");
    assert_eq!(EventId::new("\0").expect_err("NUL").to_string(), "NUL at byte 0 of the id");
}

#[test]
fn messages_about_why_a_client_stops() {
    let said = [
        (StopReason::Closed, "closed by the application"),
        (StopReason::Finished, "the last event was received"),
        (StopReason::Ended, "the stream has ended"),
        (StopReason::NoContent, "the server has no more events (status 204)"),
        (StopReason::Credentials(401), "the server requires other credentials (status 401)"),
        (StopReason::Status(404), "the server refuses the request (status 404)"),
        (StopReason::ContentType, "the response is not an event stream"),
        (StopReason::CannotResume, "the request must not be repeated, and its response cannot be resumed"),
        (StopReason::MaxAttempts, "all attempts are used up"),
        (StopReason::MaxElapsed, "the time for attempts is used up"),
    ];
    for (reason, text) in said {
        assert_eq!(reason.to_string(), text);
    }
}
