//! Tests of the host, one after the other. One that fails ends the firmware; the host runs it again from the next one on.

use crate::{argument, heap, println};

/// Runs the tests from the one on whose number is the argument.
pub fn tests(tests: &[(&str, fn())]) -> i32 {
    heap::init();
    for (name, test) in tests.iter().skip(argument().unwrap_or(0)) {
        println!("begun {name}");
        test();
    }
    println!("{} tests", tests.len());
    0
}
