//! Pieces of fields to whole events: what each field does and what a blank line dispatches (R21 to R44).
//!
//! Knows the meaning of fields. How lines are cut from bytes is the tokenizer's business, where bytes are kept the block's and
//! the last event ID's.

use super::block::Block;
use super::last_event_id::LastEventId;
use super::retry::Retry;
use super::span::{Span, slice};
use super::step::{Found, Step};
use super::tokenizer::{Line, Piece, Tokenizer};
use crate::codec::event::TooLong;
use crate::codec::field::Field;
#[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
use crate::codec::wide::lines::Lengths;

/// What the caller lends for one step.
pub(crate) struct Memory<'m> {
    pub(crate) chunk: &'m [u8],
    pub(crate) buffer: &'m mut [u8],
    /// Both halves of the store of ids.
    pub(crate) ids: &'m mut [u8],
}

/// The decoder without its memory.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Machine {
    pub(crate) tokenizer: Tokenizer,
    pub(crate) phase: Phase,
    pub(crate) retry: Retry,
    /// The type, id or comment that was last under way. Absent is what nobody wants: an id that holds NUL, a comment of a
    /// caller who has no use for it.
    pub(crate) line: Span,
    pub(crate) block: Block,
    pub(crate) id: LastEventId,
    /// A comment or an idle blank line has ended, and nobody was told.
    pub(crate) heartbeat: bool,
    /// Since the last reset a blank line has committed an id, and the last one was not empty.
    pub(crate) gave_id: bool,
    #[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
    pub(crate) lengths: Lengths,
}

/// What the block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum Phase {
    UnderWay,
    /// It is, and a comment stood in it: its blank line is no heartbeat.
    Commented,
    /// It was dispatched and is only kept to be looked at.
    Dispatched,
    /// It was dispatched, and its id was too long, which is still to be told.
    TellId,
}

/// Calls that do nothing are cheap on a small core, and asking first is not.
const SMALL: bool = cfg!(any(not(target_pointer_width = "64"), embedded_sse_small));

const _: () = assert!(size_of::<usize>() != 4 || size_of::<Machine>() < 100);

impl Machine {
    pub(crate) const NEW: Self = Self {
        tokenizer: Tokenizer::new(),
        block: Block::EMPTY,
        id: LastEventId::EMPTY,
        line: Span::Absent,
        retry: Retry::UNSET,
        phase: Phase::UnderWay,
        heartbeat: false,
        gave_id: false,
        #[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
        lengths: Lengths::UNKNOWN,
    };

    pub(crate) const fn reset(&mut self) {
        self.tokenizer.reset();
        self.block.clear();
        self.id.reset();
        // The event of an id that was too long was delivered, and a reconnect will bring it again: that is still to be told.
        if !matches!(self.phase, Phase::TellId) {
            self.phase = Phase::UnderWay;
        }
        self.heartbeat = false;
        self.gave_id = false;
    }

    pub(crate) fn is_mid_event(&self) -> bool {
        self.tokenizer.is_mid_field()
            || self.id.is_pending()
            || (matches!(self.phase, Phase::UnderWay | Phase::Commented) && !self.block.is_empty())
    }

    /// Takes from the chunk what comes up to the next thing to be told. `items`: comments and `retry` lines are told too.
    pub(crate) fn step(&mut self, memory: &mut Memory<'_>, items: bool) -> Step {
        #[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
        let at = match self.go_straight(memory.chunk, memory) {
            Ok(step) => return step,
            Err(at) => at,
        };
        #[cfg(not(all(target_pointer_width = "64", not(embedded_sse_small))))]
        let at = 0;
        self.walk(at, memory, items)
    }

    /// Line by line, whatever they are.
    #[inline(never)]
    fn walk(&mut self, mut at: usize, memory: &mut Memory<'_>, items: bool) -> Step {
        let chunk = memory.chunk;
        if let Phase::Dispatched | Phase::TellId = self.phase {
            self.block.clear();
            if core::mem::replace(&mut self.phase, Phase::UnderWay) == Phase::TellId {
                return Step { consumed: 0, found: Some(Found::TooLong(TooLong { field: Field::Id })) };
            }
        }
        loop {
            #[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
            if let Some(found) = self.whole_lines(chunk, &mut at, memory, items) {
                return Step { consumed: at, found: Some(found) };
            }
            if at == chunk.len() {
                break;
            }
            // A copy, because what is lent to a call cannot stay in a register.
            let mut behind = at;
            let piece = self.tokenizer.next_piece(chunk, &mut behind);
            at = behind;
            let found = match piece {
                Some(Piece { line: Line::Blank, .. }) => self.blank_line(),
                Some(piece) => self.field(piece, memory, items),
                None => break,
            };
            if found.is_some() {
                return Step { consumed: at, found };
            }
        }
        self.spill(memory);
        Step { consumed: chunk.len(), found: None }
    }

