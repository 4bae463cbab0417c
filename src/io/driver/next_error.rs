//! What a driver says when it has no event to show.

use core::fmt;

use super::request::HeaderError;
use crate::client::StopReason;
use crate::codec::TooLong;

/// Why there is no next event here. Whatever it is, a driver may be asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum NextError {
    /// Something was larger than the memory for it. The stream goes on.
    TooLong(TooLong),
    /// An attempt has failed because the request's headers cannot be written: [`HeaderError::Full`],
    /// [`HeaderError::Forbidden`] or [`HeaderError::InvalidName`]. There will be others, with the same result if nothing is done
    /// about it.
    Headers(HeaderError),
    /// The network was reported down and not up again. Only a blocking driver says so; an asynchronous one waits.
    Offline,
    /// There will be no other attempt, for this reason, unless the driver is told to restart.
    Stopped(StopReason),
}

impl fmt::Display for NextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(too_long) => too_long.fmt(f),
            Self::Headers(error) => error.fmt(f),
            Self::Offline => f.write_str("the network is down"),
            Self::Stopped(reason) => write!(f, "the event stream is over: {reason:?}"),
        }
    }
}

impl core::error::Error for NextError {}
