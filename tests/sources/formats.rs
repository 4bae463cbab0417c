//! With the feature `defmt`, firmware can log every public type that it can use: each has `defmt::Format`.

use crate::files::sources;

/// Public types without `defmt::Format`, and why a device does not log them.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("src/io/event_source/events.rs", "Error", "needs `std`"),
    ("src/io/event_source/events.rs", "Events", "needs `std`"),
    ("src/io/event_source/failure.rs", "Failure", "needs `std`"),
    ("src/io/event_source/handle.rs", "Handle", "needs `std`"),
    ("src/io/event_source/journalled.rs", "JournalledNews", "needs `std`"),
    ("src/io/event_source/journalled.rs", "JournalledSource", "needs `std`"),
    ("src/io/event_source/journalled.rs", "SyncNeeded", "needs `std`"),
    ("src/io/event_source/journalled.rs", "Uncommitted", "needs `std`"),
    ("src/io/event_source/news.rs", "News", "needs `std`"),
    ("src/io/event_source/source.rs", "EventSource", "needs `std`"),
    ("src/io/event_source/store.rs", "StoreError", "needs `std`"),
    ("src/io/feed/mod.rs", "Feed", "needs a lock of `std`"),
    ("src/io/feed/mod.rs", "Subscription", "needs a lock of `std`"),
    ("src/io/futures.rs", "EventStream", "yields owned events, for which it needs a heap"),
    ("src/io/http_body.rs", "Chunks", "is part of an `EventStream`"),
    ("src/io/http_body.rs", "EncodedFrame", "holds `Bytes`, which need a heap"),
    ("src/io/http_body.rs", "EventBody", "yields `Bytes`, which need a heap"),
    ("src/io/serde_json.rs", "WriteError", "holds an error of `serde_json`, which needs a heap"),
    ("src/io/redb_journal.rs", "RedbJournal", "needs a file system"),
    ("src/io/std_time.rs", "StdClock", "needs `std`"),
    ("src/io/tokio.rs", "Clock", "needs tokio, which needs `std`"),
    ("src/io/tokio_util.rs", "EventDecoder", "needs tokio, which needs `std`"),
    ("src/io/tokio_util.rs", "FrameEncoder", "needs tokio, which needs `std`"),
];

#[test]
fn every_public_type_for_devices_has_defmt_format() {
    let mut types = 0;
    let mut missing = Vec::new();
    for (file, text) in sources() {
        for (name, has_format) in public_types(&text) {
            types += 1;
            if !has_format {
                missing.push((file.clone(), name));
            }
        }
    }
    assert!(types > 50, "only {types} public types were found");
    let excepted = |file: &str, name: &str| EXCEPTIONS.iter().any(|(of, type_, _)| (*of, *type_) == (file, name));
    let faults: Vec<_> = missing.iter().filter(|(file, name)| !excepted(file, name)).collect();
    assert!(faults.is_empty(), "no `defmt::Format`: derive it under the feature `defmt` for {faults:?}");
    for (file, name, _) in EXCEPTIONS {
        let is_missing = missing.iter().any(|(of, type_)| (&**of, &**type_) == (file, name));
        assert!(is_missing, "{name} in {file} is no exception any more: take it out of the list");
    }
}

#[test]
fn types_with_and_without_a_format_are_told_apart() {
    for (text, expected) in [
        ("#[cfg_attr(feature = \"defmt\", derive(defmt::Format))]\npub struct A(u8);", true),
        ("#[derive(\n    Clone,\n    defmt::Format,\n)]\n/// Text.\npub enum A {}", true),
        ("pub struct A<T>(T);\nimpl<T> defmt::Format for A<T> {", true),
        ("pin_project! {\n    #[derive(defmt::Format)]\n    pub struct A {", true),
        ("#[derive(Clone)]\npub struct A;", false),
        ("#[derive(defmt::Format)]\npub struct B;\n#[derive(Clone)]\npub struct A;", false),
        ("#[derive(defmt::Format)]\nstruct B {}\n\npub struct A;", false),
        ("pub struct A;\nimpl defmt::Format for Also {", false),
        ("/// Has no `derive(defmt::Format)`.\npub struct A;", false),
    ] {
        let found = public_types(text).into_iter().find(|(name, _)| name == "A");
        assert_eq!(found, Some(("A".into(), expected)), "{text}");
    }
    assert_eq!(public_types("pub(crate) struct A;\n// pub struct B;\nstruct C;"), []);
}

/// Returns the names of the public types in a source file, and for each whether it has `defmt::Format`. The lint
/// `unreachable_pub` sees to it that what is `pub` can be used from outside.
fn public_types(text: &str) -> Vec<(String, bool)> {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let mut types = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let kinds = ["pub struct ", "pub enum ", "pub union "];
        let Some(rest) = kinds.into_iter().find_map(|kind| line.strip_prefix(kind)) else { continue };
        let name: String = rest.chars().take_while(|char| is_in_name(*char)).collect();
        let ends_an_item = |line: &str| line.is_empty() || line.ends_with(['}', ';', '{']);
        let attributes = lines[..at].iter().rev().take_while(|line| !ends_an_item(line));
        let is_derived = attributes.filter(|line| !line.starts_with("//")).any(|line| line.contains("defmt::Format"));
        let is_implemented = text
            .split("defmt::Format for ")
            .skip(1)
            .any(|rest| rest.strip_prefix(&*name).is_some_and(|rest| !rest.starts_with(is_in_name)));
        types.push((name, is_derived || is_implemented));
    }
    types
}

fn is_in_name(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}
