//! Counts missing, repeated and damaged events in a rehearsal.
//!
//! The server of a rehearsal sends IDs that count from 1, and data that follows from the ID. This module must not
//! depend on how events are received.

use embedded_sse::Event;

/// The events that a device has received, counted by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, defmt::Format)]
pub struct Tally {
    /// Received as expected.
    pub good: u32,
    /// Longer than the buffer, and reported.
    pub too_long: u32,
    /// Missing.
    pub lost: u32,
    /// Received a second time, or too late.
    pub again: u32,
    /// Received with unexpected contents.
    pub damaged: u32,
    /// The sequence number of the last event.
    pub last: u32,
}

impl Tally {
    /// Creates a tally that resumes after an ID.
    #[must_use]
    pub fn after(id: &[u8]) -> Self {
        Self { last: number(id).unwrap_or(0), ..Self::default() }
    }

    /// Counts an event.
    pub fn take(&mut self, event: &Event<'_>) {
        let Some(sequence) = number(event.last_event_id) else {
            self.damaged += 1;
            return;
        };
        if sequence <= self.last {
            self.again += 1;
            return;
        }
        self.lost += sequence - self.last - 1;
        self.last = sequence;
        if is_whole(event.data, sequence) { self.good += 1 } else { self.damaged += 1 }
    }

    /// Counts an event that was too long. It is taken for the next one in the sequence.
    pub const fn take_too_long(&mut self) {
        self.too_long += 1;
        self.last += 1;
    }

    /// Returns whether every event was received exactly once.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.lost == 0 && self.again == 0 && self.damaged == 0
    }
}

/// Checks the data: the number, a line end, and `sequence % 97` times a letter that depends on `sequence`.
fn is_whole(data: &[u8], sequence: u32) -> bool {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let (first, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let letter = b'a' + (sequence % 26) as u8;
    number(first) == Some(sequence) && rest.len() == sequence as usize % 97 && rest.iter().all(|byte| *byte == letter)
}

fn number(digits: &[u8]) -> Option<u32> {
    str::from_utf8(digits).ok()?.parse().ok()
}
