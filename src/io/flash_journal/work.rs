//! What an operation does to the queue, step by step, and which of the items it removes.
//!
//! Nothing here waits. The journal does what a step says and asks for the next one, so that a firmware contains each
//! operation of the queue once. This module must not depend on a flash.

use super::item::{Item, SERIAL, cursor_len, write_cursor, write_record};
use crate::codec::copy;
use crate::delivery::{JournalError, Record};

/// The longest ID.
pub(super) const LONGEST_ID: usize = 64;

/// What is known of the flash without reading it.
pub(super) struct Known {
    /// The last record that was appended, and the last one that was committed.
    pub(super) appended: u32,
    pub(super) committed: u32,
    /// The last record that is committed in flash.
    written: u32,
    /// The number of the record that was read last, and its length as an item.
    pub(super) found: Option<(u32, usize)>,
    /// A write was begun and its end was not seen, so that all of this has to be read from flash again.
    is_stale: bool,
    /// An item is none of this journal.
    is_alien: bool,
    /// The last ID is not that of a record, and not written yet.
    has_new_id: bool,
    id: [u8; LONGEST_ID],
    id_length: usize,
}

/// What an operation is for.
pub(super) enum Goal<'a> {
    /// Whether there are any items is known.
    Any,
    /// The state is known.
    Look,
    /// The record is in the queue.
    Append(&'a Record<'a>),
    /// The first record that is after this one and not committed is [`found`](Known::found), and in `into`.
    Read { after: u32, into: &'a mut [u8] },
    /// All up to this record is committed, and the last ID is this one, unless it is empty. That is written to flash if so
    /// many commits were not.
    Commit { through: u32, id: &'a [u8], every: u32 },
}

/// What to do to the queue next.
pub(super) enum Step {
    /// Show its items to [`Known::see`], oldest first.
    Walk,
    /// Find out how long an item may be.
    Measure,
    /// Push so many bytes of the buffer.
    Push(usize),
    /// The goal is reached.
    Stop,
}

/// An operation under way.
pub(super) struct Work<'a> {
    goal: Goal<'a>,
    last: Last,
    visit: Visit,
}

/// What was done last.
#[derive(Clone, Copy)]
enum Last {
    Nothing,
    Looked,
    Found,
    /// A record of so many bytes waits in the buffer.
    Measured(usize),
    Pushed,
    /// The first half of a commit.
    Prepared,
    Committed,
}

/// What the items of the queue are wanted for.
pub(super) enum Visit {
    /// What they add up to.
    Sum,
    /// The first record after this one.
    Find { after: u32 },
    /// Records before `end` are removed, and all cursors but the newest: each comes after the records that it commits. If
    /// there is a `spared`, the cursors stay, and so does the first record after this one.
    Remove { end: u32, spared: Option<u32> },
    /// Whether there are any.
    Any,
}

/// What to do with an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Keep,
    Remove,
    /// Keep it and look at no other.
    Enough,
}

impl Known {
    /// Nothing is known.
    pub(super) const fn nothing() -> Self {
        Self {
            appended: 0,
            committed: 0,
            written: 0,
            found: None,
            is_stale: true,
            is_alien: false,
            has_new_id: false,
            id: [0; LONGEST_ID],
            id_length: 0,
        }
    }

    /// Returns the last ID.
    pub(super) fn id(&self) -> &[u8] {
        self.id.get(..self.id_length).unwrap_or_default()
    }

    /// Sets the last ID, unless this one is empty.
    fn set_id(&mut self, id: &[u8]) {
        if let (false, Some(place)) = (id.is_empty(), self.id.get_mut(..id.len())) {
            copy(id, place);
            self.id_length = id.len();
        }
    }

    /// Looks at the next item of the queue.
    // Not inlined, as `Work::next`.
    #[inline(never)]
    pub(super) fn see(&mut self, bytes: &[u8], visit: &mut Visit) -> Seen {
        if let Visit::Any = visit {
            self.found = Some((0, bytes.len()));
            return Seen::Enough;
        }
        let Some(Item { serial, is_record, id }) = Item::read(bytes) else {
            self.is_alien = true;
            return Seen::Enough;
        };
        match visit {
            Visit::Find { after } if is_record && serial > *after => {
                self.found = Some((serial, bytes.len()));
                Seen::Enough
            }
            Visit::Remove { end, spared } => match spared {
                None if !is_record && serial.saturating_add(1) != *end => Seen::Remove,
                _ if !is_record => Seen::Keep,
                _ if serial >= *end => Seen::Enough,
                Some(written) if serial > *written => {
                    *written = u32::MAX;
                    Seen::Keep
                }
                _ => Seen::Remove,
            },
            Visit::Sum => {
                self.appended = self.appended.max(serial);
                if !is_record {
                    self.written = self.written.max(serial);
                    self.committed = self.committed.max(serial);
                }
                self.set_id(id);
                Seen::Keep
            }
            _ => Seen::Keep,
        }
    }
}

impl<'a> Work<'a> {
    pub(super) const fn new(goal: Goal<'a>) -> Self {
        Self { goal, last: Last::Nothing, visit: Visit::Any }
    }

