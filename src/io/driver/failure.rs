//! Describes why an attempt or a connection has ended.
//!
//! This module words what happened. It must not decide what happens next: the session does.

use core::error::Error;
use core::fmt;

use super::request::HeaderError;

/// Why an attempt or a connection has ended. The `Display` text is a message for a log.
///
/// The driver does not keep the errors of your transport. Log them where they occur, in `open`.
///
/// ```
/// use embedded_sse::io::driver::Failure;
///
/// fn needs_help(why: Failure) -> bool {
///     match why {
///         Failure::Headers(_) | Failure::ContentType => true, // correct the headers, or the URL
///         Failure::Status(status) => status < 500,
///         _ => false,
///     }
/// }
/// assert!(!needs_help(Failure::Status(503)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Failure {
    /// The headers of the request could not be written, and nothing was sent.
    Headers(HeaderError),
    /// The transport returned without a response: there is no connection, or it broke.
    Client,
    /// No response arrived in time: [`Policy::connect_timeout`](crate::client::Policy::connect_timeout).
    TimedOut,
    /// The server answered with this status instead of a stream.
    ///
    /// A status from 300 to 399 means that it redirects to nowhere, or that there were more than
    /// [`MAX_REDIRECTS`](crate::client::Session::MAX_REDIRECTS).
    Status(u16),
    /// The response has status 200, but another content type, or none. Check the URL.
    ContentType,
    /// The connection broke while the stream was read.
    Body,
    /// No byte arrived for too long ([`Policy::liveness`](crate::client::Policy::liveness)), or no event
    /// ([`Policy::progress`](crate::client::Policy::progress)).
    Silent,
    /// The server ended the stream.
    #[non_exhaustive]
    Ended {
        /// Whether it ended in the middle of an event, which was dropped.
        mid_event: bool,
    },
    /// The connection was behind the state that you have fetched. Only with a journal.
    Behind,
    /// You have restarted the stream, or reported that the network is down or has changed.
    Interrupted,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Headers(error) => return error.fmt(f),
            Self::Status(status) => return write!(f, "the server answered with status {status}"),
            Self::Client => "no connection or no response",
            Self::TimedOut => "no response in time; check that the server is alive",
            Self::ContentType => "the response is not an event stream; check the URL",
            Self::Body => "the connection broke",
            Self::Silent => "the server was silent for too long",
            Self::Ended { mid_event: false } => "the stream ended",
            Self::Ended { mid_event: true } => "the stream ended in the middle of an event",
            Self::Interrupted => "the application restarted the stream or reported a change of the network",
            Self::Behind => "the connection is behind the state that the application has fetched",
        })
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Headers(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn messages_name_the_reason_in_words() {
        for (why, message) in [
            (Failure::Headers(HeaderError::Full), "the request's headers are too long for their room"),
            (Failure::Status(503), "the server answered with status 503"),
            (Failure::Ended { mid_event: true }, "the stream ended in the middle of an event"),
        ] {
            assert_eq!(why.to_string(), message);
        }
        let full = Failure::Headers(HeaderError::Full);
        assert_eq!(full.source().and_then(|error| error.downcast_ref()), Some(&HeaderError::Full));
        assert!(Failure::Body.source().is_none());
    }
}
