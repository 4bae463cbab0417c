//! The small variant for small cores: the same names as `wide/`, with as little code as possible.
//!
//! This module must not depend on what a field means: that is the machine's part.

use core::time::Duration;

use super::field::Field;
use super::read::machine::{Machine, Memory};
use super::read::span::Span;
use super::read::step::{Found, Step};
use super::read::tokenizer::{LINE_END, Line, Piece, State};

#[path = "small/frame.rs"]
mod frame;

pub(crate) use frame::{frame_length, write};

/// Drives the machine through a chunk, piece by piece.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Walk {
    pub(crate) machine: Machine,
    open: Open,
}

/// A value under way that goes to the buffer. The machine learns of the bytes that were copied when something else
/// comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Open {
    /// Where its next byte goes.
    end: usize,
    /// The end of its room. 0 if there is no such value.
    limit: usize,
}

impl Open {
    const NONE: Self = Self { end: 0, limit: 0 };
    /// The rest of the line is ignored.
    const SKIP: Self = Self { end: usize::MAX, limit: 0 };
}

impl Walk {
    pub(crate) const NEW: Self = Self { machine: Machine::NEW, open: Open::NONE };

    /// Prepares for a new connection.
    pub(crate) const fn reset(&mut self) {
        self.machine.reset();
        self.open = Open::NONE;
    }

    /// Stores a chunk of a single byte, such as a UART delivers, if it continues a value in the buffer and cannot end its
    /// line. Returns whether it did. This is then all there is to do.
    #[inline(always)]
    pub(crate) fn is_stored(&mut self, chunk: &[u8], buffer: &mut [u8], _items: bool) -> bool {
        let Open { end, limit } = self.open;
        match (chunk, buffer.get_mut(end)) {
            (&[byte], Some(place)) if end < limit && byte > LINE_END => {
                *place = byte;
                self.open.end = end + 1;
                true
            }
            _ => false,
        }
    }

    /// Consumes the chunk up to the next reportable item. With `items`, comments and `retry` lines are reported too.
    #[inline(never)]
    pub(crate) fn step(&mut self, memory: &mut Memory<'_>, items: bool) -> Step {
        let chunk = memory.chunk;
        let mut at = 0;
        if self.open != Open::NONE {
            at = match self.open {
                Open::SKIP => find_line_end(chunk).unwrap_or(chunk.len()),
                _ => self.copy(chunk, memory.buffer),
            };
            if at == chunk.len() {
                return Step { consumed: at, found: None };
            }
            self.close();
        }
        let mut found = self.machine.begin();
        while found.is_none() {
            let Some(piece) = self.machine.tokenizer.next_piece(chunk, &mut at) else {
                // A single byte holds no value that would have to be copied.
                if at > 1 {
                    self.machine.spill(memory);
                }
                self.open(memory);
                break;
            };
            found = self.apply(piece, memory, items);
        }
        Step { consumed: at, found }
    }

    /// Kept out of line so that bytes which complete no piece do not pay for it.
    #[inline(never)]
    fn apply(&mut self, piece: Piece, memory: &mut Memory<'_>, items: bool) -> Option<Found> {
        self.machine.apply(piece, memory, items)
    }

    /// Copies the chunk up to the first byte that may end the line, if it continues a value in the buffer. Returns the
    /// number of bytes copied.
    #[inline(always)]
    fn copy(&mut self, chunk: &[u8], buffer: &mut [u8]) -> usize {
        let room = buffer.get_mut(self.open.end..self.open.limit).unwrap_or_default();
        let mut count = 0;
        for (byte, place) in chunk.iter().zip(room) {
            if *byte <= LINE_END {
                break;
            }
            *place = *byte;
            count += 1;
        }
        self.open.end += count;
        count
    }

