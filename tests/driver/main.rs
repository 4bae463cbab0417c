//! The scenarios of connections over both drivers, in virtual time. Each outcome is compared with that of a session without
//! a driver: attempts, delays, IDs, events and losses, with their times.
#![cfg(feature = "embedded-io-async")]
#![allow(clippy::duplicate_mod, reason = "both drivers run the same scenarios")]

mod asynchronous;
mod blocking;
#[path = "../harness/mod.rs"]
mod reference;
mod world;
