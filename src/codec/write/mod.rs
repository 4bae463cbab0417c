//! Encodes frames: the bytes of a frame, and the ways to write them.
//!
//! This module must not depend on how a stream is read or where its bytes are sent.

pub(super) mod data_writer;
pub(super) mod frame;
pub(super) mod output;
pub(super) mod relay;
pub(super) mod segments;
pub(super) mod wire;
