//! Describes why an attempt or a connection has ended.
//!
//! This module words what happened. It must not decide what happens next: the session does.

use alloc::boxed::Box;
use alloc::string::ToString;
use core::error::Error;
use core::fmt;
use core::iter::successors;
use core::time::Duration;
use std::io;

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode, Uri};

use super::link::BoxError;
use crate::codec::Lossy;

/// Why an attempt or a connection has ended. The `Display` text is a message for a log or a user.
///
/// The errors of your HTTP client, of the body and of your function for headers are the [`source`](Error::source).
/// Messages contain neither credentials nor queries of URLs, unless one of those errors does.
///
/// ```
/// use embedded_sse::io::event_source::Failure;
///
/// fn log(why: &Failure) {
///     match why {
///         Failure::Status(response) if response.status() == 429 => { /* the server wants fewer clients */ }
///         Failure::Client(error) => eprintln!("{why}: {error}"),
///         why => eprintln!("{why}"),
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// Your function for [headers](super::EventSource::headers) failed, and nothing was sent.
    Headers(BoxError),
    /// Your HTTP client does not accept the request, for example because of its URL. Nothing was sent. Correct the
    /// request.
    Request(BoxError),
    /// Your HTTP client reports an error instead of a response: no connection, or a connection that broke.
    Client(BoxError),
    /// No response arrived within this time: [`Policy::connect_timeout`](crate::client::Policy::connect_timeout).
    TimedOut(Duration),
    /// The server answered with this status instead of a stream. The response has its headers.
    ///
    /// A status from 300 to 399 means that it redirects to nowhere, or that there were more than
    /// [`MAX_REDIRECTS`](crate::client::Session::MAX_REDIRECTS).
    Status(Box<Response<()>>),
    /// The response has status 200, but another content type, or none. Check the URL.
    ContentType(Option<HeaderValue>),
    /// The response has this content coding, such as `gzip`. It was not requested, and your HTTP client has not decoded
    /// it. Configure the server not to compress the stream, since that delays events, or the client to decode it.
    Encoded(HeaderValue),
    /// A redirect leads to something other than an HTTP URL.
    Location(HeaderValue),
    /// A redirect would send the body of the request to another origin. Use this URL, if you trust it, or
    /// [`trust_redirects`](super::EventSource::trust_redirects).
    Untrusted(Box<Uri>),
    /// The connection broke while the stream was read.
    Body(BoxError),
    /// No byte arrived for this time ([`Policy::liveness`](crate::client::Policy::liveness)), or no event for too long
    /// ([`Policy::progress`](crate::client::Policy::progress)).
    Silent(Duration),
    /// The server ended the stream.
    Ended {
        /// Whether it ended in the middle of an event, which was dropped.
        mid_event: bool,
    },
    /// You have restarted the stream, or reported that the network is down or has changed.
    Interrupted,
    /// The state that you fetched is ahead of what this connection sends; see
    /// [`JournalledSource`](super::JournalledSource). The next attempt resumes after the state.
    Behind,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Headers(error) => write!(f, "no headers for the request: {}", Chain(&**error)),
            Self::Request(error) => write!(f, "the request cannot be sent, correct it: {}", Chain(&**error)),
            Self::Client(error) => write!(f, "no response: {}", Chain(&**error)),
            Self::TimedOut(time) => write!(f, "no response for {time:?}; check that the server is alive"),
            Self::Status(response) => {
                write!(f, "the server answered {}; {}", response.status(), advice(response.status()))
            }
            Self::ContentType(None) => write!(f, "the response has no {CONTENT_TYPE}; {NO_STREAM}"),
            Self::ContentType(Some(value)) => {
                write!(f, "the {CONTENT_TYPE} of the response is {}; {NO_STREAM}", Shown(value))
            }
            Self::Encoded(value) => write!(
                f,
                "the {CONTENT_ENCODING} of the response is {}, which was not requested; \
                 configure the server not to compress the stream",
                Shown(value)
            ),
            Self::Location(_) => write!(f, "a redirect leads to no HTTP URL; {ELSEWHERE}"),
            Self::Untrusted(uri) => {
                write!(f, "a redirect would take the body of the request to another server, ")?;
                write!(f, "{}://{}{}", uri.scheme_str().unwrap_or_default(), host(uri), uri.path())
            }
            Self::Body(error) => write!(f, "the connection broke: {}", Chain(&**error)),
            Self::Silent(time) => write!(f, "the server was silent for {time:?}"),
            Self::Ended { mid_event: false } => f.write_str("the stream ended"),
            Self::Ended { mid_event: true } => f.write_str("the stream ended in the middle of an event"),
            Self::Interrupted => {
                f.write_str("the application restarted the stream or reported a change of the network")
            }
            Self::Behind => f.write_str("the connection is behind the state that the application has fetched"),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Headers(error) | Self::Request(error) | Self::Client(error) | Self::Body(error) => Some(&**error),
            _ => None,
        }
    }
}

