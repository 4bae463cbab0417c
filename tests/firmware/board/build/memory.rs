//! The memory layout of each board, and the size of the heap for tests of the host. Each target stands for one board.

use std::fs;
use std::path::Path;

const KIB: usize = 1024;

/// Writes `memory.x`, adds it to the linker arguments, and writes the size of the heap.
pub fn write(out: &Path, target: &str) {
    let (flash, ram, heap) = match target {
        "thumbv6m-none-eabi" => ((0x0000_0000, "256K"), (0x2000_0000, "16K"), 9 * KIB), // microbit
        "thumbv7m-none-eabi" => ((0x0000_0000, "256K"), (0x2000_0000, "64K"), 40 * KIB), // lm3s6965evb
        "thumbv7em-none-eabihf" => ((0x0000_0000, "4M"), (0x2000_0000, "4M"), 1024 * KIB), // mps2-an386
        "thumbv8m.main-none-eabihf" => ((0x1000_0000, "4M"), (0x3800_0000, "2M"), 1024 * KIB), // mps2-an505
        "riscv32imc-unknown-none-elf" => ((0x8000_0000_u32, "4M"), (0x8040_0000, "4M"), 1024 * KIB), // virt
        _ => panic!("no board has the target {target}"),
    };
    let region = |name, (origin, length)| format!("  {name} : ORIGIN = {origin:#x}, LENGTH = {length}\n");
    let mut script = format!("MEMORY {{\n{}{}}}\n", region("FLASH", flash), region("RAM", ram));
    if target.starts_with("riscv") {
        for (part, place) in
            [("TEXT", "FLASH"), ("RODATA", "FLASH"), ("DATA", "RAM"), ("BSS", "RAM"), ("HEAP", "RAM"), ("STACK", "RAM")]
        {
            script.push_str(&format!("REGION_ALIAS(\"REGION_{part}\", {place});\n"));
        }
        println!("cargo:rustc-link-arg-bins=-Tmemory.x");
    } else {
        println!("cargo:rustc-link-arg-bins=--nmagic");
    }
    fs::write(out.join("memory.x"), script).expect("a writable output folder");
    fs::write(out.join("heap.rs"), format!("{heap}")).expect("a writable output folder");
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
}
