//! Counts events, and detects gaps and repetitions in IDs that are numbers.
//!
//! An event without an ID of its own is counted, but does not affect the order. This module must not print anything
//! itself.

use core::fmt::Display;

/// Receives each message about the order, when it happens.
pub(crate) type Say<'s> = dyn FnMut(&dyn Display) + 's;

#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) events: u64,
    /// How many numbers are missing.
    pub(crate) gaps: u64,
    /// How many numbers are repeated or late.
    pub(crate) duplicates: u64,
    /// The highest number so far.
    last: Option<u64>,
    again: Option<Again>,
    /// Whether some number followed directly on the one before.
    counts: bool,
    /// The number of gaps before that.
    jumps: u32,
}

/// A run of repeated numbers. The first one was reported.
struct Again {
    first: u64,
    last: u64,
    count: u64,
}

/// After this many gaps without two consecutive numbers, the IDs are assumed not to count events.
const JUMPS: u32 = 3;

impl Tally {
    /// Sets the ID of the event before the first one.
    pub(crate) fn begin(&mut self, id: &[u8]) {
        self.last = number(id);
    }

    pub(crate) fn count(&mut self, id: &[u8], has_id: bool, say: &mut Say<'_>) {
        self.events += 1;
        let Some(number) = number(id).filter(|_| has_id) else { return };
        match self.last {
            Some(last) if number <= last => {
                self.duplicates += 1;
                self.repeated(number, last, say);
                return;
            }
            Some(last) if number - last > 1 => {
                self.gaps += number - last - 1;
                self.jumped(last + 1, number - 1, say);
            }
            Some(_) => self.counts |= self.jumps < JUMPS,
            None => {}
        }
        self.end_repetition(say);
        self.last = Some(number);
    }

    /// Handles the loss of the connection: a run of repeated numbers ends.
    pub(crate) fn lost(&mut self, say: &mut Say<'_>) {
        self.end_repetition(say);
    }

    fn repeated(&mut self, number: u64, last: u64, say: &mut Say<'_>) {
        match &mut self.again {
            Some(again) if number == again.last || again.last.checked_add(1) == Some(number) => {
                again.last = number;
                again.count += 1;
            }
            _ => {
                self.end_repetition(say);
                self.again = Some(Again { first: number, last: number, count: 1 });
                match number == last {
                    true => say(&format_args!("event {number} repeated")),
                    false => say(&format_args!("event {number} repeated or late, after event {last}")),
                }
            }
        }
    }

    fn end_repetition(&mut self, say: &mut Say<'_>) {
        match self.again.take() {
            Some(Again { first, last, count }) if first == last && count > 1 => {
                say(&format_args!("event {first} repeated {count} times"));
            }
            Some(Again { first, last, .. }) if first < last => {
                say(&format_args!("events {first} to {last} repeated or late"));
            }
            _ => {}
        }
    }

    fn jumped(&mut self, first: u64, last: u64, say: &mut Say<'_>) {
        if !self.counts {
            if self.jumps == JUMPS {
                return;
            }
            self.jumps += 1;
        }
        match first == last {
            true => say(&format_args!("event {first} is missing")),
            false => say(&format_args!("events {first} to {last} are missing")),
        }
        if !self.counts && self.jumps == JUMPS {
            say(&"these IDs are not consecutive: missing events are no longer reported");
        }
    }
}

fn number(id: &[u8]) -> Option<u64> {
    str::from_utf8(id).ok()?.parse().ok()
}
