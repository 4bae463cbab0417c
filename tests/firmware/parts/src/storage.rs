//! A journal in flash, and the queue under it alone.

use core::convert::Infallible;
use core::future::Future;
use core::hint::black_box;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embedded_sse::Event;
use embedded_sse::delivery::{AsyncJournal, Record, Serial};
use embedded_sse::io::FlashJournal;
use embedded_storage_async::nor_flash::{ErrorType, MultiwriteNorFlash, NorFlash, ReadNorFlash};
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::queue::{QueueConfig, QueueStorage};

use crate::{Received, used};

/// A flash, as far as a compiler can tell.
struct Chip;

impl ErrorType for Chip {
    type Error = Infallible;
}

impl ReadNorFlash for Chip {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Infallible> {
        used(offset);
        black_box(bytes);
        Ok(())
    }

    fn capacity(&self) -> usize {
        1 << 16
    }
}

impl NorFlash for Chip {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Infallible> {
        used((from, to));
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Infallible> {
        used((offset, bytes));
        Ok(())
    }
}

impl MultiwriteNorFlash for Chip {}

type Queue = QueueStorage<Chip, Cache<Uncached, Uncached, Uncached>>;
type Journal = FlashJournal<Chip, [u8; 256]>;

/// The queue of `sequential-storage` with the calls that a journal makes.
pub fn flash_queue() -> impl FnMut(Received<'_>) {
    let config = QueueConfig::try_new(0..1 << 16).ok();
    let mut queue = config.map(|config| QueueStorage::new(Chip, config, Cache::new_uncached()));
    let mut buffer = [0; 256];
    move |received| use_queue(&mut queue, &mut buffer, received)
}

/// A journal over it.
pub fn flash_journal() -> impl FnMut(Received<'_>) {
    let mut journal = now(FlashJournal::open(Chip, 0..1 << 16, [0; 256])).and_then(Result::ok);
    let mut buffer = [0; 256];
    move |received| use_journal(&mut journal, &mut buffer, received)
}

// A closure is compiled in the crate of the binary, and all that it calls of the queue a second time with it. So these two are
// functions.

#[inline(never)]
fn use_queue(queue: &mut Option<Queue>, buffer: &mut [u8], Received { chunk, .. }: Received<'_>) {
    let Some(queue) = queue else { return };
    let work = async {
        if let Ok(Some(free)) = queue.find_max_fit().await {
            used(free);
        }
        used(queue.push(chunk, false).await.is_ok());
        let Ok(mut items) = queue.iter().await else { return };
        while let Ok(Some(item)) = items.next(buffer).await {
            used(&item[..]);
            used(item.pop().await.is_ok());
        }
    };
    now(work);
}

#[inline(never)]
fn use_journal(journal: &mut Option<Journal>, buffer: &mut [u8], Received { chunk, text, .. }: Received<'_>) {
    let Some(journal) = journal else { return };
    let event = Event { event_type: text.as_bytes(), data: chunk, last_event_id: text.as_bytes() };
    let work = async {
        used(journal.append(&Record::Event { event, has_id: true }).await.is_ok());
        if let Ok(Some((serial, record))) = journal.read(Serial::START, buffer).await {
            used(record);
            used(journal.commit(serial, text.as_bytes()).await.is_ok());
        }
        used(journal.last_id(buffer).await.is_ok());
    };
    now(work);
}

/// Runs a future that never waits.
fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}
