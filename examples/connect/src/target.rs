//! Tracks where requests go: the URL for new attempts, and the URL of the current redirect.
//!
//! This module resolves `Location` headers. It leaves `.` and `..` in a path to the server. It must not depend on an
//! HTTP client.

use core::fmt;

use embedded_sse::io::Request;
use heapless::{String, Vec};

/// The headers of a request, with room for those that a transport adds.
pub(crate) type Headers<'r> = Vec<(&'r str, &'r str), 16>;

/// The URL of a stream, of at most `N` bytes.
#[derive(Clone, Debug)]
pub struct Target<const N: usize = 128> {
    /// The URL of the first request of each attempt.
    standing: Url<N>,
    /// The URL of the current request.
    current: Url<N>,
}

/// A URL, and whether credentials may be sent there.
#[derive(Clone, Debug)]
pub(crate) struct Url<const N: usize> {
    text: String<N>,
    /// Whether it has the origin of the application's URL, for which the credentials are meant.
    home: bool,
}

impl<const N: usize> Target<N> {
    /// Creates a target from a URL that starts with `http://` or `https://`.
    ///
    /// # Errors
    ///
    /// The URL has another scheme, names no host, contains a character that is not visible ASCII, or is longer than `N`
    /// bytes.
    pub fn new(url: &str) -> Result<Self, BadUrl> {
        let url = Url { text: joined(&[url])?, home: true };
        Ok(Self { standing: url.clone(), current: url })
    }

    /// Returns the URL of the current request.
    pub fn url(&self) -> &str {
        &self.current.text
    }

    pub(crate) fn begin(&mut self, redirected: bool) {
        if !redirected {
            self.current.clone_from(&self.standing);
        }
    }

    /// Returns the headers to send. Another host than the application's gets no credentials and no cookies.
    pub(crate) fn headers<'r>(&self, request: &'r Request<'_>) -> Result<Headers<'r>, BadUrl> {
        let secret = |name: &str| {
            ["Authorization", "Cookie", "Proxy-Authorization"].iter().any(|secret| secret.eq_ignore_ascii_case(name))
        };
        let mut headers = Headers::new();
        for header in request.headers.iter().filter(|(name, _)| self.current.home || !secret(name)) {
            headers.push(header).map_err(|_| BadUrl)?;
        }
        Ok(headers)
    }

    /// Resolves a `Location` header against the current URL. A redirect from `https` to `http` is an error.
    pub(crate) fn resolve(&self, location: &[u8]) -> Result<Url<N>, BadUrl> {
        let location = str::from_utf8(location).map_err(|_| BadUrl)?.trim();
        let here = Parts::of(self.url()).ok_or(BadUrl)?;
        let text = if has_scheme(location) {
            joined(&[location])
        } else if location.starts_with("//") {
            joined(&[here.scheme, ":", location])
        } else if location.starts_with('/') {
            joined(&[here.origin, location])
        } else if location.starts_with('?') {
            joined(&[here.origin, here.path, location])
        } else {
            let directory = here.path.rfind('/').and_then(|slash| here.path.get(..slash)).unwrap_or_default();
            joined(&[here.origin, directory, "/", location])
        }?;
        let there = Parts::of(&text).ok_or(BadUrl)?;
        if here.is_secure() && !there.is_secure() {
            return Err(BadUrl);
        }
        let home = self.current.home && here.origin.eq_ignore_ascii_case(there.origin);
        Ok(Url { text, home })
    }

    pub(crate) fn go_to(&mut self, url: Url<N>, permanent: bool) {
        if permanent {
            self.standing.clone_from(&url);
        }
        self.current = url;
    }
}

/// A URL cannot be used, or there are too many headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadUrl;

impl fmt::Display for BadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a URL cannot be used, or there are too many headers")
    }
}

impl core::error::Error for BadUrl {}

/// The parts of an absolute HTTP URL.
pub(crate) struct Parts<'u> {
    pub(crate) scheme: &'u str,
    /// Host and port.
    pub(crate) authority: &'u str,
    /// Scheme, host and port.
    pub(crate) origin: &'u str,
    /// The path without the query.
    pub(crate) path: &'u str,
    /// Path and query.
    pub(crate) resource: &'u str,
}

impl<'u> Parts<'u> {
    pub(crate) fn of(url: &'u str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, resource) = rest.split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len()))?;
        let origin = url.get(..url.len() - resource.len())?;
        let path = resource.split('?').next()?;
        let known = ["http", "https"].iter().any(|known| known.eq_ignore_ascii_case(scheme));
        (known && !authority.is_empty()).then_some(Self { scheme, authority, origin, path, resource })
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.scheme.len() > "http".len()
    }

    /// Returns the host, without the brackets of an IPv6 address, and the port.
    #[cfg(feature = "edge-http")]
    pub(crate) fn host_and_port(&self) -> Option<(&'u str, u16)> {
        let (host, port) = match self.authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
            _ => (self.authority, if self.is_secure() { 443 } else { 80 }),
        };
        Some((host.trim_start_matches('[').trim_end_matches(']'), port))
    }
}

/// Returns whether a reference is an absolute URL.
fn has_scheme(reference: &str) -> bool {
    reference.split(['/', '?']).next().is_some_and(|start| start.contains(':'))
}

/// Joins the pieces of an absolute URL, and drops its fragment.
fn joined<const N: usize>(pieces: &[&str]) -> Result<String<N>, BadUrl> {
    let mut url = String::new();
    for piece in pieces {
        url.push_str(piece).map_err(|_| BadUrl)?;
    }
    if let Some(fragment) = url.find('#') {
        url.truncate(fragment);
    }
    let plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    if plain && Parts::of(&url).is_some() { Ok(url) } else { Err(BadUrl) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_resolved() {
        let target = Target::<40>::new("https://a.test:8443/dir/events?x=1#top").unwrap();
        assert_eq!(target.url(), "https://a.test:8443/dir/events?x=1");
        let resolved = |location: &str| target.resolve(location.as_bytes()).map(|url| (url.text, url.home));
        let is = |url: &str, home| Ok((String::try_from(url).unwrap(), home));
        assert_eq!(resolved("/other?y"), is("https://a.test:8443/other?y", true));
        assert_eq!(resolved("other"), is("https://a.test:8443/dir/other", true));
        assert_eq!(resolved("?z=2"), is("https://a.test:8443/dir/events?z=2", true));
        assert_eq!(resolved("//b.test/e"), is("https://b.test/e", false));
        assert_eq!(resolved(" https://A.TEST:8443/e#f "), is("https://A.TEST:8443/e", true));
        assert_eq!(resolved("https://a.test/e"), is("https://a.test/e", false));
        for bad in [
            "http://a.test:8443/",
            "ftp://a.test/",
            "https:///",
            "mailto:x",
            "/a b",
            "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert_eq!(resolved(bad), Err(BadUrl), "{bad}");
        }
        let bare = Target::<40>::new("http://a.test").unwrap();
        assert_eq!(bare.resolve(b"e").map(|url| url.text), Ok(String::try_from("http://a.test/e").unwrap()));
    }

    #[test]
    fn only_a_permanent_redirect_changes_later_attempts() {
        let mut target = Target::<40>::new("http://a.test/1").unwrap();
        target.go_to(target.resolve(b"/2").unwrap(), true);
        target.go_to(target.resolve(b"/3").unwrap(), false);
        target.begin(true);
        assert_eq!(target.url(), "http://a.test/3");
        target.begin(false);
        assert_eq!(target.url(), "http://a.test/2");
    }
}
