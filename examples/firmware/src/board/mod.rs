//! The board: QEMU's `mps2-an386`, a Cortex-M4 with a LAN9118.
//!
//! Whatever another board does in another way is in this folder, and this file shows all that the rest may use of it: an
//! `embassy_net_driver::Driver`, a `NorFlash`, an `embedded_io::Read`, a clock behind `embassy-time`, a seed, settings.

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

/// The chips, each for one owner.
pub struct Board {
    /// The network.
    pub ethernet: Ethernet,
    /// Memory that keeps what is in it.
    pub flash: Flash,
    /// Differs from device to device and from start to start, so that a fleet does not jitter in step. Here it is the host's
    /// entropy; a chip has a random number generator, or noise in the low bits of its ADC to be hashed with its serial number.
    pub seed: u64,
}

impl Board {
    /// Starts the clock and the interrupts.
    ///
    /// # Panics
    ///
    /// When it is called twice, or the machine is another one.
    #[must_use]
    pub fn take() -> Self {
        let core = cortex_m::Peripherals::take().expect("the board is taken once");
        systick::start(core.SYST, CORE_HZ);
        // SAFETY: its address is that of the machine, and nobody comes here twice.
        let ethernet =
            unsafe { Ethernet::new(LAN9118, [0x52, 0x54, 0, 0x12, 0x34, 0x56]) }.expect("there is a LAN9118");
        // SAFETY: its handler is below, and needs nothing but the driver.
        unsafe { NVIC::unmask(LAN9118_INTERRUPT) };
        Self { ethernet, flash: Flash::new(), seed: seed().expect("the host has entropy") }
    }
}

/// The serial port alone, for firmware that needs nothing else and no clock.
///
/// # Panics
///
/// When it is called twice, or after [`Board::take`].
#[must_use]
pub fn uart() -> Uart {
    cortex_m::Peripherals::take().expect("the board is taken once");
    // SAFETY: its address is that of the machine, and nobody comes here twice.
    unsafe { Uart::new(UART0) }
}

/// Sleeps until the next interrupt, which is the clock's within a millisecond.
pub fn idle() {
    cortex_m::asm::wfi();
}

/// The end of a run under QEMU, with this exit status. A device in the field has no end: it would reset.
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

// SAFETY: the machine has interrupts of these numbers.
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        self.0
    }
}

#[cortex_m_rt::exception]
unsafe fn DefaultHandler(_: i16) {
    lan9118::on_interrupt(LAN9118); // the only one that is unmasked
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    defmt::error!("{}", defmt::Display2Format(info));
    exit(101)
}
