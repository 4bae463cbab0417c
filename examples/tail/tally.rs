//! How many events came, and whether ids that are numbers came in order.
//!
//! Knows numbers only. An event without an id of its own counts, and says nothing of the order.

use core::fmt::Display;

/// What is said of the order, as it happens.
pub(crate) type Say<'s> = dyn FnMut(&dyn Display) + 's;

#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) events: u64,
    /// Numbers that were left out.
    pub(crate) gaps: u64,
    /// Numbers that came again or late.
    pub(crate) duplicates: u64,
    /// The highest.
    last: Option<u64>,
    again: Option<Again>,
    /// Some number was the next one.
    counts: bool,
    /// How often there was a gap before that.
    jumps: u32,
}

/// Numbers in a row that came again, of which the first was told.
struct Again {
    first: u64,
    last: u64,
    count: u64,
}

/// So many gaps and no number that was the next one: these ids do not count events.
const JUMPS: u32 = 3;

impl Tally {
    /// The event before the first one.
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

    /// The connection is.
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
                    true => say(&format_args!("event {number} came again")),
                    false => say(&format_args!("event {number} came again or late, after event {last}")),
                }
            }
        }
    }

    fn end_repetition(&mut self, say: &mut Say<'_>) {
        match self.again.take() {
            Some(Again { first, last, count }) if first == last && count > 1 => {
                say(&format_args!("event {first} came again {count} times"));
            }
            Some(Again { first, last, .. }) if first < last => {
                say(&format_args!("events {first} to {last} came again or late"));
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
            say(&"these ids do not count one by one: no more is said of missing events");
        }
    }
}

fn number(id: &[u8]) -> Option<u64> {
    str::from_utf8(id).ok()?.parse().ok()
}
