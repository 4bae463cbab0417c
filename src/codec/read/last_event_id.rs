//! The last event ID: the committed one, and the one of the current block, which is not committed yet.
//!
//! The Standard's last event ID *buffer* is set by an `id` line ([R29]). At a blank line it becomes the last event ID
//! *string* ([R34]), which events carry and reconnects send. A block that is never finished must not change the string
//! ([R41]). The store therefore has two halves, and a commit makes the other half hold the string:
//!
//! ```text
//! store   [ committed              ] [ id of this block | current id line ]
//! ```
//!
//! Only this module writes to the store. It must not depend on lines other than `id` lines.
//!
//! [R29]: crate::rules#r29
//! [R34]: crate::rules#r34
//! [R41]: crate::rules#r41

use super::span::{Span, slice};
use crate::codec::line_end::has_nul;
use crate::codec::pace::copy;

/// The state of the store. The bytes belong to the caller.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct LastEventId {
    /// Start and end of the last event ID string in the store.
    committed: (usize, usize),
    /// The id of the current block, which waits for the blank line.
    pending: Span,
}

impl LastEventId {
    pub(crate) const EMPTY: Self = Self { committed: (0, 0), pending: Span::Absent };

    /// Returns the last event ID string.
    pub(crate) fn committed<'s>(&self, store: &'s [u8]) -> &'s [u8] {
        slice(store, self.committed.0, self.committed.1)
    }

    /// Sets the last event ID string. Returns `false`, without a change, if it is too long for the store.
    pub(crate) fn set(&mut self, id: &[u8], store: &mut [u8]) -> bool {
        let middle = store.len() / 2;
        let start = middle - self.spare_half(middle);
        let place = store.get_mut(start..).and_then(|room| room.get_mut(..id.len()));
        match place {
            Some(place) if id.len() <= middle => {
                copy(id, place);
                #[cfg(test)]
                crate::codec::work::copied(id.len());
                self.committed = (start, start + id.len());
                true
            }
            _ => false,
        }
    }

    /// Returns whether an `id` line waits for its blank line.
    pub(crate) const fn is_pending(&self) -> bool {
        !self.pending.is_absent()
    }

    /// Appends an `id` line or a part of one. If the value contains NUL, the line becomes `Absent` and stays so ([R42]).
    ///
    /// The line may turn out not to count until its end has been seen. The earlier id of this block is therefore kept
    /// while both fit.
    ///
    /// [R42]: crate::rules#r42
    pub(crate) fn push(&mut self, line: &mut Span, value: &[u8], first: bool, store: &mut [u8]) {
        let (from, room) = self.spare(store);
        if first {
            self.pending.move_to_end(room);
            *line = Span::begin(from);
        }
        if has_nul(value) {
            *line = Span::Absent;
        }
        if let (Span::Stored { end, .. }, Span::Stored { start, end: pending_end }) = (*line, self.pending) {
            // The later id wins if it is valid. If it is not, the id of this block is lost, and that is reported.
            if start < pending_end && value.len() > start - end {
                self.pending = Span::Lost;
            }
        }
        line.append(value, room);
    }

    /// Ends an `id` line. It replaces the earlier id of the block even if it did not fit.
    pub(crate) const fn end_line(&mut self, line: Span) {
        if !line.is_absent() {
            self.pending = line;
        }
    }

    /// Commits the block's id as the last event ID at a blank line ([R34]). Returns `false` if the id did not fit; the
    /// previous last event ID is then kept.
    ///
    /// [R34]: crate::rules#r34
    pub(crate) const fn commit(&mut self) -> bool {
        let pending = core::mem::replace(&mut self.pending, Span::Absent);
        if let Span::Stored { start, end } = pending {
            self.committed = (start, end);
        }
        !pending.is_lost()
    }

    /// Discards the id of the current block ([R41](crate::rules#r41), [R62](crate::rules#r62)).
    pub(crate) const fn reset(&mut self) {
        self.pending = Span::Absent;
    }

    /// Returns whether the last event ID string is empty.
    pub(crate) const fn is_empty(&self) -> bool {
        self.committed.0 == self.committed.1
    }

    /// Returns the start of the half that does not hold the committed id, and the store up to the end of that half.
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
    fn gave_id_reports_whether_the_stream_sent_an_id_since_the_reset() {
        for size in 1..20 {
            let mut decoder = Decoder::with_id_store([0; 8], [0; 2 * 4]);
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
