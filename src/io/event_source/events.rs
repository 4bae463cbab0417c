//! The plain form of an event source: events, and an error if it stops.
//!
//! This module selects news. It must not change what the source does.

use alloc::boxed::Box;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::Stream;

use super::failure::Failure;
use super::next::{Leave, Next};
use super::{EventSource, News};
use crate::client::StopReason;
use crate::codec::{OwnedEvent, TooLong};

/// Yields only the events of an [`EventSource`], and at last why it stopped. [`EventSource::events`] creates it.
///
/// Lost connections are not reported. The stream ends without an error if you [closed](EventSource::close) it, reported
/// its [last event](EventSource::finished), if the server has no more events (status 204), or at the end of the response
/// with [`Policy::stop_at_end`](crate::client::Policy::stop_at_end).
///
/// ```
/// use embedded_sse::io::event_source::{Error, EventSource};
///
/// /// Returns the text of an answer that ends with `[DONE]`.
/// async fn text(source: EventSource) -> Result<String, Error> {
///     let (mut events, mut text) = (source.events(), String::new());
///     while let Some(event) = events.next().await {
///         let event = event?;
///         match event.data() {
///             b"[DONE]" => events.source().finished(),
///             _ => text += &event.data_lossy().to_string(),
///         }
///     }
///     Ok(text)
/// }
/// ```
#[derive(Debug)]
#[must_use = "streams do nothing unless they are polled"]
pub struct Events {
    source: EventSource,
}

impl Events {
    pub(super) const fn new(source: EventSource) -> Self {
        Self { source }
    }

    /// Returns the next event, from this connection or a later one, or `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`], after which the stream continues, and [`Error::Stopped`], after which it is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe, as [`EventSource::next`] is.
    pub async fn next(&mut self) -> Option<Result<OwnedEvent, Error>> {
        Next(self).await
    }

    /// Returns the source, for example to report the last event.
    pub const fn source(&mut self) -> &mut EventSource {
        &mut self.source
    }
}

impl Stream for Events {
    type Item = Result<OwnedEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Some(news) = ready!(Pin::new(&mut self.source).poll_next(context)) else { return Poll::Ready(None) };
            let item = match news {
                News::Event(event) => Ok(event),
                News::TooLong(too_long) => Err(Error::TooLong(too_long)),
                News::Stopped { reason: StopReason::Closed | StopReason::Finished | StopReason::NoContent, .. }
                | News::Stopped { reason: StopReason::Ended, why: Some(Failure::Ended { mid_event: false }) } => {
                    return Poll::Ready(None);
                }
                News::Stopped { reason, why } => Err(Error::Stopped { reason, why: why.map(Box::new) }),
                _ => continue,
            };
            return Poll::Ready(Some(item));
        }
    }
}

impl Leave for Events {
    fn leave(&mut self) {
        self.source.leave();
    }
}

/// Why [`Events`] yields no event.
///
/// ```
/// use embedded_sse::client::StopReason;
/// use embedded_sse::io::event_source::Error;
///
/// fn needs_login(error: &Error) -> bool {
///     matches!(error, Error::Stopped { reason: StopReason::Credentials(_), .. })
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Something in the stream did not fit and was skipped. The stream continues.
    TooLong(TooLong),
    /// There will be no other attempt.
    Stopped {
        /// Why there is no other attempt.
        reason: StopReason,
        /// What happened to the last attempt or connection.
        why: Option<Box<Failure>>,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(too_long) => too_long.fmt(f),
            Self::Stopped { reason, why: Some(why) } => write!(f, "the event stream is over: {reason}: {why}"),
            Self::Stopped { reason, why: None } => write!(f, "the event stream is over: {reason}"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::TooLong(too_long) => Some(too_long),
            Self::Stopped { why, .. } => why.as_deref().map(|why| why as &(dyn core::error::Error + 'static)),
        }
    }
}
