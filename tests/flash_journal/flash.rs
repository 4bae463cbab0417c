//! A NOR flash: erased page by page to ones, written word by word to zeros, and left in any mixture by a loss of power.

use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

pub(crate) const PAGE: usize = 512;
pub(crate) const PAGES: usize = 6;

/// What a write or an erase leaves if the power is lost in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Torn {
    /// Nothing has happened yet.
    Before,
    /// All has happened, but nobody has seen it.
    After,
    /// The first half has happened, and the word in the middle is a mixture.
    First,
    /// The second half has happened, and the word in the middle is a mixture.
    Second,
    /// Each bit is the old one or the new one.
    Mixture,
    /// All but a few bits are new.
    Nearly,
    /// All but a few bits are old.
    Hardly,
    /// The first and the last word are old, and what lies between is new, or the other way round for a write.
    Ends,
    /// The last word is new, and the rest is a mixture.
    Tail,
}

impl Torn {
    pub(crate) const ALL: [Self; 9] = [
        Self::Before,
        Self::After,
        Self::First,
        Self::Second,
        Self::Mixture,
        Self::Nearly,
        Self::Hardly,
        Self::Ends,
        Self::Tail,
    ];
}

/// The power is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PowerLost;

impl fmt::Display for PowerLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the power is off")
    }
}

impl core::error::Error for PowerLost {}

impl NorFlashError for PowerLost {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

/// The chip, which outlives those that use it. `WORD` is the smallest unit of a write.
#[derive(Clone)]
pub(crate) struct Flash<const WORD: usize>(Rc<RefCell<Chip>>);

#[derive(Clone)]
struct Chip {
    word: usize,
    bytes: Vec<u8>,
    erases: [u32; PAGES],
    /// Writes and erases so far.
    operations: usize,
    /// The power is lost in this one.
    cut: Option<(usize, Torn)>,
    /// The power is lost in the next erase.
    cut_next_erase: Option<Torn>,
    /// That one was an erase.
    cut_an_erase: bool,
    random: u64,
}

impl<const WORD: usize> Flash<WORD> {
    pub(crate) fn new() -> Self {
        Self::with(vec![0xFF; PAGE * PAGES])
    }

    /// A chip with these contents.
    pub(crate) fn with(bytes: Vec<u8>) -> Self {
        Self(Rc::new(RefCell::new(Chip {
            word: WORD,
            bytes,
            erases: [0; PAGES],
            operations: 0,
            cut: None,
            cut_next_erase: None,
            cut_an_erase: false,
            random: 1,
        })))
    }

    #[allow(dead_code, reason = "the firmware in tests/firmware keeps them in a file")]
    pub(crate) fn contents(&self) -> Vec<u8> {
        self.0.borrow().bytes.clone()
    }

    /// Another chip with the same contents.
    pub(crate) fn copied(&self) -> Self {
        Self(Rc::new(RefCell::new(self.0.borrow().clone())))
    }

    /// The power comes back.
    pub(crate) fn restart(&self) {
        self.0.borrow_mut().cut = None;
    }

    /// The power fails in this operation from now on.
    pub(crate) fn fail(&self, after: usize, torn: Torn) {
        self.0.borrow_mut().fail(after, torn);
    }

    /// The power fails in the next erase.
    #[allow(dead_code, reason = "only the firmware in tests/firmware cannot count the writes before it")]
    pub(crate) fn fail_in_erase(&self, torn: Torn) {
        self.0.borrow_mut().cut_next_erase = Some(torn);
    }

    pub(crate) fn cut_an_erase(&self) -> bool {
        self.0.borrow().cut_an_erase
    }

    pub(crate) fn operations(&self) -> usize {
        self.0.borrow().operations
    }

