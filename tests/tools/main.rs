//! Tests of the command-line tools in `examples/`.

mod common;

mod decode;
mod encode;
mod stdio;

#[cfg(all(feature = "event-source", feature = "tokio"))]
mod contract_service;

/// The server of the `serve` tool, for tests that run it in their own process.
#[cfg(all(feature = "http-body", feature = "tokio"))]
#[path = "../../examples/serve/app.rs"]
mod app;
#[cfg(all(feature = "http-body", feature = "tokio"))]
#[path = "../../examples/serve/http.rs"]
mod http;

#[cfg(all(feature = "http-body", feature = "tokio"))]
mod serve;
#[cfg(all(feature = "http-body", feature = "tokio"))]
mod serve_clients;
#[cfg(all(feature = "http-body", feature = "tokio"))]
mod serve_limits;

#[cfg(all(feature = "event-source", feature = "tokio"))]
mod tail;
#[cfg(all(feature = "event-source", feature = "tokio"))]
mod tail_hostile;
#[cfg(all(feature = "event-source", feature = "tokio"))]
mod tail_journal;
#[cfg(all(feature = "event-source", feature = "tokio"))]
mod tail_killed;
#[cfg(all(feature = "event-source", feature = "tokio"))]
mod tail_messages;
#[cfg(all(feature = "event-source", feature = "tokio"))]
mod tail_output;
#[cfg(all(feature = "event-source", feature = "tokio"))]
mod tail_redirects;
#[cfg(all(feature = "event-source", feature = "tokio"))]
mod tail_state;
#[cfg(all(feature = "event-source", feature = "tokio"))]
mod tail_tls;
