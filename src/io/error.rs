//! The error of every reader.
//!
//! This module must not depend on a transport; it is generic over the transport's error.

use core::error::Error;
use core::fmt;

use crate::codec::TooLong;

/// The reason why a reader returned no event.
///
/// ```
/// use embedded_sse::Decoder;
/// use embedded_sse::io::{ReadError, embedded_io::EventReader};
///
/// let body = &b"data: too long for this buffer\n\ndata: 1\n\n"[..];
/// let mut events = EventReader::new(body, [0; 16], Decoder::new([0; 8]));
/// assert!(matches!(events.next(), Err(ReadError::TooLong(_))));
/// assert_eq!(events.next()?.map(|event| event.data), Some(&b"1"[..])); // the stream goes on
/// # Ok::<(), ReadError<core::convert::Infallible>>(())
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
