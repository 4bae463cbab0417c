//! Bytes to events: the tokenizer cuts lines, the machine knows what each does, and the stores keep what a chunk border cuts.
//!
//! Must not know which processor runs it, nor how a stream is written.

pub(super) mod block;
#[cfg(test)]
mod heartbeat;
pub(super) mod last_event_id;
#[cfg(test)]
mod linear_work;
pub(super) mod machine;
pub(super) mod retry;
pub(super) mod span;
pub(super) mod step;
pub(super) mod tokenizer;
