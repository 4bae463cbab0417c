//! The serial port: Arm's CMSDK APB UART, as `embedded_io::Read`.

use core::convert::Infallible;
use core::hint::spin_loop;
use core::ptr::{read_volatile, write_volatile};

use embedded_io::{ErrorType, Read};

const DATA: usize = 0x00;
const STATE: usize = 0x04;
const CONTROL: usize = 0x08;
const BAUD_DIVIDER: usize = 0x10;
const STATE_RECEIVED: u32 = 1 << 1;
const CONTROL_RECEIVE: u32 = 1 << 1;

/// The receiving half, polled. The chip holds one byte, and QEMU sends the next one after that was read. A real line
/// does not wait: use the `BufferedUart` of a HAL, which implements the same trait.
pub struct Uart {
    base: usize,
}

impl Uart {
    /// Sets up the UART.
    ///
    /// # Safety
    ///
    /// `base` must be the address of such a UART, and no other code may use it.
    pub(super) unsafe fn new(base: usize) -> Self {
        let uart = Self { base };
        uart.write(BAUD_DIVIDER, 217); // 115,200 baud at 25 MHz
        uart.write(CONTROL, CONTROL_RECEIVE);
        uart
    }

    fn has_byte(&self) -> bool {
        self.register(STATE) & STATE_RECEIVED != 0
    }

    fn register(&self, offset: usize) -> u32 {
        // SAFETY: the caller of `new` guarantees that this is a register of the chip.
        unsafe { read_volatile((self.base + offset) as *const u32) }
    }

    fn write(&self, offset: usize, value: u32) {
        // SAFETY: as above.
        unsafe { write_volatile((self.base + offset) as *mut u32, value) }
    }
}

impl ErrorType for Uart {
    type Error = Infallible;
}

impl Read for Uart {
    /// Waits for a byte, and returns it with all bytes that are available.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let mut length = 0;
        for place in buffer {
            while length == 0 && !self.has_byte() {
                spin_loop();
            }
            if !self.has_byte() {
                break;
            }
            *place = self.register(DATA) as u8;
            length += 1;
        }
        Ok(length)
    }
}
