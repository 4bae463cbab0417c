//! The last event ID: the one that counts, and the one of the block under way that does not count yet.
//!
//! The Standard's last event ID *buffer* is set by an `id` line (R29); at a blank line it becomes the last event ID *string*
//! (R34), which events carry and reconnects send. A block that is never finished must leave the string alone (R41), so there
//! are two places, the halves of one store, and a commit makes the other half the string's:
//!
//! ```text
//! store   [ committed              ] [ id of this block | id line under way ]
//! ```
//!
//! The only code that writes to the store. Knows no lines but `id` lines.

use super::span::{Span, slice};
use crate::codec::line_end::has_nul;

/// The state of the store; the bytes are the caller's.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct LastEventId {
    /// From where to where in the store.
    committed: (usize, usize),
    /// The block's, from an `id` line that waits for the blank one.
    pending: Span,
}

impl LastEventId {
    pub(crate) const EMPTY: Self = Self { committed: (0, 0), pending: Span::Absent };

    /// The last event ID string.
    pub(crate) fn committed<'s>(&self, store: &'s [u8]) -> &'s [u8] {
        slice(store, self.committed.0, self.committed.1)
    }

    /// Sets the string. `false`: it is longer than the store allows, and nothing has changed.
    pub(crate) fn set(&mut self, id: &[u8], store: &mut [u8]) -> bool {
        let middle = store.len() / 2;
        let start = middle - self.spare_half(middle);
        let place = store.get_mut(start..).and_then(|room| room.get_mut(..id.len()));
        match place {
            Some(place) if id.len() <= middle => {
                place.copy_from_slice(id);
                #[cfg(test)]
                crate::codec::work::copied(id.len());
                self.committed = (start, start + id.len());
                true
            }
            _ => false,
        }
    }

    /// Whether an `id` line waits for its blank line.
    pub(crate) const fn is_pending(&self) -> bool {
        !self.pending.is_absent()
    }

    /// An `id` line or a part of one. If it holds NUL, then it becomes absent and stays so (R42).
    ///
    /// Until the end of the line is seen it may still turn out not to count, so the id of this block is kept as long as both
    /// have room.
    pub(crate) fn push(&mut self, line: &mut Span, value: &[u8], first: bool, store: &mut [u8]) {
        let (from, room) = self.spare(store);
        if first {
            self.pending.move_to_end(room);
            *line = Span::begin(from);
        }
        if has_nul(value) {
            *line = Span::Absent;
        }
        if let (Span::Stored { end, .. }, Span::Stored { start, end: behind }) = (*line, self.pending) {
            // The later one wins if it is valid; if it is not, then the id of this block is lost, and that is told.
            if start < behind && value.len() > start - end {
                self.pending = Span::Lost;
            }
        }
        line.append(value, room);
    }

    /// The end of an `id` line. An id that does not fit has replaced the one before it in the block all the same.
    pub(crate) const fn end_line(&mut self, line: Span) {
        if !line.is_absent() {
            self.pending = line;
        }
    }

    /// A blank line: the block's id becomes the last event ID (R34). `false`: it did not fit, and the one before stays.
    pub(crate) const fn commit(&mut self) -> bool {
        let pending = core::mem::replace(&mut self.pending, Span::Absent);
        if let Span::Stored { start, end } = pending {
            self.committed = (start, end);
        }
        !pending.is_lost()
    }

    /// Forgets the block under way (R41, R62).
    pub(crate) const fn reset(&mut self) {
        self.pending = Span::Absent;
    }

    /// Whether the last event ID string is empty.
    pub(crate) const fn is_empty(&self) -> bool {
        self.committed.0 == self.committed.1
    }

    /// Where the half begins that has not the committed id, and the store up to its end.
    pub(crate) fn spare<'s>(&self, store: &'s mut [u8]) -> (usize, &'s mut [u8]) {
        let middle = store.len() / 2;
        let from = self.spare_half(middle);
        (from, store.get_mut(..from + middle).unwrap_or_default())
    }

    const fn spare_half(&self, middle: usize) -> usize {
        if self.committed.0 < middle { middle } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use crate::codec::Decoder;

    #[test]
    fn an_id_is_given_by_the_stream_since_the_reset_or_it_is_not() {
        for size in 1..20 {
            let mut decoder = Decoder::<_, 4>::with_id_capacity([0; 8]);
            decoder.set_last_event_id(b"set").expect("it fits");
            for (stream, gave) in [
                (&b"data: x\n\n"[..], false),
                (b"id: 1", false),
                (b"\n", false),
                (b"\n", true),
                (b"id: too long\n\n", true),
                (b"id: \0\n\n: c\n\n", true),
                (b"id:\n", true),
                (b"\n", false),
                (b"id\n\n", false),
                (b"id: too long\ndata\n\n", false),
                (b"id: 2\ndata\n\n", true),
                (b"data\n\n", true),
            ] {
                for mut chunk in stream.chunks(size) {
                    while decoder.next_event(&mut chunk).is_some() {}
                }
                assert_eq!(decoder.gave_id(), gave, "after {}, in pieces of {size}", stream.escape_ascii());
            }
            decoder.set_last_event_id(b"").expect("it fits");
            assert!(decoder.gave_id(), "the stream did");
            decoder.reset();
            assert!(!decoder.gave_id());
        }
    }
}
