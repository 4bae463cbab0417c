//! The pages under the queue: how much fits into them, and how they are put in order after a loss of power.
//!
//! This module must not depend on what the items mean.

use core::ops::Range;

use embedded_storage_async::nor_flash::NorFlash;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::queue::{QueueConfig, QueueStorage};

use crate::delivery::JournalError;

pub(super) type Queue<F> = QueueStorage<F, Cache<Uncached, Uncached, Uncached>>;

/// Makes a page one that the queue understands after a loss of power: it erases what is neither blank nor holds a record.
pub(super) async fn mend<F: NorFlash>(
    mut flash: F,
    page: Range<u32>,
    buffer: &mut [u8],
) -> Result<F, JournalError<F::Error>> {
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
    if is_blank || (begins && ends) {
        return Ok(flash);
    }
    let mut holds_records = false;
    if begins {
        let mut one_page = queue(flash, page.clone())?;
        let found = async {
            let mut items = one_page.iter().await?;
            Ok(items.next(buffer).await?.is_some())
        };
        holds_records = found.await.map_err(error)?;
        flash = one_page.destroy().0;
    }
    if !holds_records {
        flash.erase(page.start, page.end).await.map_err(JournalError::Store)?;
    }
    Ok(flash)
}

/// Returns the unit of writing.
pub(super) fn word<F: NorFlash>() -> usize {
    F::READ_SIZE.max(F::WRITE_SIZE)
}

/// Returns the space that an item takes.
pub(super) fn space<F: NorFlash>(length: usize) -> usize {
    let word = word::<F>();
    (length.saturating_add(word - 1) / word * word).saturating_add(Queue::<F>::item_overhead_size() as usize)
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
