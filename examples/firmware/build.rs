//! Puts `memory.x` where the linker looks for it, and names the linker scripts.

fn main() {
    let here = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    println!("cargo::rerun-if-changed=memory.x");
    println!("cargo::rustc-link-search={here}");
    for script in ["--nmagic", "-Tlink.x", "-Tdefmt.x"] {
        println!("cargo::rustc-link-arg-bins={script}");
    }
}
