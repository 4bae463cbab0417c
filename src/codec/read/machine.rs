//! Builds whole events from pieces of fields: what each field does, and what a blank line dispatches ([R21] to [R44]).
//!
//! This module must not depend on how bytes are split into lines (`tokenizer.rs`) or where they are stored (`block.rs`,
//! `last_event_id.rs`).
//!
//! [R21]: crate::rules#r21
//! [R44]: crate::rules#r44

use super::block::Block;
use super::last_event_id::LastEventId;
use super::retry::Retry;
use super::span::{Span, slice};
use super::step::Found;
use super::tokenizer::{Line, Piece, Tokenizer};
use crate::codec::event::TooLong;
use crate::codec::field::Field;

/// The memory that the caller provides for one step.
pub(crate) struct Memory<'m> {
    pub(crate) chunk: &'m [u8],
    pub(crate) buffer: &'m mut [u8],
    /// Both halves of the store for ids.
    pub(crate) ids: &'m mut [u8],
}

/// The decoder without its memory.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Machine {
    pub(crate) tokenizer: Tokenizer,
    pub(crate) phase: Phase,
    pub(crate) retry: Retry,
    /// The type, id or comment whose line came last. `Absent` if the line is ignored: an id that contains NUL, or a
    /// comment when the caller does not ask for comments.
    pub(crate) line: Span,
    pub(crate) block: Block,
    pub(crate) id: LastEventId,
    /// A comment or an idle blank line has ended and was not reported yet.
    pub(crate) heartbeat: bool,
    /// Since the last reset a blank line has committed an id, and the latest one was not empty.
    pub(crate) gave_id: bool,
}

/// The state of the current block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum Phase {
    UnderWay,
    /// Under way, with a comment in it: its blank line is not a heartbeat.
    Commented,
    /// Dispatched, and kept only until the caller has looked at it.
    Dispatched,
    /// Dispatched. Its id was too long, which is still to be reported.
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
        // The event was delivered although its id was too long, and a reconnect will request it again. That must still
        // be reported.
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

    /// Begins a step and discards the event that was dispatched before. Returns an item if that event's id was too long
    /// and this was not reported yet.
    pub(crate) fn begin(&mut self) -> Option<Found> {
        if !matches!(self.phase, Phase::Dispatched | Phase::TellId) {
            return None;
        }
        self.block.clear();
        let tell_id = core::mem::replace(&mut self.phase, Phase::UnderWay) == Phase::TellId;
        tell_id.then_some(Found::TooLong(TooLong { field: Field::Id }))
    }

    /// Applies a line or a part of one.
    pub(crate) fn apply(&mut self, piece: Piece, memory: &mut Memory<'_>, items: bool) -> Option<Found> {
        match piece.line {
            Line::Blank => self.blank_line(),
            _ => self.field(piece, memory, items),
        }
    }

    /// Applies a field or a part of one.
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
            // It takes effect at the end of its line, without waiting for a blank line (R30).
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
        // Split lines are stored after the content of the buffer, so everything else must be stored first. At a comment
        // the caller gets the chunk back.
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

    /// Ends a comment. The comment is a heartbeat, and the blank line of its block belongs to it.
    #[inline(always)]
    pub(crate) const fn end_comment(&mut self) {
        self.heartbeat = true;
        self.phase = Phase::Commented;
    }

    /// Dispatches the block at a blank line ([R34](crate::rules#r34) to [R40](crate::rules#r40)).
    pub(crate) fn blank_line(&mut self) -> Option<Found> {
        let has_id = self.id.is_pending();
        let id_fits = !has_id || self.id.commit();
        if has_id && id_fits {
            self.gave_id = !self.id.is_empty();
        }
        if self.block.data.is_absent() {
            // With nothing under way, a blank line shows only that the server is alive.
            if !has_id && self.block.is_absent() && self.phase == Phase::UnderWay {
                self.heartbeat = true;
            }
            self.phase = Phase::UnderWay;
            self.block.clear();
            return (!id_fits).then_some(Found::TooLong(TooLong { field: Field::Id }));
        }
        self.phase = if id_fits { Phase::Dispatched } else { Phase::TellId };
        Some(match self.block.lost() {
            Some(field) => Found::TooLong(TooLong { field }),
            None => Found::Event,
        })
    }

    /// Copies what is still needed from the chunk before it is released.
    pub(crate) fn spill(&mut self, memory: &mut Memory<'_>) {
        self.block.spill(memory.chunk, memory.buffer);
    }
}
