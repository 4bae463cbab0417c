//! Describes a request, and how a redirect changes it.
//!
//! This module handles URLs, methods and headers. It must not send anything, and must not decide whether to follow a
//! redirect.

use alloc::boxed::Box;
use alloc::string::ToString;

use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, HOST,
    HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use http::{Method, StatusCode};

use super::failure::Failure;
use super::location::{is_same_origin, resolved};
use crate::codec::Lossy;

pub(super) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// A request without its body and without the headers of the session.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// With the application's headers.
    pub(super) head: http::request::Parts,
    pub(super) has_body: bool,
    /// Whether every redirect so far has kept the origin, so that the request may carry credentials.
    pub(super) is_home: bool,
}

/// The application's headers that another server may see. All others could be secret.
const FOR_ANYONE: [HeaderName; 4] = [ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, USER_AGENT];

/// The headers that describe a body.
const OF_A_BODY: [HeaderName; 5] = [CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE];

impl Target {
    pub(super) const fn new(head: http::request::Parts) -> Self {
        Self { head, has_body: true, is_home: true }
    }

    /// Returns the redirected request, following the Fetch standard. Another server gets the body and headers that could
    /// be secret only if it is trusted.
    pub(super) fn redirected(&self, status: StatusCode, location: &HeaderValue, trusts: bool) -> Result<Self, Failure> {
        let Some(uri) = resolved(&self.head.uri, location.as_bytes()) else {
            return Err(Failure::Location(location.clone()));
        };
        let mut target = self.clone();
        let becomes_get = match status {
            StatusCode::SEE_OTHER => ![Method::GET, Method::HEAD].contains(&self.head.method),
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.head.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            target.head.method = Method::GET;
            target.has_body = false;
            for name in OF_A_BODY {
                target.head.headers.remove(name);
            }
        }
        let is_same = is_same_origin(&uri, &self.head.uri);
        if !is_same {
            target.head.headers.remove(HOST);
        }
        if !is_same && !trusts {
            let is_bodiless = [Method::GET, Method::HEAD].contains(&target.head.method);
            if target.has_body && !is_bodiless {
                return Err(Failure::Untrusted(Box::new(uri)));
            }
            for name in self.head.headers.keys().filter(|name| !FOR_ANYONE.contains(name)) {
                target.head.headers.remove(name);
            }
            target.is_home = false;
        }
        target.head.uri = uri;
        Ok(target)
    }

    /// Returns the head to send. The session's headers give way to those of the application, apart from
    /// `Last-Event-ID`; `more` replace all others.
    pub(super) fn request<'h>(
        &self,
        of_session: impl Iterator<Item = (&'static str, Lossy<'h>)>,
        more: &HeaderMap,
    ) -> http::request::Parts {
        let mut head = self.head.clone();
        for (name, value) in of_session {
            let (name, value) = (HeaderName::try_from(name), HeaderValue::try_from(value.to_string()));
            match (name, value) {
                (Ok(name), Ok(value)) if name == LAST_EVENT_ID => drop(head.headers.insert(name, value)),
                (Ok(name), Ok(value)) => drop(head.headers.entry(name).or_insert(value)),
                // The session has only headers that can be sent.
                _ => {}
            }
        }
        if self.is_home {
            for name in more.keys() {
                head.headers.remove(name);
                for value in more.get_all(name) {
                    head.headers.append(name, value.clone());
                }
            }
        }
        head
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(method: Method, uri: &str) -> Target {
        let mut request = http::Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = uri.parse().unwrap();
        for name in ["authorization", "cookie", "x-api-key", "content-type", "user-agent", "host"] {
            request.headers_mut().insert(name, HeaderValue::from_static("1"));
        }
        Target::new(request.into_parts().0)
    }

    fn redirected(from: &Target, status: u16, location: &str, trusts: bool) -> Result<Target, Failure> {
        from.redirected(StatusCode::from_u16(status).unwrap(), &HeaderValue::try_from(location).unwrap(), trusts)
    }

    #[test]
    fn the_method_changes_as_in_fetch() {
        for (status, method, expected) in [
            (301, Method::POST, Method::GET),
            (302, Method::POST, Method::GET),
            (303, Method::POST, Method::GET),
            (307, Method::POST, Method::POST),
            (308, Method::POST, Method::POST),
            (301, Method::PUT, Method::PUT),
            (303, Method::PUT, Method::GET),
            (303, Method::HEAD, Method::HEAD),
            (302, Method::GET, Method::GET),
        ] {
            let to = redirected(&target(method.clone(), "http://a.test/"), status, "/b", false).unwrap();
            assert_eq!(to.head.method, expected, "{status} {method}");
            assert_eq!(to.has_body, expected == method, "{status} {method}");
            assert_eq!(to.head.headers.contains_key(CONTENT_TYPE), expected == method);
            assert!(to.head.headers.contains_key("authorization") && to.is_home, "the same origin");
        }
    }

    #[test]
    fn another_origin_gets_neither_credentials_nor_a_body() {
        let from = target(Method::GET, "http://a.test/");
        let there = redirected(&from, 307, "//b.test/", false).unwrap();
        let mut names: alloc::vec::Vec<_> = there.head.headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["content-type", "user-agent"]);
        let back = redirected(&there, 307, "http://a.test/", false).unwrap();
        assert!(!back.is_home, "a server that was not trusted chose this request");
        let more = HeaderMap::from_iter([(HeaderName::from_static("authorization"), HeaderValue::from_static("2"))]);
        assert!(!back.request(core::iter::empty(), &more).headers.contains_key("authorization"));
        assert!(from.request(core::iter::empty(), &more).headers["authorization"] == "2");

        let post = target(Method::POST, "https://a.test/");
        let Err(Failure::Untrusted(uri)) = redirected(&post, 307, "https://a.test:1/x", false) else { panic!() };
        assert_eq!(*uri, "https://a.test:1/x");
        assert!(redirected(&post, 302, "https://a.test:1/x", false).is_ok_and(|to| !to.has_body));
        let trusted = redirected(&post, 307, "https://a.test:1/x", true).unwrap();
        assert!(trusted.has_body && trusted.is_home && trusted.head.headers.contains_key("cookie"));
        assert!(!trusted.head.headers.contains_key(HOST), "it names the first server");
        assert!(matches!(redirected(&post, 307, "ftp://a.test", true), Err(Failure::Location(_))));
    }

    #[test]
    fn an_id_of_the_session_replaces_that_of_the_request() {
        let mut target = target(Method::GET, "http://a.test/");
        for name in ["last-event-id", "accept"] {
            target.head.headers.insert(name, HeaderValue::from_static("mine"));
        }
        let of_session = [("Accept", Lossy(b"x")), ("Last-Event-ID", Lossy(b"\xFF")), ("Cache-Control", Lossy(b"no"))];
        let headers = target.request(of_session.into_iter(), &HeaderMap::new()).headers;
        assert_eq!(headers["accept"], "mine");
        assert_eq!(headers["last-event-id"].as_bytes(), "\u{FFFD}".as_bytes());
        assert_eq!(headers["cache-control"], "no");
    }
}
