//! Bridges to other crates: one file per ecosystem, each behind its feature. No protocol decisions are made here.

#[cfg(feature = "embedded-io")]
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
#[cfg(feature = "embedded-io")]
mod next_error;
#[cfg(any(feature = "rand_core-06", feature = "rand_core-09", feature = "rand_core-010"))]
mod rand_core;
#[cfg(feature = "embedded-io")]
mod request;
#[cfg(feature = "std")]
mod std_time;

#[cfg(all(feature = "embassy-time", feature = "embedded-io-async"))]
pub use embassy_time::EmbassyTimer;
#[cfg(feature = "rand_core-06")]
pub use rand_core::RandCore06;
#[cfg(feature = "rand_core-09")]
pub use rand_core::RandCore09;
#[cfg(feature = "rand_core-010")]
pub use rand_core::RandCore010;
#[cfg(feature = "embedded-io")]
pub use request::{HeaderError, HeaderList, Request};
#[cfg(feature = "std")]
pub use std_time::StdClock;
