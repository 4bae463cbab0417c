//! The demo that runs without a URL: the server of `serve` in this process, set up to drop connections.
//!
//! This module only sets up the server and the policy. The client must not treat this server differently from others.

use core::time::Duration;
use std::io;

use axum::http::StatusCode;
use embedded_sse::client::{Backoff, Policy};
use reqwest::Url;
use tokio::net::TcpListener;

use crate::app::{Options, router};

/// How long the demo runs.
pub(crate) const LENGTH: Duration = Duration::from_secs(10);

/// Starts the server on a free port of the loopback interface, and returns the URL of its stream.
pub(crate) async fn serve() -> io::Result<Url> {
    let options = Options {
        every: Duration::from_millis(100),
        cut_after: Some(15),
        // The first reconnect is refused for one second.
        statuses: [StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE].into(),
        ..Options::default()
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router(options)).await });
    Url::parse(&format!("http://{address}/events")).map_err(io::Error::other)
}

/// Shortens the times of the policy to fit into the demo: a connection counts as stable after one second.
pub(crate) fn policy(policy: Policy) -> Policy {
    let soon = Duration::from_millis(300);
    policy.backoff(Backoff::above_floor(soon, soon, Duration::from_secs(1))).stable_after(Duration::from_secs(1))
}
