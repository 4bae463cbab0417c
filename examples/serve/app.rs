//! The routes of the server: the page at `/`, the stream at `/events`.
//!
//! This module uses axum and tokio's clock. It must not depend on arguments or files. The library decides when to send
//! keep-alives and how events are written.
//!
//! ```text
//! recording, or live events --> Connection (one for each client, at its own pace) --> EventBody --> axum
//! ```
//!
//! All connections share one copy of each event. A client that reconnects, or that reads too slowly, is sent the events
//! that it missed. If some of them are no longer kept, it is sent an event of the type `cut` first.

#[path = "connection.rs"]
mod connection;
#[path = "live.rs"]
mod live;

use core::sync::atomic::AtomicUsize;
use core::time::Duration;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Router, response::AppendHeaders};
use connection::{Connection, CutOnPurpose};
use embedded_sse::io::http_body::{EncodedFrame, EventBody};
use embedded_sse::io::tokio::Clock;
use embedded_sse::server::{HEADERS, Schedule};
use futures_util::{StreamExt, stream};
use live::Live;

/// What to serve, and which failures to produce.
pub(crate) struct Options {
    /// Frames, each with the unique ID of its event. Each client is sent all of them from the start, one every
    /// [`every`](Self::every), and then the response ends. A client that has seen all of them gets status 204, so that
    /// it stops. Without a recording the server generates numbered events, the same for all clients.
    pub(crate) recording: Option<Vec<(String, EncodedFrame)>>,
    /// The event types that the page listens to.
    pub(crate) types: Vec<String>,
    /// The time between two events, at least 1 ms.
    pub(crate) every: Duration,
    /// How many generated events are kept for clients that reconnect. A recording is kept completely.
    pub(crate) history: u32,
    /// Each connection is cut after this many events, in the middle of the next one, at a byte that varies.
    pub(crate) cut_after: Option<u64>,
    /// The statuses of the responses to the next requests for the stream, in order. A 200 serves the stream.
    pub(crate) statuses: VecDeque<StatusCode>,
    /// The longest time between two writes to a connection.
    pub(crate) keep_alive: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            recording: None,
            types: ["message", "reading"].map(Into::into).into(),
            every: Duration::from_millis(200),
            history: 1000,
            cut_after: None,
            statuses: VecDeque::new(),
            keep_alive: Duration::from_secs(15),
        }
    }
}

/// Creates the routes.
pub(crate) fn router(options: Options) -> Router {
    let page = page(&options.types);
    let every = options.every.max(Duration::from_millis(1));
    let server = Arc::new(Server {
        events: match options.recording {
            Some(recording) => Events::Recorded(Arc::new(Recorded::new(recording))),
            None => Events::Live(Arc::new(Live::new(options.history, every))),
        },
        every,
        statuses: Mutex::new(options.statuses),
        connections: AtomicUsize::new(0),
        cut_after: options.cut_after,
        keep_alive: options.keep_alive,
        clock: Clock::new(),
    });
    Router::new().route("/", get(|| async { Html(page) })).route("/events", get(events).post(events)).with_state(server)
}

struct Server {
    events: Events,
    every: Duration,
    statuses: Mutex<VecDeque<StatusCode>>,
    /// How many connections there have been.
    connections: AtomicUsize,
    cut_after: Option<u64>,
    keep_alive: Duration,
    clock: Clock,
}

enum Events {
    Recorded(Arc<Recorded>),
    Live(Arc<Live>),
}

struct Recorded {
    frames: Vec<EncodedFrame>,
    /// The index of the frame with each ID.
    index: HashMap<String, usize>,
}

impl Recorded {
    fn new(recording: Vec<(String, EncodedFrame)>) -> Self {
        let (ids, frames): (Vec<_>, _) = recording.into_iter().unzip();
        Self { frames, index: ids.into_iter().zip(0..).collect() }
    }
}

/// Serves the stream. The body of a POST is read and discarded.
async fn events(State(server): State<Arc<Server>>, headers: HeaderMap, question: Body) -> Response {
    let mut question = question.into_data_stream();
    while let Some(Ok(_)) = question.next().await {}
    let status = server.statuses.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or(StatusCode::OK);
    if status != StatusCode::OK {
        return refusal(status);
    }
    let last_event_id = headers.get("last-event-id").map_or(&b""[..], |id| id.as_bytes());
    let Some(connection) = Connection::new(&server, last_event_id) else {
        return StatusCode::NO_CONTENT.into_response();
    };
    let schedule = Schedule::new(server.clock.now()).keep_alive(server.keep_alive);
    let frames = stream::try_unfold(connection, |mut connection| async {
        Ok::<_, CutOnPurpose>(connection.next().await?.map(|frame| (frame, connection)))
    });
    let body = EventBody::new(Box::pin(frames), schedule, server.clock);
    (AppendHeaders(HEADERS), Body::new(body)).into_response()
}

fn refusal(status: StatusCode) -> Response {
    let text = format!("{status}, as requested on the command line\n");
    match status {
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            (status, [(RETRY_AFTER, "1")], text).into_response()
        }
        _ if status.is_redirection() => (status, [(LOCATION, "/events")], text).into_response(),
        _ if status == StatusCode::NO_CONTENT => status.into_response(),
        _ => (status, text).into_response(),
    }
}

/// Returns the page, set up to listen to these event types.
fn page(types: &[String]) -> String {
    // `<` could start `</script>`, which ends the script.
    let types = serde_json::Value::from(types).to_string().replace('<', "\\u003c");
    include_str!("page.html").replace("[/* types */]", &types)
}
