//! Loads the vectors of `tests/vectors/`: an input, and what a browser would dispatch for it.
#![allow(dead_code, reason = "each test binary uses its own part")]

use core::time::Duration;
use std::fs;
use std::path::Path;

use embedded_sse::{Buffer, Decoder};
use serde_json::Value;

use crate::common::{Outcome, Said};

/// More than the longest id of all vectors, in bytes.
pub(crate) const ID: usize = 8192;

pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) input: Vec<u8>,
    pub(crate) cuts: Vec<usize>,
    pub(crate) initial_last_event_id: String,
    pub(crate) expected: Shown,
    /// `None` if the vector does not state it.
    pub(crate) final_last_event_id: Option<String>,
}

/// What a browser would dispatch: type, data and id of each event. And the reconnection time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) events: Vec<[String; 3]>,
    pub(crate) reconnection_time: Option<Duration>,
}

impl Vector {
    pub(crate) fn check(&self, mode: &str, outcome: &Outcome) {
        let name = &self.name;
        assert_eq!(Shown::of(outcome), self.expected, "{name}, {mode}");
        if let Some(id) = &self.final_last_event_id {
            assert_eq!(&lossy(&outcome.last_event_id), id, "{name}, {mode}: last event ID at the end");
        }
    }

    pub(crate) fn decoder<B: Buffer>(&self, buffer: B) -> Decoder<B, Box<[u8]>> {
        let mut decoder = Decoder::with_id_store(buffer, vec![0; 2 * ID].into());
        decoder.set_last_event_id(self.initial_last_event_id.as_bytes()).expect("an id that fits");
        decoder
    }
}

impl Shown {
    pub(crate) fn of(outcome: &Outcome) -> Self {
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

pub(crate) fn lossy(bytes: &[u8]) -> String {
    embedded_sse::Lossy(bytes).to_string()
}

pub(crate) fn vectors() -> Vec<Vector> {
    vectors_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors"))
}

pub(crate) fn vectors_in(folder: &Path) -> Vec<Vector> {
    let mut vectors = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder of the vectors") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read_to_string(&path).expect("a readable file");
            let Value::Array(all) = serde_json::from_str(&text).expect("JSON") else { panic!("{path:?}: an array") };
            assert!(!all.is_empty(), "{path:?} is empty");
            vectors.extend(all.iter().map(|vector| vector_of(&path, vector)));
        }
    }
    assert!(vectors.len() >= 392, "expected at least 392 vectors, found {}", vectors.len());
    vectors
}

pub(crate) fn vector_of(path: &Path, vector: &Value) -> Vector {
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
                // Times saturate (D5).
                Value::String(digits) => Some(digits.parse().unwrap_or(u64::MAX)),
                number => Some(number.as_u64().expect("milliseconds")),
            }
            .map(Duration::from_millis),
        },
        final_last_event_id: vector.get("final_last_event_id").map(text),
    }
}

pub(crate) fn bytes_of_hex(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2) && hex.is_ascii(), "expected pairs of digits: {hex}");
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits")).collect()
}
