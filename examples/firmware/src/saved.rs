//! Keeps the ID of the last event that was handled in flash, so that a device resumes after a power cut.
//!
//! The ID is written some time after the events were handled. After a restart some events are received again, and none
//! is missing. This module must not depend on connections, nor on a flash chip beyond `NorFlash`.

use core::ops::Range;

use embassy_time::{Duration, Instant, Timer};
use embedded_sse::delivery::{Cursor, Token};
use embedded_storage_async::nor_flash::NorFlash;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage};

/// The longest ID that is stored, in bytes. It is the decoder's default limit.
const ID: usize = 64;
/// The only key in the key-value store.
const KEY: u8 = 0;

/// A [`Cursor`], and a copy of its committed ID in flash.
pub struct Saved<F: NorFlash> {
    store: MapStorage<u8, F, Cache<Uncached, Uncached, Uncached, u8>>,
    /// The store's work buffer: a key and an ID, rounded up to the words of any flash.
    room: [u8; ID + 32],
    cursor: Cursor<[u8; 2 * ID]>,
    every: Duration,
    /// When to write the committed ID, if it differs from the one in flash.
    due: Option<Instant>,
}

impl<F: NorFlash> Saved<F> {
    /// Loads the ID from these pages. Unreadable pages count as empty: the stream then starts where the server
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
        let mut cursor = Cursor::new([0; _]);
        match store.fetch_item::<&[u8]>(&mut room, &KEY).await {
            Ok(id) if cursor.set(id.unwrap_or_default()).is_ok() => {}
            _ => defmt::warn!("the pages of the cursor are unreadable"),
        }
        let every = Duration::try_from(every).unwrap_or(Duration::MAX);
        Self { store, room, cursor, every, due: None }
    }

    /// Returns the ID to resume from: that of the last event that was committed. It is empty if there is none.
    pub fn resume_from(&self) -> &[u8] {
        self.cursor.resume_from()
    }

    /// Records that an event with this last event ID is about to be handled. Returns `None` if there is nothing to commit:
    /// the event has no ID of its own, or one of more than 64 bytes.
    pub fn received(&mut self, id: &[u8]) -> Option<Token> {
        if id == self.cursor.resume_from() {
            return None;
        }
        self.cursor.received(id).ok()
    }

    /// Records that the event was handled.
    pub fn commit(&mut self, token: Option<Token>) {
        if let Some(token) = token {
            self.cursor.commit(token);
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
        let id = self.cursor.resume_from();
        if self.due.take().is_some() && self.store.store_item(&mut self.room, &KEY, &id).await.is_err() {
            defmt::warn!("the cursor cannot be written");
        }
    }
}
