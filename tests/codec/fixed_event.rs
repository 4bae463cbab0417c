//! Events that are kept without a heap: all bytes are kept, or the field that does not fit is reported.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use embedded_sse::{Event, Field, FixedEvent, TooLong};

type Small = FixedEvent<4, 3, 2>;

fn event<'a>(event_type: &'a [u8], data: &'a [u8], last_event_id: &'a [u8]) -> Event<'a> {
    Event { event_type, data, last_event_id }
}

#[test]
fn what_fits_is_kept_unchanged() {
    for event in [event(b"abc", b"1234", b"id"), event(b"x", b"", b""), event(b"\xFF", b"\n\0\n", b" ")] {
        let kept = Small::new(&event).expect("the event fits");
        assert_eq!(kept.as_event(), event);
        assert_eq!(Small::try_from(event), Ok(kept));
    }
}

#[test]
fn all_three_kinds_of_event_have_the_same_accessors() {
    let event = event(b"abc", b"1234", b"7");
    let kept = Small::new(&event).expect("there is room");
    assert_eq!((kept.event_type(), kept.data(), kept.last_event_id()), (&b"abc"[..], &b"1234"[..], &b"7"[..]));
    assert_eq!((kept.event_type_str(), kept.data_str(), kept.last_event_id_str()), (Ok("abc"), Ok("1234"), Ok("7")));
    assert_eq!((event.event_type_str(), event.data_str(), event.last_event_id_str()), (Ok("abc"), Ok("1234"), Ok("7")));
    assert_eq!(kept.event_type_lossy(), event.event_type_lossy());
    assert_eq!(kept.data_lossy(), event.data_lossy());
    assert_eq!(kept.last_event_id_lossy(), event.last_event_id_lossy());
    let broken =
        Small::new(&Event { event_type: b"\xFF", data: b"\xFE", last_event_id: b"\xFD" }).expect("there is room");
    assert!(broken.event_type_str().is_err() && broken.data_str().is_err() && broken.last_event_id_str().is_err());
    #[cfg(feature = "alloc")]
    {
        let owned = embedded_sse::OwnedEvent::from(event);
        assert_eq!(
            (owned.event_type_str(), owned.data_str(), owned.last_event_id_str()),
            (Ok("abc"), Ok("1234"), Ok("7"))
        );
    }
}

/// The default has the type of an event that names none (R38).
#[test]
fn the_default_is_an_empty_message() {
    assert_eq!(Small::default().as_event(), event(b"message", b"", b""));
}

#[test]
fn the_default_type_takes_no_space() {
    let kept = FixedEvent::<4, 0, 2>::new(&event(b"message", b"1234", b"id")).expect("the event fits");
    assert_eq!(kept.as_event(), event(b"message", b"1234", b"id"));
    let error = FixedEvent::<4, 0, 2>::new(&event(b"a", b"", b"")).expect_err("the event does not fit");
    assert_eq!(error.field, Field::Event);
}

/// Equality does not depend on how the events were made.
#[test]
fn equal_events_have_equal_copies() {
    let hash = BuildHasherDefault::<DefaultHasher>::default();
    let same = FixedEvent::<4>::default();
    for other in [same.as_event(), event(b"message", b"", b""), event(b"", b"", b"")] {
        let other = FixedEvent::new(&other).expect("the event fits");
        assert_eq!(other, same);
        assert_eq!(hash.hash_one(other), hash.hash_one(&same));
    }
    for other in [event(b"messag", b"", b""), event(b"messages", b"", b""), event(b"message", b"\0", b"")] {
        assert_ne!(FixedEvent::new(&other).expect("the event fits"), same);
    }
}

#[test]
fn the_field_that_does_not_fit_is_named_and_nothing_is_cut() {
    let cases = [
        (event(b"abc", b"12345", b"id"), Field::Data),
        (event(b"abcd", b"1234", b"id"), Field::Event),
        (event(b"abc", b"1234", b"id3"), Field::Id),
    ];
    for (event, field) in cases {
        let error: TooLong = Small::new(&event).expect_err("the event does not fit");
        assert_eq!(error.field, field);
        assert_eq!(Small::try_from(event), Err(error));
    }
}
