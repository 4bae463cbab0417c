//! What it takes to serve events: when to write though there is nothing to say, when to let a client go, and what to tell one
//! that comes back.
//!
//! Knows no I/O and no clock; time is an argument. The bytes on the wire are the codec's.

mod replay;
mod schedule;

pub use replay::{Events, PushError, Replay, Resume};
pub use schedule::{Schedule, Turn};

/// Names, in the lower case of HTTP/2, and values of the headers that a response of events needs: what it is, that nothing keeps
/// it, and that nginx does not hold it back.
pub const HEADERS: [(&str, &str); 3] =
    [("content-type", "text/event-stream"), ("cache-control", "no-cache"), ("x-accel-buffering", "no")];
