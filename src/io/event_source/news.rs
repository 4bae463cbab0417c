//! What an event source reports.
//!
//! This module holds values only.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use http::Response;

use super::failure::Failure;
use crate::client::StopReason;
use crate::codec::{OwnedEvent, TooLong};

/// What happens on a stream, in order, as returned by [`EventSource::next`](super::EventSource::next).
///
/// ```
/// use embedded_sse::io::event_source::News;
///
/// fn show(news: &News) {
///     match news {
///         News::Event(event) => println!("{}", event.data_lossy()),
///         News::Opened(response) => eprintln!("connected: {}", response.status()),
///         News::Lost { why, wait: Some(wait), .. } => eprintln!("{why}; next attempt in {wait:?}"),
///         News::Lost { why, wait: None, .. } => eprintln!("{why}; waiting for the network"),
///         News::Stopped { reason, why: Some(why) } => eprintln!("{reason}: {why}"),
///         News::Stopped { reason, why: None } => eprintln!("{reason}"),
///         News::TooLong(too_long) => eprintln!("{too_long}"),
///         _ => {}
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum News {
    /// An event arrived.
    Event(OwnedEvent),
    /// A comment arrived, if you asked for [comments](super::EventSource::comments). It is everything after the colon,
    /// including a leading space.
    Comment(Vec<u8>),
    /// The server set this reconnection time, if you asked for [them](super::EventSource::reconnection_times). It is in
    /// force already.
    Retry(Duration),
    /// Something in the stream did not fit and was skipped. The stream continues.
    TooLong(TooLong),
    /// The stream is open. This is the head of the response.
    Opened(Box<Response<()>>),
    /// An attempt failed or the connection was lost. Another attempt follows.
    Lost {
        /// What happened.
        why: Failure,
        /// How long until the next attempt. `None`: until you report the network as up.
        wait: Option<Duration>,
        /// The number of consecutive failures, without a stable connection between them.
        failures: u32,
    },
    /// There will be no other attempt. The stream ends here. It goes on if you ask for a
    /// [restart](super::EventSource::restart).
    Stopped {
        /// Why there is no other attempt.
        reason: StopReason,
        /// What happened to the last attempt or connection. `None` if you stopped the stream yourself.
        why: Option<Failure>,
    },
}
