//! The board: QEMU's `mps2-an386`, a Cortex-M4 with a LAN9118.
//!
//! Everything that depends on the board is in this folder. The rest of the program only uses what this file exports: an
//! `embassy_net_driver::Driver`, a `NorFlash`, an `embedded_io::Read`, the clock of `embassy-time`, a seed and
//! settings.

#![allow(unsafe_code, reason = "registers, interrupts and symbols of the linker")]

mod flash;
mod lan9118;
mod sensor;
mod settings;
mod stack;
mod systick;
mod uart;

use core::panic::PanicInfo;

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;
use defmt_semihosting as _;
use semihosting::fs::File;
use semihosting::io::Read;

pub use self::flash::{CURSOR, Flash};
pub use self::lan9118::Lan9118 as Ethernet;
pub use self::sensor::Thermometer;
pub use self::settings::Settings;
pub use self::stack::{stack_high_water, static_ram};
pub use self::uart::Uart;

const CORE_HZ: u32 = 25_000_000;
const LAN9118: usize = 0x4020_0000;
const LAN9118_INTERRUPT: Interrupt = Interrupt(13);
const UART0: usize = 0x4000_4000;

/// The peripherals. Each has one owner.
pub struct Board {
    /// The network.
    pub ethernet: Ethernet,
    /// Non-volatile memory.
    pub flash: Flash,
    /// A seed that differs from device to device and from start to start, so that the clients of a fleet reconnect at
    /// different times. Here it comes from the host. On a chip, use its random number generator, or hash ADC noise
    /// together with the serial number.
    pub seed: u64,
}

impl Board {
    /// Starts the clock and the interrupts, and returns the peripherals.
    ///
    /// # Panics
    ///
    /// Panics if it is called twice, or on another machine.
    #[must_use]
    pub fn take() -> Self {
        let core = cortex_m::Peripherals::take().expect("the board is taken once");
        systick::start(core.SYST, CORE_HZ);
        // SAFETY: this is its address on this machine, and `Peripherals::take` succeeds only once.
        let ethernet =
            unsafe { Ethernet::new(LAN9118, [0x52, 0x54, 0, 0x12, 0x34, 0x56]) }.expect("there is a LAN9118");
        // SAFETY: its handler is below, and only needs the driver.
        unsafe { NVIC::unmask(LAN9118_INTERRUPT) };
        Self { ethernet, flash: Flash::new(), seed: seed().expect("the host has entropy") }
    }
}

/// Returns the serial port, for firmware that needs no other peripheral and no clock.
///
/// # Panics
///
/// Panics if it is called twice, or after [`Board::take`].
#[must_use]
pub fn uart() -> Uart {
    cortex_m::Peripherals::take().expect("the board is taken once");
    // SAFETY: this is its address on this machine, and `Peripherals::take` succeeds only once.
    unsafe { Uart::new(UART0) }
}

/// Sleeps until the next interrupt. The clock interrupts every millisecond.
pub fn idle() {
    cortex_m::asm::wfi();
}

/// Ends QEMU with this exit status. A device would reset instead.
pub fn exit(status: i32) -> ! {
    semihosting::process::exit(status)
}

fn seed() -> Option<u64> {
    let mut seed = [0; 8];
    File::open(c"/dev/urandom").ok()?.read_exact(&mut seed).ok()?;
    Some(u64::from_le_bytes(seed))
}

#[derive(Clone, Copy)]
struct Interrupt(u16);

// SAFETY: the machine has interrupts with these numbers.
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        self.0
    }
}

#[cortex_m_rt::exception]
unsafe fn DefaultHandler(_: i16) {
    lan9118::on_interrupt(LAN9118); // the only unmasked interrupt
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    defmt::error!("{}", defmt::Display2Format(info));
    exit(101)
}
