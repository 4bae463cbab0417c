//! How the tools are started, and the servers that they talk to.

pub(crate) mod script;
pub(crate) mod server;
pub(crate) mod tail;
pub(crate) mod tool;
