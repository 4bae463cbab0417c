//! The wide variant for 64-bit hosts: processes the common kinds of lines whole, and passes everything else to the
//! machine.
//!
//! Wraps the machine and offers the same names as `small.rs`. It gives the same results as the machine alone, only
//! faster. Small cores do without it because its code is as large as the rest of the decoder.
//!
//! For maintainers: these are the hot loops of the crate. The next line cannot be inspected before the end of this one
//! is known. What matters is therefore the chain of operations from the start of one line to the start of the next, and
//! on this chain branches are cheaper than arithmetic.

mod byte;
mod comments;
mod copy;
mod frame;
mod lines;
mod plain;
mod scan;

use copy::{copy_line, copy_line_like};
pub(crate) use frame::{frame_length, write};
use lines::{Kind, Lengths, blank_line, end_value, is_in_comment, is_in_data, kind, length, length_like};
use plain::copy_plain;
pub(crate) use plain::is_known_plain;
use scan::is_line_end;
pub(crate) use scan::{find_line_end, has_nul};

use core::time::Duration;

use crate::codec::field::Field;
use crate::codec::line_end;
use crate::codec::read::block::Block;
use crate::codec::read::last_event_id::LastEventId;
use crate::codec::read::machine::{Machine, Memory, Phase};
use crate::codec::read::span::{Span, slice};
use crate::codec::read::step::{Found, Step};
use crate::codec::read::tokenizer::{Line, Piece};

/// Drives the machine through a chunk, by whole lines as far as possible.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Walk {
    pub(crate) machine: Machine,
    lengths: Lengths,
}

impl Walk {
    pub(crate) const NEW: Self = Self { machine: Machine::NEW, lengths: Lengths::UNKNOWN };

    /// Prepares for a new connection.
    pub(crate) const fn reset(&mut self) {
        self.machine.reset();
    }

    /// Takes a chunk of a single byte if nothing but a copy has to be done. Returns whether it did. With `items` it is
    /// [`item_step`](Self::item_step) that does so, which keeps `next_item` short enough to be inlined.
    #[inline(always)]
    pub(crate) fn is_stored(&mut self, chunk: &[u8], buffer: &mut [u8], items: bool) -> bool {
        !items && matches!(chunk, &[byte] if byte::is_taken(&mut self.machine, byte, buffer, false))
    }

    /// Consumes the chunk up to the next reportable item. With `items`, comments and `retry` lines are reported too.
    #[inline(always)]
    pub(crate) fn step(&mut self, memory: &mut Memory<'_>, items: bool) -> Step {
        if items { self.item_step(memory) } else { self.other_step(memory, false) }
    }

    /// Performs a step that does not begin with a comment, or with one that nobody asked for.
    fn other_step(&mut self, memory: &mut Memory<'_>, items: bool) -> Step {
        if let [] | [_] = memory.chunk {
            return self.short_step(memory, items);
        }
        match self.data_first(memory.chunk, memory) {
            Ok(step) => step,
            Err(at) => self.walk(at, memory, items),
        }
    }

    /// Performs a step with a single byte, or with none.
    #[inline(never)]
    fn short_step(&mut self, memory: &mut Memory<'_>, items: bool) -> Step {
        let Some(byte) = memory.chunk.first() else { return Step { consumed: 0, found: self.machine.begin() } };
        byte::step(&mut self.machine, *byte, memory, items).unwrap_or_else(|| self.walk(0, memory, items))
    }

    /// Processes lines of any kind, one by one.
    #[inline(never)]
    fn walk(&mut self, mut at: usize, memory: &mut Memory<'_>, items: bool) -> Step {
        let chunk = memory.chunk;
        if let found @ Some(_) = self.machine.begin() {
            return Step { consumed: 0, found };
        }
        loop {
            if let found @ Some(_) = self.whole_lines(chunk, &mut at, memory, items) {
                return Step { consumed: at, found };
            }
            if at == chunk.len() {
                break;
            }
            let step = self.take_piece(at, memory, items);
            if step.found.is_some() {
                return step;
            }
            at = step.consumed;
        }
        if !self.machine.block.is_empty() {
            self.machine.spill(memory);
        }
        Step { consumed: at, found: None }
    }

