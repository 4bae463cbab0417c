//! Starts the tools, and the servers that they connect to.

pub(crate) mod script;
pub(crate) mod server;
pub(crate) mod tail;
pub(crate) mod tool;
