//! What can go wrong between a transport and its events.
//!
//! Knows nothing of any transport but that it has errors of its own.

use core::error::Error;
use core::fmt;

use crate::codec::TooLong;

/// Why there is no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ReadError<E> {
    /// Something had no room. It is left out, and the stream goes on: ask again.
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