    /// Processes lines that are split or rare. Kept out of line so that it does not use registers of the loop over
    /// whole lines.
    #[inline(never)]
    fn take_piece(&mut self, at: usize, memory: &mut Memory<'_>, items: bool) -> Step {
        let mut consumed = at;
        let piece = self.machine.tokenizer.next_piece(memory.chunk, &mut consumed);
        Step { consumed, found: piece.and_then(|piece| self.machine.apply(piece, memory, items)) }
    }

    /// Handles the usual case of token streams: a `data` value that continues, or an event that begins with its `data`
    /// line. Returns `Err` with the offset from which the general walk must continue.
    #[inline(always)]
    fn data_first(&mut self, chunk: &[u8], memory: &mut Memory<'_>) -> Result<Step, usize> {
        let mut at = 0;
        if is_in_data(&self.machine.tokenizer) {
            let Some(length) = copy_data(&mut self.machine.block, chunk, memory.buffer) else { return Err(0) };
            if !end_value(&mut self.machine.tokenizer, Line::Field(Field::Data), chunk, length, &mut at) {
                return Ok(Step { consumed: at, found: None });
            }
            if !self.machine.id.is_pending()
                && self.machine.block.lost().is_none()
                && blank_line(&mut self.machine.tokenizer, chunk, &mut at)
            {
                self.machine.phase = Phase::Dispatched;
                return Ok(Step { consumed: at, found: Some(Found::Event) });
            }
        } else if is_in_comment(&self.machine.tokenizer) && self.machine.line.is_absent() {
            let end = line_end::find_line_end(chunk).unwrap_or(chunk.len());
            if end_value(&mut self.machine.tokenizer, Line::Field(Field::Comment), chunk, end, &mut at) {
                self.machine.end_comment();
            }
        } else if self.machine.phase == Phase::Dispatched {
            let Kind::Line { field: Field::Data, start } = kind(&self.machine.tokenizer, chunk, 0) else {
                return Err(0);
            };
            let end = start + length(chunk, start);
            self.machine.block.clear();
            if !end_value(&mut self.machine.tokenizer, Line::Field(Field::Data), chunk, end, &mut at) {
                self.machine.phase = Phase::UnderWay;
                self.machine.block.push_data(slice(chunk, start, end), true, chunk, memory.buffer);
                return Ok(Step { consumed: at, found: None });
            }
            self.machine.block.data = Span::Chunk { start, end };
            if blank_line(&mut self.machine.tokenizer, chunk, &mut at) {
                return Ok(Step { consumed: at, found: Some(Found::Event) });
            }
            self.machine.phase = Phase::UnderWay;
        }
        Err(at)
    }

    /// Processes lines of known names until something is found, or until a line is of another kind or split.
    #[inline(always)]
    fn whole_lines(&mut self, chunk: &[u8], at: &mut usize, memory: &mut Memory<'_>, items: bool) -> Option<Found> {
        loop {
            let found = match kind(&self.machine.tokenizer, chunk, *at) {
                Kind::Blank => {
                    blank_line(&mut self.machine.tokenizer, chunk, at);
                    self.machine.blank_line()
                }
                Kind::Line { field: Field::Data, start } if self.machine.block.data.is_absent() => {
                    let end = start + length(chunk, start);
                    self.machine.block.data = Span::Chunk { start, end };
                    end_value(&mut self.machine.tokenizer, Line::Field(Field::Data), chunk, end, at);
                    if blank_line(&mut self.machine.tokenizer, chunk, at) { self.machine.blank_line() } else { None }
                }
                Kind::Line { field: Field::Data, start } => {
                    *at = self.more_data(start, chunk, memory);
                    None
                }
                Kind::Line { field: Field::Comment, start } if !items => {
                    *at = self.skip_comments(start, chunk);
                    None
                }
                Kind::Line { field: Field::Id, start }
                    if take_id(
                        &mut self.machine.id,
                        *self.lengths.of(Field::Id),
                        slice(chunk, start, chunk.len()),
                        memory.ids,
                    ) =>
                {
                    let end = start + *self.lengths.of(Field::Id);
                    end_value(&mut self.machine.tokenizer, Line::Field(Field::Id), chunk, end, at);
                    None
                }
                Kind::Line { field, start } => {
                    let end = start + length_like(self.lengths.of(field), chunk, start);
                    let last = end_value(&mut self.machine.tokenizer, Line::Field(field), chunk, end, at);
                    if last && field == Field::Event {
                        self.machine.block.set_type(Span::Chunk { start, end }, &mut []);
                        None
                    } else {
                        self.machine.field(
                            Piece { line: Line::Field(field), start, end, first: true, last },
                            memory,
                            items,
                        )
                    }
                }
                Kind::Other => return None,
            };
            if found.is_some() {
                return found;
            }
        }
    }

