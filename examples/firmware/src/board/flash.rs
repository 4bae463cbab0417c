//! Simulates NOR flash in RAM, because the emulated machine has none.
//!
//! It behaves like flash: a write only clears bits, an erase sets all bits of a page. If there is a file `flash.bin` in
//! the folder where QEMU runs, every byte is written there too, and read at the next start. What was not written when
//! QEMU is killed is lost, as in a power cut.

use core::convert::Infallible;
use core::ops::Range;

use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use semihosting::fs::File;
use semihosting::io::{Read, Seek, SeekFrom, Write};
use static_cell::StaticCell;

const PAGE: usize = 512;
const SIZE: usize = 2 * PAGE;

/// The pages of the cursor: at least two whole pages.
pub const CURSOR: Range<u32> = 0..SIZE as u32;

/// The flash. A real chip has pages of about 4 KiB, and its flash also holds the program.
pub struct Flash {
    bytes: &'static mut [u8; SIZE],
    file: Option<File>,
}

impl Flash {
    pub(super) fn new() -> Self {
        static BYTES: StaticCell<[u8; SIZE]> = StaticCell::new();
        let file = File::options().read(true).write(true).open(c"flash.bin").ok();
        let mut flash = Self { bytes: BYTES.init_with(|| [0xFF; _]), file };
        if let Some(file) = &mut flash.file {
            // A shorter file was never written to its end: the rest counts as erased.
            let mut at = 0;
            while let Some(rest @ [_, ..]) = flash.bytes.get_mut(at..) {
                match file.read(rest) {
                    Ok(0) | Err(_) => break,
                    Ok(length) => at += length,
                }
            }
        }
        flash
    }

    fn change(&mut self, at: u32, length: usize, change: impl FnOnce(&mut [u8])) {
        let start = at as usize;
        let bytes = self.bytes.get_mut(start..start + length).expect("the driver's caller stays within its range");
        change(bytes);
        if let Some(file) = &mut self.file {
            let kept = file.seek(SeekFrom::Start(u64::from(at))).and_then(|_| file.write_all(bytes));
            if kept.is_err() {
                defmt::warn!("flash.bin cannot be written");
            }
        }
    }
}

impl ErrorType for Flash {
    type Error = Infallible;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Infallible> {
        let start = offset as usize;
        let from = self.bytes.get(start..start + bytes.len()).expect("the driver's caller stays within its range");
        bytes.copy_from_slice(from);
        Ok(())
    }

    fn capacity(&self) -> usize {
        SIZE
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Infallible> {
        self.change(from, (to - from) as usize, |bytes| bytes.fill(0xFF));
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Infallible> {
        self.change(offset, bytes.len(), |cells| {
            for (cell, byte) in cells.iter_mut().zip(bytes) {
                *cell &= byte;
            }
        });
        Ok(())
    }
}
