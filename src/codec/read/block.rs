//! The event that is being decoded: the `data` and `event` lines received so far, and where their bytes are stored.
//!
//! Only this module knows the layout of the caller's buffer. It must not depend on line ends or on what a blank line
//! means.
//!
//! A value that lies whole in the chunk stays there as a [`Span`] until the chunk ends or a second `data` line has to
//! be joined to it. Only then is it copied:
//!
//! ```text
//! buffer   [ data, lines joined by LF | current line |      free      | type ]
//! ```
//!
//! The current line is a type or a comment that is split between chunks. When its line is complete, a type moves to the
//! end of the buffer, so that data can grow into its place. Call [`spill`](Block::spill) before passing a part of a
//! split line. Lost data takes no room, and neither does the type of an event whose data is lost.

use super::span::Span;
use crate::codec::field::Field;

/// The `data` and `event` lines of one block.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Block {
    pub(crate) data: Span,
    pub(crate) event_type: Span,
}

impl Block {
    pub(crate) const EMPTY: Self = Self { data: Span::Absent, event_type: Span::Absent };

    pub(crate) const fn is_empty(&self) -> bool {
        self.data.is_absent() && self.event_type.is_empty()
    }

    /// Returns whether the block has no line that counts.
    pub(crate) const fn is_absent(&self) -> bool {
        self.data.is_absent() && self.event_type.is_absent()
    }

    /// Returns the first part of the event that did not fit. Such an event must not be dispatched.
    pub(crate) const fn lost(&self) -> Option<Field> {
        if self.data.is_lost() {
            Some(Field::Data)
        } else if self.event_type.is_lost() {
            Some(Field::Event)
        } else {
            None
        }
    }

    pub(crate) const fn clear(&mut self) {
        self.data = Span::Absent;
        self.event_type = Span::Absent;
    }

    /// Appends a part of a `data` line, or a whole one, that has to be copied ([R28](crate::rules#r28)).
    pub(crate) fn push_data(&mut self, value: &[u8], first: bool, chunk: &[u8], buffer: &mut [u8]) {
        let room = self.room(buffer);
        self.data.settle(0, chunk, room);
        if self.data.is_absent() {
            self.data = Span::begin(0);
        } else if first {
            self.data.append(b"\n", room);
        }
        self.data.append(value, room);
    }

    /// Ends an `event` line. The last one counts; an empty one resets the type ([R27](crate::rules#r27)). Nothing but the
    /// type may lie at the end of the buffer.
    pub(crate) fn set_type(&mut self, line: Span, buffer: &mut [u8]) {
        self.event_type = line;
        self.event_type.move_to_end(buffer);
    }

    /// Returns where the current line begins in the buffer.
    pub(crate) const fn begin_line(&self) -> usize {
        match self.data {
            Span::Stored { end, .. } => end,
            _ => 0,
        }
    }

    /// Returns the part of the buffer that the data and the current line may use.
    pub(crate) fn room<'b>(&self, buffer: &'b mut [u8]) -> &'b mut [u8] {
        let end = match (self.data, self.event_type) {
            (Span::Absent | Span::Chunk { .. } | Span::Stored { .. }, Span::Stored { start, .. }) => start,
            _ => buffer.len(),
        };
        buffer.get_mut(..end).unwrap_or_default()
    }

    /// Copies to the buffer whatever still lies in the chunk, before the chunk is released. The type goes first: it is
    /// usually shorter, and for an event that is too large the data should be reported as too long.
    pub(crate) fn spill(&mut self, chunk: &[u8], buffer: &mut [u8]) {
        self.event_type.settle_at_end(self.begin_line(), chunk, buffer);
        let room = self.room(buffer);
        self.data.settle(0, chunk, room);
    }
}
