//! The pages under the queue: how much fits into them, and how they are put in order after a loss of power.
//!
//! This module must not depend on what the items mean.

use core::ops::Range;

use embedded_storage_async::nor_flash::NorFlash;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::queue::{QueueConfig, QueueStorage};

use super::item::cursor_len;
use super::work::LONGEST_ID;
use crate::delivery::JournalError;

pub(super) type Queue<F> = QueueStorage<F, Cache<Uncached, Uncached, Uncached>>;

/// What a page looks like after a loss of power.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// The queue understands it.
    Sound,
    /// It is begun, but whether that is a mark of the queue shows only in the items after it.
    Doubtful,
    /// It is neither blank nor begun.
    Torn,
}

/// Reads a page.
pub(super) async fn look_at<F: NorFlash>(
    flash: &mut F,
    page: Range<u32>,
    buffer: &mut [u8],
) -> Result<Page, JournalError<F::Error>> {
    let needed = word::<F>();
    let step = buffer.len() - buffer.len() % needed.max(1);
    let (mut at, mut is_blank) = (page.start, true);
    let (mut begins, mut ends) = (false, false);
    while at < page.end {
        let length = step.min((page.end - at) as usize);
        let chunk = buffer.get_mut(..length).filter(|chunk| !chunk.is_empty());
        let chunk = chunk.ok_or(JournalError::TooLong { needed })?;
        flash.read(at, chunk).await.map_err(JournalError::Store)?;
        is_blank &= chunk.iter().all(|byte| *byte == 0xFF);
        if at == page.start {
            begins = is_mark(chunk.get(..F::READ_SIZE));
        }
        at += length as u32;
        if at == page.end {
            ends = is_mark(length.checked_sub(F::READ_SIZE).and_then(|start| chunk.get(start..)));
        }
    }
    Ok(match (begins, ends) {
        _ if is_blank => Page::Sound,
        (true, true) => Page::Sound,
        (true, false) => Page::Doubtful,
        _ => Page::Torn,
    })
}

/// Returns the unit of writing.
pub(super) const fn word<F: NorFlash>() -> usize {
    if F::READ_SIZE > F::WRITE_SIZE { F::READ_SIZE } else { F::WRITE_SIZE }
}

/// Returns how much the items of a page take at most.
pub(super) const fn whole_page<F: NorFlash>() -> u32 {
    F::ERASE_SIZE.saturating_sub(2 * word::<F>()) as u32
}

/// Returns how long a record may be if an item of `free` bytes fits. A cursor fits after it: otherwise a full journal could
/// not be committed, and would be full for ever.
pub(super) fn longest<F: NorFlash>(free: Option<u32>) -> usize {
    let overhead = Queue::<F>::item_overhead_size() as usize;
    let cursor = cursor_len(LONGEST_ID).next_multiple_of(word::<F>());
    let free = free.unwrap_or(0) as usize;
    let longest = free.saturating_sub(2 * overhead + cursor);
    longest - longest % word::<F>()
}

/// Returns whether the queue takes these bytes for a mark: four bits or more are zero.
fn is_mark(bytes: Option<&[u8]>) -> bool {
    bytes.unwrap_or_default().iter().map(|byte| byte.count_zeros()).sum::<u32>() >= 4
}

pub(super) fn queue<F: NorFlash>(flash: F, range: Range<u32>) -> Result<Queue<F>, JournalError<F::Error>> {
    let config = QueueConfig::try_new(range).map_err(|_| JournalError::Damaged)?;
    Ok(QueueStorage::new(flash, config, Cache::new_uncached()))
}

pub(super) fn error<E>(error: sequential_storage::Error<E>) -> JournalError<E> {
    use sequential_storage::Error;
    match error {
        Error::FullStorage => JournalError::Full,
        Error::BufferTooSmall(needed) => JournalError::TooLong { needed },
        Error::Storage { value, .. } => JournalError::Store(value),
        _ => JournalError::Damaged,
    }
}
