//! Events counted by their sequence: a rehearsal's proof that nothing is missing and nothing came twice.
//!
//! Knows what the server of a rehearsal sends: ids that count from 1, and data that can be told from the id.

use embedded_sse::Event;

/// What a device has seen. Each number is of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, defmt::Format)]
pub struct Tally {
    /// Came, and were as they should be.
    pub good: u32,
    /// Were longer than the buffer, and were reported.
    pub too_long: u32,
    /// Did not come.
    pub lost: u32,
    /// Came a second time, or too late.
    pub again: u32,
    /// Were not what they should be.
    pub damaged: u32,
    /// The sequence number of the last one.
    pub last: u32,
}

impl Tally {
    /// Goes on from an id.
    #[must_use]
    pub fn after(id: &[u8]) -> Self {
        Self { last: number(id).unwrap_or(0), ..Self::default() }
    }

    /// An event came.
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

    /// An event was too long. Its place in the sequence is the next one.
    pub const fn take_too_long(&mut self) {
        self.too_long += 1;
        self.last += 1;
    }

    /// Whether all came, and came once.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.lost == 0 && self.again == 0 && self.damaged == 0
    }
}

/// The data is `sequence % 97` times a letter that `sequence` chooses, behind the number itself and a line end.
fn is_whole(data: &[u8], sequence: u32) -> bool {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let (first, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let letter = b'a' + (sequence % 26) as u8;
    number(first) == Some(sequence) && rest.len() == sequence as usize % 97 && rest.iter().all(|byte| *byte == letter)
}

fn number(digits: &[u8]) -> Option<u32> {
    str::from_utf8(digits).ok()?.parse().ok()
}
