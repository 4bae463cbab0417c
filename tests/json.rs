//! Tests of events whose data is JSON: read by type, written to the lines of a frame, with and without a heap.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use embedded_sse::io::http_body::EncodedFrame;
use embedded_sse::io::json::Reason;
use embedded_sse::io::{serde_json as heap, serde_json_core as core};
use embedded_sse::{Decoder, Event, EventId, FixedEvent, Frame, OwnedEvent, SingleLine, event_id};
use proptest::prelude::*;
use serde::{Deserialize, Serialize, Serializer};

/// One variant of each kind.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum News<'a> {
    Put { path: &'a str, value: u32 },
    Moved(i8, i8),
    Mood(Mood),
    KeepAlive,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mood {
    Good,
    Bad,
}

#[derive(Debug, PartialEq, Deserialize)]
enum Known {
    #[serde(rename = "put")]
    Put(Value),
    #[serde(other)]
    Other,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Value {
    value: u32,
}

const fn event<'a>(event_type: &'a str, data: &'a str) -> Event<'a> {
    Event { event_type: event_type.as_bytes(), data: data.as_bytes(), last_event_id: b"7" }
}

/// Why an event could not be read.
#[derive(Debug, PartialEq)]
enum Fault {
    Unknown,
    Data,
}

fn fault<B: AsRef<[u8]> + fmt::Debug, E: Error + 'static>(
    error: embedded_sse::io::json::JsonError<B, E>,
    event: &Event<'_>,
) -> Fault {
    assert_eq!((error.event_type.as_ref(), error.last_event_id.as_ref()), (event.event_type, event.last_event_id));
    match &error.reason {
        Reason::UnknownType => {
            assert!(error.source().is_none());
            Fault::Unknown
        }
        Reason::Data(data) => {
            assert_eq!(error.source().unwrap().to_string(), data.to_string(), "the source is kept");
            Fault::Data
        }
        reason => panic!("{reason:?}"),
    }
}

/// Reads an enum by the type of the event in both ways, from all kinds of events, which must agree.
fn by_type<'a, T: Deserialize<'a> + PartialEq + fmt::Debug>(event: &Event<'a>) -> Result<T, Fault> {
    let heap = event.json_by_type().map_err(|error| fault(error, event));
    let core = event.json_core_by_type(&mut [0; 64]).map_err(|error| fault(error, event));
    assert_eq!(heap, core, "{event:?}");
    heap
}

#[test]
fn the_type_of_the_event_chooses_the_variant() {
    for (event, expected) in [
        (event("put", r#"{"path":"/a","value":3,"more":[1]}"#), News::Put { path: "/a", value: 3 }),
        (event("moved", " [1, -2] \n"), News::Moved(1, -2)),
        (event("mood", r#""bad""#), News::Mood(Mood::Bad)),
        (event("keep_alive", "null"), News::KeepAlive),
        (event("keep_alive", ""), News::KeepAlive),
        (event("keep_alive", "not { JSON"), News::KeepAlive),
    ] {
        assert_eq!(by_type(&event), Ok(expected), "{event:?}");
    }
    #[derive(Debug, PartialEq, Deserialize)]
    enum Plain {
        #[serde(rename = "message")]
        Message(u8),
    }
    let unnamed = Decoder::new([0; 16]).next_event(&mut &b"data: 5\n\n"[..]).unwrap().map(OwnedEvent::from).unwrap();
    assert_eq!(by_type(&unnamed.as_event()), Ok(Plain::Message(5)), "an event without a type");
}

#[test]
fn an_unknown_type_is_an_error_of_its_own_unless_there_is_a_variant_for_it() {
    let unknown = event("patch", r#"{"value":3}"#);
    assert_eq!(by_type::<News<'_>>(&unknown), Err(Fault::Unknown));
    assert_eq!(by_type(&unknown), Ok(Known::Other));
    assert_eq!(by_type(&event("patch", "not { JSON")), Ok(Known::Other));
    assert_eq!(by_type(&event("put", r#"{"value":3}"#)), Ok(Known::Put(Value { value: 3 })));
    let not_utf8 = Event { event_type: b"p\xFFt", data: b"1", last_event_id: b"7" };
    assert_eq!(by_type::<News<'_>>(&not_utf8), Err(Fault::Unknown));
    assert_eq!(by_type(&not_utf8), Ok(Known::Other));
    let within = event("mood", r#""angry""#);
    assert_eq!(by_type::<News<'_>>(&within), Err(Fault::Data), "an unknown name inside the data");
}

#[test]
fn data_that_is_not_what_was_asked_for_is_an_error() {
    for data in ["", "{", "true", "null", r#"{"value":3"#, r#"{"value":3} x"#, r#"{"value":-3}"#, r#"{"other":3}"#] {
        let event = event("put", data);
        assert_eq!(by_type::<Known>(&event), Err(Fault::Data), "{data}");
        assert_eq!(event.json::<Value>().map_err(|error| fault(error, &event)), Err(Fault::Data), "{data}");
        let core = event.json_core::<Value>(&mut [0; 64]).map_err(|error| fault(error, &event));
        assert_eq!(core, Err(Fault::Data), "{data}");
    }
    assert_eq!(by_type::<Value>(&event("put", r#"{"value":3}"#)), Err(Fault::Data), "not an enum");
}

#[test]
fn an_error_names_the_event_and_ends_nothing() {
    let mut decoder = Decoder::new([0; 64]);
    let mut input =
        &b"event: put\nid: a\ndata: 1\n\ndata\n\nevent: put\nid: b\ndata: {\"path\":\"/a\",\"value\":3}\n\n"[..];
    let (mut read, mut errors) = (Vec::new(), Vec::new());
    while let Some(event) = decoder.next_event(&mut input) {
        match event.unwrap().json_by_type::<News<'_>>() {
            Ok(news) => read.push(format!("{news:?}")),
            Err(error) => errors.push(error.to_string()),
        }
    }
    assert_eq!(
        errors,
        [
            r#"event "put" with ID "a": invalid type: integer `1`, expected struct variant News::Put at line 1 column 1"#,
            r#"event "message" with ID "a": the enum has no variant for this type"#,
        ]
    );
    assert_eq!(read, [r#"Put { path: "/a", value: 3 }"#]);
    let without_id = Event { last_event_id: b"", ..event("put", "1") };
    let error = without_id.json_core::<bool>(&mut []).unwrap_err();
    assert_eq!(error.to_string().split(':').next(), Some(r#"event "put""#));
}

#[test]
fn every_kind_of_event_is_read() -> Result<(), Box<dyn Error>> {
    let event = event("put", r#"{"path":"/a","value":3}"#);
    let expected = News::Put { path: "/a", value: 3 };
    let (owned, fixed) = (OwnedEvent::from(event), FixedEvent::<64>::new(&event)?);
    assert_eq!(
        (owned.json_by_type::<News<'_>>()?, fixed.json_by_type::<News<'_>>()?),
        (expected, event.json_by_type()?)
    );
    assert_eq!(fixed.json_core_by_type::<News<'_>>(&mut []).unwrap(), event.json_by_type()?);
    assert_eq!((owned.json::<Value>()?, fixed.json::<Value>()?), (Value { value: 3 }, Value { value: 3 }));
    assert_eq!(fixed.json_core::<Value>(&mut []).unwrap(), Value { value: 3 });
    Ok(())
}

#[test]
fn a_value_borrows_from_the_stream_and_not_from_the_event() {
    let chunk = Vec::from("data: \"kept\"\n\n");
    let text = {
        let event = Decoder::new([0; 0]).next_event(&mut &*chunk).map(|event| event.unwrap().data.to_vec());
        assert_eq!(event.as_deref(), Some(&b"\"kept\""[..]));
        let event = event_of(&chunk[6..12]);
        (event.json::<&str>().unwrap(), event.json_core::<&str>(&mut []).unwrap())
    };
    assert_eq!(text, ("kept", "kept"));
}

const fn event_of(data: &[u8]) -> Event<'_> {
    Event { event_type: b"message", data, last_event_id: b"" }
}

#[test]
fn text_with_escapes_is_unescaped_in_the_buffer() {
    #[derive(Deserialize)]
    struct Owned(String);
    let event = event("message", r#""a\n\"b\"""#);
    assert_eq!(event.json::<String>().unwrap(), "a\n\"b\"");
    assert_eq!(event.json_core::<Owned>(&mut [0; 5]).unwrap().0, "a\n\"b\"");
    assert_eq!(event.json_core::<Owned>(&mut [0; 4]).map_err(|error| fault(error, &event)).err(), Some(Fault::Data));
    let borrowed = event.json_core::<&str>(&mut [0; 5]).map_err(|error| fault(error, &event));
    assert_eq!(borrowed, Err(Fault::Data), "text that is not in the stream cannot be borrowed from it");
}

/// Writes bytes of its own, which a serializer may take for JSON.
struct Raw(&'static [u8]);

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// Fails in the middle.
struct Broken;

impl Serialize for Broken {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("broken"))
    }
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let mut buffer = [0; 64];
    let frame = Frame::new();
    assert_eq!(frame.encode_json_core(&Raw(b"1"), &mut buffer).unwrap(), b"data: 1\n\n");
    let error = frame.encode_json_core(&Raw(b"1\rid: 9"), &mut buffer).unwrap_err();
    assert!(matches!(error, core::WriteError::LineBreak(_)) && error.source().is_some(), "{error}");
    assert_eq!(frame.encode_json_core(&Raw(b"\xFF"), &mut buffer), Err(core::WriteError::NotText));
    for error in [
        frame.write_json(&Broken, String::new()).unwrap_err(),
        frame.encode_json(&(1, Broken), &mut buffer).unwrap_err(),
        frame.write_json(&BTreeMap::from([((1, 2), 3)]), String::new()).unwrap_err(),
        EncodedFrame::json(&frame, &Broken).unwrap_err(),
    ] {
        assert!(matches!(error, heap::WriteError::Json(_)) && error.source().is_some(), "{error}");
    }
    struct Closed;
    impl fmt::Write for Closed {
        fn write_str(&mut self, _: &str) -> fmt::Result {
            Err(fmt::Error)
        }
    }
    assert!(matches!(frame.write_json(&1, Closed), Err(heap::WriteError::Full)));
}

#[test]
fn data_that_the_frame_has_is_replaced() {
    let frame = Frame::new().id(event_id!("7")).data("old\ndata");
    let expected = "id: 7\ndata: true\n\n";
    assert_eq!(frame.write_json(&true, String::new()).unwrap(), expected);
    assert_eq!(frame.encode_json(&true, &mut [0; 64]).unwrap(), expected.as_bytes());
    assert_eq!(frame.encode_json_core(&true, &mut [0; 64]).unwrap(), expected.as_bytes());
    assert_eq!(EncodedFrame::json(&frame, &true).unwrap().as_bytes(), expected.as_bytes());
}

proptest! {
    /// Every way to write gives the bytes of a frame with the JSON as its data, in a buffer of exactly its length.
    #[test]
    fn a_written_value_is_read_back(
        texts in prop::collection::vec("(?s).{0,12}", 0..5),
        number in any::<i32>(),
        id in "[^\r\n\0]{0,8}",
        event_type in "[^\r\n]{1,8}",
        comment in prop::option::of("(?s).{0,8}"),
    ) {
        let value = (number, texts);
        let json = serde_json::to_string(&value).unwrap();
        let (id, event_type) = (EventId::new(&id).unwrap(), SingleLine::new(&event_type).unwrap());
        let mut frame = Frame::new().id(id).event_type(event_type);
        if let Some(comment) = &comment {
            frame = frame.comment(comment);
        }
        let expected = frame.data(&json).to_string();
        prop_assert_eq!(&frame.write_json(&value, String::new()).unwrap(), &expected);
        let encoded = EncodedFrame::json(&frame, &value).unwrap();
        prop_assert_eq!(encoded.as_bytes(), expected.as_bytes());
        for length in 0..=expected.len() {
            let (mut heap, mut core) = (vec![0; length], vec![0; length]);
            let (heap, core) = (frame.encode_json(&value, &mut heap), frame.encode_json_core(&value, &mut core));
            if length < expected.len() {
                prop_assert!(matches!(heap, Err(heap::WriteError::Full)), "{} of {}", length, expected.len());
                prop_assert_eq!(core, Err(core::WriteError::Full));
            } else {
                prop_assert_eq!(heap.unwrap(), expected.as_bytes());
                let written = core.unwrap().to_vec();
                prop_assert_eq!(read_back(&written), value.clone());
            }
        }
        prop_assert_eq!(read_back(expected.as_bytes()), value);
    }
}

fn read_back(mut stream: &[u8]) -> (i32, Vec<String>) {
    let mut decoder = Decoder::new([0; 0]);
    decoder.next_event(&mut stream).unwrap().unwrap().json().unwrap()
}
