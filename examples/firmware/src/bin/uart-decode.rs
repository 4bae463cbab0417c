//! Decodes events from a serial line, without a network and an executor, in 256 bytes of RAM.
//!
//! ```text
//! printf 'data: hello\n\nevent: stop\ndata\n\n' | cargo run --release --bin uart-decode
//! ```

#![no_std]
#![no_main]

use embedded_io::Read;
use embedded_sse_firmware::board::{exit, stack_high_water, static_ram, uart};
use embedded_sse_firmware::receiver::{Received, Receiver};

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut uart = uart();
    let mut receiver = Receiver::new();
    let mut chunk = [0; 32];
    loop {
        let length = uart.read(&mut chunk).unwrap_or_else(|never| match never {});
        let mut input = chunk.get(..length).unwrap_or_default();
        while let Some(received) = receiver.next(&mut input) {
            show(&received);
        }
    }
}

fn show(received: &Received<'_>) {
    match received {
        Received::Event { event_type: b"stop", .. } => {
            defmt::info!("static RAM {} bytes, stack high water {} bytes", static_ram(), stack_high_water());
            exit(0)
        }
        Received::Event { event_type, data } => {
            defmt::info!("{=[u8]:a}: {=[u8]:a}", event_type, data);
        }
        Received::Image(image) => defmt::info!("image: {=u32} bytes, CRC-32 {=u32:08x}", image.length, image.crc),
        Received::TooLong => defmt::warn!("an event was too long"),
    }
}
