//! Adapters to other crates, one file per ecosystem, each with its own feature.
//!
//! The modules here must not make protocol decisions: those belong to [`codec`](crate::codec),
//! [`client`](crate::client) and [`server`](crate::server).

#[cfg(feature = "embedded-io")]
mod chunk;
#[cfg(feature = "embedded-io")]
#[cfg_attr(docsrs, doc(cfg(feature = "embedded-io")))]
pub mod driver;
#[cfg(feature = "embassy-time")]
mod embassy_time;
#[cfg(feature = "embedded-io")]
#[cfg_attr(docsrs, doc(cfg(feature = "embedded-io")))]
pub mod embedded_io;
#[cfg(feature = "embedded-io-async")]
#[cfg_attr(docsrs, doc(cfg(feature = "embedded-io-async")))]
pub mod embedded_io_async;
#[cfg(any(feature = "embedded-io", feature = "futures"))]
mod error;
#[cfg(feature = "event-source")]
#[cfg_attr(docsrs, doc(cfg(feature = "event-source")))]
pub mod event_source;
#[cfg(all(feature = "http-body", feature = "std"))]
mod feed;
#[cfg(feature = "sequential-storage")]
mod flash_journal;
#[cfg(feature = "futures")]
#[cfg_attr(docsrs, doc(cfg(feature = "futures")))]
pub mod futures;
#[cfg(feature = "http-body")]
#[cfg_attr(docsrs, doc(cfg(feature = "http-body")))]
pub mod http_body;
#[cfg(any(feature = "serde-json", feature = "serde-json-core"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "serde-json", feature = "serde-json-core"))))]
pub mod json;
#[cfg(feature = "embedded-io")]
mod pending;
#[cfg(any(feature = "rand_core-06", feature = "rand_core-09", feature = "rand_core-010"))]
mod rand_core;
#[cfg(all(feature = "http-body", feature = "std"))]
mod random;
#[cfg(feature = "redb")]
mod redb_journal;
#[cfg(feature = "serde-json")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde-json")))]
pub mod serde_json;
#[cfg(feature = "serde-json-core")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde-json-core")))]
pub mod serde_json_core;
#[cfg(feature = "std-io")]
#[cfg_attr(docsrs, doc(cfg(feature = "std-io")))]
pub mod std_io;
#[cfg(feature = "std")]
mod std_time;
#[cfg(feature = "tokio")]
#[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
pub mod tokio;
#[cfg(feature = "tokio-util")]
#[cfg_attr(docsrs, doc(cfg(feature = "tokio-util")))]
pub mod tokio_util;

#[cfg(feature = "embedded-io")]
#[cfg_attr(docsrs, doc(cfg(feature = "embedded-io")))]
pub use driver::blocking as driver_blocking;
#[cfg(feature = "embedded-io")]
pub use driver::request::{HeaderError, HeaderList, Request};
#[cfg(all(feature = "embassy-time", feature = "embedded-io-async"))]
pub use embassy_time::EmbassyTimer;
#[cfg(any(feature = "embedded-io", feature = "futures"))]
pub use error::ReadError;
#[cfg(feature = "sequential-storage")]
#[cfg_attr(docsrs, doc(cfg(feature = "sequential-storage")))]
pub use flash_journal::FlashJournal;
#[cfg(feature = "rand_core-06")]
pub use rand_core::RandCore06;
#[cfg(feature = "rand_core-09")]
pub use rand_core::RandCore09;
#[cfg(feature = "rand_core-010")]
pub use rand_core::RandCore010;
#[cfg(feature = "redb")]
#[cfg_attr(docsrs, doc(cfg(feature = "redb")))]
pub use redb_journal::{Durable, RedbJournal};
#[cfg(feature = "std")]
pub use std_time::StdClock;