/// Shows an error with its sources. HTTP clients name the reason only there.
struct Chain<'e>(&'e (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut shown = self.0.to_string();
        for source in successors(source(self.0), |error| source(*error)) {
            let text = source.to_string();
            // Some errors show their source themselves.
            if !shown.ends_with(&text) {
                write!(f, ": {text}")?;
                shown = text;
            }
        }
        Ok(())
    }
}

/// Returns whether a connection was refused, so that no part of the request was sent.
pub(super) fn is_refused(error: &(dyn Error + 'static)) -> bool {
    successors(Some(error), |error| source(*error)).any(|error| {
        error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    })
}

fn source<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    // `source` of an I/O error skips the error that it wraps.
    let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    inside.map(|inside| inside as &'e (dyn Error + 'static)).or(error.source())
}

const NO_STREAM: &str = "check that the URL is that of an event stream";
const ELSEWHERE: &str = "correct the server, or use the URL that it means";

/// Returns what the user can do about a status.
fn advice(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NO_CONTENT => "it has no more events",
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "give other credentials",
        StatusCode::NOT_FOUND | StatusCode::GONE => "check the path of the URL",
        status if status.is_redirection() => ELSEWHERE,
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => "try again later",
        _ => "correct the request",
    }
}

/// Shows the beginning of a value from the server, in quotes.
struct Shown<'v>(&'v HeaderValue);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_bytes().split_at_checked(100) {
            Some((beginning, [_, ..])) => write!(f, "{:?}...", Lossy(beginning)),
            _ => write!(f, "{:?}", Lossy(self.0.as_bytes())),
        }
    }
}

/// The host and port of a URL, without user name and password.
fn host(uri: &Uri) -> &str {
    let authority = uri.authority().map_or("", http::uri::Authority::as_str);
    authority.rsplit('@').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_what_happened_and_what_to_do() {
        let status = |status| {
            let mut response = Response::new(());
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            Failure::Status(Box::new(response)).to_string()
        };
        assert_eq!(status(401), "the server answered 401 Unauthorized; give other credentials");
        assert_eq!(status(404), "the server answered 404 Not Found; check the path of the URL");
        assert_eq!(status(302), "the server answered 302 Found; correct the server, or use the URL that it means");
        assert_eq!(status(503), "the server answered 503 Service Unavailable; try again later");
        assert_eq!(status(429), "the server answered 429 Too Many Requests; try again later");
        assert_eq!(status(204), "the server answered 204 No Content; it has no more events");
        assert_eq!(status(400), "the server answered 400 Bad Request; correct the request");
        assert_eq!(
            Failure::ContentType(Some(HeaderValue::from_static("text/html"))).to_string(),
            "the content-type of the response is \"text/html\"; check that the URL is that of an event stream"
        );
        assert_eq!(
            Failure::ContentType(None).to_string(),
            "the response has no content-type; check that the URL is that of an event stream"
        );
        assert!(Failure::Encoded(HeaderValue::from_static("gzip")).to_string().contains("is \"gzip\", which was not"));
        let uri = "https://user:secret@b.test:1/x?token=secret".parse().unwrap();
        assert_eq!(
            Failure::Untrusted(Box::new(uri)).to_string(),
            "a redirect would take the body of the request to another server, https://b.test:1/x"
        );
        assert_eq!(Failure::Silent(Duration::from_secs(30)).to_string(), "the server was silent for 30s");
        assert_eq!(Failure::Ended { mid_event: true }.to_string(), "the stream ended in the middle of an event");
    }

    #[test]
    fn the_errors_of_the_client_are_the_source() {
        let failures: [fn(BoxError) -> Failure; 4] =
            [Failure::Headers, Failure::Request, Failure::Client, Failure::Body];
        for failure in failures {
            let failure = failure("broken".into());
            assert_eq!(failure.source().map(ToString::to_string).as_deref(), Some("broken"));
            assert!(failure.to_string().contains("broken"));
        }
        assert!(Failure::Interrupted.source().is_none());
    }

    #[test]
    fn a_refused_connection_is_found_in_every_depth() {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        assert!(is_refused(&refused()));
        assert!(is_refused(&io::Error::other(refused())));
        assert!(is_refused(&Failure::Client(io::Error::other(Failure::Body(refused().into())).into())));
        assert!(!is_refused(&io::Error::from(io::ErrorKind::ConnectionReset)));
        assert!(!is_refused(&Failure::Interrupted));
    }

    #[test]
    fn a_message_names_each_source_once() {
        let too_long = crate::TooLong { field: crate::Field::Data };
        let inside = crate::io::ReadError::<core::convert::Infallible>::TooLong(too_long);
        let failure = Failure::Client(Failure::Body(inside.into()).into());
        let expected = "no response: the connection broke: event too long for the buffer: data";
        assert_eq!(failure.to_string(), expected);
    }
}
