//! What small cores run: the same names as `wide/`, and the least code.
//!
//! Must not know what a field means: that is the machine's business.

use super::read::machine::{Machine, Memory};
use super::read::step::Step;
use super::write::frame::Frame;

/// The machine, and the way through a chunk: piece by piece.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Walk {
    pub(crate) machine: Machine,
}

impl Walk {
    pub(crate) const NEW: Self = Self { machine: Machine::NEW };

    /// Takes from the chunk what comes up to the next thing to be told. `items`: comments and `retry` lines are told too.
    #[inline(never)]
    pub(crate) fn step(&mut self, memory: &mut Memory<'_>, items: bool) -> Step {
        if let found @ Some(_) = self.machine.begin() {
            return Step { consumed: 0, found };
        }
        let mut at = 0;
        loop {
            let step = self.machine.take_piece(at, memory, items);
            if step.found.is_some() {
                return step;
            }
            at = step.consumed;
            if at == memory.chunk.len() {
                self.machine.spill(memory);
                return step;
            }
        }
    }
}

/// Writes the frame to the start of the buffer and returns its length; `None` when it does not fit.
pub(crate) fn write(frame: &Frame<'_>, buffer: &mut [u8]) -> Option<usize> {
    let mut encoder = frame.encoder();
    let len = encoder.fill(buffer);
    encoder.is_done().then_some(len)
}

pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'))
}

pub(crate) fn has_nul(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| matches!(byte, 0))
}

/// Whether no byte is below 14. Nobody knows here: a second look at each byte costs more than it saves.
pub(crate) const fn is_known_plain(_text: &[u8]) -> bool {
    false
}
