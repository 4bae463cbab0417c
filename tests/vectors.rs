//! Every vector of `tests/vectors/` in every mode.

#[cfg(feature = "nom")]
#[path = "common/bounded.rs"]
mod bounded;
mod common;

use core::time::Duration;
use std::fs;
use std::path::Path;

use common::{Outcome, Said, decoded_events, decoded_items, pieces, reassembled};
use embedded_sse::Decoder;
use serde_json::Value;

/// Longer than the longest id of all vectors.
const ID: usize = 8192;

struct Vector {
    name: String,
    input: Vec<u8>,
    cuts: Vec<usize>,
    initial_last_event_id: String,
    expected: Shown,
    /// Not every vector says it.
    final_last_event_id: Option<String>,
}

/// What a browser would show: type, data and id of each event, and the reconnection time.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    events: Vec<[String; 3]>,
    reconnection_time: Option<Duration>,
}

impl Vector {
    fn check(&self, mode: &str, outcome: &Outcome) {
        let name = &self.name;
        assert_eq!(Shown::of(outcome), self.expected, "{name}, {mode}");
        if let Some(id) = &self.final_last_event_id {
            assert_eq!(&lossy(&outcome.last_event_id), id, "{name}, {mode}: last event ID at the end");
        }
    }

    fn decoder<B: AsRef<[u8]> + AsMut<[u8]>>(&self, buffer: B) -> Decoder<B, ID> {
        let mut decoder = Decoder::with_id_capacity(buffer);
        decoder.set_last_event_id(self.initial_last_event_id.as_bytes()).expect("an id that fits");
        decoder
    }

    /// Runs one way of cutting the input through all that can read it.
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

    /// With anything behind it the input says the same and no more, if all it says is said.
    fn ends_with_blank_line(&self) -> bool {
        [&b"\n\n"[..], b"\r\r", b"\n\r", b"\n\r\n"].iter().any(|end| self.input.ends_with(end))
    }
}

impl Shown {
    fn of(outcome: &Outcome) -> Self {
        let events = outcome.said.iter().filter_map(|said| match said {
            Said::Event { event_type, data, last_event_id } => {
                Some([lossy(event_type), lossy(data), lossy(last_event_id)])
            }
            Said::Comment(_) | Said::Retry(_) => None,
            Said::TooLong(field) => panic!("{field} too long"),
        });
        Self { events: events.collect(), reconnection_time: outcome.reconnection_time }
    }
}

fn lossy(bytes: &[u8]) -> String {
    embedded_sse::Lossy(bytes).to_string()
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
        // The one huge value: its whole text is the same byte, and a stride that is prime meets every alignment.
        let stride = if vector.input.len() > 10_000 { 97 } else { 1 };
        let ends = vector.input.len().saturating_sub(64)..=vector.input.len();
        for cut in (0..vector.input.len()).filter(|cut| *cut < 64 || cut % stride == 0).chain(ends) {
            vector.run(&format!("split at {cut}"), &[cut], &mut room(&vector));
        }
    }
}

/// Data and type together must fit when every event is in pieces.
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
            let too_long = outcome.said.iter().any(|said| matches!(said, Said::TooLong(_)));
            assert!(too_long, "{}: a byte less is too little", vector.name);
        }
    }
}

#[test]
fn every_vector_with_trailing_data() {
    for mut vector in vectors().into_iter().filter(Vector::ends_with_blank_line) {
        let end = vector.input.len();
        vector.input.extend(b"event: behind\nid: behind\ndata: behind");
        vector.run("with an unfinished event behind it", &[], &mut room(&vector));
        vector.run("with an unfinished event behind it, cut there", &[end], &mut room(&vector));
        vector.run("with an unfinished event behind it, byte by byte", &vector.every_byte(), &mut room(&vector));
        vector.input.extend(b"\n\n");
        vector.expected.events.push(["behind".into(), "behind".into(), "behind".into()]);
        vector.final_last_event_id = Some("behind".into());
        vector.run("with an event behind it", &[], &mut room(&vector));
        vector.run("with an event behind it, cut there", &[end], &mut room(&vector));
        vector.run("with an event behind it, byte by byte", &vector.every_byte(), &mut room(&vector));
    }
}

/// A new connection knows nothing of the old one but the last event ID and the reconnection time (R13, R62).
#[test]
fn every_vector_on_a_second_connection() {
    for first in [&b""[..], b"\xEF\xBB", b"\xEF\xBB\xBF", b"data: lost", b"event: lost\ndata: lost\nid: lost\n", b"\r"]
    {
        for vector in vectors() {
            let mut decoder = vector.decoder(room(&vector));
            assert_eq!(decoded_items(&mut decoder, [first]).said, [], "{first:?} says nothing");
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

/// A buffer for anything that the vector can say.
fn room(vector: &Vector) -> Vec<u8> {
    vec![0; vector.input.len()]
}

fn vectors() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut vectors = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder of the vectors") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read_to_string(&path).expect("a readable file");
            let Value::Array(all) = serde_json::from_str(&text).expect("JSON") else { panic!("{path:?}: an array") };
            assert!(!all.is_empty(), "{path:?} has vectors");
            vectors.extend(all.iter().map(|vector| vector_of(&path, vector)));
        }
    }
    assert!(vectors.len() >= 392, "all vectors are here");
    vectors
}

fn vector_of(path: &Path, vector: &Value) -> Vector {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let event = |event: &Value| [text(&event["type"]), text(&event["data"]), text(&event["last_event_id"])];
    Vector {
        name: format!("{}: {}", path.file_name().expect("a name").display(), text(&vector["name"])),
        input: match vector.get("input_hex") {
            Some(hex) => bytes_of_hex(&text(hex)),
            None => text(&vector["input"]).into_bytes(),
        },
        cuts: vector.get("chunks").map_or(vec![], |cuts| {
            cuts.as_array().expect("offsets").iter().map(|cut| cut.as_u64().expect("an offset") as usize).collect()
        }),
        initial_last_event_id: vector.get("initial_last_event_id").map_or(String::new(), text),
        expected: Shown {
            events: vector["events"].as_array().expect("events").iter().map(event).collect(),
            reconnection_time: match &vector["retry_ms"] {
                Value::Null => None,
                // Saturates (D5).
                Value::String(digits) => Some(digits.parse().unwrap_or(u64::MAX)),
                number => Some(number.as_u64().expect("milliseconds")),
            }
            .map(Duration::from_millis),
        },
        final_last_event_id: vector.get("final_last_event_id").map(text),
    }
}

fn bytes_of_hex(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2) && hex.is_ascii(), "pairs of digits: {hex}");
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits")).collect()
}
