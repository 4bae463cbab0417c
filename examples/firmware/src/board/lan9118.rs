//! A driver for the LAN9118 as an `embassy_net_driver::Driver`. It buffers one frame in each direction, and uses the
//! interrupt, but no DMA.
//!
//! It is written for QEMU's model. A real chip also needs a reset, and its PHY needs time to find the link.

use core::ptr::{read_volatile, write_volatile};
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Context;

use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken};
use embassy_sync::waitqueue::AtomicWaker;
use static_cell::StaticCell;

const RX_DATA: usize = 0x00;
const TX_DATA: usize = 0x20;
const RX_STATUS: usize = 0x40;
const TX_STATUS: usize = 0x48;
const INTERRUPT_CONFIG: usize = 0x54;
const INTERRUPT_STATUS: usize = 0x58;
const INTERRUPT_ENABLE: usize = 0x5c;
const BYTE_TEST: usize = 0x64;
const FIFO_INTERRUPT: usize = 0x68;
const RX_CONFIG: usize = 0x6c;
const TX_CONFIG: usize = 0x70;
const HARDWARE_CONFIG: usize = 0x74;
const RX_FIFO_INFORMATION: usize = 0x7c;
const TX_FIFO_INFORMATION: usize = 0x80;
const MAC_COMMAND: usize = 0xa4;
const MAC_DATA: usize = 0xa8;

const RX_INTERRUPT: u32 = 1 << 3;
const PHY_INTERRUPT: u32 = 1 << 18;
const INTERRUPTS: u32 = RX_INTERRUPT | PHY_INTERRUPT;

/// Registers that are accessed through [`MAC_COMMAND`], and registers of the PHY that are accessed through those.
const MAC_CONTROL: u32 = 1;
const MAC_ADDRESS_HIGH: u32 = 2;
const MAC_ADDRESS_LOW: u32 = 3;
const MII_ACCESS: u32 = 6;
const MII_DATA: u32 = 7;
const PHY_STATUS: u32 = 1;
const PHY_INTERRUPT_SOURCE: u32 = 29;
const PHY_INTERRUPT_MASK: u32 = 30;
/// The link has gone down or up.
const PHY_LINK_CHANGED: u32 = 1 << 4 | 1 << 6;

const MTU: usize = 1514;
const CRC: usize = 4;

static WAKER: AtomicWaker = AtomicWaker::new();
/// Whether the link state must be read from the PHY.
static LINK_CHANGED: AtomicBool = AtomicBool::new(true);

/// The chip, and a frame buffer for each direction.
pub struct Lan9118 {
    registers: Registers,
    address: [u8; 6],
    link: LinkState,
    frames: &'static mut Frames,
}

/// The frame buffers, in static memory.
struct Frames {
    received: [u8; MTU + 2 + CRC],
    sent: [u8; MTU + 2],
}

/// Handles the chip's interrupt.
pub(super) fn on_interrupt(base: usize) {
    let registers = Registers(base);
    if registers.read(INTERRUPT_STATUS) & PHY_INTERRUPT != 0 {
        LINK_CHANGED.store(true, Ordering::Relaxed);
    }
    registers.write(INTERRUPT_ENABLE, 0); // until the driver has handled it
    WAKER.wake();
}

impl Lan9118 {
    /// Sets up the chip. Returns `None` if there is no such chip at `base`.
    ///
    /// # Safety
    ///
    /// `base` must be the address of its registers, and no other code may use them.
    pub(super) unsafe fn new(base: usize, address: [u8; 6]) -> Option<Self> {
        let registers = Registers(base);
        if registers.read(BYTE_TEST) != 0x8765_4321 {
            return None;
        }
        registers.write(HARDWARE_CONFIG, 1 << 20 | 5 << 16); // store-and-forward, 5 KiB transmit FIFO
        registers.write(RX_CONFIG, 0);
        registers.write(TX_CONFIG, 1 << 1); // on
        registers.write(FIFO_INTERRUPT, 0); // with the first frame
        registers.write(INTERRUPT_CONFIG, 1 << 8 | 1 << 4 | 1); // on, active high, push-pull
        let [low @ .., fifth, sixth] = address;
        registers.write_mac(MAC_ADDRESS_HIGH, u16::from_le_bytes([fifth, sixth]).into());
        registers.write_mac(MAC_ADDRESS_LOW, u32::from_le_bytes(low));
        registers.write_mac(MAC_CONTROL, 1 << 20 | 1 << 3 | 1 << 2); // full duplex, both directions on
        registers.write_phy(PHY_INTERRUPT_MASK, PHY_LINK_CHANGED);
        static FRAMES: StaticCell<Frames> = StaticCell::new();
        let frames = FRAMES.init_with(|| Frames { received: [0; _], sent: [0; _] });
        Some(Self { registers, address, link: LinkState::Down, frames })
    }

