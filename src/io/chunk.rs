//! Positions in a chunk of a stream: what is still to be decoded, and what the last step was given.
//!
//! This module must not depend on a transport or on the decoder.

use crate::codec::Buffer;

/// A buffer with the bytes of one read. Each step decodes from the rest of it; what the step finds borrows from the
/// slice that it was given.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Chunk<C> {
    buffer: C,
    /// Start of the slice that the last step was given.
    lent: usize,
    /// Start of the rest.
    rest: usize,
    end: usize,
}

impl<C> Chunk<C> {
    pub(super) const fn new(buffer: C) -> Self {
        Self { buffer, lent: 0, rest: 0, end: 0 }
    }
}

impl<C: Buffer> Chunk<C> {
    /// Returns the bytes that are still to be decoded.
    pub(super) fn rest(&self) -> &[u8] {
        self.buffer.as_ref().get(self.rest..self.end).unwrap_or_default()
    }

    /// Records that a step was given the rest and consumed `consumed` bytes of it.
    pub(super) const fn advance(&mut self, consumed: usize) {
        self.lent = self.rest;
        self.rest += consumed;
    }

    /// Returns the slice that the last step was given.
    pub(super) fn lent(&self) -> &[u8] {
        self.buffer.as_ref().get(self.lent..self.end).unwrap_or_default()
    }

    /// Returns the buffer for the next read. Call it only when there is no [`rest`](Self::rest).
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.buffer.as_mut()
    }

    /// Records that `length` bytes were read into the [`room`](Self::room).
    pub(super) fn filled(&mut self, length: usize) {
        self.rest = 0;
        self.end = length.min(self.buffer.as_ref().len());
    }
}