    /// Returns what a walk is for, and the buffer for its items.
    pub(super) fn walk<'w>(&'w mut self, buffer: &'w mut [u8]) -> (&'w mut Visit, &'w mut [u8]) {
        match (&mut self.goal, &mut self.visit) {
            (Goal::Read { into, .. }, visit @ Visit::Find { .. }) => (visit, into),
            (_, visit) => (visit, buffer),
        }
    }

    /// Returns the next step. `free` is what the last one has found out: how long a record may be, or 0 if there is no room.
    /// After a walk, and at first, it is what an empty page has room for.
    // Not inlined: a local in a future takes a load and a store each time it is used.
    #[inline(never)]
    pub(super) fn next<E>(
        &mut self,
        known: &mut Known,
        buffer: &mut [u8],
        free: usize,
    ) -> Result<Step, JournalError<E>> {
        if known.is_alien {
            known.is_alien = false;
            return Err(JournalError::Damaged);
        }
        match self.last {
            Last::Nothing if matches!(self.goal, Goal::Any) => {
                known.found = None;
                return Ok(self.step(Last::Found, Step::Walk));
            }
            Last::Nothing if known.is_stale => {
                (known.appended, known.written, known.id_length) = (0, 0, 0);
                self.visit = Visit::Sum;
                return Ok(self.step(Last::Looked, Step::Walk));
            }
            Last::Nothing => {}
            Last::Looked => known.is_stale = false,
            Last::Found => return Ok(Step::Stop),
            Last::Measured(needed) => {
                if free < needed {
                    return self.make_room(known, buffer);
                }
                known.is_stale = true;
                return Ok(self.step(Last::Pushed, Step::Push(needed)));
            }
            Last::Pushed => {
                known.is_stale = false;
                if free == 0 {
                    return self.make_room(known, buffer);
                }
                if let Goal::Append(record) = &self.goal {
                    known.appended = known.appended.saturating_add(1);
                    known.set_id(record.last_event_id());
                }
                return Ok(Step::Stop);
            }
            Last::Prepared => {
                if free == 0 {
                    return Err(JournalError::Full);
                }
                return Ok(self.remove(known, None, Last::Committed));
            }
            Last::Committed => {
                known.written = known.committed;
                known.has_new_id = false;
                known.is_stale = false;
                if matches!(self.goal, Goal::Commit { .. }) {
                    return Ok(Step::Stop);
                }
            }
        }
        self.begin(known, buffer, free)
    }

    /// Returns the first step towards the goal when the state is known.
    fn begin<E>(&mut self, known: &mut Known, buffer: &mut [u8], longest: usize) -> Result<Step, JournalError<E>> {
        match &self.goal {
            Goal::Any | Goal::Look => Ok(Step::Stop),
            Goal::Read { after, .. } => {
                known.found = None;
                self.visit = Visit::Find { after: (*after).max(known.committed) };
                Ok(self.step(Last::Found, Step::Walk))
            }
            Goal::Append(record) => {
                fits_id(record.last_event_id())?;
                let needed = SERIAL.saturating_add(record.encoded_len());
                let written = write_record(known.appended.saturating_add(1), record, buffer);
                written.filter(|()| needed <= longest).ok_or(JournalError::TooLong { needed })?;
                Ok(self.step(Last::Measured(needed), Step::Measure))
            }
            &Goal::Commit { through, id, every } => {
                fits_id(id)?;
                known.committed = known.committed.max(through.min(known.appended));
                known.set_id(id);
                known.has_new_id |= !id.is_empty();
                let commits = known.committed.saturating_sub(known.written);
                if known.has_new_id || commits >= every { self.commit(known, buffer) } else { Ok(Step::Stop) }
            }
        }
    }

    /// Writes the commits that hold room, if there are any.
    fn make_room<E>(&mut self, known: &mut Known, buffer: &mut [u8]) -> Result<Step, JournalError<E>> {
        if known.written < known.committed { self.commit(known, buffer) } else { Err(JournalError::Full) }
    }

    fn commit<E>(&mut self, known: &mut Known, buffer: &mut [u8]) -> Result<Step, JournalError<E>> {
        if known.committed < known.appended && !known.has_new_id {
            // The newest record stays, and with it the last ID. The first one goes last, so that nothing that follows a gap
            // is left without it.
            let spared = known.committed.saturating_sub(known.written) > 1;
            return Ok(if spared {
                self.remove(known, Some(known.written), Last::Prepared)
            } else {
                self.remove(known, None, Last::Committed)
            });
        }
        let needed = cursor_len(known.id().len());
        write_cursor(known.committed, known.id(), buffer).ok_or(JournalError::TooLong { needed })?;
        known.is_stale = true;
        Ok(self.step(Last::Prepared, Step::Push(needed)))
    }

    fn remove(&mut self, known: &mut Known, spared: Option<u32>, last: Last) -> Step {
        known.is_stale = true;
        self.visit = Visit::Remove { end: known.committed.saturating_add(1), spared };
        self.step(last, Step::Walk)
    }

    fn step(&mut self, last: Last, step: Step) -> Step {
        self.last = last;
        step
    }
}

const fn fits_id<E>(id: &[u8]) -> Result<(), JournalError<E>> {
    if id.len() > LONGEST_ID { Err(JournalError::TooLong { needed: id.len() }) } else { Ok(()) }
}
