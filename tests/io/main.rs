//! Tests of the readers, writers, adapters and drivers in `io`. Each module needs its own features.

#[cfg(feature = "embedded-io-async")]
mod driver;
#[cfg(feature = "embedded-io-async")]
mod driver_journal;
#[cfg(feature = "embedded-io-async")]
mod driver_news;
#[cfg(feature = "embedded-io-async")]
mod driver_ready;
#[cfg(feature = "tokio")]
mod driver_send;
#[cfg(feature = "embedded-io-async")]
mod embedded_io;
#[cfg(feature = "embedded-io-async")]
mod world;

#[cfg(all(feature = "futures", feature = "tokio", feature = "tokio-util", feature = "http-body"))]
mod adapters;
#[cfg(all(feature = "tokio", feature = "http-body"))]
mod feed;
#[cfg(all(feature = "tokio", feature = "http-body"))]
mod restart;
#[cfg(feature = "tokio")]
mod resume_tokio;
#[cfg(all(feature = "futures", feature = "tokio", feature = "tokio-util", feature = "http-body"))]
mod transport;

#[cfg(any(feature = "embedded-io-async", feature = "tokio-util"))]
#[path = "../common/mod.rs"]
mod common;
#[cfg(any(feature = "embedded-io-async", feature = "tokio-util"))]
#[path = "../common/vectors.rs"]
mod the_vectors;
