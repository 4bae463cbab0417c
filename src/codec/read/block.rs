//! The event under way: what its `data` and `event` lines have said so far, and where those bytes lie.
//!
//! The only code that knows the layout of the caller's buffer. Knows no line ends; what a blank line means is the machine's
//! business.
//!
//! A value that lies whole in the chunk stays there as a [`Span`], until the chunk ends or a second `data` line has to be
//! joined to it. Only then is it copied:
//!
//! ```text
//! buffer   [ data, lines joined by LF | line under way |      free      | type ]
//! ```
//!
//! The line under way is a type or a comment that a chunk border has cut. A type moves to the far end when its line is
//! complete, so that data can go on to grow where it stood. Whoever brings a part of a cut line spills first.
//! Data that is lost takes no room, and neither does the type of an event that nobody will see.

use super::span::Span;

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

    /// Whether it has no line that counts.
    pub(crate) const fn is_absent(&self) -> bool {
        self.data.is_absent() && self.event_type.is_absent()
    }

    pub(crate) const fn clear(&mut self) {
        self.data = Span::Absent;
        self.event_type = Span::Absent;
    }

    /// A part of a `data` line, or a whole one, that has to be copied (R28).
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

    /// The end of an `event` line: the last one counts, an empty one empties (R27).
    pub(crate) fn set_type(&mut self, line: Span, buffer: &mut [u8]) {
        self.event_type = line;
        self.event_type.move_to_end(buffer);
    }

    /// Where a line under way begins.
    pub(crate) const fn begin_line(&self) -> usize {
        match self.data {
            Span::Stored { end, .. } => end,
            _ => 0,
        }
    }

    /// The buffer as far as the data and the line under way can go.
    pub(crate) fn room<'b>(&self, buffer: &'b mut [u8]) -> &'b mut [u8] {
        let end = match (self.data, self.event_type) {
            (Span::Absent | Span::Chunk { .. } | Span::Stored { .. }, Span::Stored { start, .. }) => start,
            _ => buffer.len(),
        };
        buffer.get_mut(..end).unwrap_or_default()
    }

    /// Copies what lies in the chunk, which is about to go. The type goes first: it is the shorter one, and of an event that
    /// is too large it should be the data that is found too long.
    pub(crate) fn spill(&mut self, chunk: &[u8], buffer: &mut [u8]) {
        self.event_type.settle_at_end(self.begin_line(), chunk, buffer);
        let room = self.room(buffer);
        self.data.settle(0, chunk, room);
    }
}
