//! Stores the last event ID in flash, so that a device resumes after a power cut.
//!
//! The ID is written some time after the events were handled. After a restart some events are received again, and none
//! is missing. This module must not depend on connections, nor on a flash chip beyond `NorFlash`.

use core::ops::Range;

use embassy_time::{Duration, Instant, Timer};
use embedded_storage_async::nor_flash::NorFlash;
use heapless::Vec;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage};

/// The longest ID that is stored, in bytes. It is the decoder's default limit.
const ID: usize = 64;
/// The only key in the key-value store.
const KEY: u8 = 0;

/// The last event ID, and its copy in flash.
pub struct Cursor<F: NorFlash> {
    store: MapStorage<u8, F, Cache<Uncached, Uncached, Uncached, u8>>,
    /// The store's work buffer: a key and an ID, rounded up to the words of any flash.
    room: [u8; ID + 32],
    id: Vec<u8, ID>,
    every: Duration,
    /// When to write the ID, if it differs from the one in flash.
    due: Option<Instant>,
}

impl<F: NorFlash> Cursor<F> {
    /// Loads the cursor from these pages. Unreadable pages count as empty: the stream then starts where the server
    /// starts it.
    ///
    /// The ID is written at most once in `every`, because flash pages wear out. A page of 4 KiB holds about 150 IDs of
    /// ten digits before it is erased. With two pages and one ID a minute, each page is erased 1,750 times a year.
    ///
    /// # Panics
    ///
    /// Panics if `pages` is not at least two whole pages.
    pub async fn load(flash: F, pages: Range<u32>, every: core::time::Duration) -> Self {
        let mut store = MapStorage::new(flash, MapConfig::new(pages), Cache::new_uncached());
        let mut room = [0; _];
        let id = match store.fetch_item::<&[u8]>(&mut room, &KEY).await {
            Ok(id) => id.and_then(|id| Vec::from_slice(id).ok()).unwrap_or_default(),
            Err(_) => {
                defmt::warn!("the cursor's pages are unreadable");
                Vec::new()
            }
        };
        let every = Duration::try_from(every).unwrap_or(Duration::MAX);
        Self { store, room, id, every, due: None }
    }

    /// Returns the ID to resume from. It is empty if there is none.
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// Records that everything up to the event with this ID was handled. IDs of more than 64 bytes are ignored.
    pub fn handled(&mut self, id: &[u8]) {
        if *id != *self.id
            && let Ok(id) = Vec::from_slice(id)
        {
            self.id = id;
            self.due.get_or_insert(Instant::now().saturating_add(self.every));
        }
    }

    /// Waits until the ID should be [saved](Self::save), or forever if it has not changed. Cancel-safe.
    pub async fn due(&self) {
        match self.due {
            Some(at) => Timer::at(at).await,
            None => core::future::pending().await,
        }
    }

    /// Writes the ID if it differs from the one in flash. If that fails, the old ID stays in flash.
    pub async fn save(&mut self) {
        if self.due.take().is_some() && self.store.store_item(&mut self.room, &KEY, &self.id.as_slice()).await.is_err()
        {
            defmt::warn!("the cursor cannot be written");
        }
    }
}
