//! Where a value lies, and how it is copied.
//!
//! This module deals with the chunk and with offsets into a store. The layout of each store is defined by the block and
//! the last event ID.

use core::cell::Cell;

use crate::codec::pace::copy;

/// The place of a value.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum Span {
    /// There is no value.
    Absent,
    /// There was a value, but it did not fit.
    Lost,
    /// In the chunk of the current step.
    Chunk { start: usize, end: usize },
    /// Copied to its store.
    Stored { start: usize, end: usize },
}

impl Span {
    /// Creates an empty value at this offset of its store.
    pub(crate) const fn begin(place: usize) -> Self {
        Self::Stored { start: place, end: place }
    }

    pub(crate) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Returns whether the value is absent or has no bytes. A lost value counts as not empty.
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

    /// Returns the bytes, or an empty slice if the value is absent or lost.
    pub(crate) fn of<'b>(self, chunk: &'b [u8], store: &'b [u8]) -> &'b [u8] {
        let (of, start, end) = match self {
            Self::Absent | Self::Lost => return &[],
            Self::Chunk { start, end } => (chunk, start, end),
            Self::Stored { start, end } => (store, start, end),
        };
        slice(of, start, end)
    }

    /// Appends to a stored value. `room` is the store up to the end of its free part; the value becomes lost if it does
    /// not fit.
    pub(crate) fn append(&mut self, value: &[u8], room: &mut [u8]) {
        let Self::Stored { end, .. } = self else { return };
        match room.get_mut(*end..).and_then(|room| room.get_mut(..value.len())) {
            Some(place) => {
                copy(value, place);
                #[cfg(test)]
                crate::codec::work::copied(value.len());
                *end += value.len();
            }
            None => *self = Self::Lost,
        }
    }

    /// Copies a value that lies in the chunk to this offset of the store, before the chunk is released.
    pub(crate) fn settle(&mut self, place: usize, chunk: &[u8], room: &mut [u8]) {
        if let Self::Chunk { start, end } = *self {
            *self = Self::begin(place);
            self.append(slice(chunk, start, end), room);
        }
    }

    /// Copies a value that lies in the chunk to the end of the store, but not before `from`, before the chunk is
    /// released.
    pub(crate) fn settle_at_end(&mut self, from: usize, chunk: &[u8], store: &mut [u8]) {
        if let Self::Chunk { start, end } = *self {
            let place = store.len().saturating_sub(end - start).max(from);
            self.settle(place, chunk, store);
        }
    }

    /// Moves a stored value to the end of the store, unless it is already there.
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

/// Returns `of[start..end]`. Never out of range in practice: spans are used only with the slices from which they were
/// made.
pub(crate) fn slice(of: &[u8], start: usize, end: usize) -> &[u8] {
    of.get(start..end).unwrap_or_default()
}

/// Moves the first `length` bytes to the end. It uses cells because `copy_within` would link a panic that can never
/// occur.
pub(crate) fn move_up(bytes: &mut [u8], length: usize) {
    #[cfg(test)]
    crate::codec::work::copied(length);
    let cells = Cell::from_mut(bytes).as_slice_of_cells();
    for (to, from) in cells.iter().rev().zip(cells.get(..length).unwrap_or_default().iter().rev()) {
        to.set(from.get());
    }
}
