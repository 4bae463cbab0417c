//! Reads what the session needs from the head of a response.
//!
//! This module handles headers. It must not decide what they mean for the stream: the session does.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use std::time::{SystemTime, UNIX_EPOCH};

use http::header::{CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use http::{Response, StatusCode};

use super::failure::Failure;
use crate::client;

/// The head of a response, with several headers of one name joined.
pub(super) struct Head<'r> {
    response: &'r Response<()>,
    content_type: Option<Cow<'r, [u8]>>,
    location: Option<Cow<'r, [u8]>>,
    retry_after: Option<Cow<'r, [u8]>>,
    date: Option<Cow<'r, [u8]>>,
}

impl<'r> Head<'r> {
    pub(super) fn of(response: &'r Response<()>) -> Self {
        let header = |name| joined(response, name);
        Self {
            response,
            content_type: header(CONTENT_TYPE),
            location: header(LOCATION),
            retry_after: header(RETRY_AFTER),
            date: header(DATE),
        }
    }

    pub(super) fn response(&self) -> client::Response<'_> {
        client::Response {
            status: self.response.status().as_u16(),
            content_type: self.content_type.as_deref(),
            location: self.location.as_deref(),
            retry_after: self.retry_after.as_deref(),
            date: self.date.as_deref(),
            unix_time: SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs()),
        }
    }

    /// Returns whether the stream has a content coding.
    pub(super) fn is_encoded(&self) -> bool {
        let value = joined(self.response, CONTENT_ENCODING).unwrap_or_default();
        let mut codings = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        let names_one = codings.any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"));
        names_one && self.response.status() == StatusCode::OK
    }
}

/// Returns why a response is not the stream.
pub(super) fn refusal(response: Response<()>) -> Failure {
    let header = |name: HeaderName| response.headers().get(name).cloned();
    let encoding = header(CONTENT_ENCODING).filter(|_| Head::of(&response).is_encoded());
    match (encoding, response.status()) {
        (Some(encoding), _) => Failure::Encoded(encoding),
        (None, StatusCode::OK) => Failure::ContentType(header(CONTENT_TYPE)),
        (None, _) => Failure::Status(Box::new(response)),
    }
}

fn joined(response: &Response<()>, name: HeaderName) -> Option<Cow<'_, [u8]>> {
    let mut values = response.headers().get_all(name).iter().map(HeaderValue::as_bytes);
    let mut joined = Cow::Borrowed(values.next()?);
    for value in values {
        let joined = joined.to_mut();
        joined.extend_from_slice(b", ");
        joined.extend_from_slice(value);
    }
    Some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(headers: &[(&'static str, &'static str)]) -> Response<()> {
        let mut response = Response::new(());
        for (name, value) in headers {
            response.headers_mut().append(*name, HeaderValue::from_static(value));
        }
        response
    }

    #[test]
    fn headers_of_one_name_are_joined() {
        let response = response(&[("content-type", "text/plain"), ("content-type", "text/event-stream")]);
        let head = Head::of(&response);
        assert_eq!(head.response().content_type, Some(&b"text/plain, text/event-stream"[..]));
        assert_eq!(head.response().location, None);
        assert!(head.response().unix_time.is_some_and(|seconds| seconds > 1_700_000_000));
    }

    #[test]
    fn only_identity_is_no_coding() {
        for (codings, is_encoded) in
            [("gzip", true), ("identity", false), ("", false), ("identity, br", true), ("IDENTITY,", false)]
        {
            let response = response(&[("content-encoding", codings)]);
            assert_eq!(Head::of(&response).is_encoded(), is_encoded, "{codings}");
            assert_eq!(matches!(refusal(response), Failure::Encoded(_)), is_encoded, "{codings}");
        }
        let mut page = response(&[("content-encoding", "gzip")]);
        *page.status_mut() = StatusCode::NOT_FOUND;
        assert!(matches!(refusal(page), Failure::Status(_)), "the error page may be compressed");
    }
}
