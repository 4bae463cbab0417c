//! Event servers of other projects, for `tail` to read: axum's `response::sse`, and picoserve.
//!
//! Prints `axum PORT` and `picoserve PORT`, and serves events at `/` on both, and on axum at `/regular`, until it is killed. It must
//! not depend on embedded-sse.

use core::convert::Infallible;
use core::net::Ipv4Addr;
use core::time::Duration;
use std::error::Error;
use std::process::ExitCode;
use std::rc::Rc;

use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
use picoserve::io::Write;
use picoserve::response::sse::{EventSource, EventStream, EventWriter};
use tokio::net::TcpListener;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match LocalSet::new().run_until(serve()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("servers: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let axum = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let picoserve = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("axum {}", axum.local_addr()?.port());
    println!("picoserve {}", picoserve.local_addr()?.port());
    let routes = axum::Router::new()
        .route("/", axum::routing::get(many_heartbeats))
        .route("/regular", axum::routing::get(regular_heartbeats));
    spawn_local(axum::serve(axum, routes).into_future());
    let routes =
        Rc::new(picoserve::Router::new().route("/", picoserve::routing::get(|| async { EventStream(Numbered) })));
    loop {
        let (socket, _) = picoserve.accept().await?;
        let routes = Rc::clone(&routes);
        spawn_local(async move {
            let config = picoserve::Config::const_default();
            let mut buffer = [0; 2048];
            // It is not a failure if a client closes the connection.
            let _ = picoserve::Server::new_tokio(&routes, &config, &mut buffer).serve(socket).await;
        });
    }
}

/// How many events axum sends on one connection, after those that the client has seen.
const AT_ONCE: u64 = 40;

/// Several heartbeats between two events. They follow each other too fast for a client to learn their interval.
async fn many_heartbeats(headers: HeaderMap) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(events(&headers, Duration::ZERO)).keep_alive(KeepAlive::new().interval(Duration::from_millis(2)))
}

/// A pause with ten heartbeats. A client learns their interval from three gaps that end at least ten seconds after the response.
async fn regular_heartbeats(headers: HeaderMap) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(events(&headers, Duration::from_secs(20))).keep_alive(KeepAlive::new().interval(Duration::from_secs(2)))
}

/// The events after those that the client has seen, with a pause before the twentieth.
fn events(headers: &HeaderMap, pause: Duration) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).unwrap_or(0);
    stream::unfold(seen, move |number| async move {
        let number = number + 1;
        sleep(Duration::from_millis(10) + if number == 20 { pause } else { Duration::ZERO }).await;
        let event = Event::default().id(number.to_string()).event(event_type(number)).data(data(number));
        let event = if number == 1 { event.retry(Duration::from_millis(20)) } else { event };
        (number <= seen + AT_ONCE).then_some((Ok(event), number))
    })
}

/// picoserve cannot write IDs, so its clients cannot resume. This stream therefore never ends.
struct Numbered;

impl EventSource for Numbered {
    async fn write_events<W: Write>(self, mut writer: EventWriter<'_, W>) -> Result<(), W::Error> {
        for number in 1.. {
            writer.write_keepalive().await?;
            writer.write_event(event_type(number), data(number).as_str()).await?;
            writer.flush().await?;
            sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }
}

/// The same types as in `servers.mjs`, so that one check fits all servers.
fn event_type(number: u64) -> &'static str {
    if number.is_multiple_of(3) { "reading" } else { "message" }
}

fn data(number: u64) -> String {
    if number.is_multiple_of(4) { format!("event {number}\nGrüße\n\n{{}}") } else { format!("event {number}") }
}
