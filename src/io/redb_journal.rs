//! A journal in a `redb` database, for hosts.
//!
//! The database makes each change whole or not at all. This module must not depend on what the records mean.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use std::path::Path;
use std::{fs, io, panic};

use redb::{Builder, Database, Error, ReadableTable, TableDefinition};

use crate::delivery::{Journal, JournalError, ReadResult, Record, Serial};

/// Records by their serial number, each after its checksum.
const RECORDS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("records");

/// The last ID, under the number 0, after the serial number of the last committed record and a checksum.
const CURSOR: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("cursor");

/// When a change is on disk.
///
/// ```
/// use embedded_sse::io::Durable;
///
/// assert_ne!(Durable::Each, Durable::Batch(64));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Durable {
    /// When the call returns. Each call waits for the disk.
    Each,
    /// With one of so many calls, and with [`flush`](Journal::flush), which a
    /// [`JournalledSource`](crate::io::event_source::JournalledSource) calls before it hands over the events that have arrived
    /// together, and when it waits. If the process or the machine dies, what came after the last batch has not happened: the
    /// events come again, and those that were handled come again too.
    Batch(u32),
}

/// A [`Journal`] in a file, which is a database of `redb`. It outlives the death of the process and of the machine.
///
/// When the file cannot be read, [`open`](Self::open) returns [`JournalError::Damaged`], or [`JournalError::Store`] with the
/// reason. All pages are checked then, and each record has a checksum of its own. Remove the file, fetch the full state,
/// and begin with `journal.commit(Serial::START, id)`, where `id` is that of the state.
///
/// It never says that it is full. Stop reading yourself if the application does not keep up; a
/// [`JournalledSource`](crate::io::event_source::JournalledSource) does.
///
/// # What durability costs
///
/// Each write waits until the disk has it, so that the disk sets the rate. On a virtual machine whose disk takes 3 to 6 ms
/// for that, four runs on 27 November 2026 appended these numbers of events of 60 bytes a second, with `redb` 2.6:
///
/// | durable | events a second |
/// |---|---|
/// | [`Durable::Each`] | 170 to 310 |
/// | [`Durable::Batch(16)`](Durable::Batch) | 2,600 to 3,700 |
/// | [`Durable::Batch(256)`](Durable::Batch) | 32,000 to 37,000 |
///
/// A commit that is durable by itself costs as much as an event. A `JournalledSource` does both for each event. In three
/// runs of the same day, on the busy machine, it handled:
///
/// | durable | at most so many [at once](crate::io::event_source::JournalledSource::read_ahead) | events a second |
/// |---|---|---|
/// | [`Durable::Each`] | 64 | 70 to 90 |
/// | [`Durable::Batch(u32::MAX)`](Durable::Batch) | 1 | 150 |
/// | the same | 64 | 7,300 to 11,600 |
/// | the same | 1,000 | 28,000 to 48,000 |
///
/// Measure your disk with `cargo test --release --all-features --test redb_journal -- --ignored --nocapture costs`.
///
/// # Example
///
/// ```
/// use embedded_sse::Event;
/// use embedded_sse::delivery::{Decimal, Delivery, Journalled, Kept, Next};
/// use embedded_sse::io::{Durable, RedbJournal};
///
/// let path = std::env::temp_dir().join(format!("journal-{}.redb", std::process::id()));
/// let journal = RedbJournal::open(&path, Durable::Each)?;
/// let mut journal = Journalled::new(Delivery::new(Decimal), journal, vec![0; 1 << 16])?;
/// let event = Event { event_type: b"message", data: b"light on", last_event_id: b"7" };
/// assert_eq!(journal.receive(&event)?, Kept::Stored);
/// drop(journal); // the process dies
///
/// let journal = RedbJournal::open(&path, Durable::Each)?;
/// let mut journal = Journalled::new(Delivery::new(Decimal), journal, vec![0; 1 << 16])?;
/// assert_eq!(journal.resume_from()?, b"7");
/// let Next::Event(event, token) = journal.peek()? else { unreachable!() };
/// assert_eq!(event.data, b"light on");
/// journal.commit(token)?;
/// # drop(journal);
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RedbJournal {
    database: Database,
    durable: Durable,
    /// The calls since the last one that is on disk.
    waiting: u32,
    committed: u64,
    appended: u64,
    last_id: Vec<u8>,
    /// What is on disk: the records after `removed`, up to `stored`.
    removed: u64,
    stored: u64,
    /// The records after those.
    pending: Vec<Vec<u8>>,
}

