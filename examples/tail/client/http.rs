//! The HTTP client, and what has to be known of its answers.
//!
//! Knows headers; what they mean for the stream, the session says.

use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

use embedded_sse::client::Response;
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{StatusCode, redirect, retry};

use super::failure::Failure;
use super::shown::shown;

/// An HTTP client that leaves all decisions to the session: no redirects, no attempts of its own, and a connection is never
/// used twice. It notices when the machine at the other end is gone, in HTTP/2 also when the server there hangs.
pub(crate) fn http(proxies: bool) -> Result<reqwest::Client, reqwest::Error> {
    // Fails only when there is one already, which is as good.
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
    // A machine without certificates can still speak HTTP. What it says of HTTPS then is that it trusts nobody.
    builder().build().or_else(|_| builder().tls_certs_only([]).build())
}

const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// The head of an answer.
pub(crate) struct Answer {
    status: StatusCode,
    content_type: Option<Vec<u8>>,
    location: Option<Vec<u8>>,
    retry_after: Option<Vec<u8>>,
    date: Option<Vec<u8>>,
    /// Of a stream that is compressed.
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

    /// What the session judges, unless the stream is compressed.
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

    /// Where it redirects to.
    pub(crate) fn location(&self) -> &[u8] {
        self.location.as_deref().unwrap_or_default()
    }

    /// Why it is not the stream.
    pub(crate) fn failure(&self) -> Failure {
        match (&self.encoding, self.status) {
            (Some(encoding), _) => Failure::Encoded(shown(encoding)),
            (None, StatusCode::OK) => Failure::ContentType(shown(self.content_type.as_deref().unwrap_or_default())),
            (None, status) => Failure::Status(status),
        }
    }
}

/// Several lines of one header are one value.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<u8>> {
    let values: Vec<_> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
    (!values.is_empty()).then(|| values.join(&b", "[..]))
}

/// A list of nothing, or of what changes nothing, is no encoding.
fn is_encoded(value: &[u8]) -> bool {
    let mut codings = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    codings.any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}
