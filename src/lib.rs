#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(test)]
extern crate std;

pub mod codec;

pub use codec::{Event, EventId, Field, InvalidEventId, Item, LineBreak, Lossy, SingleLine, TooLong};
