//! Compares the decoder with the grammar for recorded streams of real services, in pieces of several sizes.
//!
//! The recordings belong to others and are not in this repository. The test reads them from the folder that the
//! variable `SSE_CORPUS` names, or else from `../shared/corpora` next to this crate. Without recordings the test prints
//! a notice and passes; with `SSE_CORPUS_REQUIRED=1` it fails.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{decoded_events, decoded_items, reassembled, specified};
use embedded_sse::Decoder;
use serde_json::Value;

const SIZES: [usize; 5] = [1, 7, 64, 1460, 16384];

#[test]
fn every_recorded_stream_is_decoded_like_the_grammar() {
    let Some(folder) = folder() else { return };
    let expected = events_in_manifest(&folder);
    let recordings = recordings(&folder);
    assert!(!recordings.is_empty(), "no recordings in {}", folder.display());
    for path in &recordings {
        let name = path.strip_prefix(&folder).expect("a path in the folder").to_str().expect("a name in UTF-8");
        let stream = fs::read(path).expect("a readable recording");
        let specified = specified(b"", &stream);
        let events = specified.clone().events();
        if let Some(expected) = expected.get(name) {
            assert_eq!(events.said.len(), *expected, "{name}: number of events in MANIFEST.json");
        }
        for size in SIZES.into_iter().chain([stream.len().max(1)]) {
            let decoder = || Decoder::with_id_store(vec![0; stream.len()], [0; 2 * 1024]);
            let decoded = decoded_items(&mut decoder(), stream.chunks(size));
            assert!(decoded == specified, "{name} in pieces of {size}: items differ");
            let decoded = decoded_events(&mut decoder(), stream.chunks(size));
            assert!(decoded == events, "{name} in pieces of {size}: events differ");
            assert!(reassembled(b"", stream.chunks(size)) == specified, "{name} in pieces of {size}: tokens differ");
        }
    }
    for name in expected.keys() {
        assert!(folder.join(name).is_file(), "{name} is in MANIFEST.json, but not in the folder");
    }
    println!("{} recorded streams", recordings.len());
}

/// Returns the folder of the recordings, if there is one.
fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let folder = env::var_os("SSE_CORPUS").map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    let required = env::var("SSE_CORPUS_REQUIRED").is_ok_and(|value| value == "1");
    assert!(!required, "no recorded streams at {}, and SSE_CORPUS_REQUIRED=1", folder.display());
    // This bypasses the capture of the test's output, so that a test that did not run does not look like one that did.
    let _ = std::io::Write::write_all(
        &mut std::io::stderr(),
        format!("NOT RUN: recorded streams (tests/codec/recorded.rs): no folder at {}\n", folder.display()).as_bytes(),
    );
    None
}

/// Returns all recordings in `folder` and its subfolders.
fn recordings(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(recordings(&path));
        } else if path.extension().is_some_and(|extension| extension == "sse") {
            found.push(path);
        }
    }
    found
}

/// Returns how many events a conforming client dispatches for each recording, as counted by its author. Empty without a
/// manifest.
fn events_in_manifest(folder: &Path) -> HashMap<String, usize> {
    let Ok(text) = fs::read_to_string(folder.join("MANIFEST.json")) else { return HashMap::new() };
    let manifest: Value = serde_json::from_str(&text).expect("MANIFEST.json is JSON");
    let files = manifest["files"].as_array().expect("files in MANIFEST.json");
    let count = |file: &Value| {
        let name = file["file"].as_str().expect("a name").to_owned();
        (name, file["events"].as_u64().expect("a number of events") as usize)
    };
    files.iter().map(count).collect()
}
