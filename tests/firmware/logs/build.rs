//! The memory layout of the board, and how to link logs.

#[path = "../board/build/memory.rs"]
mod memory;

use std::env;
use std::path::PathBuf;

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    memory::write(&out, &env::var("TARGET").expect("cargo sets it"));
    println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../board/build/memory.rs");
}
