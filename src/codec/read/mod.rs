//! Decodes bytes to events: the tokenizer splits lines, the machine applies fields, and the stores keep what a chunk
//! border cuts.
//!
//! This module must not depend on the target processor or on how a stream is written.

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
