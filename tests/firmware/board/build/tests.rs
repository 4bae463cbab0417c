//! Tests that were written for the host, as functions in a table: `Vec` and its like come from `alloc`, and there is no `#[test]`.

use std::fs;
use std::path::Path;

/// Files of `tests/` with tests, and with what they share.
const TESTS: [&str; 6] = ["last_event_id", "reconnect", "response", "round_trip_table", "scenarios", "too_long"];
const SHARED: [&str; 4] = ["common/mod.rs", "common/frames.rs", "harness/mod.rs", "harness/operations.rs"];

const PRELUDE: &str = "#[allow(unused_imports)]\nuse board::prelude::*;\n";

pub fn write(out: &Path, tests: &Path) {
    for name in SHARED {
        let (head, body) = read(out, tests, name);
        let file = out.join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("the output folder can be written");
        fs::write(file, [&head, PRELUDE, &body].concat()).expect("the output folder can be written");
    }
    for name in TESTS {
        let (_, body) = read(out, tests, &format!("{name}.rs"));
        // One that reads its own source says nothing of a device.
        let tests = body.split("#[test]\nfn ").skip(1).filter(|test| !test.contains("include_str!"));
        let names = tests.map(|test| test.split('(').next().expect("a name"));
        let table: String = names.map(|name| format!("({name:?}, {name}), ")).collect();
        assert!(!table.is_empty(), "{name} has tests");
        let table = format!("const TESTS: &[(&str, fn())] = &[{table}];\n");
        let body = body.replace("#[test]\n", "#[allow(dead_code)]\n");
        fs::write(out.join(format!("{name}.rs")), [PRELUDE, &table, &body].concat()).expect("a writable folder");
    }
}

/// The lines that must come first in a file, and the others.
fn read(out: &Path, tests: &Path, name: &str) -> (String, String) {
    let file = tests.join(name);
    println!("cargo:rerun-if-changed={}", file.display());
    let text = fs::read_to_string(&file).expect("a readable file");
    let is_head =
        |line: &str| ["//!", "// ", "#!["].iter().any(|head| line.starts_with(head)) || line.trim().is_empty();
    let head: String = text.split_inclusive('\n').take_while(|line| is_head(line)).collect();
    let body = &text[head.len()..];
    let shared = |name: &str| format!("#[path = {:?}]\nmod", out.join(name));
    let body = body
        .replace("mod common;", &format!("{} common;", shared("common/mod.rs")))
        .replace("mod harness;", &format!("{} harness;", shared("harness/mod.rs")))
        .replace("#[path = \"common/frames.rs\"]\nmod", &shared("common/frames.rs"))
        .replace("std::time::", "core::time::")
        .replace("cfg(feature = \"nom\")", "cfg(any())");
    (head, body)
}
