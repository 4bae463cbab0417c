//! Writes the vectors of `tests/vectors/` as constants for flash.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::bounded;
use crate::the_vectors::{Vector, vectors_in};

/// The length up to which an expected text is always stored. A longer one refers to the input if it occurs there.
const LONG: usize = 16;

pub fn write(out: &Path, target: &str, folder: &Path) {
    println!("cargo:rerun-if-changed={}", folder.display());
    let vectors = vectors_in(folder);
    let id = vectors.iter().flat_map(ids).map(str::len).max().unwrap_or(0);
    let room = match target {
        "thumbv6m-none-eabi" => 2_700,
        "thumbv7m-none-eabi" => 16_384,
        _ => 80_000,
    };
    let mut code = format!("pub const ID: usize = {id};\npub const ROOM: usize = {room};\n");
    for (number, vector) in vectors.iter().enumerate() {
        writeln!(code, "static INPUT_{number}: [u8; {}] = *{};", vector.input.len(), literal(&vector.input)).unwrap();
    }
    code.push_str("pub static VECTORS: &[Vector] = &[\n");
    for (number, vector) in vectors.iter().enumerate() {
        code.push_str(&constant(number, vector));
    }
    code.push_str("];\n");
    fs::write(out.join("vectors.rs"), code).expect("a writable output folder");
}

fn constant(number: usize, vector: &Vector) -> String {
    let text = |text: &String| match vector.input.windows(text.len().max(1)).position(|part| part == text.as_bytes()) {
        Some(start) if text.len() > LONG => format!("cut(&INPUT_{number}, {start}, {})", text.len()),
        _ => literal(text.as_bytes()),
    };
    let events: String = vector
        .expected
        .events
        .iter()
        .map(|[event_type, data, id]| format!("[{}, {}, {}], ", text(event_type), text(data), text(id)))
        .collect();
    format!(
        "Vector {{ name: {:?}, input: &INPUT_{number}, cuts: &{:?}, initial: {}, events: &[{events}], \
        reconnection_time: {:?}, last_event_id: {}, needed: {} }},\n",
        vector.name,
        vector.cuts,
        literal(vector.initial_last_event_id.as_bytes()),
        vector.expected.reconnection_time.map(|time| time.as_millis() as u64),
        vector.final_last_event_id.as_ref().map_or("None".into(), |id| format!("Some({})", text(id))),
        bounded::needed(&vector.input),
    )
}

fn ids(vector: &Vector) -> impl Iterator<Item = &str> {
    let expected = vector.expected.events.iter().map(|[_, _, id]| id.as_str());
    expected.chain([vector.initial_last_event_id.as_str()]).chain(vector.final_last_event_id.as_deref())
}

fn literal(bytes: &[u8]) -> String {
    format!("b\"{}\"", bytes.escape_ascii())
}
