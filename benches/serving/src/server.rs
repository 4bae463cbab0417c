//! The servers. Each publishes the same events, and sends them to all clients. This module must not depend on how they are
//! measured.

use core::convert::Infallible;
use core::time::Duration;
use std::io::{Write, stdin, stdout};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use clap::ValueEnum;
use embedded_sse::Frame;
use embedded_sse::io::http_body::Feed;
use embedded_sse::io::tokio::Clock;
use embedded_sse::server::HEADERS;
use futures_util::{Stream, stream};
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::time::{MissedTickBehavior, interval};

use crate::round::Load;

/// What serves the events.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Contender {
    /// A `Feed` of this crate, in axum
    Ours,
    /// axum's own `Sse` over a channel
    Axum,
    /// nginx with nchan
    Nchan,
}

impl Contender {
    /// Returns the value of the option `--serve`.
    pub const fn argument(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Axum => "axum",
            Self::Nchan => "nchan",
        }
    }

    /// Returns the name for messages and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "`Feed` in axum",
            Self::Axum => "axum's `Sse` over `broadcast`",
            Self::Nchan => "nginx with nchan",
        }
    }
}

/// The length of the data of an event, in bytes.
pub const DATA: usize = 200;

/// Returns the data of an event: the time, in nanoseconds, and padding.
pub fn data() -> String {
    format!("{:0DATA$}", now())
}

/// Returns the time of the system in nanoseconds, which all processes share.
pub fn now() -> u64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Serves, until the process is killed.
pub fn run(contender: Contender, load: &Load) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.map_err(text)?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(text)?;
        let port = listener.local_addr().map_err(text)?.port();
        let listener = listener.tap_io(|socket| {
            // Only a connection that is already broken fails here.
            let _ = socket.set_nodelay(true);
        });
        match contender {
            Contender::Ours => {
                let feed = Arc::new(Feed::new(1 << 20, Clock::new()));
                let routes = Router::new().route("/events", get(ours)).with_state(feed.clone());
                tokio::spawn(async move { axum::serve(listener, routes).await });
                publish(port, load, || feed.publish(&Frame::new().data(&data()))).await
            }
            Contender::Axum => {
                let sender = broadcast::Sender::new(1024);
                let routes = Router::new().route("/events", get(axums)).with_state(sender.clone());
                tokio::spawn(async move { axum::serve(listener, routes).await });
                let mut number = 0_u64;
                let next = || {
                    number += 1;
                    // Fails only if there are no receivers.
                    let _ = sender.send(Event::default().id(number.to_string()).data(data()));
                };
                publish(port, load, next).await
            }
            Contender::Nchan => Err("nginx is a program of its own".into()),
        }
    })
}

async fn ours(State(feed): State<Arc<Feed<Clock>>>, headers: HeaderMap) -> Response {
    let last_event_id = headers.get("last-event-id").map_or(&b""[..], |id| id.as_bytes());
    (AppendHeaders(HEADERS), Body::new(feed.subscribe(last_event_id))).into_response()
}

async fn axums(
    State(sender): State<broadcast::Sender<Event>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let events =
        stream::unfold(sender.subscribe(), |mut events| async { Some((Ok(events.recv().await.ok()?), events)) });
    Sse::new(events).keep_alive(KeepAlive::default())
}

/// Prints the port, waits for a line, publishes all events, and stays.
async fn publish(port: u16, load: &Load, mut next: impl FnMut()) -> Result<(), String> {
    writeln!(stdout(), "{port}").map_err(text)?;
    tokio::task::spawn_blocking(|| stdin().read_line(&mut String::new())).await.map_err(text)?.map_err(text)?;
    let mut clock = interval(Duration::from_secs(1) / load.rate);
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for _ in 0..load.events {
        clock.tick().await;
        next();
    }
    core::future::pending().await
}

fn text(error: impl ToString) -> String {
    error.to_string()
}
