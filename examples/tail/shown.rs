//! Prepares text from servers for messages: without secrets, and shortened.

use reqwest::Url;

/// The longest value from a server that is shown, in characters.
pub(crate) const VALUE: usize = 100;

/// The longest error text that is shown, in characters. It may contain such a value.
pub(crate) const DETAIL: usize = 300;

/// Returns the start of a value as text.
pub(crate) fn shown(value: &[u8]) -> String {
    // A character has at most 4 bytes.
    let beginning = value.get(..4 * (VALUE + 1)).unwrap_or(value);
    shortened(&String::from_utf8_lossy(beginning), VALUE)
}

/// Returns at most this many characters of a text, with `...` if there are more.
pub(crate) fn shortened(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => text[..end].to_owned() + "...",
        None => text.to_owned(),
    }
}

/// Returns a URL without parts that may be secret: user name, password, query and fragment.
pub(crate) fn public(url: &Url) -> String {
    match url.host_str() {
        Some(host) => {
            let port = url.port().map_or(String::new(), |port| format!(":{port}"));
            shortened(&format!("{}://{host}{port}{}", url.scheme(), url.path()), VALUE)
        }
        None => format!("{}:...", shortened(url.scheme(), VALUE)),
    }
}
