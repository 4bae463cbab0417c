//! Tests of reconnecting: the state machine, the session, and what a response means.

#[path = "../harness/mod.rs"]
mod harness;

mod by_hand;
mod liveness;
mod operations;
mod reconnect;
mod response;
mod scenario_rows;
mod scenarios;
