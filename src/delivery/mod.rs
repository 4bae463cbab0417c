//! Between the client and the application: which events are new, what is missing, and what the application is done with.
//!
//! Nothing here does I/O or reads a clock. You report what was received, and get advice.
//!
//! ```text
//! session ------> continuity ------> journal ------> application
//!         event      |        record         event |     |
//!                    |        or gap               |     | token: committed
//!                    v                             v     v
//!                 duplicate:               gap: fetch   cursor: where a
//!                 dropped                  the state    reconnect resumes
//! ```

mod continuity;
mod cursor;
#[allow(clippy::module_inception, reason = "the type that joins the others")]
mod delivery;
mod full_sync;
mod journal;
mod journalled;
mod position;
mod record;
mod ring;

pub use continuity::{Continuity, Verdict};
pub use cursor::{Cursor, CursorError, Token};
pub use delivery::{Advice, Counts, Delivery, Gap, Reading, Restart, Synced};
pub use full_sync::{FullSync, SyncAction};
pub use journal::{AsyncJournal, Journal, JournalError, ReadResult, Serial};
pub use journalled::{Journalled, Kept, Next};
pub use position::{Decimal, EpochDecimal, MillisCounter, Position, Sequence};
pub use record::Record;
pub use ring::RamRing;
