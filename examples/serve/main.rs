//! An event server to try clients on: `serve`, and open the page that it names.
//!
//! Knows arguments, files and the socket; what is served, `app.rs` says.

// As a path, so that `tail` can take the same file from where it stands.
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

/// Serves Server-Sent Events: a page at /, the stream at /events, with GET and with POST.
///
/// The events are numbered and made up, the same ones for all clients, or those of a recording, from its beginning for each client.
/// A client that comes back with Last-Event-ID is sent what it missed, or an event of the type `cut` if that is no longer there.
///
/// HTTP/1.1 and HTTP/2, without TLS. A connection is closed when no request has come whole on it for 10 s, and none is being
/// answered.
///
/// Exit status: 1 when it cannot serve, 2 for wrong arguments, 5 when standard output or standard error could not be written. The
/// address, if standard output does not take it, is told on standard error.
#[derive(Parser)]
#[command(name = "serve")]
struct Arguments {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// Send the events of this recorded stream, with their IDs, or numbered if not each has one of its own
    #[arg(long, value_name = "FILE")]
    replay: Option<String>,
    /// The time between two events, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    every: u32,
    /// Keep this many events for clients that come back; a recording is kept whole
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    history: u32,
    /// Cut each connection after this many events, in the middle of the next
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    cut_after: Option<u64>,
    /// Answer the next request for the stream with this status; may be given many times, for one request after another
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u16).range(200..600))]
    status: Vec<u16>,
    /// Keep so many connections open at once; more wait for one that ends
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

/// Ends only when it cannot serve, or cannot tell where.
fn run(arguments: Arguments, messages: &Messages) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| format!("no runtime: {error}"))?.block_on(serve(arguments, messages))
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
    let no_socket = |error| format!("{address}: {error}; --listen names another address");
    let listener = TcpListener::bind(address).await.map_err(no_socket)?;
    let address = listener.local_addr().map_err(no_socket)?;
    let told = format!("listening on http://{address}/");
    if let Err(error) = stdio::output().and_then(|mut output| output.write_all(format!("{told}\n").as_bytes())) {
        if !messages.say(format_args!("standard output: {error}; {told}")) {
            return Ok(());
        }
    }
    let limits = Limits { connections: arguments.connections as usize, ..Limits::default() };
    match http::serve(listener, app::router(options), limits).await {}
}
