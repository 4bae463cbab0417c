//! Bytes as text, by the UTF-8 check of `core` and without a heap. The expected values are those of the standard
//! library.

use core::fmt::{self, Write};

use embedded_sse::{Decoder, Event, FixedEvent, Lossy};

/// What a stream may contain and UTF-8 does not allow: stray and missing continuations, overlong forms, surrogates,
/// numbers that are too large, and bytes that never occur.
const INVALID: [&[u8]; 12] = [
    b"\x80",
    b"\xBF\xBF",
    b"\xC2",
    b"\xC0\xAF",
    b"\xE2\x82",
    b"\xE0\x80\xAF",
    b"\xED\xA0\x80",
    b"\xF0\x9F\x98",
    b"\xF0\x80\x80\x80",
    b"\xF4\x90\x80\x80",
    b"\xFE",
    b"\xFF\xFF",
];

/// Lengths below, at and above those at which a vectorised check would begin.
const LENGTHS: [usize; 12] = [0, 1, 15, 16, 31, 32, 63, 64, 65, 127, 128, 200];

/// ASCII, and characters of two, three and four bytes. Returns text of `length` bytes.
fn text(length: usize) -> String {
    let mut text: String = "aé€😀"
        .chars()
        .cycle()
        .scan(0, |bytes, char| {
            *bytes += char.len_utf8();
            (*bytes <= length).then_some(char)
        })
        .collect();
    text.extend(core::iter::repeat_n('.', length - text.len()));
    text
}

#[test]
fn valid_text_is_returned_unchanged() {
    for length in LENGTHS {
        let text = text(length);
        let stream = format!("event: {text}!\nid: {text}?\ndata: {text}\n\n");
        let mut decoder = Decoder::with_id_store([0; 512], [0; 512]);
        for piece in [1, 7, stream.len()] {
            let mut events = 0;
            for mut chunk in stream.as_bytes().chunks(piece) {
                while let Some(event) = decoder.next_event(&mut chunk) {
                    let event = event.expect("an event that fits");
                    assert_eq!(event.data_str(), Ok(&*text));
                    assert_eq!(event.event_type_str(), Ok(&*format!("{text}!")));
                    assert_eq!(event.last_event_id_str(), Ok(&*format!("{text}?")));
                    assert_eq!(event.data_lossy().to_string(), text);
                    events += 1;
                }
            }
            assert_eq!(events, 1, "{length} bytes in pieces of {piece}");
        }
    }
}

#[test]
fn invalid_text_is_refused_at_its_place_and_replaced_like_in_the_standard_library() {
    for length in LENGTHS {
        let text = text(length);
        for at in (0..=length).filter(|at| text.is_char_boundary(*at)) {
            for invalid in INVALID {
                let bytes = [&text.as_bytes()[..at], invalid, &text.as_bytes()[at..]].concat();
                let expected = core::str::from_utf8(&bytes).expect_err("invalid UTF-8");
                assert_eq!(expected.valid_up_to(), at);
                let event = Event { event_type: &bytes, data: &bytes, last_event_id: &bytes };
                for found in [event.data_str(), event.event_type_str(), event.last_event_id_str()] {
                    assert_eq!(found, Err(expected), "{invalid:?} at {at} of {length}");
                }
                let replaced = String::from_utf8_lossy(&bytes);
                assert_eq!(event.data_lossy().to_string(), replaced);
                assert_eq!(event.event_type_lossy().to_string(), replaced);
                assert_eq!(event.last_event_id_lossy().to_string(), replaced);
                let kept = FixedEvent::<256, 256, 256>::new(&event).expect("an event that fits");
                assert_eq!((kept.data_str(), kept.data_lossy()), (Err(expected), Lossy(&bytes)));
            }
        }
    }
}

/// A writer of a fixed size, as a display has. What does not fit is an error.
struct Line {
    bytes: [u8; 8],
    len: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[test]
fn text_is_written_without_a_heap_and_the_errors_of_the_writer_are_passed_on() {
    let line = || Line { bytes: [0; 8], len: 0 };
    let mut full = line();
    assert_eq!(write!(full, "{}", Lossy(b"21\xB0C\xFF")), Err(fmt::Error), "21, U+FFFD, C, U+FFFD are 9 bytes");
    let mut enough = line();
    assert_eq!(write!(enough, "{}", Lossy(b"21 \xB0C")), Ok(()));
    assert_eq!(&enough.bytes[..enough.len], "21 \u{FFFD}C".as_bytes());
    let mut quoted = line();
    assert_eq!(write!(quoted, "{:?}", Lossy(b"a\n\xFFb")), Err(fmt::Error), "two quotes and 7 bytes");
}

#[test]
fn an_error_of_the_library_is_an_error_of_core() {
    let mut decoder = Decoder::new([0; 4]);
    let mut errors = Vec::new();
    for mut chunk in [&b"data: 123"[..], b"45\n\n"] {
        while let Some(event) = decoder.next_event(&mut chunk) {
            let error: Box<dyn core::error::Error> = Box::new(event.expect_err("an event that does not fit"));
            errors.push(error.to_string());
        }
    }
    assert_eq!(errors, ["event too long for the buffer: data"]);
}
