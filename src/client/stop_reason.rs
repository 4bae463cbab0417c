//! The reasons why a client makes no further attempt, with their messages.
//!
//! This module holds no state and no rules; the modules that stop the client choose the reason.

use core::fmt;

/// Why the client makes no further attempt.
///
/// The reason comes with [`Action::Stop`](super::Action::Stop). Its `Display` text is a message for a log or a user.
///
/// ```
/// use embedded_sse::client::StopReason;
///
/// /// Whether a restart makes sense once the application has fresh credentials.
/// fn needs_login(reason: StopReason) -> bool {
///     matches!(reason, StopReason::Credentials(_))
/// }
///
/// assert!(needs_login(StopReason::Credentials(401)));
/// assert!(!needs_login(StopReason::Status(404)));
/// assert_eq!(StopReason::Status(404).to_string(), "the server refuses the request (status 404)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StopReason {
    /// The application closed the session ([R64](crate::rules#r64)).
    Closed,
    /// The application received the last event of the stream, such as `[DONE]`, and reported it.
    Finished,
    /// The stream ended, and the policy [stops at the end](super::Policy::stop_at_end).
    ///
    /// If your streams end with an event that marks their end, such as `[DONE]`, this one is incomplete: report
    /// [`finished`](super::Session::finished) when you receive that event.
    Ended,
    /// The server has no more events for this client: status 204 ([R54](crate::rules#r54)).
    NoContent,
    /// The server requires other credentials. The status is 401 or 403. Get fresh credentials, then restart.
    Credentials(u16),
    /// The server refused the request with this status, which another attempt would not change ([R49]).
    ///
    /// [R49]: crate::rules#r49
    Status(u16),
    /// The response is not an event stream ([R50](crate::rules#r50)).
    ContentType,
    /// The request must not be repeated, by the rule set with [`Session::set_repeat`](super::Session::set_repeat), and
    /// its response contained no event ID to resume from.
    CannotResume,
    /// The number of attempts that the policy allows is used up.
    MaxAttempts,
    /// The time that the policy allows for attempts is used up.
    MaxElapsed,
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed by the application",
            Self::Finished => "the last event was received",
            Self::Ended => "the stream has ended",
            Self::NoContent => "the server has no more events (status 204)",
            Self::Credentials(status) => return write!(f, "the server requires other credentials (status {status})"),
            Self::Status(status) => return write!(f, "the server refuses the request (status {status})"),
            Self::ContentType => "the response is not an event stream",
            Self::CannotResume => "the request must not be repeated, and its response cannot be resumed",
            Self::MaxAttempts => "all attempts are used up",
            Self::MaxElapsed => "the time for attempts is used up",
        })
    }
}
