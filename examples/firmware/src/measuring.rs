//! Publishes the readings of the board's sensor.

use core::fmt::Write;

use embassy_time::{Duration, Ticker};
use heapless::String;

use crate::board::Thermometer;
use crate::readings::Readings;

/// Adds a reading every second.
pub async fn measure(readings: &Readings) -> ! {
    let mut sensor = Thermometer::default();
    let mut every_second = Ticker::every(Duration::from_secs(1));
    loop {
        let mut text = String::<16>::new();
        if write!(text, "{}", sensor.measure()).is_ok() {
            readings.publish(&text);
        }
        every_second.next().await;
    }
}
