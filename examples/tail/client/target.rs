//! Where a request goes, and where a redirect sends it.
//!
//! Knows URLs, methods and headers; sends nothing. Whether a redirect is followed, the session says.

use core::fmt;

use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap, HeaderName, USER_AGENT};
use reqwest::{Method, Url};

use super::failure::Failure;

/// A request without what the session adds to it.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) url: Url,
    pub(crate) method: Method,
    pub(crate) body: Option<String>,
    /// Of the application.
    pub(crate) headers: HeaderMap,
}

/// The headers of the application that another server may see. What it uses as a secret cannot be told from a name.
const FOR_ANYONE: [HeaderName; 4] = [ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, USER_AGENT];

impl Target {
    /// Where `location` sends this request, as the Fetch standard has it.
    pub(crate) fn redirected(&self, status: u16, location: &[u8]) -> Result<Self, Failure> {
        let location = str::from_utf8(location).unwrap_or_default().trim();
        let url = self.url.join(location).ok().filter(|url| is_http(url) && !location.is_empty());
        let Some(url) = url else { return Err(Failure::Location(location.to_owned())) };
        let mut target = Self { url, ..self.clone() };
        if target.url.origin() != self.url.origin() {
            target.headers = self.headers.clone();
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
        Ok(target)
    }
}

impl fmt::Display for Target {
    /// Without what may be a secret: a password and a query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.method, self.url.origin().ascii_serialization(), self.url.path())
    }
}

pub(crate) fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}
