//! Parses arguments that may contain secrets, and hides them in clap's messages.
//!
//! clap shows invalid values in its messages, so it must not validate URLs and headers: this module does.

use std::env;

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

pub(crate) fn url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        Ok(_) => Err("it must start with http:// or https://".into()),
        Err(error) => Err(format!("{error}; it must consist of http:// or https://, a host and a path")),
    }
}

/// Parses the headers, and adds the content type of a POST if it is missing.
pub(crate) fn headers(lines: &[String], is_post: bool) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = header(line)?;
        headers.append(name, value);
    }
    if is_post {
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    }
    Ok(headers)
}

fn header(line: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = line.split_once(':').ok_or("the colon is missing; write it as 'Name: value'")?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|error| error.to_string())?;
    if name == "last-event-id" {
        return Err("use --last-event-id for the last event ID".into());
    }
    let mut value = HeaderValue::from_str(value.trim()).map_err(|error| format!("{name}: {error}"))?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// Removes arguments that may be URLs from clap's message.
pub(crate) fn without_secrets(text: String) -> String {
    env::args_os()
        .map(|argument| argument.to_string_lossy().into_owned())
        .filter(|argument| argument.contains(['@', '?', '/']))
        .fold(text, |text, argument| text.replace(&format!("'{argument}'"), "(not shown: it may be a URL)"))
}
