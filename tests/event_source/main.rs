//! Tests of the event source: over scripted responses in virtual time, and over HTTP clients.
#![cfg(all(feature = "event-source", feature = "tokio"))]

#[path = "world.rs"]
mod harness;
#[path = "../harness/script.rs"]
mod script;
mod server;

mod blocking;
mod clients;
mod drops;
mod journal;
mod journal_runs;
/// A server and an application that know what is true.
#[path = "../delivery"]
mod model {
    pub(crate) mod application;
    pub(crate) mod server;
}
#[path = "../client/scenarios.rs"]
mod scenarios;
mod stream;