type Failure = JournalError<Box<Error>>;

fn database(path: &Path) -> Result<Database, Failure> {
    Builder::new().create_with_file_format_v3(true).set_cache_size(1 << 20).create(path).map_err(failure)
}

impl RedbJournal {
    /// Opens the file, or creates it; a new one is made beside it, with the extension `new`.
    ///
    /// # Errors
    ///
    /// [`JournalError::Damaged`] if the file holds something else or was damaged. [`JournalError::Store`] if it cannot be
    /// opened, or another process has it open.
    ///
    /// # Panics
    ///
    /// Never if panics unwind. With `panic = "abort"`, some damaged files end the process.
    pub fn open(path: impl AsRef<Path>, durable: Durable) -> Result<Self, Failure> {
        let path = path.as_ref();
        // `redb` panics at some damaged files.
        panic::catch_unwind(|| Self::open_or_create(path, durable)).unwrap_or(Err(JournalError::Damaged))
    }

    fn open_or_create(path: &Path, durable: Durable) -> Result<Self, Failure> {
        if !path.try_exists().map_err(failure)? {
            // A process that dies while it creates a database leaves a file that is none.
            let new = path.with_extension("new");
            match fs::remove_file(&new) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failure(error)),
                _ => drop(database(&new)?),
            }
            fs::rename(new, path).map_err(failure)?;
        }
        let mut database = database(path)?;
        database.check_integrity().map_err(failure)?;
        let (last_id, pending) = (Vec::new(), Vec::new());
        let (committed, appended, removed, stored) = (0, 0, 0, 0);
        let mut this = Self { database, durable, waiting: 0, committed, appended, last_id, removed, stored, pending };
        this.load()?;
        Ok(this)
    }

    /// Reads the cursor, and checks all records.
    fn load(&mut self) -> Result<(), Failure> {
        let write = self.database.begin_write().map_err(failure)?;
        {
            let cursor = write.open_table(CURSOR).map_err(failure)?;
            if let Some(value) = cursor.get(0).map_err(failure)? {
                let value = checked(value.value()).ok_or(JournalError::Damaged)?;
                let (committed, id) = value.split_first_chunk().ok_or(JournalError::Damaged)?;
                self.committed = u64::from_le_bytes(*committed);
                self.last_id = id.into();
            }
            self.appended = self.committed;
            let records = write.open_table(RECORDS).map_err(failure)?;
            for entry in records.iter().map_err(failure)? {
                let (serial, value) = entry.map_err(failure)?;
                let record = checked(value.value()).and_then(Record::decode);
                self.appended += 1;
                if record.is_none() || serial.value() != self.appended {
                    return Err(JournalError::Damaged);
                }
            }
        }
        (self.removed, self.stored) = (self.committed, self.appended);
        write.commit().map_err(failure)
    }

    /// Counts a change, and writes it if the batch is full.
    fn changed(&mut self) -> Result<(), Failure> {
        self.waiting = self.waiting.saturating_add(1);
        if matches!(self.durable, Durable::Batch(calls) if self.waiting < calls) { Ok(()) } else { self.flush() }
    }
}

impl Journal for RedbJournal {
    type Error = Box<Error>;

    fn append(&mut self, record: &Record<'_>) -> Result<(), Failure> {
        let needed = record.encoded_len();
        let mut value = vec![0; CHECKSUM + needed];
        let place = value.get_mut(CHECKSUM..).unwrap_or_default();
        record.encode(place).ok_or(JournalError::TooLong { needed })?;
        seal(&mut value);
        let id = record.last_event_id();
        let before = self.last_id.clone();
        if !id.is_empty() {
            self.last_id = id.into();
        }
        self.pending.push(value);
        self.appended = self.appended.saturating_add(1);
        let result = self.changed();
        if result.is_err() {
            // It is passed again.
            self.pending.pop();
            (self.appended, self.last_id) = (self.appended.saturating_sub(1), before);
        }
        result
    }

