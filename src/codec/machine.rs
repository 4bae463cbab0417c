//! Pieces of fields to whole events: what each field does and what a blank line dispatches (R21 to R44).
//!
//! Knows the meaning of fields. How lines are cut from bytes is the tokenizer's business, where bytes are kept the block's and
//! the last event ID's.

use super::block::{Block, Span, slice};
use super::event::TooLong;
use super::field::{Field, Retry};
use super::last_event_id::LastEventId;
use super::step::{Found, Step};
use super::tokenizer::{Piece, Tokenizer};

/// The caller's memory, lent for one step.
pub(super) struct Memory<'m> {
    pub(super) buffer: &'m mut [u8],
    /// Both halves of the store of ids.
    pub(super) ids: &'m mut [u8],
}

/// The decoder without its memory.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Machine {
    pub(super) tokenizer: Tokenizer,
    pub(super) block: Block,
    pub(super) id: LastEventId,
    pub(super) retry: Retry,
    /// Somebody wanted the comment under way when it began.
    pub(super) comment_wanted: bool,
    pub(super) phase: Phase,
}

/// What the block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) enum Phase {
    UnderWay,
    /// It was dispatched and is only kept to be looked at.
    Dispatched,
    /// It was dispatched, and its id was too long, which is still to be told.
    TellId,
}

const _: () = assert!(size_of::<usize>() != 4 || size_of::<Machine>() < 100);

impl Machine {
    pub(super) const NEW: Self = Self {
        tokenizer: Tokenizer::new(),
        block: Block::EMPTY,
        id: LastEventId::EMPTY,
        retry: Retry::UNSET,
        comment_wanted: false,
        phase: Phase::UnderWay,
    };

    pub(super) const fn reset(&mut self) {
        self.tokenizer.reset();
        self.block = Block::EMPTY;
        self.id.reset();
        self.phase = Phase::UnderWay;
    }

    pub(super) fn is_mid_event(&self) -> bool {
        self.tokenizer.is_mid_field()
            || self.id.is_pending()
            || (self.phase == Phase::UnderWay && !self.block.is_empty())
    }

    /// Takes from the chunk what comes up to the next thing to be told. `items`: comments and `retry` lines are told too.
    pub(super) fn step(&mut self, chunk: &[u8], memory: &mut Memory<'_>, items: bool) -> Step {
        #[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
        let at = match self.go_straight(chunk, memory) {
            Ok(step) => return step,
            Err(at) => at,
        };
        #[cfg(not(all(target_pointer_width = "64", not(embedded_sse_small))))]
        let at = 0;
        self.walk(at, chunk, memory, items)
    }

    /// Line by line, whatever they are.
    #[inline(never)]
    fn walk(&mut self, mut at: usize, chunk: &[u8], memory: &mut Memory<'_>, items: bool) -> Step {
        match core::mem::replace(&mut self.phase, Phase::UnderWay) {
            Phase::UnderWay => {}
            Phase::Dispatched => self.block = Block::EMPTY,
            Phase::TellId => {
                self.block = Block::EMPTY;
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
                Some(Piece::Blank) => self.blank_line(chunk, memory),
                Some(piece) => self.field(piece, chunk, memory, items),
                None => break,
            };
            if found.is_some() {
                return Step { consumed: at, found };
            }
        }
        self.spill(chunk, memory);
        Step { consumed: chunk.len(), found: None }
    }

    /// What a line or a part of one does.
    #[inline(never)]
    pub(super) fn field(&mut self, piece: Piece, chunk: &[u8], memory: &mut Memory<'_>, items: bool) -> Option<Found> {
        let Piece::Part { field, start, end, first, last } = piece else { return None };
        let whole = first && last;
        if !whole {
            // Cut lines are put behind what is in the buffer, so all else must be there already.
            self.spill(chunk, memory);
        }
        let value = slice(chunk, start, end);
        match field {
            Field::Data if whole && self.block.data == Span::Absent => self.block.data = Span::Chunk { start, end },
            Field::Data => self.block.push_data(chunk, (start, end), first, memory.buffer),
            Field::Event if whole => self.block.set_type(start, end),
            Field::Event => self.block.push_type(value, first, last, memory.buffer),
            Field::Id if whole => self.id.line(chunk, (start, end), memory.ids),
            Field::Id => self.id.part(value, first, last, memory.ids),
            // It counts at the end of its line, without waiting for a blank one (R30).
            Field::Retry => {
                if self.retry.push(value, first, last) && items {
                    self.spill(chunk, memory);
                    return Some(Found::Retry);
                }
            }
            Field::Comment => {
                if first {
                    self.comment_wanted = items;
                }
                if !(items && self.comment_wanted) {
                    return None;
                }
                if whole {
                    self.spill(chunk, memory);
                    self.block.set_line(start, end);
                    return Some(Found::Comment);
                }
                self.block.push_line(value, first, memory.buffer);
                let too_long = Found::TooLong(TooLong { field: Field::Comment });
                let fits = self.block.line(&[], memory.buffer).is_some();
                return last.then_some(if fits { Found::Comment } else { too_long });
            }
        }
        None
    }

    /// R34 to R40.
    #[inline(always)]
    pub(super) fn blank_line(&mut self, chunk: &[u8], memory: &mut Memory<'_>) -> Option<Found> {
        let id_fits = !self.id.is_pending() || self.id.commit(chunk, memory.ids);
        if self.block.data == Span::Absent {
            if !self.block.is_empty() {
                self.block = Block::EMPTY;
            }
            return (!id_fits).then_some(Found::TooLong(TooLong { field: Field::Id }));
        }
        self.phase = if id_fits { Phase::Dispatched } else { Phase::TellId };
        if self.block.data_lost {
            return Some(Found::TooLong(TooLong { field: Field::Data }));
        }
        if self.block.type_lost {
            return Some(Found::TooLong(TooLong { field: Field::Event }));
        }
        Some(Found::Event)
    }

    /// The chunk goes: what is still needed of it is copied.
    #[inline(always)]
    pub(super) fn spill(&mut self, chunk: &[u8], memory: &mut Memory<'_>) {
        if !self.block.is_empty() {
            self.block.spill(chunk, memory.buffer);
        }
        if self.id.is_pending() {
            self.id.spill(chunk, memory.ids);
        }
    }
}
