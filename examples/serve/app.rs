//! The server as a service: the page at `/`, the stream at `/events`.
//!
//! Knows axum and tokio's clock, no arguments and no files. What came after an event, when to keep a connection alive and what
//! stands on the wire, the library says.
//!
//! ```text
//! producer --> Replay --> Connection (one for each client, at its own pace) --> EventBody --> axum
//! ```
//!
//! A client is never sent less than all without being told: what it missed comes out of the ring, and what is no longer in the
//! ring becomes an event of the type `cut`. This holds for one that comes back and for one that reads too slowly.

#[path = "connection.rs"]
mod connection;

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Router, response::AppendHeaders};
use connection::{Connection, CutOnPurpose};
use embedded_sse::io::http_body::{EncodedFrame, EventBody};
use embedded_sse::io::tokio::Clock;
use embedded_sse::server::{Events, HEADERS, Replay, Resume, Schedule};
use embedded_sse::{EventId, Frame, single_line};
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::interval;

/// What is served, and how badly.
pub(crate) struct Options {
    /// Sent to each client from its beginning, one event every [`every`](Self::every); the response ends with it. A client that
    /// has seen all is answered 204, so that it stays away. Without a recording the server makes up numbered events, the same
    /// ones for all clients.
    pub(crate) recording: Option<Replay<Vec<u8>>>,
    /// The types that the page listens to.
    pub(crate) types: Vec<String>,
    /// The time between two events, at least 1 ms.
    pub(crate) every: Duration,
    /// How many made-up events are kept for clients that come back. A recording is kept whole.
    pub(crate) history: u32,
    /// After this many whole events each connection breaks off within the next one, at a byte that varies.
    pub(crate) cut_after: Option<u64>,
    /// The next requests for the stream are answered with these, in turn; a 200 among them is an answer like any other.
    pub(crate) statuses: VecDeque<StatusCode>,
    /// Something is written at least this often.
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

/// The routes. The first made-up event is made when the first client is there.
pub(crate) fn router(options: Options) -> Router {
    let page = page(&options.types);
    // What a record takes at most, that of the event last seen included, and one that stays unused at the ring's end.
    let ring = (options.history as usize).saturating_add(2).saturating_mul(LONGEST);
    let feed = Feed {
        history: if options.recording.is_some() { usize::MAX } else { options.history as usize },
        is_recording: options.recording.is_some(),
        replay: options.recording.unwrap_or_else(|| Replay::new(vec![0; ring])),
        statuses: options.statuses,
        is_running: false,
        connections: 0,
    };
    let server = Arc::new(Server {
        feed: Mutex::new(feed),
        newest: watch::Sender::new(0),
        every: options.every.max(Duration::from_millis(1)),
        cut_after: options.cut_after,
        keep_alive: options.keep_alive,
        clock: Clock::new(),
    });
    Router::new().route("/", get(|| async { Html(page) })).route("/events", get(events).post(events)).with_state(server)
}

struct Server {
    feed: Mutex<Feed>,
    /// The number of the newest made-up event; 0 before the first. Set and read with the feed locked.
    newest: watch::Sender<u64>,
    every: Duration,
    cut_after: Option<u64>,
    keep_alive: Duration,
    clock: Clock,
}

struct Feed {
    replay: Replay<Vec<u8>>,
    is_recording: bool,
    history: usize,
    statuses: VecDeque<StatusCode>,
    is_running: bool,
    connections: u64,
}

/// The stream. The body of a POST is read, and not looked at.
async fn events(State(server): State<Arc<Server>>, headers: HeaderMap, _question: Bytes) -> Response {
    let status = server.feed().statuses.pop_front().unwrap_or(StatusCode::OK);
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
    let text = format!("{status}, as asked for on the command line\n");
    match status {
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            (status, [(RETRY_AFTER, "1")], text).into_response()
        }
        _ if status.is_redirection() => (status, [(LOCATION, "/events")], text).into_response(),
        _ if status == StatusCode::NO_CONTENT => status.into_response(),
        _ => (status, text).into_response(),
    }
}

impl Server {
    fn feed(&self) -> MutexGuard<'_, Feed> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Feed {
    /// What came after this event; `None` if that is no longer known.
    fn missed(&self, last_event_id: &[u8]) -> Option<VecDeque<EncodedFrame>> {
        match self.replay.after(last_event_id) {
            Resume::UpToDate => Some(VecDeque::new()),
            Resume::Events(events) if events.len() <= self.history => Some(copied(events)),
            _ => None,
        }
    }
}

fn copied(frames: Events<'_>) -> VecDeque<EncodedFrame> {
    frames.map(|frame| EncodedFrame::from_bytes(Bytes::copy_from_slice(frame))).collect()
}

/// Makes up an event now and then, until nobody serves them any more.
async fn produce(server: Weak<Server>, every: Duration) {
    let mut clock = interval(every);
    for number in 1.. {
        clock.tick().await;
        let Some(server) = server.upgrade() else { return };
        // Both under one lock: whoever sees the one sees the other.
        let mut feed = server.feed();
        push(&mut feed.replay, number);
        server.newest.send_replace(number);
    }
}

/// Its number is the event's ID and stands in its data; otherwise the events differ in all that events can differ in.
fn push(replay: &mut Replay<Vec<u8>>, number: u64) {
    let id = number.to_string();
    let data = match number % 4 {
        1 => format!("event {number}"),
        2 => format!("event {number}\nof more than one line\n\nand an empty one"),
        _ => format!(r#"{{"event":{number},"text":"Grüße"}}"#),
    };
    let mut frame = Frame::new().data(&data);
    if let Ok(id) = EventId::new(&id) {
        frame = frame.id(id);
    }
    if number.is_multiple_of(3) {
        frame = frame.event_type(single_line!("reading"));
    }
    if number.is_multiple_of(5) {
        frame = frame.comment("all is well");
    }
    // An event that did not get into the ring would be told as cut.
    let _ = replay.push(&frame);
}

/// A made-up event with all that the ring keeps of it is shorter.
const LONGEST: usize = 256;

/// The page, which listens to these types.
fn page(types: &[String]) -> String {
    // In a script `<` could end it.
    let types = serde_json::Value::from(types).to_string().replace('<', "\\u003c");
    include_str!("page.html").replace("[/* types */]", &types)
}
