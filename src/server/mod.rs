//! The server side: response headers, keep-alive, the end of a response, and replay for clients that reconnect.
//!
//! Nothing here does I/O or reads a clock: you pass the time in. [`Frame`](crate::Frame) encodes the events.
//!
//! 1. Begin the response with [`HEADERS`].
//! 2. Look up the client's `Last-Event-ID` header with [`Replay::resume`], which returns the client's [`Cursor`].
//! 3. Write what [`Replay::next`] returns: first what the client missed, then each new event when it happens. Between
//!    events, do what the [`Schedule`] of the connection returns.
//!
//! ```
//! use core::time::Duration;
//! use embedded_sse::client::Instant;
//! use embedded_sse::server::{HEADERS, Next, Replay, Schedule, Turn};
//! use embedded_sse::{Frame, event_id, single_line};
//!
//! let mut replay = Replay::new([0; 1024]); // one for all clients
//! replay.push(&Frame::new().id(event_id!("1")).data("light on"))?;
//! replay.push(&Frame::new().id(event_id!("2")).data("light off"))?;
//!
//! // A client reconnects with `Last-Event-ID: 1`.
//! let mut response = Vec::from("HTTP/1.1 200 OK\r\n");
//! for (name, value) in HEADERS {
//!     response.extend(format!("{name}: {value}\r\n").bytes());
//! }
//! response.extend(b"connection: close\r\n\r\n");
//! let mut cursor = replay.resume(b"1").unwrap_or(replay.end());
//! loop {
//!     match replay.next(&mut cursor) {
//!         Next::Frame(kept) => response.extend(kept.frame),
//!         // Some events are gone. An event without an ID says so.
//!         Next::Cut => response.extend_from_slice(Frame::new().event_type(single_line!("cut")).data("").encode(&mut [0; 32])?),
//!         _ => break, // wait for the next event
//!     }
//! }
//! assert!(response.ends_with(b"id: 2\ndata: light off\n\n"));
//!
//! let mut schedule = Schedule::new(Instant::from_millis(0)).keep_alive(Duration::from_secs(15));
//! let now = Instant::from_millis(15_000);
//! if schedule.poll(now) == Turn::KeepAlive {
//!     response.extend_from_slice(Frame::KEEP_ALIVE.encode(&mut [0; 8])?);
//!     schedule.wrote(now);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod replay;
mod schedule;

pub use replay::{Cursor, Frames, Kept, Next, PushError, Replay, Resume};
pub use schedule::{Schedule, Turn};

/// The names and values of the headers that a response with events needs. The names are in lower case, as HTTP/2
/// requires.
///
/// | header | value | effect |
/// |---|---|---|
/// | `content-type` | `text/event-stream` | Clients only accept this type. |
/// | `cache-control` | `no-cache` | Caches do not store the stream. |
/// | `x-accel-buffering` | `no` | nginx forwards each event at once. |
///
/// ```
/// use embedded_sse::server::HEADERS;
///
/// let mut head = String::from("HTTP/1.1 200 OK\r\n");
/// for (name, value) in HEADERS {
///     head += &format!("{name}: {value}\r\n");
/// }
/// head += "\r\n";
/// assert!(head.contains("content-type: text/event-stream\r\n"));
/// ```
pub const HEADERS: [(&str, &str); 3] =
    [("content-type", "text/event-stream"), ("cache-control", "no-cache"), ("x-accel-buffering", "no")];
