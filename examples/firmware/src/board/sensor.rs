//! A thermometer that the machine lacks: one that goes slowly up and down.

use core::fmt;

/// The sensor.
#[derive(Default)]
pub struct Thermometer {
    steps: i32,
}

/// In tenths of a degree Celsius.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Celsius(i32);

impl Thermometer {
    /// The temperature now. A real one takes its time, so it would be asynchronous.
    pub const fn measure(&mut self) -> Celsius {
        self.steps = (self.steps + 1) % 200;
        Celsius(200 + if self.steps < 100 { self.steps } else { 200 - self.steps })
    }
}

impl fmt::Display for Celsius {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0 / 10, self.0 % 10)
    }
}