    /// What a line or a part of one does.
    #[cfg_attr(all(target_pointer_width = "64", not(embedded_sse_small)), inline(never))]
    pub(crate) fn field(&mut self, piece: Piece, memory: &mut Memory<'_>, items: bool) -> Option<Found> {
        let Piece { line: Line::Field(field), start, end, first, last } = piece else { return None };
        let whole = first && last;
        if last && field == Field::Comment {
            self.end_comment();
        }
        let chunk = memory.chunk;
        let value = slice(chunk, start, end);
        match field {
            Field::Data if whole && self.block.data.is_absent() => {
                self.block.data = Span::Chunk { start, end };
                return None;
            }
            // It counts at the end of its line, without waiting for a blank one (R30).
            Field::Retry => {
                let sets = self.retry.push(value, first, last) && items;
                if sets {
                    self.spill(memory);
                }
                return sets.then_some(Found::Retry);
            }
            Field::Comment if !items => {
                self.line = Span::Absent;
                return None;
            }
            _ => {}
        }
        // Cut lines are put behind what is in the buffer, so all else must be there already; and at a comment the caller gets
        // the chunk back.
        if !whole || field == Field::Comment {
            self.spill(memory);
        }
        if field == Field::Data {
            self.block.push_data(value, first, chunk, memory.buffer);
            return None;
        }
        if first {
            if field == Field::Event {
                self.block.event_type = Span::Absent;
            }
            self.line = if whole { Span::Chunk { start, end } } else { Span::begin(self.block.begin_line()) };
        }
        if field == Field::Id {
            self.id.push(&mut self.line, value, first, memory.ids);
        } else {
            self.line.append(value, self.block.room(memory.buffer));
        }
        if last {
            match field {
                Field::Event => self.block.set_type(self.line, memory.buffer),
                Field::Id => self.id.end_line(self.line),
                _ if self.line.is_absent() => {}
                _ if self.line.is_lost() => return Some(Found::TooLong(TooLong { field: Field::Comment })),
                _ => return Some(Found::Comment),
            }
        }
        None
    }

    /// A comment is a heartbeat, and the blank line of its block belongs to it.
    #[inline(always)]
    pub(crate) const fn end_comment(&mut self) {
        self.heartbeat = true;
        self.phase = Phase::Commented;
    }

    /// R34 to R40.
    #[cfg_attr(all(target_pointer_width = "64", not(embedded_sse_small)), inline(always))]
    pub(crate) fn blank_line(&mut self) -> Option<Found> {
        let has_id = self.id.is_pending();
        let id_fits = !has_id || self.id.commit();
        if has_id && id_fits {
            self.gave_id = !self.id.is_empty();
        }
        if self.block.data.is_absent() {
            // With nothing under way a blank line says only that the server is there.
            if !has_id && self.block.is_absent() && self.phase == Phase::UnderWay {
                self.heartbeat = true;
            }
            self.phase = Phase::UnderWay;
            self.block.clear();
            return (!id_fits).then_some(Found::TooLong(TooLong { field: Field::Id }));
        }
        self.phase = if id_fits { Phase::Dispatched } else { Phase::TellId };
        if self.block.data.is_lost() {
            return Some(Found::TooLong(TooLong { field: Field::Data }));
        }
        if self.block.event_type.is_lost() {
            return Some(Found::TooLong(TooLong { field: Field::Event }));
        }
        Some(Found::Event)
    }

    /// The chunk goes: what is still needed of it is copied.
    #[cfg_attr(all(target_pointer_width = "64", not(embedded_sse_small)), inline(always))]
    pub(crate) fn spill(&mut self, memory: &mut Memory<'_>) {
        let chunk = memory.chunk;
        if SMALL || !self.block.is_empty() {
            self.block.spill(chunk, memory.buffer);
        }
    }
}
