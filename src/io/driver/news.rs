//! What a driver reports.
//!
//! This module holds values only.

use core::time::Duration;

use super::failure::Failure;
use crate::client::StopReason;
use crate::codec::{Buffer, Decoder, Event, Found, Item, TooLong};

/// What happens on a stream, in order, as returned by a driver that you created with `with_news`.
///
/// ```
/// use embedded_sse::io::driver::News;
///
/// fn show(news: &News<'_>) {
///     match news {
///         News::Event(event) => println!("{}", event.data_lossy()),
///         News::Opened => eprintln!("connected"),
///         News::Lost { why, wait: Some(wait), .. } => eprintln!("{why}; next attempt in {wait:?}"),
///         News::Lost { why, wait: None, .. } => eprintln!("{why}; waiting for the network"),
///         News::Stopped { reason, why: Some(why), .. } => eprintln!("{reason}: {why}"),
///         News::Stopped { reason, why: None, .. } => eprintln!("{reason}"),
///         News::TooLong(too_long) => eprintln!("{too_long}"),
///         _ => {}
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum News<'a> {
    /// An event arrived.
    Event(Event<'a>),
    /// A comment arrived, if you asked for `comments`. It is everything after the colon, including a leading space.
    Comment(&'a [u8]),
    /// The server set this reconnection time, if you asked for `reconnection_times`. It is in force already.
    Retry(Duration),
    /// Something in the stream did not fit and was skipped. The stream continues.
    TooLong(TooLong),
    /// The stream is open.
    Opened,
    /// An attempt failed or the connection was lost. Another attempt follows.
    #[non_exhaustive]
    Lost {
        /// What happened.
        why: Failure,
        /// How long until the next attempt. `None`: until you report the network as up.
        wait: Option<Duration>,
        /// The number of consecutive failures, without a stable connection between them.
        failures: u32,
    },
    /// The network is down, as you have reported. Only the blocking driver returns this, each time you ask it for news
    /// until you report the network as up. The asynchronous driver waits.
    Offline,
    /// There will be no other attempt. It goes on if you ask for a restart.
    #[non_exhaustive]
    Stopped {
        /// Why there is no other attempt.
        reason: StopReason,
        /// What happened to the last attempt or connection. `None` if you stopped the stream yourself.
        why: Option<Failure>,
    },
}

impl<'a> News<'a> {
    /// Returns what a step over `lent` has found.
    pub(super) fn found<B: Buffer, I: Buffer>(found: Found, decoder: &'a Decoder<B, I>, lent: &'a [u8]) -> Self {
        match found {
            Found::TooLong(too_long) => Self::TooLong(too_long),
            found => match decoder.item(found, lent) {
                Item::Event(event) => Self::Event(event),
                Item::Comment(comment) => Self::Comment(comment),
                Item::Retry(time) => Self::Retry(time),
            },
        }
    }
}