    fn read<'b>(&mut self, after: Serial, buffer: &'b mut [u8]) -> ReadResult<'b, Box<Error>> {
        let serial = after.0.max(self.committed).saturating_add(1);
        if serial > self.appended {
            return Ok(None);
        }
        let place = serial.checked_sub(self.stored.saturating_add(1)).and_then(|place| usize::try_from(place).ok());
        if let Some(value) = place.and_then(|place| self.pending.get(place)) {
            return copied(serial, value, buffer);
        }
        let read = self.database.begin_read().map_err(failure)?;
        let records = read.open_table(RECORDS).map_err(failure)?;
        let value = records.get(serial).map_err(failure)?.ok_or(JournalError::Damaged)?;
        copied(serial, value.value(), buffer)
    }

    fn commit(&mut self, through: Serial, last_id: &[u8]) -> Result<(), Failure> {
        let committed = through.0.clamp(self.committed, self.appended);
        if committed == self.committed && last_id.is_empty() {
            return Ok(());
        }
        self.committed = committed;
        if !last_id.is_empty() {
            self.last_id = last_id.into();
        }
        self.changed()
    }

    fn last_id<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b [u8], Failure> {
        let needed = self.last_id.len();
        let copy = buffer.get_mut(..needed).ok_or(JournalError::TooLong { needed })?;
        copy.copy_from_slice(&self.last_id);
        Ok(copy)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        if self.waiting == 0 {
            return Ok(());
        }
        let write = self.database.begin_write().map_err(failure)?;
        {
            let mut records = write.open_table(RECORDS).map_err(failure)?;
            for serial in self.removed.saturating_add(1)..=self.committed.min(self.stored) {
                records.remove(serial).map_err(failure)?;
            }
            // Those that are committed already never have to be on disk.
            let pending = (self.stored.saturating_add(1)..).zip(&self.pending);
            for (serial, value) in pending.filter(|(serial, _)| *serial > self.committed) {
                records.insert(serial, &**value).map_err(failure)?;
            }
            let cursor = cursor(self.committed, &self.last_id);
            write.open_table(CURSOR).map_err(failure)?.insert(0, &*cursor).map_err(failure)?;
        }
        write.commit().map_err(failure)?;
        (self.removed, self.stored, self.waiting) = (self.committed, self.appended, 0);
        self.pending.clear();
        Ok(())
    }
}

/// Copies a record to the buffer.
fn copied<'b>(serial: u64, value: &[u8], buffer: &'b mut [u8]) -> ReadResult<'b, Box<Error>> {
    let record = checked(value).ok_or(JournalError::Damaged)?;
    let copy = buffer.get_mut(..record.len()).ok_or(JournalError::TooLong { needed: record.len() })?;
    copy.copy_from_slice(record);
    Ok(Some((Serial(serial), Record::decode(copy).ok_or(JournalError::Damaged)?)))
}

fn failure(error: impl Into<Error>) -> Failure {
    match error.into() {
        Error::Corrupted(_) | Error::TableTypeMismatch { .. } => JournalError::Damaged,
        // The file holds something else.
        Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => JournalError::Damaged,
        error => JournalError::Store(Box::new(error)),
    }
}

/// The length of a checksum.
const CHECKSUM: usize = 4;

fn cursor(committed: u64, id: &[u8]) -> Vec<u8> {
    let mut value = vec![0; CHECKSUM];
    value.extend(committed.to_le_bytes());
    value.extend(id);
    seal(&mut value);
    value
}

/// Writes the checksum to the front.
fn seal(value: &mut [u8]) {
    if let Some((place, rest)) = value.split_first_chunk_mut::<CHECKSUM>() {
        *place = crc32(rest).to_le_bytes();
    }
}

/// Returns what follows the checksum, if it is right.
fn checked(value: &[u8]) -> Option<&[u8]> {
    let (checksum, rest) = value.split_first_chunk::<CHECKSUM>()?;
    (crc32(rest) == u32::from_le_bytes(*checksum)).then_some(rest)
}

/// The CRC-32 of Ethernet.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_crc_32() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }
}
