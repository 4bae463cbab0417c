//! A journal in NOR flash, over `sequential-storage`.
//!
//! The queue of that crate keeps the items. This module numbers them and remembers which are committed. It must not depend on
//! what the records mean.

mod item;
mod pages;

use core::fmt;
use core::ops::Range;

use embedded_storage_async::nor_flash::{MultiwriteNorFlash, NorFlash};

use crate::codec::{self, Buffer};
use crate::delivery::{AsyncJournal, JournalError, ReadResult, Record, Serial};

use item::{CURSOR, Item, LONGEST_ID, SERIAL, State};
use pages::{Queue, error, mend, queue, space, word};

/// A [journal](AsyncJournal) in a range of pages of a NOR flash. Records outlive the loss of power at any moment.
///
/// `F` is the flash. It has to allow a second write to a word, with which a record is marked as committed
/// ([`MultiwriteNorFlash`]). `B` is a [`Buffer`] that holds the longest record and 4 bytes more, rounded up to a word.
///
/// # When it is full
///
/// [`append`](AsyncJournal::append) returns [`JournalError::Full`] and changes nothing. Keep the event, and stop reading from
/// the connection: TCP makes the server wait. Nothing is ever overwritten. There is room again once the oldest page is
/// committed.
///
/// # Wear
///
/// A record takes [`Record::encoded_len`] and 4 bytes, rounded up to a word, and 8 bytes more. A commit of the newest record
/// also writes a cursor, which takes 13 bytes and the last ID, rounded up in the same way; an earlier commit costs no space.
/// With [`commit_every`](Self::commit_every), only each *n*th commit is written: up to *n* - 1 events come again after a loss of
/// power. For events with 60 bytes of data, the type `message` and an ID of 8 bytes, on words of 4 bytes, a record takes 92
/// bytes and a cursor 24. A page of 4 KiB is then erased once for 35 events if each is committed as it comes, and once for 43
/// with every 16th:
///
/// | events an hour | erases a day, each event committed | with every 16th |
/// |--:|--:|--:|
/// | 10 | 7 | 6 |
/// | 100 | 68 | 55 |
/// | 1,000 | 681 | 549 |
/// | 10,000 | 6,810 | 5,490 |
///
/// The erases are spread over all pages. With 16 pages that last for 100,000 erases each, 1,000 events an hour wear the flash
/// out in 6 years, or in 8 if every 16th is committed.
///
/// # Loss of power
///
/// `sequential-storage` finds a page whose erase was interrupted only if the page lost its first mark and kept its last one.
/// A real interruption leaves any mixture, which it may take for the page that it writes to, or for an erased one.
/// [`open`](Self::open) therefore reads all pages, and erases again what is neither blank nor holds a record. It
/// relies on checksums of 32 bits for what is a record.
///
/// Cells that read as erased after an interrupted erase may still be weak. If the data sheet says so, erase the page
/// after the newest one at each start.
///
/// ```no_run
/// use embedded_sse::delivery::{Decimal, Delivery, JournalError, JournalledAsync};
/// use embedded_sse::io::FlashJournal;
/// use embedded_storage_async::nor_flash::MultiwriteNorFlash;
///
/// async fn restore<F: MultiwriteNorFlash>(flash: F) -> Result<(), JournalError<F::Error>> {
///     let journal = FlashJournal::open(flash, 0x8_0000..0x9_0000, [0; 512]).await?;
///     let mut delivery = JournalledAsync::new(Delivery::new(Decimal), journal, [0; 512]).await?;
///     let _last_event_id = delivery.resume_from().await?; // for the next request
///     Ok(())
/// }
/// ```
pub struct FlashJournal<F: NorFlash, B> {
    queue: Queue<F>,
    buffer: B,
    state: State,
    /// A write was begun and its end was not seen, so that the state has to be read from flash again.
    is_stale: bool,
    commit_every: u32,
    /// The last record that is committed in flash. `state` may be ahead.
    written: u32,
    /// The last ID is not that of a record, and not written yet.
    has_new_id: bool,
}

/// Shows how many records were appended and committed.
impl<F: NorFlash, B> fmt::Debug for FlashJournal<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let State { appended, committed, .. } = self.state;
        f.debug_struct("FlashJournal")
            .field("appended", &appended)
            .field("committed", &committed)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<F: NorFlash, B> defmt::Format for FlashJournal<F, B> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let State { appended, committed, .. } = self.state;
        defmt::write!(f, "FlashJournal {{ appended: {}, committed: {}, .. }}", appended, committed);
    }
}

