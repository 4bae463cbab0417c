#![doc = include_str!("../README.md")]
#![no_std]
#![deny(clippy::alloc_instead_of_core, clippy::std_instead_of_core, clippy::std_instead_of_alloc)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(test, feature = "alloc"))]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod client;
pub mod codec;
pub mod io;
mod jitter;
pub mod rules;
pub mod server;
mod time;

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub use codec::OwnedEvent;
pub use codec::{
    BufferFull, DataWriter, Decoder, Encoder, Event, EventId, Field, FixedEvent, Found, Frame, InvalidEventId, Item,
    LineBreak, Lossy, Segments, SetIdError, SingleLine, Step, Token, Tokenizer, TooLong,
};
