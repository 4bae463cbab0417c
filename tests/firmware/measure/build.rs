//! Memory layouts as for the tests, and the beginnings of the streams of the benchmarks as constants.

#[path = "../../../benches/inputs/mod.rs"]
mod inputs;
#[path = "../board/build/memory.rs"]
mod memory;

use std::fmt::Write;
use std::path::PathBuf;
use std::{env, fs};

use inputs::Input;

/// Bytes of each stream, rounded up to a whole event.
const SIZE: usize = 16 * 1024;

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    memory::write(&out, &env::var("TARGET").expect("cargo sets it"));
    let mut code = String::new();
    for input in inputs::all().iter().filter(|input| matches!(input.name, "tokens" | "named" | "tiny" | "20-lines")) {
        let end = SIZE + input.bytes[SIZE..].windows(2).position(|end| end == b"\n\n").expect("an event's end") + 2;
        let stream = &input.bytes[..end];
        let count = stream.windows(2).filter(|end| end == b"\n\n").count();
        let data: String = data(input, count).fold(String::new(), |all, data| all + &format!("{data:?}, "));
        let name = input.name.replace('-', "_").replace("20", "TWENTY").to_uppercase();
        writeln!(code, "const {name}: Stream = Stream {{ bytes: b\"{}\", data: &[{data}] }};", stream.escape_ascii())
            .unwrap();
        if input.name == "tokens" {
            writeln!(code, "const TOKENS_IN_PIECES: &[&[&str]] = &[{}];", pieces(input, count)).unwrap();
        }
    }
    let (line, events) = ("\t".repeat(180), SIZE / 188);
    let stream = format!("data: {line}\n\n").repeat(events);
    let data = format!("{line:?}, ").repeat(events);
    writeln!(code, "const TABS: Stream = Stream {{ bytes: b\"{}\", data: &[{data}] }};", stream.escape_default())
        .unwrap();
    fs::write(out.join("streams.rs"), code).expect("the output folder can be written");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../board/build/memory.rs");
    println!("cargo:rerun-if-changed=../../../benches/inputs/mod.rs");
}

/// The data of the first events.
fn data(input: &Input, count: usize) -> impl Iterator<Item = &str> {
    input.messages.iter().take(count).map(|message| message.data.as_str())
}

/// The same in the pieces that a JSON serialiser makes.
fn pieces(input: &Input, count: usize) -> String {
    let pieces = |data: &str| format!("&{:?}", data.split_inclusive(['"', ':', ',', '{', '}']).collect::<Vec<_>>());
    data(input, count).map(pieces).collect::<Vec<_>>().join(", ")
}