    /// Reads the next valid frame and returns its length.
    fn take_frame(&mut self) -> Option<usize> {
        while self.registers.read(RX_FIFO_INFORMATION) >> 16 & 0xff != 0 {
            let status = self.registers.read(RX_STATUS);
            let length = (status >> 16 & 0x3fff) as usize;
            let mut words = self.frames.received.chunks_exact_mut(4);
            for _ in 0..length.div_ceil(4) {
                let word = self.registers.read(RX_DATA);
                if let Some(place) = words.next() {
                    place.copy_from_slice(&word.to_le_bytes());
                }
            }
            let is_good = status & 1 << 15 == 0 && length > CRC && length <= MTU + CRC;
            if is_good {
                return Some(length - CRC);
            }
        }
        None
    }
}

impl Driver for Lan9118 {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = Room<'a>;

    fn receive(&mut self, context: &mut Context<'_>) -> Option<(Received<'_>, Room<'_>)> {
        WAKER.register(context.waker());
        self.registers.write(INTERRUPT_STATUS, RX_INTERRUPT); // set again by the next frame
        let Some(length) = self.take_frame() else {
            self.registers.write(INTERRUPT_ENABLE, INTERRUPTS);
            return None;
        };
        let frame = self.frames.received.get_mut(..length).unwrap_or_default();
        Some((Received(frame), Room(self.registers, &mut self.frames.sent)))
    }

    fn transmit(&mut self, _: &mut Context<'_>) -> Option<Room<'_>> {
        Some(Room(self.registers, &mut self.frames.sent))
    }

    fn link_state(&mut self, context: &mut Context<'_>) -> LinkState {
        WAKER.register(context.waker());
        if LINK_CHANGED.swap(false, Ordering::Relaxed) {
            self.registers.read_phy(PHY_INTERRUPT_SOURCE); // which clears it
            let is_up = self.registers.read_phy(PHY_STATUS) & 1 << 2 != 0;
            self.link = if is_up { LinkState::Up } else { LinkState::Down };
            self.registers.write(INTERRUPT_ENABLE, INTERRUPTS);
        }
        self.link
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = MTU;
        capabilities.max_burst_size = Some(1);
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet(self.address)
    }
}

/// A received frame.
pub struct Received<'a>(&'a mut [u8]);

impl RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, look: F) -> R {
        look(self.0)
    }
}

/// A buffer for a frame to send.
pub struct Room<'a>(Registers, &'a mut [u8; MTU + 2]);

impl TxToken for Room<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, fill: F) -> R {
        let Self(registers, room) = self;
        let length = length.min(MTU);
        let done = fill(room.get_mut(..length).unwrap_or_default());
        registers.write(TX_DATA, 1 << 13 | 1 << 12 | length as u32); // its only segment
        registers.write(TX_DATA, length as u32);
        for word in room.chunks_exact(4).take(length.div_ceil(4)) {
            registers.write(TX_DATA, word.try_into().map(u32::from_le_bytes).unwrap_or_default());
        }
        while registers.read(TX_FIFO_INFORMATION) >> 16 & 0xff != 0 {
            registers.read(TX_STATUS);
        }
        done
    }
}

#[derive(Clone, Copy)]
struct Registers(usize);

impl Registers {
    fn read(self, offset: usize) -> u32 {
        // SAFETY: the caller of `Lan9118::new` guarantees that this is a register of the chip.
        unsafe { read_volatile((self.0 + offset) as *const u32) }
    }

    fn write(self, offset: usize, value: u32) {
        // SAFETY: as above.
        unsafe { write_volatile((self.0 + offset) as *mut u32, value) }
    }

    fn write_mac(self, register: u32, value: u32) {
        self.write(MAC_DATA, value);
        self.command_mac(register);
    }

    fn read_mac(self, register: u32) -> u32 {
        self.command_mac(1 << 30 | register);
        self.read(MAC_DATA)
    }

    fn command_mac(self, command: u32) {
        const BUSY: u32 = 1 << 31;
        self.write(MAC_COMMAND, BUSY | command);
        while self.read(MAC_COMMAND) & BUSY != 0 {}
    }

    fn read_phy(self, register: u32) -> u32 {
        self.command_phy(register, 0);
        self.read_mac(MII_DATA)
    }

    fn write_phy(self, register: u32, value: u32) {
        self.write_mac(MII_DATA, value);
        self.command_phy(register, 1 << 1);
    }

    fn command_phy(self, register: u32, write: u32) {
        self.write_mac(MII_ACCESS, 1 << 11 | register << 6 | write | 1);
        while self.read_mac(MII_ACCESS) & 1 != 0 {}
    }
}
