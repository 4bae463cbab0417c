//! The messages of `tail` on standard error.
//!
//! This module makes text from servers and arguments safe to show. It must not depend on what the messages are about.

use core::fmt::Display;

use crate::arguments;
use crate::stdio::Messages;
use crate::text::Escaped;

pub(crate) static MESSAGES: Messages = Messages::new("tail");

/// Writes a message to standard error. Further lines of it are indented.
pub(crate) fn say(text: impl Display) {
    MESSAGES.say(Escaped { bytes: text.to_string().as_bytes(), indent: " " });
}

/// Returns clap's error message in a form that is safe to show.
pub(crate) fn shown(text: String) -> String {
    Escaped { bytes: arguments::without_secrets(text).as_bytes(), indent: "" }.to_string()
}
