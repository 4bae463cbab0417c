//! A journal in NOR flash, over `sequential-storage`.
//!
//! The queue of that crate keeps the items. This module numbers them and remembers which are committed. It must not depend on
//! what the records mean.

mod item;
mod pages;
mod work;

use core::fmt;
use core::ops::Range;

use embedded_storage_async::nor_flash::{MultiwriteNorFlash, NorFlash};

use crate::codec::{self, Buffer};
use crate::delivery::{AsyncJournal, JournalError, ReadResult, Record, Serial};

use item::SERIAL;
use pages::{Page, Queue, error, longest, look_at, queue, whole_page};
use work::{Goal, Known, Seen, Step, Work};

/// A [journal](AsyncJournal) in a range of pages of a NOR flash. Records outlive the loss of power at any moment.
///
/// `F` is the flash. It has to allow a second write to a word, with which a record is marked as committed
/// ([`MultiwriteNorFlash`]). `B` is a [`Buffer`] that holds the longest record and 4 bytes more, rounded up to a word.
///
/// An ID has at most 64 bytes, and a record fits into one page; what is longer is [`JournalError::TooLong`]. Records are numbered
/// with 32 bits.
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
/// Cells that read as erased after an interrupted erase may still be weak. This journal does not erase such a page again:
/// if the data sheet asks for that, do not use it.
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
    known: Known,
    commit_every: u32,
}

/// Shows how many records were appended and committed.
impl<F: NorFlash, B> fmt::Debug for FlashJournal<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Known { appended, committed, .. } = self.known;
        f.debug_struct("FlashJournal")
            .field("appended", &appended)
            .field("committed", &committed)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<F: NorFlash, B> defmt::Format for FlashJournal<F, B> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let Known { appended, committed, .. } = self.known;
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
    pub async fn open(flash: F, range: Range<u32>, buffer: B) -> Result<Self, JournalError<F::Error>> {
        let size = F::ERASE_SIZE as u32;
        if range.end.saturating_sub(range.start) < size.saturating_mul(3) {
            return Err(JournalError::Damaged);
        }
        let queue = queue(flash, range.clone())?;
        let mut this = Self { queue, buffer, known: Known::nothing(), commit_every: 1 };
        let mut start = range.start;
        while start < range.end {
            let page = start..start.saturating_add(size);
            start = page.end;
            match look_at(this.queue.flash(), page.clone(), this.buffer.as_mut()).await? {
                Page::Sound => continue,
                Page::Doubtful => {
                    this.queue = pages::queue(this.queue.destroy().0, page.clone())?;
                    this.reach(Goal::Any).await?;
                    if this.known.found.is_some() {
                        continue;
                    }
                }
                Page::Torn => {}
            }
            this.queue.flash().erase(page.start, page.end).await.map_err(JournalError::Store)?;
        }
        this.queue = pages::queue(this.queue.destroy().0, range)?;
        this.reach(Goal::Look).await?;
        Ok(this)
    }

    /// Writes only one of `commits` commits to flash, to reduce wear. The records that were committed since then come again
    /// after a loss of power. 1 by default; 0 is taken as 1.
    #[must_use]
    pub fn commit_every(mut self, commits: u32) -> Self {
        self.commit_every = commits.max(1);
        self
    }

    /// Returns the flash. Call [`flush`](Self::flush) first, or commits that were not written are lost.
    pub fn into_flash(self) -> F {
        self.queue.destroy().0
    }

    /// Writes to flash what is committed, if `commit_every` left it out.
    ///
    /// # Errors
    ///
    /// See [`AsyncJournal::commit`].
    pub fn flush(&mut self) -> impl Future<Output = Result<(), JournalError<F::Error>>> {
        self.reach(Goal::Commit { through: 0, id: &[], every: 1 })
    }

    /// Does what a goal takes. Each operation of the queue is awaited in one place, because a firmware contains a copy of it
    /// for each place.
    async fn reach(&mut self, goal: Goal<'_>) -> Result<(), JournalError<F::Error>> {
        let Self { queue, buffer, known, .. } = self;
        let (mut work, mut free) = (Work::new(goal), longest::<F>(Some(whole_page::<F>())));
        loop {
            let buffer = buffer.as_mut();
            let done = match work.next(known, buffer, free)? {
                Step::Walk => 'walk: {
                    let (visit, buffer) = work.walk(buffer);
                    let mut items = match queue.iter().await {
                        Ok(items) => items,
                        Err(error) => break 'walk Err(error),
                    };
                    loop {
                        let item = match items.next(buffer).await {
                            Ok(Some(item)) => item,
                            Ok(None) => break 'walk Ok(Some(whole_page::<F>())),
                            Err(error) => break 'walk Err(error),
                        };
                        match known.see(&item, visit) {
                            Seen::Keep => {}
                            Seen::Enough => break 'walk Ok(Some(whole_page::<F>())),
                            Seen::Remove => {
                                if let Err(error) = item.pop().await {
                                    break 'walk Err(error);
                                }
                            }
                        }
                    }
                }
                Step::Measure => queue.find_max_fit().await,
                Step::Push(length) => {
                    let item = buffer.get(..length).unwrap_or_default();
                    queue.push(item, false).await.map(|()| Some(whole_page::<F>()))
                }
                Step::Stop => return Ok(()),
            };
            free = match done.map_err(error) {
                Err(JournalError::Full) => 0,
                done => longest::<F>(done?),
            };
        }
    }
}

impl<F: MultiwriteNorFlash, B: Buffer> AsyncJournal for FlashJournal<F, B> {
    type Error = F::Error;

    fn append(&mut self, record: &Record<'_>) -> impl Future<Output = Result<(), JournalError<F::Error>>> {
        self.reach(Goal::Append(record))
    }

    async fn read<'b>(&mut self, after: Serial, buffer: &'b mut [u8]) -> ReadResult<'b, F::Error> {
        let after = u32::try_from(after.0).unwrap_or(u32::MAX);
        self.reach(Goal::Read { after, into: buffer }).await?;
        let Some((serial, length)) = self.known.found else { return Ok(None) };
        let record = buffer.get(SERIAL..length).and_then(Record::decode).ok_or(JournalError::Damaged)?;
        Ok(Some((Serial(serial.into()), record)))
    }

    fn commit(&mut self, through: Serial, last_id: &[u8]) -> impl Future<Output = Result<(), JournalError<F::Error>>> {
        let through = u32::try_from(through.0).unwrap_or(u32::MAX);
        self.reach(Goal::Commit { through, id: last_id, every: self.commit_every })
    }

    async fn last_id<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b [u8], JournalError<F::Error>> {
        self.reach(Goal::Look).await?;
        let id = self.known.id();
        let copy = buffer.get_mut(..id.len()).ok_or(JournalError::TooLong { needed: id.len() })?;
        codec::copy(id, copy);
        Ok(copy)
    }
}
