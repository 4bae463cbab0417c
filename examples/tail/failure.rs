//! Describes what can go wrong with a connection, and what the user can do about it.
//!
//! This module interprets the errors of the event source and of the HTTP client. It must not decide what happens next:
//! the event source does.

use core::error::Error;
use core::fmt;
use core::time::Duration;
use std::io::{self, ErrorKind};

use embedded_sse::io::event_source;
use http::HeaderValue;
use reqwest::{StatusCode, Url};

use crate::link::SendError;
use crate::shown::{DETAIL, public, shortened, shown};

/// Why an attempt has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No server listens at the address.
    Refused,
    /// The address cannot be reached, or the name has no address.
    Unreachable(String),
    /// The TLS handshake failed, or the certificate is not trusted.
    Tls(String),
    /// The connection broke.
    Cut(String),
    /// The response is not valid HTTP.
    Http(String),
    /// No response arrived within this time.
    NoResponse(Duration),
    /// The connection was silent for longer than its server's heartbeats allow, or delivered no event for too long.
    Silent(Duration),
    /// The status is not 200.
    Status(StatusCode),
    /// The status is 200, but the content type is wrong.
    ContentType(String),
    /// The status is 200, but the response is compressed.
    Encoded(String),
    /// The server keeps sending informational responses.
    Informational,
    /// The target of a redirect is not an HTTP URL.
    Location(String),
    /// A redirect would send the body of the request to this other server.
    Untrusted(String),
    /// The request cannot be built.
    Request(String),
    /// The stream ended.
    Ended,
    /// The state that was fetched is ahead of the connection.
    Behind,
}

impl Failure {
    /// Returns what the user can do if the failure persists.
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Self::Refused => "start the server, or correct host and port",
            Self::Unreachable(_) => "check the host name and the network",
            Self::Tls(_) => "check that the server speaks TLS at this port and that its certificate is trusted here",
            Self::Cut(_) | Self::Ended => "look into the server's log",
            Self::Http(_) | Self::Informational => "check that the URL is that of an HTTP server",
            Self::NoResponse(_) | Self::Silent(_) => "check that the server is alive",
            Self::Status(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                "give credentials with -H 'Authorization: ..'"
            }
            Self::Status(StatusCode::NOT_FOUND | StatusCode::GONE) => "correct the URL's path",
            Self::Status(StatusCode::METHOD_NOT_ALLOWED) => "try with or without --post",
            Self::Status(status) if status.is_server_error() => "try again later",
            Self::Status(status) if status.is_redirection() => ELSEWHERE,
            Self::Status(_) => "correct the request",
            Self::ContentType(_) => "check that the URL is that of an event stream",
            Self::Encoded(_) => "configure the server not to compress the stream",
            Self::Location(_) => ELSEWHERE,
            Self::Untrusted(_) => "use that URL, or give --trust-redirects",
            Self::Request(_) => "correct the arguments",
            Self::Behind => "check that the stream and the state are of the same server",
        }
    }
}

const ELSEWHERE: &str = "correct the server, or use the URL that it means";

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::Unreachable(detail) => write!(f, "no connection: {detail}"),
            Self::Tls(detail) => write!(f, "TLS failed: {detail}"),
            Self::Cut(detail) => write!(f, "the connection broke: {detail}"),
            Self::Http(detail) => write!(f, "HTTP failed: {detail}"),
            Self::NoResponse(time) => write!(f, "no response for {} s", seconds(*time)),
            Self::Silent(time) => write!(f, "the server was silent for {} s", seconds(*time)),
            Self::Status(status) => write!(f, "the server answered {status}"),
            Self::ContentType(value) if value.is_empty() => f.write_str("the response has no content type"),
            Self::ContentType(value) => write!(f, "the response is {value:?}, not text/event-stream"),
            Self::Encoded(value) => write!(f, "the response is compressed ({value:?}), which was not requested"),
            Self::Informational => f.write_str("the server keeps sending informational responses"),
            Self::Location(value) => write!(f, "a redirect leads to {value:?}"),
            Self::Untrusted(url) => write!(f, "a redirect would take the request's body to another server, {url}"),
            Self::Request(detail) => write!(f, "the request cannot be sent: {detail}"),
            Self::Ended => f.write_str("the stream ended"),
            Self::Behind => f.write_str("the connection is behind the state"),
        }
    }
}

impl From<event_source::Failure> for Failure {
    fn from(failure: event_source::Failure) -> Self {
        use event_source::Failure as Of;
        match failure {
            Of::Client(error) | Of::Body(error) => match error.downcast::<SendError>() {
                Ok(error) => (*error).into(),
                Err(error) => Self::Http(shortened(&error.to_string(), DETAIL)),
            },
            Of::TimedOut(time) => Self::NoResponse(time),
            Of::Silent(time) => Self::Silent(time),
            Of::Status(response) => Self::Status(response.status()),
            Of::ContentType(value) => Self::ContentType(value.map_or(String::new(), |value| shown(value.as_bytes()))),
            Of::Encoded(value) => Self::Encoded(shown(value.as_bytes())),
            Of::Location(value) => Self::Location(location(&value)),
            Of::Untrusted(uri) => {
                Self::Untrusted(Url::parse(&uri.to_string()).map_or(String::new(), |url| public(&url)))
            }
            Of::Ended { .. } => Self::Ended,
            Of::Behind => Self::Behind,
            failure => Self::Http(shortened(&failure.to_string(), DETAIL)),
        }
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Http(error) => error.into(),
            SendError::Request(detail) => Self::Request(detail),
            SendError::Informational => Self::Informational,
        }
    }
}

/// Describes where a redirect leads that cannot be followed.
fn location(value: &HeaderValue) -> String {
    let text = str::from_utf8(value.as_bytes()).unwrap_or_default().trim();
    match Url::parse(text) {
        Ok(url) => public(&url),
        // Any part of it could be secret.
        Err(_) => format!("({} bytes that are not a URL)", text.len()),
    }
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        let mut cause: &(dyn Error + 'static) = &error;
        loop {
            if let Some(known) = known(cause) {
                return known;
            }
            // `source` of an I/O error skips the error that it wraps.
            let inside = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            match inside.map(|inside| inside as &(dyn Error + 'static)).or(cause.source()) {
                Some(deeper) => cause = deeper,
                None => break,
            }
        }
        let detail = shortened(&cause.to_string(), DETAIL);
        if error.is_builder() {
            Self::Request(detail)
        } else if error.is_connect() {
            Self::Unreachable(detail)
        } else {
            Self::Http(detail)
        }
    }
}

/// Returns the failure for one error of a chain, if its type identifies one.
fn known(error: &(dyn Error + 'static)) -> Option<Failure> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(Failure::Tls(shortened(&error.to_string(), DETAIL)));
    }
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        let broke = error.is_incomplete_message() || error.is_timeout() || error.is_closed();
        return broke.then(|| Failure::Cut(error.to_string()));
    }
    let error = error.downcast_ref::<io::Error>()?;
    match error.kind() {
        ErrorKind::ConnectionRefused => Some(Failure::Refused),
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => Some(Failure::Cut(error.to_string())),
        ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            Some(Failure::Unreachable(error.to_string()))
        }
        _ => None,
    }
}

fn seconds(time: Duration) -> u64 {
    time.saturating_add(Duration::from_millis(500)).as_secs()
}
