//! Prepares test files of the host for the boards: each `#[test]` function becomes a plain function in a table.
//!
//! Nothing else in a file changes: it imports what `std` offers on the host under `cfg(target_os = "none")`. Whatever
//! this module does not understand ends the build with an error, so that no test is lost.

use std::fs;
use std::path::Path;

/// Files in `tests/`. Each has a binary `tests_{name}` here that runs it.
const TESTS: [&str; 6] = [
    "codec/last_event_id.rs",
    "codec/round_trip_table.rs",
    "codec/too_long.rs",
    "client/reconnect.rs",
    "client/response.rs",
    "client/scenarios.rs",
];

/// Writes one module per test file, to be included by the binary that runs it.
pub fn write(out: &Path, tests: &Path) {
    for file in TESTS {
        let source = tests.join(file);
        println!("cargo:rerun-if-changed={}", source.display());
        let text = fs::read_to_string(&source).unwrap_or_else(|error| panic!("{}: {error}", source.display()));
        let module = with_table(&text).unwrap_or_else(|error| panic!("{}: {error}", source.display()));

        let name = source.file_stem().and_then(|stem| stem.to_str()).expect("a file name in UTF-8");
        let binary = tests.join(format!("firmware/board/src/bin/tests_{name}.rs"));
        assert!(binary.is_file(), "no binary runs tests/{file}: {} is missing", binary.display());

        let path = out.join(format!("{name}_module.rs"));
        fs::write(&path, module).expect("a writable output folder");
        let include = format!("#[path = {path:?}]\nmod {name};\n");
        fs::write(out.join(format!("{name}.rs")), include).expect("a writable output folder");
    }
}

/// Replaces each `#[test]` by an empty line, which keeps the line numbers, and appends a table of the functions.
fn with_table(text: &str) -> Result<String, String> {
    let (mut module, mut table) = (String::new(), String::new());
    let mut lines = text.lines().zip(1..).peekable();
    while let Some((line, number)) = lines.next() {
        if line == "#[test]" {
            let next = lines.peek().map_or("", |(next, _)| *next);
            let name = next.strip_prefix("fn ").and_then(|rest| rest.strip_suffix("() {"));
            let name = name.ok_or(format!("line {number}: expected `fn name() {{` after `#[test]`, found `{next}`"))?;
            table += &format!("    ({name:?}, {name}),\n");
        } else if may_declare_tests(line) {
            return Err(format!("line {number}: `{line}` is not supported on the boards; use `#[test]` alone"));
        } else {
            module += line;
        }
        module.push('\n');
    }
    if table.is_empty() {
        return Err("expected at least one `#[test]`".into());
    }
    Ok(module + "\npub(crate) const TESTS: &[(&str, fn())] = &[\n" + &table + "];\n")
}

/// Whether a line could declare a test, or change one, in another way than `#[test]`.
fn may_declare_tests(line: &str) -> bool {
    let line = line.trim_start();
    let in_attribute = ["test", "should_panic", "ignore"].iter().any(|word| line.contains(word));
    line.starts_with("#[") && in_attribute || line.starts_with("proptest!")
}
