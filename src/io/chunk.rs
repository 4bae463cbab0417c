//! A chunk of a stream in the caller's buffer: what of it is still to be decoded, and what the last step looked at.
//!
//! Knows no transport and no decoder's rules.

/// Bytes that were read. A step is given the rest of them; what it has found lies in the slice that it was given.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Chunk<C> {
    buffer: C,
    /// Where the slice of the last step begins.
    lent: usize,
    /// Where the rest begins.
    rest: usize,
    end: usize,
}

impl<C> Chunk<C> {
    pub(super) const fn new(buffer: C) -> Self {
        Self { buffer, lent: 0, rest: 0, end: 0 }
    }
}

impl<C: AsRef<[u8]> + AsMut<[u8]>> Chunk<C> {
    /// What is still to be decoded.
    pub(super) fn rest(&self) -> &[u8] {
        self.buffer.as_ref().get(self.rest..self.end).unwrap_or_default()
    }

    /// A step was given the rest and consumed this much of it.
    pub(super) const fn advance(&mut self, consumed: usize) {
        self.lent = self.rest;
        self.rest += consumed;
    }

    /// What the last step was given.
    pub(super) fn lent(&self) -> &[u8] {
        self.buffer.as_ref().get(self.lent..self.end).unwrap_or_default()
    }

    /// Where to read the next chunk into, once all is decoded.
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.buffer.as_mut()
    }

    /// So many bytes were read into the [`room`](Self::room).
    pub(super) fn filled(&mut self, length: usize) {
        self.rest = 0;
        self.end = length.min(self.buffer.as_ref().len());
    }
}
