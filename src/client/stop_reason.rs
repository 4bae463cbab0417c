//! Why there will be no further attempt, and how that is said to a person.
//!
//! Knows no state and no rule: who stops, says why.

use core::fmt;

/// Why there will be no further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StopReason {
    /// The application closed it (R64).
    Closed,
    /// The application saw the event after which there are no more.
    Finished,
    /// The stream ended, and the policy takes that for the end of all.
    Ended,
    /// The server says that there is nothing to come back for: 204 (R54).
    NoContent,
    /// The server wants other credentials, with this status: 401 or 403. Get fresh ones, then restart.
    Credentials(u16),
    /// The response has a status that another attempt would not change (R49).
    Status(u16),
    /// The response is not an event stream (R50).
    ContentType,
    /// The request may not be repeated, by the rule that [`Session::set_repeat`](super::Session::set_repeat) set, and its answer
    /// gave no id to resume from.
    CannotResume,
    /// The policy's number of attempts is used up.
    MaxAttempts,
    /// The policy's time is used up.
    MaxElapsed,
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed by the application",
            Self::Finished => "the last event was received",
            Self::Ended => "the stream has ended",
            Self::NoContent => "the server has nothing more to send (status 204)",
            Self::Credentials(status) => return write!(f, "the server wants other credentials (status {status})"),
            Self::Status(status) => return write!(f, "the server refuses the request (status {status})"),
            Self::ContentType => "the server's answer is no event stream",
            Self::CannotResume => "the request may not be repeated, and its answer cannot be resumed",
            Self::MaxAttempts => "all attempts are used up",
            Self::MaxElapsed => "the time for attempts is used up",
        })
    }
}
