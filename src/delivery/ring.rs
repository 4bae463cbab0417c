//! A journal in RAM: back-pressure between two tasks, and nothing that outlives the power.
//!
//! This module must not depend on what the records mean.

use core::convert::Infallible;

use super::journal::{Journal, JournalError, ReadResult, Serial};
use super::record::Record;
use crate::codec::{self, Buffer};

/// A [`Journal`] in a ring of a fixed size. It needs no heap, and loses its records when the power fails.
///
/// Use it if the task that reads from the connection is not the one that handles the events: when it is full, reading
/// stops, and TCP makes the server wait.
///
/// `B` is a [`Buffer`] for the records, each of which takes [`Record::encoded_len`] and 4 bytes more. `I` is one for the
/// last ID.
///
/// ```
/// use embedded_sse::Event;
/// use embedded_sse::delivery::{Journal, JournalError, RamRing, Record, Serial};
///
/// let mut ring = RamRing::new([0; 48]);
/// let event = Event { event_type: b"message", data: b"light on", last_event_id: b"7" };
/// let record = Record::Event { event, has_id: true };
/// ring.append(&record)?;
/// assert_eq!(ring.append(&record), Err(JournalError::Full));
/// ring.commit(Serial(1), b"")?;
/// ring.append(&record)?;
/// # Ok::<(), JournalError<core::convert::Infallible>>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RamRing<B, I = [u8; 64]> {
    buffer: B,
    last_id: I,
    last_id_length: usize,
    /// The place of the first record, and that after the last one.
    first: usize,
    end: usize,
    /// The end of the last record before the ring begins again at 0, if it does.
    wrap: Option<usize>,
    committed: Serial,
    appended: Serial,
}

/// The length of the length before a record.
const HEAD: usize = 4;

impl<B> RamRing<B> {
    /// Creates an empty ring, with room for a last ID of 64 bytes.
    #[must_use]
    pub const fn new(buffer: B) -> Self {
        Self::with_id_store(buffer, [0; 64])
    }
}

impl<B, I> RamRing<B, I> {
    /// Creates an empty ring with a buffer of your own for the last ID.
    #[must_use]
    pub const fn with_id_store(buffer: B, last_id: I) -> Self {
        Self {
            buffer,
            last_id,
            last_id_length: 0,
            first: 0,
            end: 0,
            wrap: None,
            committed: Serial::START,
            appended: Serial::START,
        }
    }

    const fn is_empty(&self) -> bool {
        self.committed.0 == self.appended.0
    }
}

impl<B: Buffer, I> RamRing<B, I> {
    /// Returns the start of free space for `needed` bytes, if there is any.
    fn place(&self, needed: usize) -> Option<usize> {
        let fits = |start: usize, end: usize| (end.checked_sub(start)? >= needed).then_some(start);
        let length = self.buffer.as_ref().len();
        match self.wrap {
            _ if self.is_empty() => fits(0, length),
            Some(_) => fits(self.end, self.first),
            None => fits(self.end, length).or_else(|| fits(0, self.first)),
        }
    }

    /// Returns the bytes of the record at a place, and the place after it.
    fn at(&self, place: usize) -> Option<(&[u8], usize)> {
        let (length, rest) = self.buffer.as_ref().get(place..)?.split_first_chunk::<HEAD>()?;
        let record = rest.get(..u32::from_le_bytes(*length) as usize)?;
        let next = place + HEAD + record.len();
        Some((record, if self.wrap == Some(next) { 0 } else { next }))
    }
}

impl<B, I: Buffer> RamRing<B, I> {
    fn set_last_id(&mut self, id: &[u8]) -> Result<(), JournalError<Infallible>> {
        if id.is_empty() {
            return Ok(());
        }
        let place = self.last_id.as_mut().get_mut(..id.len());
        codec::copy(id, place.ok_or(JournalError::TooLong { needed: id.len() })?);
        self.last_id_length = id.len();
        Ok(())
    }
}

impl<B: Buffer, I: Buffer> Journal for RamRing<B, I> {
    type Error = Infallible;

    fn append(&mut self, record: &Record<'_>) -> Result<(), JournalError<Infallible>> {
        let length = record.encoded_len();
        let needed = length.saturating_add(HEAD);
        let id = record.last_event_id();
        let too_long = |needed| JournalError::TooLong { needed };
        if needed > self.buffer.as_ref().len() {
            return Err(too_long(needed));
        }
        if id.len() > self.last_id.as_ref().len() {
            return Err(too_long(id.len()));
        }
        let start = self.place(needed).ok_or(JournalError::Full)?;
        let place = self.buffer.as_mut().get_mut(start..start + needed).unwrap_or_default();
        let (head, rest) = place.split_first_chunk_mut::<HEAD>().ok_or(too_long(needed))?;
        *head = u32::try_from(length).map_err(|_| too_long(needed))?.to_le_bytes();
        record.encode(rest).ok_or(too_long(needed))?;
        self.set_last_id(id)?;
        if self.is_empty() {
            (self.first, self.wrap) = (start, None);
        } else if start < self.end {
            self.wrap = Some(self.end);
        }
        self.end = start + needed;
        self.appended = self.appended.next();
        Ok(())
    }

    fn read<'b>(&mut self, after: Serial, buffer: &'b mut [u8]) -> ReadResult<'b, Infallible> {
        let (mut serial, mut place) = (self.committed.next(), self.first);
        while serial <= self.appended {
            let (record, next) = self.at(place).ok_or(JournalError::Damaged)?;
            if serial > after {
                let copy = buffer.get_mut(..record.len()).ok_or(JournalError::TooLong { needed: record.len() })?;
                codec::copy(record, copy);
                return Ok(Some((serial, Record::decode(copy).ok_or(JournalError::Damaged)?)));
            }
            (serial, place) = (serial.next(), next);
        }
        Ok(None)
    }

    fn commit(&mut self, through: Serial, last_id: &[u8]) -> Result<(), JournalError<Infallible>> {
        self.set_last_id(last_id)?;
        while self.committed < through && !self.is_empty() {
            let (_, next) = self.at(self.first).ok_or(JournalError::Damaged)?;
            if next == 0 {
                self.wrap = None;
            }
            self.first = next;
            self.committed = self.committed.next();
        }
        Ok(())
    }

    fn last_id<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b [u8], JournalError<Infallible>> {
        let id = self.last_id.as_ref().get(..self.last_id_length).unwrap_or_default();
        let copy = buffer.get_mut(..id.len()).ok_or(JournalError::TooLong { needed: id.len() })?;
        codec::copy(id, copy);
        Ok(copy)
    }
}
