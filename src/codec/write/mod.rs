//! Frames to bytes: what stands on the wire, and the ways to get it there.
//!
//! Must not know how a stream is read, nor where its bytes go.

pub(super) mod data_writer;
pub(super) mod frame;
pub(super) mod output;
pub(super) mod segments;
pub(super) mod wire;
