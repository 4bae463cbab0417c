//! Events that are kept without a heap: the same bytes, or a word on what has no room.

use embedded_sse::{Event, Field, FixedEvent, TooLong};

type Small = FixedEvent<4, 3, 2>;

fn event<'a>(event_type: &'a [u8], data: &'a [u8], last_event_id: &'a [u8]) -> Event<'a> {
    Event { event_type, data, last_event_id }
}

#[test]
fn what_fits_is_kept_to_the_byte() {
    for event in [event(b"abc", b"1234", b"id"), event(b"x", b"", b""), event(b"\xFF", b"\n\0\n", b" ")] {
        let kept = Small::new(&event).expect("there is room");
        assert_eq!(kept.as_event(), event);
        assert_eq!(Small::try_from(event), Ok(kept));
    }
}

/// The type of an event that names none (R38) is what an event has that was made by nobody.
#[test]
fn one_that_nobody_filled_is_an_empty_message() {
    assert_eq!(Small::default().as_event(), event(b"message", b"", b""));
}

#[test]
fn what_has_no_room_is_named_and_nothing_is_cut() {
    let cases = [
        (event(b"abc", b"12345", b"id"), Field::Data),
        (event(b"abcd", b"1234", b"id"), Field::Event),
        (event(b"abc", b"1234", b"id3"), Field::Id),
    ];
    for (event, field) in cases {
        let error: TooLong = Small::new(&event).expect_err("there is no room");
        assert_eq!(error.field, field);
        assert_eq!(Small::try_from(event), Err(error));
    }
}
