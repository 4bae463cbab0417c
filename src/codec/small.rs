//! The small variant for small cores: the same names as `wide/`, with as little code as possible.
//!
//! This module must not depend on what a field means: that is the machine's part.

use super::read::machine::{Machine, Memory};
use super::read::step::Step;
use super::write::frame::Frame;

/// Drives the machine through a chunk, piece by piece.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Walk {
    pub(crate) machine: Machine,
}

impl Walk {
    pub(crate) const NEW: Self = Self { machine: Machine::NEW };

    /// Consumes the chunk up to the next reportable item. With `items`, comments and `retry` lines are reported too.
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

/// Writes the frame to the start of the buffer and returns its length, or `None` if the frame does not fit.
pub(crate) fn write(frame: &Frame<'_>, buffer: &mut [u8]) -> Option<usize> {
    let mut bytes = frame.bytes();
    let len = bytes.fill(buffer);
    bytes.is_done().then_some(len)
}

pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'))
}

pub(crate) fn has_nul(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| matches!(byte, 0))
}

/// Returns whether no byte is known to be below 14. Always `false` here: on a small core the extra pass costs more than
/// it saves.
pub(crate) const fn is_known_plain(_text: &[u8]) -> bool {
    false
}
