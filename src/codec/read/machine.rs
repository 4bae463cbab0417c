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

    /// A step begins: an event that was shown goes. `Some`: its id was too long, which was still to be told.
    pub(crate) fn begin(&mut self) -> Option<Found> {
        if !matches!(self.phase, Phase::Dispatched | Phase::TellId) {
            return None;
        }
        self.block.clear();
        let tell_id = core::mem::replace(&mut self.phase, Phase::UnderWay) == Phase::TellId;
        tell_id.then_some(Found::TooLong(TooLong { field: Field::Id }))
    }

    /// Takes the next line or part of one, which begins at `at`, whatever it is.
    pub(crate) fn take_piece(&mut self, at: usize, memory: &mut Memory<'_>, items: bool) -> Step {
        let mut consumed = at;
        let found = match self.tokenizer.next_piece(memory.chunk, &mut consumed) {
            Some(Piece { line: Line::Blank, .. }) => self.blank_line(),
            Some(piece) => self.field(piece, memory, items),
            None => None,
        };
        Step { consumed, found }
    }

    /// What a line or a part of one does.
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
    pub(crate) fn spill(&mut self, memory: &mut Memory<'_>) {
        self.block.spill(memory.chunk, memory.buffer);
    }
}
