//! What is shown of a stranger's words: no secrets, and no more than fits into a message.

use reqwest::Url;

/// Of a value that a server has sent.
pub(crate) const VALUE: usize = 100;

/// Of the words of an error, in which there may be such a value.
pub(crate) const DETAIL: usize = 300;

/// The beginning of a value, as text.
pub(crate) fn shown(value: &[u8]) -> String {
    // No character is longer.
    let beginning = value.get(..4 * (VALUE + 1)).unwrap_or(value);
    shortened(&String::from_utf8_lossy(beginning), VALUE)
}

/// At most so many characters of a text, and `...` if there are more.
pub(crate) fn shortened(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => text[..end].to_owned() + "...",
        None => text.to_owned(),
    }
}

/// A URL without what may be a secret: user name, password, query and fragment.
pub(crate) fn public(url: &Url) -> String {
    match url.host_str() {
        Some(host) => {
            let port = url.port().map_or(String::new(), |port| format!(":{port}"));
            shortened(&format!("{}://{host}{port}{}", url.scheme(), url.path()), VALUE)
        }
        None => format!("{}:...", shortened(url.scheme(), VALUE)),
    }
}