impl<F: MultiwriteNorFlash, B: Buffer> FlashJournal<F, B> {
    /// Opens the journal in the pages of `range`, which are at least three. Pages that were never written are an empty
    /// journal.
    ///
    /// # Errors
    ///
    /// [`JournalError::Damaged`] if `range` does not consist of whole pages, or they hold something else: erase them.
    pub async fn open(mut flash: F, range: Range<u32>, mut buffer: B) -> Result<Self, JournalError<F::Error>> {
        let size = F::ERASE_SIZE as u32;
        if range.end.saturating_sub(range.start) < size.saturating_mul(3) {
            return Err(JournalError::Damaged);
        }
        let mut page = range.start;
        while page < range.end {
            flash = mend(flash, page..page.saturating_add(size), buffer.as_mut()).await?;
            page = page.saturating_add(size);
        }
        let (queue, state) = (queue(flash, range)?, State::EMPTY);
        let mut this = Self { queue, buffer, state, is_stale: true, commit_every: 1, written: 0, has_new_id: false };
        this.look().await?;
        Ok(this)
    }

    /// Writes only each `commits`th commit to flash, to reduce wear. The records that were committed since then come again
    /// after a loss of power. 1 by default.
    #[must_use]
    pub fn commit_every(mut self, commits: u32) -> Self {
        self.commit_every = commits;
        self
    }

    /// Returns the flash. Commits that were not written are lost.
    pub fn into_flash(self) -> F {
        self.queue.destroy().0
    }

    /// Reads the state from flash, unless it is known.
    async fn look(&mut self) -> Result<(), JournalError<F::Error>> {
        if !self.is_stale {
            return Ok(());
        }
        let mut state = State::EMPTY;
        let mut items = self.queue.iter().await.map_err(error)?;
        while let Some(item) = items.next(self.buffer.as_mut()).await.map_err(error)? {
            state.apply(&item).ok_or(JournalError::Damaged)?;
        }
        self.state = State { committed: state.committed.max(self.state.committed), ..state };
        self.written = state.committed;
        self.is_stale = false;
        Ok(())
    }

    /// Adds a cursor to the queue.
    async fn push_cursor(&mut self, through: u32, id: &[u8]) -> Result<(), JournalError<F::Error>> {
        let needed = SERIAL + 1 + id.len();
        let item = self.buffer.as_mut().get_mut(..needed).ok_or(JournalError::TooLong { needed })?;
        if let Some((head, [kind, place @ ..])) = item.split_first_chunk_mut::<SERIAL>() {
            *head = through.to_le_bytes();
            *kind = CURSOR;
            codec::copy(id, place);
        }
        self.queue.push(item, false).await.map_err(error)
    }

    /// Marks all records before `end` as committed, in their order. With `keeps_first`, the first that was not committed is
    /// left, and so are the cursors. Otherwise all cursors but the newest are popped too: each comes after the records that
    /// it commits.
    async fn pop(&mut self, end: u32, keeps_first: bool) -> Result<(), JournalError<F::Error>> {
        let (newest, written) = (self.state.committed, self.written);
        let mut keeps = keeps_first;
        let mut items = self.queue.iter().await.map_err(error)?;
        while let Some(item) = items.next(self.buffer.as_mut()).await.map_err(error)? {
            let is_old = match Item::read(&item).ok_or(JournalError::Damaged)? {
                Item::Cursor { through, .. } => !keeps_first && through != newest,
                Item::Record { serial, .. } if serial >= end => break,
                Item::Record { serial, .. } => !(serial > written && core::mem::take(&mut keeps)),
            };
            if is_old {
                item.pop().await.map_err(error)?;
            }
        }
        Ok(())
    }
}

