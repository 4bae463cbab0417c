//! The error of every reader.
//!
//! This module must not depend on a transport; it is generic over the transport's error.

use core::error::Error;
use core::fmt;

use crate::codec::TooLong;

/// The reason why a reader returned no event.
///
/// ```
/// use embedded_sse::io::ReadError;
///
/// /// Returns whether the reader can be asked for the next event.
/// fn goes_on<E>(error: &ReadError<E>) -> bool {
///     match error {
///         ReadError::TooLong(_) => true, // skipped
///         _ => false,                    // the transport failed: reconnect
///     }
/// }
///
/// assert!(!goes_on(&ReadError::Io("connection reset")));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ReadError<E> {
    /// Something in the stream did not fit and was skipped. Call again for what follows.
    TooLong(TooLong),
    /// The transport failed.
    Io(E),
}

impl<E: fmt::Display> fmt::Display for ReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(too_long) => too_long.fmt(f),
            Self::Io(error) => write!(f, "cannot read the event stream: {error}"),
        }
    }
}

impl<E: Error + 'static> Error for ReadError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::TooLong(too_long) => Some(too_long),
            Self::Io(error) => Some(error),
        }
    }
}
