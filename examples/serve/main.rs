//! An event server for trying out clients. Run `serve`, and open the page that it prints.
//!
//! This file handles arguments, files and the socket. The routes belong in `app.rs`.

// With a path, so that `tail` can include the same file from its own folder.
#[path = "app.rs"]
mod app;
mod http;
mod recording;
#[path = "../stdio/mod.rs"]
mod stdio;

use core::net::SocketAddr;
use core::time::Duration;
use std::fs;
use std::io::Write;
use std::process::ExitCode;

use app::Options;
use axum::http::StatusCode;
use clap::Parser;
use http::Limits;
use recording::Recording;
use stdio::Messages;
use tokio::net::TcpListener;

/// Serve Server-Sent Events: a page at /, the stream at /events (GET and POST).
///
/// By default the server generates numbered events, the same for all clients.
/// With --replay it sends a recording to each client, from the start.
///
/// A client that reconnects with Last-Event-ID gets the events that it missed. If
/// some of them are no longer kept, it gets an event of the type "cut" first.
///
/// HTTP/1.1 and HTTP/2, without TLS. A connection is closed if no complete request
/// arrives on it for 10 s while no response is in progress.
///
/// The address is printed on standard output, or on standard error if standard
/// output cannot be written.
///
/// Exit status:
///   1  cannot serve
///   2  invalid arguments
///   5  standard output or standard error could not be written, whatever else
///      happened
#[derive(Parser)]
#[command(name = "serve", verbatim_doc_comment)]
struct Arguments {
    /// Address to listen on; port 0 chooses a free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// Send the events of this recorded stream; they are numbered from 1 unless each has a unique ID
    #[arg(long, value_name = "FILE")]
    replay: Option<String>,
    /// Time between two events, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    every: u32,
    /// Keep the last N events for clients that reconnect; a recording is kept completely
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    history: u32,
    /// Cut each connection after N events, in the middle of the next one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    cut_after: Option<u64>,
    /// Answer the next request for the stream with this status; can be given several times, for consecutive requests
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u16).range(200..600))]
    status: Vec<u16>,
    /// Serve at most N connections at once; further ones wait
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    connections: u32,
}

const NOT_SERVED: u8 = 1;

fn main() -> ExitCode {
    let messages = Messages::new("serve");
    let status = match messages.parse(|text| text) {
        Ok(arguments) => {
            if let Err(error) = run(arguments, &messages) {
                messages.say(error);
            }
            NOT_SERVED
        }
        Err(status) => status,
    };
    messages.exit(status)
}

/// Serves. Returns only if it cannot serve, or cannot print the address.
fn run(arguments: Arguments, messages: &Messages) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| format!("cannot start the runtime: {error}"))?.block_on(serve(arguments, messages))
}

async fn serve(arguments: Arguments, messages: &Messages) -> Result<(), String> {
    let mut options = Options {
        every: Duration::from_millis(arguments.every.into()),
        history: arguments.history,
        cut_after: arguments.cut_after,
        statuses: arguments.status.into_iter().filter_map(|status| StatusCode::from_u16(status).ok()).collect(),
        ..Options::default()
    };
    if let Some(name) = arguments.replay {
        let stream = fs::read(&name).map_err(|error| format!("{name}: {error}"))?;
        let recording = Recording::read(&stream).map_err(|error| format!("{name}: {error}"))?;
        (options.recording, options.types) = (Some(recording.frames), recording.types);
    }
    let address = arguments.listen;
    let no_socket = |error| format!("{address}: {error}; choose another address with --listen");
    let listener = TcpListener::bind(address).await.map_err(no_socket)?;
    let address = listener.local_addr().map_err(no_socket)?;
    let line = format!("listening on http://{address}/");
    if let Err(error) = stdio::output().and_then(|mut output| output.write_all(format!("{line}\n").as_bytes())) {
        if !messages.say(format_args!("standard output: {error}; {line}")) {
            return Ok(());
        }
    }
    let limits = Limits { connections: arguments.connections as usize, ..Limits::default() };
    match http::serve(listener, app::router(options), limits).await {}
}