    /// Processes a `data` line that is not the first of its event, and the `data` lines that follow it directly. They
    /// have to be copied ([R28]), which is faster in a loop of its own. Returns the offset after them.
    ///
    /// [R28]: crate::rules#r28
    #[inline(never)]
    fn more_data(&mut self, mut start: usize, chunk: &[u8], memory: &mut Memory<'_>) -> usize {
        let room = self.machine.block.room(memory.buffer);
        self.machine.block.data.settle(0, chunk, room);
        if let Span::Stored { start: from, end: mut data_end } = self.machine.block.data {
            let mut length = usize::MAX;
            while let Some(copied) = copy_joined(length, chunk.get(start..).unwrap_or_default(), room, data_end) {
                length = copied;
                data_end += 1 + length;
                let mut at = 0;
                end_value(&mut self.machine.tokenizer, Line::Field(Field::Data), chunk, start + length, &mut at);
                match kind(&self.machine.tokenizer, chunk, at) {
                    Kind::Line { field: Field::Data, start: next } => start = next,
                    _ => {
                        self.machine.block.data = Span::Stored { start: from, end: data_end };
                        return at;
                    }
                }
            }
            self.machine.block.data = Span::Stored { start: from, end: data_end };
        }
        let end = start + length(chunk, start);
        self.machine.block.push_data(slice(chunk, start, end), true, chunk, memory.buffer);
        let mut at = end;
        end_value(&mut self.machine.tokenizer, Line::Field(Field::Data), chunk, end, &mut at);
        at
    }
}

/// Copies an LF, which joins the lines, and the following line, which may have this length.
#[inline(always)]
fn copy_joined(length: usize, rest: &[u8], room: &mut [u8], at: usize) -> Option<usize> {
    let (byte, place) = room.get_mut(at..)?.split_first_mut()?;
    *byte = b'\n';
    copy_line_like(length, rest, place)
}

/// Copies a `data` line, or the rest of one, that begins with `rest`. Returns its length, which is that of `rest`
/// unless a line end follows. Returns `None`, without a change, if it does not fit.
#[inline(always)]
fn copy_data(block: &mut Block, rest: &[u8], buffer: &mut [u8]) -> Option<usize> {
    let Span::Stored { start, end } = block.data else { return None };
    let room = block.room(buffer).get_mut(end..)?;
    let copied = copy_line(rest, room)?;
    block.data = Span::Stored { start, end: end + copied };
    Some(copied)
}

/// Stores a whole `id` line if it is plain, as long as the last one, and the first of its block. Then a single pass
/// finds its end, checks for NUL and stores it.
#[inline(always)]
fn take_id(id: &mut LastEventId, length: usize, rest: &[u8], store: &mut [u8]) -> bool {
    let (from, room) = id.spare(store);
    let end = from + length;
    if id.is_pending() || !is_line_end(rest.get(length)) {
        return false;
    }
    let (Some(line), Some(place)) = (rest.get(..length), room.get_mut(from..end)) else { return false };
    #[cfg(test)]
    crate::codec::work::copied(length);
    let taken = copy_plain(line, place);
    if taken {
        id.end_line(Span::Stored { start: from, end });
    }
    taken
}

/// Calls `rest`, the part of a function that a shorter path does not need. Here it stays in its place.
#[inline(always)]
pub(crate) fn apart<T>(rest: impl FnOnce() -> T) -> T {
    rest()
}

/// Returns this number of milliseconds.
pub(crate) const fn milliseconds(number: u64) -> Duration {
    Duration::from_millis(number)
}

/// Copies bytes to a place of the same length.
#[inline(always)]
pub(crate) fn copy(bytes: &[u8], place: &mut [u8]) {
    if bytes.len() == place.len() {
        place.copy_from_slice(bytes);
    }
}
