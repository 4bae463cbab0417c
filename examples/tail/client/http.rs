//! Sets up the HTTP client, and reads what the session needs from its responses.
//!
//! This module handles headers. It must not decide what they mean for the stream: the session does.

use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

use embedded_sse::client::Response;
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{StatusCode, redirect, retry};

use super::failure::Failure;
use super::shown::shown;

/// Creates an HTTP client that leaves all decisions to the session: it follows no redirects, does not retry, and uses
/// each connection once. It detects that the other machine is gone and, in HTTP/2, that the server hangs.
pub(crate) fn http(proxies: bool) -> Result<reqwest::Client, reqwest::Error> {
    // Fails only if a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        let builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .pool_max_idle_per_host(0)
            .tcp_keepalive(KEEP_ALIVE)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .http2_keep_alive_timeout(KEEP_ALIVE);
        if proxies { builder } else { builder.no_proxy() }
    };
    // A machine without root certificates can still use HTTP. HTTPS then fails with an unknown issuer.
    builder().build().or_else(|_| builder().tls_certs_only([]).build())
}

const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// The head of a response.
pub(crate) struct Answer {
    status: StatusCode,
    content_type: Option<Vec<u8>>,
    location: Option<Vec<u8>>,
    retry_after: Option<Vec<u8>>,
    date: Option<Vec<u8>>,
    /// The content encoding, if the status is 200 and the stream is compressed.
    encoding: Option<Vec<u8>>,
}

impl Answer {
    pub(crate) fn of(response: &reqwest::Response) -> Self {
        let header = |name| joined(response.headers(), &name);
        Self {
            status: response.status(),
            content_type: header(CONTENT_TYPE),
            location: header(LOCATION),
            retry_after: header(RETRY_AFTER),
            date: header(DATE),
            encoding: header(CONTENT_ENCODING).filter(|value| response.status() == 200 && is_encoded(value)),
        }
    }

    /// Returns the response for the session, or `None` if the stream is compressed.
    pub(crate) fn response(&self) -> Option<Response<'_>> {
        self.encoding.is_none().then(|| Response {
            status: self.status.as_u16(),
            content_type: self.content_type.as_deref(),
            location: self.location.as_deref(),
            retry_after: self.retry_after.as_deref(),
            date: self.date.as_deref(),
            unix_time: SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs()),
        })
    }

    pub(crate) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// Returns the target of a redirect.
    pub(crate) fn location(&self) -> &[u8] {
        self.location.as_deref().unwrap_or_default()
    }

    /// Returns why the response is not a stream.
    pub(crate) fn failure(&self) -> Failure {
        match (&self.encoding, self.status) {
            (Some(encoding), _) => Failure::Encoded(shown(encoding)),
            (None, StatusCode::OK) => Failure::ContentType(shown(self.content_type.as_deref().unwrap_or_default())),
            (None, status) => Failure::Status(status),
        }
    }
}

/// Joins the values of a header that occurs several times.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<u8>> {
    let values: Vec<_> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
    (!values.is_empty()).then(|| values.join(&b", "[..]))
}

/// Returns whether the list names a coding other than `identity`.
fn is_encoded(value: &[u8]) -> bool {
    let mut codings = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    codings.any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}
