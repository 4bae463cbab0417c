//! Memory layouts, the vectors as constants, and the tests of the host for the device.

#[path = "../../common/bounded.rs"]
mod bounded;
#[path = "../../common/mod.rs"]
mod common;
#[path = "build/memory.rs"]
mod memory;
#[path = "build/tests.rs"]
mod tests;
#[path = "../../common/vectors.rs"]
mod the_vectors;
#[path = "build/vectors.rs"]
mod vectors;

use std::env;
use std::path::{Path, PathBuf};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let target = env::var("TARGET").expect("cargo sets it");
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    memory::write(&out, &target);
    vectors::write(&out, &target, &tests.join("vectors"));
    tests::write(&out, &tests);
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build");
}
