//! The last event ID: the one that counts, and the one of the block under way that does not count yet.
//!
//! The Standard's last event ID *buffer* is set by an `id` line (R29); at a blank line it becomes the last event ID *string*
//! (R34), which events carry and reconnects send. A block that is never finished must leave the string alone (R41), so there
//! are two places, the halves of one store, and a commit swaps them:
//!
//! ```text
//! store   [ committed              ] [ id of this block | id line under way ]
//! ```
//!
//! The only code that writes to the store. Knows no lines but `id` lines.

use super::block::{Span, put, slice};
use super::scan::has_nul;

/// The state of the store; the bytes are the caller's.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct LastEventId {
    committed: usize,
    /// The committed id is in the second half.
    swapped: bool,
    pending: Span,
    /// Bytes of the line under way.
    line: usize,
    line_lost: bool,
    line_nul: bool,
    /// The id that would count now did not fit.
    lost: bool,
}

impl LastEventId {
    pub(super) const EMPTY: Self = Self {
        committed: 0,
        swapped: false,
        pending: Span::Absent,
        line: 0,
        line_lost: false,
        line_nul: false,
        lost: false,
    };

    /// The last event ID string.
    pub(super) fn committed<'s>(&self, store: &'s [u8]) -> &'s [u8] {
        let start = if self.swapped { store.len() / 2 } else { 0 };
        slice(store, start, start + self.committed)
    }

    /// Sets the string. `false`: it is longer than the store allows, and nothing has changed.
    pub(super) fn set(&mut self, id: &[u8], store: &mut [u8]) -> bool {
        let Some(length) = put(self.halves(store).0, false, id) else { return false };
        self.committed = length;
        true
    }

    /// Whether an `id` line waits for its blank line.
    pub(super) fn is_pending(&self) -> bool {
        self.pending != Span::Absent || self.lost
    }

    /// A whole `id` line. One that holds NUL is ignored (R42).
    pub(super) fn line(&mut self, chunk: &[u8], (start, end): (usize, usize), store: &mut [u8]) {
        let value = slice(chunk, start, end);
        if has_nul(value) {
            return;
        }
        // An id that does not fit has replaced the one before it in the block all the same.
        self.lost = value.len() > store.len() / 2;
        self.pending = if self.lost { Span::Absent } else { Span::Chunk { start, end } };
    }

    /// A part of an `id` line that was cut. Until its end is seen it may still turn out to hold NUL, so the id before it is
    /// kept as long as both have room.
    pub(super) fn part(&mut self, value: &[u8], first: bool, last: bool, store: &mut [u8]) {
        if first {
            self.line = 0;
            self.line_lost = false;
            self.line_nul = false;
        }
        self.line_nul |= has_nul(value);
        let mut kept = self.pending.stored();
        let (_, spare) = self.halves(store);
        if kept > 0 && kept + self.line + value.len() > spare.len() {
            // The later one wins if it is valid; if it is not, then the id of this block is lost, and that is told.
            move_down(spare, kept, self.line);
            self.pending = Span::Absent;
            self.lost = true;
            kept = 0;
        }
        if !self.line_lost {
            match put(spare.get_mut(kept + self.line..).unwrap_or_default(), false, value) {
                Some(written) => self.line += written,
                None => self.line_lost = true,
            }
        }
        if last && !self.line_nul {
            self.lost = self.line_lost;
            self.pending = Span::Absent;
            if !self.line_lost {
                move_down(spare, kept, self.line);
                self.pending = Span::Stored { length: self.line };
            }
        }
    }

    /// Copies what lies in the chunk, which is about to go.
    pub(super) fn spill(&mut self, chunk: &[u8], store: &mut [u8]) {
        if let Span::Chunk { start, end } = self.pending {
            let length = put(self.halves(store).1, false, slice(chunk, start, end)).unwrap_or(0);
            self.pending = Span::Stored { length };
        }
    }

    /// A blank line: the block's id becomes the last event ID (R34). `false`: it did not fit, and the one before stays.
    pub(super) fn commit(&mut self, chunk: &[u8], store: &mut [u8]) -> bool {
        match core::mem::replace(&mut self.pending, Span::Absent) {
            Span::Absent => {}
            Span::Chunk { start, end } => {
                self.committed = put(self.halves(store).0, false, slice(chunk, start, end)).unwrap_or(0);
            }
            Span::Stored { length } => {
                self.committed = length;
                self.swapped = !self.swapped;
            }
        }
        !core::mem::replace(&mut self.lost, false)
    }

    /// Forgets the block under way (R41, R62).
    pub(super) const fn reset(&mut self) {
        self.pending = Span::Absent;
        self.lost = false;
    }

    /// The half with the committed id and the other one.
    fn halves<'s>(&self, store: &'s mut [u8]) -> (&'s mut [u8], &'s mut [u8]) {
        let middle = store.len() / 2;
        let (first, second) = store.split_at_mut_checked(middle).unwrap_or_default();
        if self.swapped { (second, first) } else { (first, second) }
    }
}

/// Moves some bytes to the front. A loop, since `copy_within` brings a panic with it that is never reached.
fn move_down(bytes: &mut [u8], from: usize, length: usize) {
    for at in 0..length {
        let byte = bytes.get(from + at).copied().unwrap_or_default();
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
    }
}
