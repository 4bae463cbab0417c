//! What `tail` shows without a URL: the server of `serve` in this process, on its worst behaviour.
//!
//! Knows how the server is made to misbehave; the client has no idea that it is one of ours.

use core::time::Duration;
use std::io;

use axum::http::StatusCode;
use embedded_sse::client::{Backoff, Policy};
use reqwest::Url;
use tokio::net::TcpListener;

use crate::app::{Options, router};

/// How long it takes.
pub(crate) const LENGTH: Duration = Duration::from_secs(10);

/// Starts the server on a free port of this machine, and tells the URL of its stream.
pub(crate) async fn serve() -> io::Result<Url> {
    let options = Options {
        every: Duration::from_millis(100),
        cut_after: Some(15),
        // The one that comes back first is sent away for a second.
        statuses: [StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE].into(),
        ..Options::default()
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router(options)).await });
    Url::parse(&format!("http://{address}/events")).map_err(io::Error::other)
}

/// A minute's worth of trouble in ten seconds: a connection that holds for one second is a good one.
pub(crate) fn policy(policy: Policy) -> Policy {
    let soon = Duration::from_millis(300);
    policy.backoff(Backoff::above_floor(soon, soon, Duration::from_secs(1))).stable_after(Duration::from_secs(1))
}
