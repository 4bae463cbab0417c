//! HTTP clients as transports of the driver: [`Reqwless`] and [`EdgeHttp`].
//!
//! Each is one file that knows its client, and no more of the protocol than which header is which. Where to send a request,
//! `target.rs` knows. Copy the file you need, or depend on this crate by its path.

#![no_std]

#[cfg(feature = "edge-http")]
mod edge_http;
#[cfg(feature = "reqwless")]
mod reqwless;
mod target;

#[cfg(feature = "edge-http")]
pub use edge_http::{EdgeHttp, EdgeHttpError};
#[cfg(feature = "reqwless")]
pub use reqwless::{Reqwless, ReqwlessError};
pub use target::{BadUrl, Target};
