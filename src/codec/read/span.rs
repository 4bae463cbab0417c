//! Where a value lies, and how it is copied when it must.
//!
//! Knows the chunk and places in a store; which store has which layout is for the block and the last event ID to say.

use core::cell::Cell;

/// Where a value lies.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum Span {
    /// There is no such value.
    Absent,
    /// There is one, but it had no room.
    Lost,
    /// In the chunk of this step.
    Chunk { start: usize, end: usize },
    /// Copied to its store.
    Stored { start: usize, end: usize },
}

impl Span {
    /// An empty value that begins at this place of its store.
    pub(crate) const fn begin(place: usize) -> Self {
        Self::Stored { start: place, end: place }
    }

    pub(crate) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Absent, or of no bytes.
    pub(crate) const fn is_empty(&self) -> bool {
        match self {
            Self::Absent => true,
            Self::Lost => false,
            Self::Chunk { start, end } | Self::Stored { start, end } => *start == *end,
        }
    }

    pub(crate) const fn is_lost(&self) -> bool {
        matches!(self, Self::Lost)
    }

    /// The bytes; none of what is absent or lost.
    pub(crate) fn of<'b>(self, chunk: &'b [u8], store: &'b [u8]) -> &'b [u8] {
        let (of, start, end) = match self {
            Self::Absent | Self::Lost => return &[],
            Self::Chunk { start, end } => (chunk, start, end),
            Self::Stored { start, end } => (store, start, end),
        };
        slice(of, start, end)
    }

    /// Adds to a stored value, which is lost if `room`, the store as far as it is free, ends too early.
    pub(crate) fn append(&mut self, value: &[u8], room: &mut [u8]) {
        let Self::Stored { end, .. } = self else { return };
        match room.get_mut(*end..).and_then(|room| room.get_mut(..value.len())) {
            Some(place) => {
                place.copy_from_slice(value);
                #[cfg(test)]
                crate::codec::work::copied(value.len());
                *end += value.len();
            }
            None => *self = Self::Lost,
        }
    }

    /// Copies to this place of the store what lies in the chunk, which is about to go.
    pub(crate) fn settle(&mut self, place: usize, chunk: &[u8], room: &mut [u8]) {
        if let Self::Chunk { start, end } = *self {
            *self = Self::begin(place);
            self.append(slice(chunk, start, end), room);
        }
    }

    /// Copies to the end of the store, but not before `from`, what lies in the chunk, which is about to go.
    pub(crate) fn settle_at_end(&mut self, from: usize, chunk: &[u8], store: &mut [u8]) {
        if let Self::Chunk { start, end } = *self {
            let place = store.len().saturating_sub(end - start).max(from);
            self.settle(place, chunk, store);
        }
    }

    /// Moves what is stored to the end of the store, unless it is there.
    pub(crate) fn move_to_end(&mut self, store: &mut [u8]) {
        match self {
            Self::Stored { start, end } if *end < store.len() => {
                let length = *end - *start;
                move_up(store.get_mut(*start..).unwrap_or_default(), length);
                *end = store.len();
                *start = *end - length;
            }
            _ => {}
        }
    }
}

/// Never fails: spans are made from the slices that they are used on.
pub(crate) fn slice(of: &[u8], start: usize, end: usize) -> &[u8] {
    of.get(start..end).unwrap_or_default()
}

/// Moves the first bytes to the end. By cells, since `copy_within` brings a panic with it that is never reached.
pub(crate) fn move_up(bytes: &mut [u8], length: usize) {
    #[cfg(test)]
    crate::codec::work::copied(length);
    let cells = Cell::from_mut(bytes).as_slice_of_cells();
    for (to, from) in cells.iter().rev().zip(cells.get(..length).unwrap_or_default().iter().rev()) {
        to.set(from.get());
    }
}
