//! What a response means: one table of status codes. What stands in its headers is read by `header.rs`.
//!
//! Knows no connection and no URL.

use core::time::Duration;

use super::header::{is_event_stream, retry_after};
use super::stop_reason::StopReason;

/// The parts of a response that say whether it is the stream. Header values are the bytes as they came; several lines of one
/// header are one value with commas between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Response<'a> {
    /// The status code.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<&'a [u8]>,
    /// `Location`.
    pub location: Option<&'a [u8]>,
    /// `Retry-After`.
    pub retry_after: Option<&'a [u8]>,
    /// `Date`: what time it is for the server, from which a `Retry-After` that is a date is counted.
    pub date: Option<&'a [u8]>,
    /// What time it is for the application, if it knows: seconds since the beginning of 1970 in UTC. Used where the response has
    /// no `Date`. Without both, a `Retry-After` that is a date is ignored.
    pub unix_time: Option<u64>,
}

/// What to do with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Verdict {
    /// It is the stream: read it.
    Accept,
    /// The stream is where `Location` says.
    Redirect {
        /// Later attempts begin there too (301, 308), and not at the URL before (302, 303, 307): D7.
        permanent: bool,
    },
    /// Come again.
    Retry {
        /// How long the server asks to wait.
        after: Option<Duration>,
    },
    /// Do not come again.
    Stop(StopReason),
}

/// Which responses are worth another attempt. To deviate in one point, judge by one of these and change the verdict:
///
/// ```
/// use embedded_sse::client::{Response, Rules, Verdict};
///
/// let response = Response { status: 404, ..Response::default() };
/// let verdict = match response.status {
///     404 => Verdict::Retry { after: None }, // the other service may just be starting
///     _ => Rules::Resilient.judge(&response),
/// };
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Rules {
    /// What the Standard demands (R48 to R55): whatever is not 200 and an event stream stops. Servers may count on that, and
    /// shed load by a 503 (R71).
    Browser,
    /// What a device needs that nobody restarts: what may pass is tried again, no earlier than `Retry-After` says.
    #[default]
    Resilient,
}

impl Rules {
    /// What `response` means.
    ///
    /// | status | `Browser` | `Resilient` | why `Resilient` differs |
    /// |---|---|---|---|
    /// | 200, an event stream (R50) | accept | accept | |
    /// | 200, anything else | stop | stop | |
    /// | 204 | stop | stop | |
    /// | 301, 302, 303, 307, 308 with a `Location` | redirect | redirect | |
    /// | 401, 403 | stop | stop, and report that credentials are needed | an application can get fresh ones |
    /// | 408 Request Timeout | stop | retry | the connection was idle for too long; the next one is not |
    /// | 421 Misdirected Request | stop | retry | the next attempt is made on a new connection |
    /// | 425 Too Early | stop | retry | the next attempt sends no early data |
    /// | 429 Too Many Requests | stop | retry | the server asks to wait |
    /// | 500 to 599 | stop | retry | what failed may be mended or restarted |
    /// | any other, a redirect without `Location` too | stop | stop | |
    ///
    /// `Browser` is what a page sees. Below it, the HTTP layer of browsers resends a request once by itself after a 421, some of
    /// them after a 408 on a connection that was kept open or after a 425; leave that to your HTTP client. A `Retry` counts as a
    /// failure, so that the waits grow. It also leads to a new connection: close the one that the response came on.
    ///
    /// A `Retry-After` that is neither digits nor a date counts as missing, and so does a date without a good `Date` where
    /// [`unix_time`](Response::unix_time) is not known either.
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
