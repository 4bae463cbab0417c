//! The items in the queue: records with their numbers, and cursors.
//!
//! This module must not depend on a flash.

use crate::codec::copy;
use crate::delivery::Record;

/// The first byte of a cursor, which no record begins with. The last ID follows.
const CURSOR: u8 = 0xC5;

/// The length of the serial number before a record or a cursor.
pub(super) const SERIAL: usize = 4;

/// An item of the queue.
pub(super) struct Item<'i> {
    /// The number of the record, or of the last one that is committed.
    pub(super) serial: u32,
    /// It is a record, and no cursor.
    pub(super) is_record: bool,
    /// The last ID from here on.
    pub(super) id: &'i [u8],
}

impl<'i> Item<'i> {
    /// Returns `None` if the bytes are none of this journal.
    pub(super) fn read(bytes: &'i [u8]) -> Option<Self> {
        let (serial, rest) = bytes.split_first_chunk::<SERIAL>()?;
        let (is_record, id) = match rest {
            [CURSOR, id @ ..] => (false, id),
            record => (true, Record::decode(record)?.last_event_id()),
        };
        Some(Self { serial: u32::from_le_bytes(*serial), is_record, id })
    }
}

/// Writes a record to the start of the buffer. Returns `None` if it is too short.
pub(super) fn write_record(serial: u32, record: &Record<'_>, buffer: &mut [u8]) -> Option<()> {
    let (head, rest) = buffer.split_first_chunk_mut::<SERIAL>()?;
    *head = serial.to_le_bytes();
    record.encode(rest)?;
    Some(())
}

/// Writes a cursor to the start of the buffer. Returns `None` if it is too short.
pub(super) fn write_cursor(through: u32, id: &[u8], buffer: &mut [u8]) -> Option<()> {
    let (head, rest) = buffer.split_first_chunk_mut::<SERIAL>()?;
    let (kind, rest) = rest.split_first_mut()?;
    *head = through.to_le_bytes();
    *kind = CURSOR;
    copy(id, rest.get_mut(..id.len())?);
    Some(())
}

/// Returns the length of a cursor.
pub(super) const fn cursor_len(id: usize) -> usize {
    SERIAL + 1 + id
}
