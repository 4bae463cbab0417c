//! Transports for the asynchronous driver over HTTP clients: [`Reqwless`] and [`EdgeHttp`].
//!
//! To use one, copy its file and `target.rs`, or depend on this crate by its path. Each transport is one file that must
//! only depend on its own client. [`Target`] determines where a request goes.

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
