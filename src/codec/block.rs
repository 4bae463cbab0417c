//! The event under way: what its `data` and `event` lines have said so far, and where those bytes lie.
//!
//! The only code that writes to the caller's buffer, and the only one that knows its layout. Knows no line ends; what a blank
//! line means is the decoder's business.
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

/// Where a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) enum Span {
    /// The block has no such value.
    Absent,
    /// In the chunk of this step.
    Chunk { start: usize, end: usize },
    /// Copied: this many bytes of its place.
    Stored { length: usize },
}

impl Span {
    pub(super) const fn stored(self) -> usize {
        match self {
            Self::Stored { length } => length,
            _ => 0,
        }
    }
}

/// The `data` and `event` lines of one block.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Block {
    pub(super) data: Span,
    pub(super) event_type: Span,
    /// The type or comment that was last under way; absent when it had no room.
    line: Span,
    pub(super) data_lost: bool,
    pub(super) type_lost: bool,
}

impl Block {
    pub(super) const EMPTY: Self =
        Self { data: Span::Absent, event_type: Span::Absent, line: Span::Absent, data_lost: false, type_lost: false };

    pub(super) fn is_empty(&self) -> bool {
        self.data == Span::Absent && self.event_type == Span::Absent && !self.type_lost
    }

    /// A `data` line or a part of one (R28).
    pub(super) fn push_data(&mut self, chunk: &[u8], (start, end): (usize, usize), first: bool, buffer: &mut [u8]) {
        let joined = first && self.data != Span::Absent;
        self.settle_data(chunk, buffer);
        self.append_data(slice(chunk, start, end), joined, buffer);
    }

    pub(super) fn settle_data(&mut self, chunk: &[u8], buffer: &mut [u8]) {
        if let Span::Chunk { start, end } = self.data {
            self.data = Span::Absent;
            self.append_data(slice(chunk, start, end), false, buffer);
        }
    }

    fn append_data(&mut self, value: &[u8], joined: bool, buffer: &mut [u8]) {
        if self.data_lost {
            return;
        }
        let length = self.data.stored();
        let end = buffer.len().saturating_sub(self.event_type.stored());
        let room = buffer.get_mut(length..end).unwrap_or_default();
        self.data = match put(room, joined, value) {
            Some(written) => Span::Stored { length: length + written },
            None => {
                // Nobody will see this event: neither its data nor its type takes room from what follows in the block.
                self.data_lost = true;
                self.event_type = Span::Absent;
                Span::Stored { length: 0 }
            }
        };
    }

    /// A whole `event` line: the last one counts, an empty one empties (R27).
    pub(super) fn set_type(&mut self, start: usize, end: usize) {
        self.type_lost = false;
        self.event_type = if start == end || self.data_lost { Span::Absent } else { Span::Chunk { start, end } };
    }

    /// A part of an `event` line that was cut.
    pub(super) fn push_type(&mut self, value: &[u8], first: bool, last: bool, buffer: &mut [u8]) {
        if first {
            self.set_type(0, 0);
        }
        self.push_line(value, first, buffer);
        if last {
            let from = self.data.stored();
            self.type_lost = self.line == Span::Absent;
            self.event_type = match self.line.stored() {
                _ if self.data_lost => Span::Absent,
                0 => Span::Absent,
                length => store_type(buffer, from, length),
            };
        }
    }

    /// A part of a type or comment that was cut.
    pub(super) fn push_line(&mut self, value: &[u8], first: bool, buffer: &mut [u8]) {
        if first {
            self.line = Span::Stored { length: 0 };
        }
        let Span::Stored { length } = self.line else { return };
        let from = self.data.stored() + length;
        let end = buffer.len().saturating_sub(self.event_type.stored());
        self.line = match put(buffer.get_mut(from..end).unwrap_or_default(), false, value) {
            Some(written) => Span::Stored { length: length + written },
            None => Span::Absent,
        };
    }

    /// A comment that lies whole in the chunk.
    pub(super) const fn set_line(&mut self, start: usize, end: usize) {
        self.line = Span::Chunk { start, end };
    }

    /// The line that was last under way, if there was room for it.
    pub(super) fn line<'b>(&self, chunk: &'b [u8], buffer: &'b [u8]) -> Option<&'b [u8]> {
        let from = self.data.stored();
        match self.line {
            Span::Absent => None,
            Span::Chunk { start, end } => Some(slice(chunk, start, end)),
            Span::Stored { length } => Some(slice(buffer, from, from + length)),
        }
    }

    /// Copies what lies in the chunk, which is about to go. The type goes first: it is the shorter one, and of an event that
    /// is too large it should be the data that is found too long.
    pub(super) fn spill(&mut self, chunk: &[u8], buffer: &mut [u8]) {
        if let Span::Chunk { start, end } = self.event_type {
            self.event_type = Span::Absent;
            let from = self.data.stored();
            match put(buffer.get_mut(from..).unwrap_or_default(), false, slice(chunk, start, end)) {
                Some(length) => self.event_type = store_type(buffer, from, length),
                None => self.type_lost = true,
            }
        }
        self.settle_data(chunk, buffer);
    }

    /// The data as it would be dispatched now.
    pub(super) fn data<'b>(&self, chunk: &'b [u8], buffer: &'b [u8]) -> &'b [u8] {
        match self.data {
            Span::Absent => &[],
            Span::Chunk { start, end } => slice(chunk, start, end),
            Span::Stored { length } => slice(buffer, 0, length),
        }
    }

    /// The type as it would be dispatched now; empty for the default one.
    pub(super) fn event_type<'b>(&self, chunk: &'b [u8], buffer: &'b [u8]) -> &'b [u8] {
        match self.event_type {
            Span::Absent => &[],
            Span::Chunk { start, end } => slice(chunk, start, end),
            Span::Stored { length } => slice(buffer, buffer.len().saturating_sub(length), buffer.len()),
        }
    }
}

/// Moves a type from behind the data to the end of the buffer.
fn store_type(buffer: &mut [u8], from: usize, length: usize) -> Span {
    let to = buffer.len().saturating_sub(length);
    move_up(buffer.get_mut(from..).unwrap_or_default(), length, to.saturating_sub(from));
    Span::Stored { length }
}

/// Moves the first bytes up by some places. A loop, since `copy_within` brings a panic with it that is never reached.
fn move_up(bytes: &mut [u8], length: usize, places: usize) {
    for at in (0..length).rev() {
        let byte = bytes.get(at).copied().unwrap_or_default();
        if let Some(place) = bytes.get_mut(at + places) {
            *place = byte;
        }
    }
}

/// Writes a value to the start of the room, behind an LF if it is `joined` to what comes before. `None`: it has no room, and
/// nothing was written.
pub(super) fn put(room: &mut [u8], joined: bool, value: &[u8]) -> Option<usize> {
    let lead = usize::from(joined);
    let place = room.get_mut(lead..)?.get_mut(..value.len())?;
    place.copy_from_slice(value);
    if joined {
        *room.first_mut()? = b'\n';
    }
    Some(lead + value.len())
}

/// Never fails: spans are made from the slices that they are used on.
pub(super) fn slice(of: &[u8], start: usize, end: usize) -> &[u8] {
    of.get(start..end).unwrap_or_default()
}
