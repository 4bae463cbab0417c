//! Runs tests of the host in sequence. A failure ends the firmware, and the host runs it again from the next test.

use crate::{argument, heap, println};

/// Runs the tests, starting from the one whose number is the argument. Returns the status.
pub fn tests(tests: &[(&str, fn())]) -> i32 {
    heap::init();
    for (name, test) in tests.iter().skip(argument().unwrap_or(0)) {
        println!("begun {name}");
        test();
    }
    println!("{} tests", tests.len());
    0
}
