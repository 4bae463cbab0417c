//! The last event ID in flash: where a device goes on after its power was cut.
//!
//! It is written some time after the events were handled: after a restart some of them come again, and none is left out. Knows
//! no connection, and of the flash only what `NorFlash` says.

use core::ops::Range;

use embassy_time::{Duration, Instant, Timer};
use embedded_storage_async::nor_flash::NorFlash;
use heapless::Vec;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage};

/// The longest id that is kept, in bytes. A decoder's own limit is the same.
const ID: usize = 64;
/// The store keeps values by keys; this is the only one.
const KEY: u8 = 0;

/// The last event ID, and what of it is in flash.
pub struct Cursor<F: NorFlash> {
    store: MapStorage<u8, F, Cache<Uncached, Uncached, Uncached, u8>>,
    /// The store's own room: a key and an id, in whole words of any flash.
    room: [u8; ID + 32],
    id: Vec<u8, ID>,
    every: Duration,
    /// When the id is to be written, if it is another one than that in flash.
    due: Option<Instant>,
}

impl<F: NorFlash> Cursor<F> {
    /// What the flash holds in these pages. Unreadable ones count as empty: the stream begins where the server lets it.
    ///
    /// It is written once in so much time at most, because pages wear out: a page of 4 KiB takes some 150 ids of ten digits
    /// until it is erased. Two of them, at one id in a minute, are erased 1,750 times a year each.
    ///
    /// # Panics
    ///
    /// When `pages` are not at least two whole ones.
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

    /// The id to go on from; empty when there is none.
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// Everything up to the event with this id was handled. Longer ids than 64 bytes are left out.
    pub fn handled(&mut self, id: &[u8]) {
        if *id != *self.id
            && let Ok(id) = Vec::from_slice(id)
        {
            self.id = id;
            self.due.get_or_insert(Instant::now().saturating_add(self.every));
        }
    }

    /// Waits until the id should be [saved](Self::save): for ever, if there is nothing new. Cancel-safe.
    pub async fn due(&self) {
        match self.due {
            Some(at) => Timer::at(at).await,
            None => core::future::pending().await,
        }
    }

    /// Writes the id, if it is another one than that in flash. When it fails, the one before stays.
    pub async fn save(&mut self) {
        if self.due.take().is_some() && self.store.store_item(&mut self.room, &KEY, &self.id.as_slice()).await.is_err()
        {
            defmt::warn!("the cursor cannot be written");
        }
    }
}