    /// Notes how the value under way continues.
    #[inline(always)]
    fn open(&mut self, memory: &mut Memory<'_>) {
        let span = match self.machine.tokenizer.state {
            State::Value(Line::Field(Field::Data)) => self.machine.block.data,
            State::Value(Line::Field(Field::Event)) => self.machine.line,
            State::Value(Line::Field(Field::Comment)) if self.machine.line.is_absent() => Span::Absent,
            State::Value(Line::Ignored) => Span::Absent,
            _ => return,
        };
        self.open = match span {
            Span::Stored { end, .. } => Open { end, limit: self.machine.block.room(memory.buffer).len() },
            _ => Open::SKIP,
        };
    }

    /// Records what was copied.
    #[inline(always)]
    fn close(&mut self) {
        let Open { end: place, limit } = core::mem::replace(&mut self.open, Open::NONE);
        if limit > 0 {
            let span = match self.machine.tokenizer.state {
                State::Value(Line::Field(Field::Data)) => &mut self.machine.block.data,
                _ => &mut self.machine.line,
            };
            if let Span::Stored { end, .. } = span {
                *end = place;
            }
        }
    }
}

/// Calls `rest`, the part of a function that a shorter path does not need. Out of line, it does not use registers of that
/// path.
#[inline(never)]
pub(crate) fn apart<T>(rest: impl FnOnce() -> T) -> T {
    rest()
}

/// Returns this number of milliseconds.
///
/// It divides bit by bit, because a small core would have to link the 64-bit division.
pub(crate) const fn milliseconds(number: u64) -> Duration {
    let (mut seconds, mut rest, mut bit) = (0, 0, u64::BITS);
    while bit > 0 {
        bit -= 1;
        seconds <<= 1;
        rest = rest << 1 | (number >> bit) as u32 & 1;
        if rest >= 1000 {
            rest -= 1000;
            seconds += 1;
        }
    }
    // Always true. The compiler then sees that the number of nanoseconds is below a second.
    if rest < 1000 { Duration::new(seconds, rest * 1_000_000) } else { Duration::from_secs(seconds) }
}

/// Skips blocks without a control character. Only in a block with one is each byte compared with CR and LF.
#[inline(never)]
pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    let in_rest = loop {
        let Some((block, after)) = rest.split_first_chunk() else { break rest.iter().position(is_line_end) };
        if has_control(block) {
            if let found @ Some(_) = block.iter().position(is_line_end) {
                break found;
            }
        }
        rest = after;
    };
    in_rest.map(|offset| bytes.len() - rest.len() + offset)
}

const fn is_line_end(byte: &u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Returns whether a byte is below 14. These cores load four bytes at once, wherever they lie: ARMv7-M and later, which
/// have atomic operations. A wrong guess costs time only.
#[cfg(all(target_arch = "arm", target_has_atomic = "32"))]
fn has_control(block: &[u8; 8]) -> bool {
    // The top bit of each difference is set where the byte was below 14 or above 141; the latter have it set before.
    let below = |word: u32| word.wrapping_sub(0x0E0E_0E0E) & !word;
    let word = |half: Option<&[u8; 4]>| u32::from_ne_bytes(half.copied().unwrap_or_default());
    (below(word(block.first_chunk())) | below(word(block.last_chunk()))) & 0x8080_8080 != 0
}

/// Returns whether a byte is below 14. The others load each byte by itself.
#[cfg(not(all(target_arch = "arm", target_has_atomic = "32")))]
const fn has_control(&[a, b, c, d, e, f, g, h]: &[u8; 8]) -> bool {
    a <= LINE_END
        || b <= LINE_END
        || c <= LINE_END
        || d <= LINE_END
        || e <= LINE_END
        || f <= LINE_END
        || g <= LINE_END
        || h <= LINE_END
}

/// Copies bytes to a place of the same length. `copy_from_slice` would link a panic that can never occur.
pub(crate) fn copy(bytes: &[u8], place: &mut [u8]) {
    place.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
}

pub(crate) fn has_nul(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| matches!(byte, 0))
}

/// Returns whether no byte is known to be below 14. Always `false` here: on a small core the extra pass costs more than
/// it saves.
pub(crate) const fn is_known_plain(_text: &[u8]) -> bool {
    false
}
