//! The items in the queue: records with their numbers, and cursors; and the state that they add up to.
//!
//! This module must not depend on a flash.

use crate::codec::copy;
use crate::delivery::Record;

/// An item that is no record: the cursor. It follows the serial number through which records are committed, and precedes the
/// last ID.
pub(super) const CURSOR: u8 = 0xC5;

/// The length of the serial number before a record.
pub(super) const SERIAL: usize = 4;

/// The longest ID.
pub(super) const LONGEST_ID: usize = 64;

/// What the flash says.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    pub(super) committed: u32,
    pub(super) appended: u32,
    pub(super) id: [u8; LONGEST_ID],
    pub(super) id_length: usize,
}

impl State {
    pub(super) const EMPTY: Self = Self { committed: 0, appended: 0, id: [0; LONGEST_ID], id_length: 0 };

    pub(super) fn id(&self) -> &[u8] {
        self.id.get(..self.id_length).unwrap_or_default()
    }

    pub(super) fn set_id(&mut self, id: &[u8]) {
        if let (false, Some(place)) = (id.is_empty(), self.id.get_mut(..id.len())) {
            copy(id, place);
            self.id_length = id.len();
        }
    }

    /// Applies an item in the order of the queue. Returns `None` if it is none of this journal.
    pub(super) fn apply(&mut self, item: &[u8]) -> Option<()> {
        match Item::read(item)? {
            Item::Cursor { through, id } => {
                self.committed = self.committed.max(through);
                self.appended = self.appended.max(through);
                self.set_id(id);
            }
            Item::Record { serial, record } => {
                self.appended = self.appended.max(serial);
                self.set_id(record.last_event_id());
            }
        }
        Some(())
    }
}

pub(super) enum Item<'i> {
    Cursor { through: u32, id: &'i [u8] },
    Record { serial: u32, record: Record<'i> },
}

impl<'i> Item<'i> {
    pub(super) fn read(bytes: &'i [u8]) -> Option<Self> {
        let (serial, rest) = bytes.split_first_chunk::<SERIAL>()?;
        let serial = u32::from_le_bytes(*serial);
        match rest.split_first() {
            Some((&CURSOR, id)) => Some(Self::Cursor { through: serial, id }),
            _ => Some(Self::Record { serial, record: Record::decode(rest)? }),
        }
    }
}
