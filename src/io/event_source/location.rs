//! Resolves the value of a `Location` header against the URL of the request, as RFC 3986 describes.
//!
//! This module handles text. It must not decide whether a redirect is followed.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use http::Uri;

/// Returns the URL that `location` refers to, without its fragment. `None` if that is not an HTTP URL.
///
/// Characters that no URL contains, such as spaces and letters other than those of ASCII, are percent-encoded, as
/// browsers do.
pub(super) fn resolved(base: &Uri, location: &[u8]) -> Option<Uri> {
    let location = encoded(location.trim_ascii());
    let location = location.split('#').next().unwrap_or_default();
    let (scheme, rest) = match scheme(location) {
        Some((scheme, rest)) => (scheme, rest.starts_with("//").then_some(rest)?),
        None => (base.scheme_str()?, location),
    };
    let (authority, resource) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())),
        None => (base.authority()?.as_str(), rest),
    };
    // An empty port is that of the scheme.
    let authority = authority.strip_suffix(':').unwrap_or(authority);
    let (path, query) = match resource.find('?') {
        Some(at) => resource.split_at(at),
        None => (resource, ""),
    };
    let base_query = || base.query().map_or(String::new(), |query| String::from("?") + query);
    let resource = match path {
        "" if rest.starts_with("//") => String::from("/") + query,
        "" if query.is_empty() => String::from(base.path()) + &base_query(),
        "" => String::from(base.path()) + query,
        path if path.starts_with('/') => without_dots(path) + query,
        path => {
            let folder = base.path().rfind('/').and_then(|end| base.path().get(..=end)).unwrap_or("/");
            without_dots(&(String::from(folder) + path)) + query
        }
    };
    let scheme = ["http", "https"].into_iter().find(|known| known.eq_ignore_ascii_case(scheme))?;
    let uri = Uri::builder().scheme(scheme).authority(authority).path_and_query(resource).build().ok()?;
    let host = uri.host().filter(|host| !host.is_empty())?;
    let is_whole = authority.ends_with(host) || uri.port_u16().is_some();
    is_whole.then_some(uri)
}

/// Returns whether two URLs have the same scheme, host and port.
pub(super) fn is_same_origin(one: &Uri, other: &Uri) -> bool {
    let port = |uri: &Uri| {
        uri.port_u16().or_else(|| Some(if uri.scheme_str()?.eq_ignore_ascii_case("https") { 443 } else { 80 }))
    };
    let same = |one: Option<&str>, other: Option<&str>| match (one, other) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => false,
    };
    same(one.scheme_str(), other.scheme_str()) && same(one.host(), other.host()) && port(one) == port(other)
}

/// Splits off the scheme of an absolute URL.
fn scheme(location: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = location.split_once(':')?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme.then_some((scheme, rest))
}

fn encoded(location: &[u8]) -> String {
    let mut encoded = String::with_capacity(location.len());
    for byte in location {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(byte) {
            encoded.push(char::from(*byte));
        } else {
            // Writing to a `String` never fails.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Removes the segments `.` and `..` from an absolute path.
fn without_dots(path: &str) -> String {
    let mut kept = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    String::from("/") + &kept.join("/")
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn resolve(base: &str, location: &str) -> Option<String> {
        resolved(&base.parse().unwrap(), location.as_bytes()).map(|uri| uri.to_string())
    }

    /// The examples of RFC 3986, section 5.4, as far as they are HTTP URLs. Fragments are dropped.
    #[test]
    fn references_are_resolved_as_in_rfc_3986() {
        for (location, expected) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g/"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q"),
            ("g#s", "http://a/b/c/g"),
            ("g?y#s", "http://a/b/c/g?y"),
            (";x", "http://a/b/c/;x"),
            ("g;x?y#s", "http://a/b/c/g;x?y"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("../../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/./x", "http://a/b/c/g?y/./x"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
        ] {
            assert_eq!(resolve("http://a/b/c/d;p?q", location).as_deref(), Some(expected), "{location:?}");
        }
    }

    #[test]
    fn what_is_no_http_url_is_refused() {
        for location in
            ["ftp://b/", "mailto:x", "http:", "http:///x", "https://", "//", "http://[", "http://b:x/", "g:h"]
        {
            assert_eq!(resolve("http://a/b", location), None, "{location:?}");
        }
    }

    #[test]
    fn characters_that_no_url_contains_are_encoded() {
        let base = "http://a.test/x";
        assert_eq!(resolve(base, " /a b/\u{E9} ").as_deref(), Some("http://a.test/a%20b/%C3%A9"));
        assert_eq!(resolve(base, "?q={\"x\"}").as_deref(), Some("http://a.test/x?q=%7B%22x%22%7D"));
        assert_eq!(resolve(base, "/%20[1]").as_deref(), Some("http://a.test/%20[1]"));
        assert_eq!(resolve(base, "HTTPS://[::1]:8443/x").as_deref(), Some("https://[::1]:8443/x"));
        assert_eq!(resolve(base, "http://b:/x").as_deref(), Some("http://b/x"));
        assert_eq!(resolve("http://a.test", "x").as_deref(), Some("http://a.test/x"));
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let same = |one: &str, other: &str| is_same_origin(&one.parse().unwrap(), &other.parse().unwrap());
        assert!(same("http://a.test/x", "http://A.test:80/y"));
        assert!(same("https://a.test/", "https://a.test:443"));
        assert!(!same("http://a.test/", "https://a.test/"));
        assert!(!same("http://a.test/", "http://a.test:8080/"));
        assert!(!same("http://a.test/", "http://b.test/"));
        assert!(!same("/x", "/x"), "a path has no origin");
    }
}