impl<F: MultiwriteNorFlash, B: Buffer> FlashJournal<F, B> {
    /// Puts a record into the queue. Returns `false` if there is no room.
    async fn push(&mut self, record: &Record<'_>) -> Result<bool, JournalError<F::Error>> {
        let needed = SERIAL.saturating_add(record.encoded_len());
        let serial = self.state.appended.saturating_add(1);
        let too_long = || JournalError::TooLong { needed };
        let (head, rest) = self.buffer.as_mut().split_first_chunk_mut::<SERIAL>().ok_or_else(too_long)?;
        *head = serial.to_le_bytes();
        record.encode(rest).ok_or_else(too_long)?;
        // A cursor fits after every record. Otherwise a full journal could not be committed, and would be full for ever.
        let room = space::<F>(needed).saturating_add(space::<F>(SERIAL + 1 + LONGEST_ID));
        if room > F::ERASE_SIZE.saturating_sub(2 * word::<F>()) {
            return Err(too_long());
        }
        let free = self.queue.find_max_fit().await.map_err(error)?;
        if free.is_none_or(|free| (free as usize) < room) {
            return Ok(false);
        }
        let item = self.buffer.as_ref().get(..needed).ok_or_else(too_long)?;
        self.is_stale = true;
        let pushed = self.queue.push(item, false).await.map_err(error);
        self.is_stale = !matches!(pushed, Ok(()) | Err(JournalError::Full));
        match pushed {
            Ok(()) => {
                self.state.appended = serial;
                self.state.set_id(record.last_event_id());
                Ok(true)
            }
            Err(JournalError::Full) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// Writes to flash what is committed, if `commit_every` left it out.
    ///
    /// # Errors
    ///
    /// See [`AsyncJournal::commit`].
    pub async fn flush(&mut self) -> Result<(), JournalError<F::Error>> {
        self.look().await?;
        if self.written < self.state.committed { self.write_commit().await } else { Ok(()) }
    }

    async fn write_commit(&mut self) -> Result<(), JournalError<F::Error>> {
        let State { committed, appended, id, id_length } = self.state;
        let id = id.get(..id_length).unwrap_or_default();
        let end = committed.saturating_add(1);
        self.is_stale = true;
        if committed < appended && !self.has_new_id {
            // The newest record stays, and with it the last ID. The first one goes last, so that nothing that follows a
            // gap is left without it.
            if committed.saturating_sub(self.written) > 1 {
                self.pop(end, true).await?;
            }
        } else {
            self.push_cursor(committed, id).await?;
        }
        self.pop(end, false).await?;
        self.written = committed;
        self.has_new_id = false;
        self.is_stale = false;
        Ok(())
    }
}

impl<F: MultiwriteNorFlash, B: Buffer> AsyncJournal for FlashJournal<F, B> {
    type Error = F::Error;

    async fn append(&mut self, record: &Record<'_>) -> Result<(), JournalError<F::Error>> {
        self.look().await?;
        let needed = record.last_event_id().len();
        if needed > LONGEST_ID {
            return Err(JournalError::TooLong { needed });
        }
        if self.push(record).await? {
            return Ok(());
        }
        // Commits that were not written hold room.
        if self.written < self.state.committed {
            self.write_commit().await?;
            if self.push(record).await? {
                return Ok(());
            }
        }
        Err(JournalError::Full)
    }

    async fn read<'b>(&mut self, after: Serial, buffer: &'b mut [u8]) -> ReadResult<'b, F::Error> {
        self.look().await?;
        let after = after.0.max(u64::from(self.state.committed));
        let mut items = self.queue.iter().await.map_err(error)?;
        let (serial, length) = loop {
            let Some(item) = items.next(buffer).await.map_err(error)? else { return Ok(None) };
            match Item::read(&item).ok_or(JournalError::Damaged)? {
                Item::Record { serial, .. } if u64::from(serial) > after => break (serial, item.len()),
                _ => {}
            }
        };
        let record = buffer.get(SERIAL..length).and_then(Record::decode).ok_or(JournalError::Damaged)?;
        Ok(Some((Serial(serial.into()), record)))
    }

    async fn commit(&mut self, through: Serial, last_id: &[u8]) -> Result<(), JournalError<F::Error>> {
        self.look().await?;
        if last_id.len() > LONGEST_ID {
            return Err(JournalError::TooLong { needed: last_id.len() });
        }
        let through = u32::try_from(through.0).unwrap_or(u32::MAX).min(self.state.appended);
        self.state.committed = self.state.committed.max(through);
        if !last_id.is_empty() {
            self.state.set_id(last_id);
            self.has_new_id = true;
        }
        let commits = self.state.committed.saturating_sub(self.written);
        if self.has_new_id || (commits > 0 && commits >= self.commit_every) {
            self.write_commit().await
        } else {
            Ok(())
        }
    }

    async fn last_id<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b [u8], JournalError<F::Error>> {
        self.look().await?;
        let id = self.state.id();
        let copy = buffer.get_mut(..id.len()).ok_or(JournalError::TooLong { needed: id.len() })?;
        codec::copy(id, copy);
        Ok(copy)
    }
}
