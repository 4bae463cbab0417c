//! Bridges to other crates: one file per ecosystem, each behind its feature. No protocol decisions are made here.

#[cfg(any(feature = "embedded-io", feature = "tokio"))]
mod chunk;
#[cfg(feature = "embedded-io-async")]
#[cfg_attr(docsrs, doc(cfg(feature = "embedded-io-async")))]
pub mod driver;
#[cfg(feature = "embedded-io")]
#[cfg_attr(docsrs, doc(cfg(feature = "embedded-io")))]
pub mod driver_blocking;
#[cfg(feature = "embassy-time")]
mod embassy_time;
#[cfg(feature = "embedded-io")]
#[cfg_attr(docsrs, doc(cfg(feature = "embedded-io")))]
pub mod embedded_io;
#[cfg(feature = "embedded-io-async")]
#[cfg_attr(docsrs, doc(cfg(feature = "embedded-io-async")))]
pub mod embedded_io_async;
#[cfg(feature = "embedded-io-async")]
mod exchange;
#[cfg(feature = "futures")]
#[cfg_attr(docsrs, doc(cfg(feature = "futures")))]
pub mod futures;
#[cfg(feature = "http-body")]
#[cfg_attr(docsrs, doc(cfg(feature = "http-body")))]
pub mod http_body;
#[cfg(feature = "embedded-io")]
mod next_error;
#[cfg(any(feature = "rand_core-06", feature = "rand_core-09", feature = "rand_core-010"))]
mod rand_core;
#[cfg(any(feature = "embedded-io", feature = "futures", feature = "tokio"))]
mod read_error;
#[cfg(feature = "embedded-io")]
mod request;
#[cfg(feature = "std")]
mod std_time;
#[cfg(feature = "tokio")]
#[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
pub mod tokio;
#[cfg(feature = "tokio-util")]
#[cfg_attr(docsrs, doc(cfg(feature = "tokio-util")))]
pub mod tokio_util;

#[cfg(all(feature = "embassy-time", feature = "embedded-io-async"))]
pub use embassy_time::EmbassyTimer;
#[cfg(feature = "rand_core-06")]
pub use rand_core::RandCore06;
#[cfg(feature = "rand_core-09")]
pub use rand_core::RandCore09;
#[cfg(feature = "rand_core-010")]
pub use rand_core::RandCore010;
#[cfg(any(feature = "embedded-io", feature = "futures", feature = "tokio"))]
pub use read_error::ReadError;
#[cfg(feature = "embedded-io")]
pub use request::{HeaderError, HeaderList, Request};
#[cfg(feature = "std")]
pub use std_time::StdClock;
