//! The error that both drivers share.

use core::error::Error;
use core::fmt;

use super::request::HeaderError;
use crate::client::StopReason;
use crate::codec::TooLong;

/// The reason why a driver returned no event. You may call the driver again after each of them.
///
/// ```
/// use embedded_sse::client::StopReason;
/// use embedded_sse::io::driver::NextError;
///
/// /// Returns whether to ask the driver again.
/// fn go_on(error: NextError) -> bool {
///     match error {
///         NextError::Stopped(_) => false,
///         _ => true, // log it
///     }
/// }
/// # assert!(!go_on(NextError::Stopped(StopReason::Closed)));
/// # assert!(go_on(NextError::Offline));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum NextError {
    /// Something in the stream did not fit and was skipped. The stream continues.
    TooLong(TooLong),
    /// An attempt failed because the headers of its request could not be written: [`HeaderError::Full`],
    /// [`HeaderError::Forbidden`] or [`HeaderError::InvalidName`]. Later attempts fail in the same way until you
    /// correct the headers.
    Headers(HeaderError),
    /// The network is down: the application reported so. Only the blocking driver returns this; the asynchronous one
    /// waits.
    Offline,
    /// The session has stopped and makes no more attempts unless you restart it.
    Stopped(StopReason),
}

impl fmt::Display for NextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(too_long) => too_long.fmt(f),
            Self::Headers(error) => error.fmt(f),
            Self::Offline => f.write_str("the network is down"),
            Self::Stopped(reason) => write!(f, "the event stream is over: {reason}"),
        }
    }
}

impl Error for NextError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::TooLong(too_long) => Some(too_long),
            Self::Headers(error) => Some(error),
            Self::Offline | Self::Stopped(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn the_message_names_the_reason_in_words() {
        let stopped = NextError::Stopped(StopReason::Status(404));
        assert_eq!(stopped.to_string(), "the event stream is over: the server refuses the request (status 404)");
        assert!(stopped.source().is_none());
    }

    #[test]
    fn the_source_is_the_wrapped_error() {
        let headers = NextError::Headers(HeaderError::Full);
        let source = headers.source().and_then(|error| error.downcast_ref());
        assert_eq!(source, Some(&HeaderError::Full));
        assert!(NextError::Offline.source().is_none());
    }
}