    pub(crate) fn erases(&self) -> [u32; PAGES] {
        self.0.borrow().erases
    }
}

impl Chip {
    fn fail(&mut self, after: usize, torn: Torn) {
        self.cut = Some((self.operations + after, torn));
        self.random = (after as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ torn as u64;
    }

    /// The power was lost before now.
    fn is_off(&self) -> bool {
        self.cut.is_some_and(|(at, _)| self.operations > at)
    }

    fn bits(&mut self) -> u8 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 32) as u8
    }

    /// Replaces bytes, or a part of them if the power is lost.
    fn change(&mut self, start: usize, new: &[u8]) -> Result<(), PowerLost> {
        if let (PAGE, Some(torn)) = (new.len(), self.cut_next_erase) {
            self.cut_next_erase = None;
            self.fail(0, torn);
        }
        let torn = match self.cut {
            _ if self.is_off() => return Err(PowerLost),
            Some((at, torn)) if self.operations == at => Some(torn),
            _ => None,
        };
        self.operations += 1;
        self.cut_an_erase = torn.is_some() && new.len() == PAGE;
        let (length, word) = (new.len(), self.word);
        let middle = length / 2 / word * word;
        for (at, new) in new.iter().enumerate() {
            let is_middle = (middle..middle + word).contains(&at);
            let is_end = at < word || at + word >= length;
            // The bits that have not changed yet.
            let old = match torn {
                None | Some(Torn::After) => 0,
                Some(Torn::Before) => 0xFF,
                Some(Torn::First | Torn::Second) if is_middle => self.bits(),
                Some(Torn::First) => {
                    if at < middle {
                        0
                    } else {
                        0xFF
                    }
                }
                Some(Torn::Second) => {
                    if at < middle {
                        0xFF
                    } else {
                        0
                    }
                }
                Some(Torn::Mixture) => self.bits(),
                Some(Torn::Nearly) => self.bits() & self.bits() & self.bits() & self.bits(),
                Some(Torn::Hardly) => !(self.bits() & self.bits() & self.bits() & self.bits()),
                Some(Torn::Ends) => {
                    if is_end {
                        0xFF
                    } else {
                        self.bits() & self.bits()
                    }
                }
                Some(Torn::Tail) => {
                    if at + word >= length {
                        0
                    } else {
                        self.bits()
                    }
                }
            };
            let byte = &mut self.bytes[start + at];
            *byte = (*byte & old) | (new & !old);
        }
        if torn.is_some() { Err(PowerLost) } else { Ok(()) }
    }
}

impl<const WORD: usize> ErrorType for Flash<WORD> {
    type Error = PowerLost;
}

impl<const WORD: usize> ReadNorFlash for Flash<WORD> {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), PowerLost> {
        let chip = self.0.borrow();
        if chip.is_off() {
            return Err(PowerLost);
        }
        let start = offset as usize;
        bytes.copy_from_slice(&chip.bytes[start..start + bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        PAGE * PAGES
    }
}

impl<const WORD: usize> NorFlash for Flash<WORD> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), PowerLost> {
        let (from, to) = (from as usize, to as usize);
        assert!(from.is_multiple_of(PAGE) && to.is_multiple_of(PAGE) && from < to, "whole pages");
        let mut chip = self.0.borrow_mut();
        for page in from / PAGE..to / PAGE {
            chip.change(page * PAGE, &[0xFF; PAGE])?;
            chip.erases[page] += 1;
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), PowerLost> {
        let start = offset as usize;
        assert!(start.is_multiple_of(WORD) && bytes.len().is_multiple_of(WORD), "whole words");
        let mut chip = self.0.borrow_mut();
        let new: Vec<u8> = chip.bytes[start..].iter().zip(bytes).map(|(old, new)| old & new).collect();
        assert!(new == bytes || chip.is_off(), "a write at {start} cannot set bits");
        chip.change(start, &new)
    }
}

impl<const WORD: usize> MultiwriteNorFlash for Flash<WORD> {}

/// Runs a future that never waits.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("a flash in memory never waits"),
    }
}
