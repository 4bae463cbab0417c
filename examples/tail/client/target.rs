//! Describes a request, and how a redirect changes it.
//!
//! This module handles URLs, methods and headers. It must not send anything, and must not decide whether to follow a
//! redirect.

use core::fmt;

use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap, HeaderName, USER_AGENT};
use reqwest::{Method, Url};

use super::failure::Failure;
use super::shown::public;

/// A request without the session's headers.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// A user name and password in the URL are sent as credentials.
    pub(crate) url: Url,
    pub(crate) method: Method,
    pub(crate) body: Option<String>,
    /// The application's headers.
    pub(crate) headers: HeaderMap,
    /// Whether headers and body may be sent to other servers after a redirect.
    pub(crate) trusting: bool,
}

/// The application's headers that another server may see. All others could be secret.
const FOR_ANYONE: [HeaderName; 4] = [ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, USER_AGENT];

impl Target {
    /// Returns the redirected request, following the Fetch standard.
    pub(crate) fn redirected(&self, status: u16, location: &[u8]) -> Result<Self, Failure> {
        let location = str::from_utf8(location).unwrap_or_default().trim();
        let mut url = match self.url.join(location) {
            Ok(url) if is_http(&url) && !location.is_empty() => url,
            Ok(url) => return Err(Failure::Location(public(&url))),
            // Any part of it could be secret.
            Err(_) => return Err(Failure::Location(format!("({} bytes that are not a URL)", location.len()))),
        };
        let is_same = url.origin() == self.url.origin();
        if is_same && url.username().is_empty() && url.password().is_none() {
            // These fail only for a URL without a host.
            let _ = url.set_username(self.url.username());
            let _ = url.set_password(self.url.password());
        }
        let mut target = Self { url, ..self.clone() };
        if !is_same && !self.trusting {
            for name in self.headers.keys().filter(|name| !FOR_ANYONE.contains(name)) {
                target.headers.remove(name);
            }
        }
        let becomes_get = match status {
            303 => true,
            301 | 302 => self.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            target.method = Method::GET;
            target.body = None;
            target.headers.remove(CONTENT_TYPE);
        }
        if !is_same && !self.trusting && target.body.is_some() {
            return Err(Failure::Untrusted(public(&target.url)));
        }
        Ok(target)
    }
}

impl fmt::Display for Target {
    /// Formats the target without parts that may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, public(&self.url))
    }
}

pub(crate) fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}
