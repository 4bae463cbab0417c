//! Simulates a thermometer, whose temperature goes slowly up and down.

use core::fmt;

/// The sensor.
#[derive(Default)]
pub struct Thermometer {
    steps: i32,
}

/// A temperature in tenths of a degree Celsius.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Celsius(i32);

impl Thermometer {
    /// Returns the current temperature. For a real sensor this would be asynchronous, because a measurement takes time.
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
