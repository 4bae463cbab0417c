//! Where a request goes, and where a redirect sends it.
//!
//! Knows URLs, methods and headers; sends nothing. Whether a redirect is followed, the session says.

use core::fmt;

use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap, HeaderName, USER_AGENT};
use reqwest::{Method, Url};

use super::failure::Failure;
use super::shown::public;

/// A request without what the session adds to it.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// User name and password in it are sent as credentials.
    pub(crate) url: Url,
    pub(crate) method: Method,
    pub(crate) body: Option<String>,
    /// Of the application.
    pub(crate) headers: HeaderMap,
    /// Other servers, to which a redirect leads, may see the headers and the body.
    pub(crate) trusting: bool,
}

/// The headers of the application that another server may see. What it uses as a secret cannot be told from a name.
const FOR_ANYONE: [HeaderName; 4] = [ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, USER_AGENT];

impl Target {
    /// Where `location` sends this request, as the Fetch standard has it.
    pub(crate) fn redirected(&self, status: u16, location: &[u8]) -> Result<Self, Failure> {
        let location = str::from_utf8(location).unwrap_or_default().trim();
        let mut url = match self.url.join(location) {
            Ok(url) if is_http(&url) && !location.is_empty() => url,
            Ok(url) => return Err(Failure::Location(public(&url))),
            // No part of it is known not to be a secret.
            Err(_) => return Err(Failure::Location(format!("({} bytes that are no URL)", location.len()))),
        };
        let is_same = url.origin() == self.url.origin();
        if is_same && url.username().is_empty() && url.password().is_none() {
            // They can only be refused where there is no host.
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
    /// Without what may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, public(&self.url))
    }
}

pub(crate) fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}
