//! What a response means: one table of status codes. The header values are parsed in `header.rs`.
//!
//! This module does not depend on connections or URLs.

use core::time::Duration;

use super::header::{is_event_stream, retry_after};
use super::stop_reason::StopReason;

/// The parts of an HTTP response that decide whether it is the stream.
///
/// Pass header values as they were received. If a header occurs several times, join its values with commas.
///
/// ```
/// use embedded_sse::client::{Response, Rules, Verdict};
///
/// let response = Response {
///     status: 200,
///     content_type: Some(b"text/event-stream; charset=utf-8"),
///     ..Response::default() // the headers that were not sent
/// };
/// assert_eq!(Rules::Resilient.judge(&response), Verdict::Accept);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Response<'a> {
    /// The status code.
    pub status: u16,
    /// The value of `Content-Type`.
    pub content_type: Option<&'a [u8]>,
    /// The value of `Location`.
    pub location: Option<&'a [u8]>,
    /// The value of `Retry-After`: seconds or a date.
    pub retry_after: Option<&'a [u8]>,
    /// The value of `Date`: the time on the server. A `Retry-After` that is a date counts from it.
    pub date: Option<&'a [u8]>,
    /// The time on the application's clock, if it has one: seconds since the start of 1970 in UTC. It is used if the
    /// response has no valid `Date`. Without both, a `Retry-After` that is a date is ignored.
    pub unix_time: Option<u64>,
}

/// What to do with a response, as returned by [`Rules::judge`] and [`Session::responded`](super::Session::responded).
///
/// ```
/// use core::time::Duration;
/// use embedded_sse::client::{Response, Rules, Verdict};
///
/// let busy = Response { status: 503, retry_after: Some(b"120"), ..Response::default() };
/// match Rules::Resilient.judge(&busy) {
///     Verdict::Accept => { /* read the body */ }
///     Verdict::Redirect { permanent: _ } => { /* send the request to the URL in `Location` */ }
///     Verdict::Retry { after } => assert_eq!(after, Some(Duration::from_secs(120))), // close the connection
///     Verdict::Stop(reason) => println!("{reason}"), // close the connection
///     _ => {} // added by a later version
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Verdict {
    /// The response is the stream. Read its body.
    Accept,
    /// The stream is at the URL in `Location`. Send the request there.
    Redirect {
        /// Whether later attempts start at the new URL (301, 308) rather than at the previous one (302, 303, 307) ([D7]).
        ///
        /// [D7]: crate::rules#d7
        permanent: bool,
    },
    /// Another attempt may succeed. Close the connection and wait.
    Retry {
        /// How long the server asks the client to wait, if it does.
        after: Option<Duration>,
    },
    /// Another attempt would fail as well. Close the connection.
    Stop(StopReason),
}

/// Which responses lead to another attempt. See [`judge`](Self::judge) for the table.
///
/// To change a single rule, make that decision yourself, leave the others to [`judge`](Self::judge), and pass the
/// verdict to [`Session::judged`](super::Session::judged):
///
/// ```
/// use embedded_sse::client::{Response, Rules, Verdict};
///
/// let response = Response { status: 404, ..Response::default() };
/// let verdict = match response.status {
///     404 => Verdict::Retry { after: None }, // the service behind the proxy may still be starting
///     _ => Rules::Resilient.judge(&response),
/// };
/// assert_eq!(verdict, Verdict::Retry { after: None });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Rules {
    /// For clients that run unattended. A temporary error leads to another attempt, no earlier than `Retry-After` allows.
    /// This is the default.
    #[default]
    Resilient,
    /// The rules of the HTML Standard ([R48] to [R55]): every response other than status 200 with an event stream stops the
    /// client. Servers may rely on that, and shed load with a 503 ([R71]).
    ///
    /// [R48]: crate::rules#r48
    /// [R55]: crate::rules#r55
    /// [R71]: crate::rules#r71
    Browser,
}

impl Rules {
    /// Returns what to do with `response`.
    ///
    /// | status | `Browser` | `Resilient` | why `Resilient` differs |
    /// |---|---|---|---|
    /// | 200, an event stream ([R50](crate::rules#r50)) | accept | accept | |
    /// | 200, anything else | stop | stop | |
    /// | 204 | stop | stop | |
    /// | 301, 302, 303, 307, 308 with a `Location` | redirect | redirect | |
    /// | 401, 403 | stop | stop with [`StopReason::Credentials`] | the application can get fresh credentials |
    /// | 408 Request Timeout | stop | retry | the connection was idle for too long; a new one is not |
    /// | 421 Misdirected Request | stop | retry | the next attempt is made on a new connection |
    /// | 425 Too Early | stop | retry | the next attempt sends no early data |
    /// | 429 Too Many Requests | stop | retry | the server asks the client to wait |
    /// | 500 to 599 | stop | retry | the error may be temporary |
    /// | any other, including a redirect without `Location` | stop | stop | |
    ///
    /// `Browser` is the behaviour that a web page sees. The HTTP layer of a browser may already have sent the request
    /// again, once, after a 421, after a 425, or after a 408 on a reused connection. Leave that to your HTTP client.
    ///
    /// A `Retry` counts as a failure, so that the waits grow. Close the connection that the response came on; the next
    /// attempt needs a new one.
    ///
    /// A `Retry-After` that is neither digits nor a date is ignored. A date is also ignored if the response has no
    /// valid `Date` and [`unix_time`](Response::unix_time) is `None`.
    #[must_use]
    pub fn judge(self, response: &Response<'_>) -> Verdict {
        let located = response.location.is_some_and(|url| !url.trim_ascii().is_empty());
        match (self, response.status) {
            (_, 200) if response.content_type.is_some_and(is_event_stream) => Verdict::Accept,
            (_, 200) => Verdict::Stop(StopReason::ContentType),
            (_, 204) => Verdict::Stop(StopReason::NoContent),
            (_, 301 | 308) if located => Verdict::Redirect { permanent: true },
            (_, 302 | 303 | 307) if located => Verdict::Redirect { permanent: false },
            (Self::Resilient, 401 | 403) => Verdict::Stop(StopReason::Credentials(response.status)),
            (Self::Resilient, 408 | 421 | 425 | 429 | 500..=599) => Verdict::Retry {
                after: response.retry_after.and_then(|value| retry_after(value, response.date, response.unix_time)),
            },
            (_, status) => Verdict::Stop(StopReason::Status(status)),
        }
    }
}
