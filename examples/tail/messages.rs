//! The messages of `tail` on standard error.
//!
//! This module makes text from servers and arguments safe to show. It must not depend on what the messages are about.

use core::fmt::Display;

use crate::arguments;
use crate::stdio::Messages;
use crate::text::Tame;

pub(crate) static MESSAGES: Messages = Messages::new("tail");

/// Writes a message to standard error. Further lines of it are indented.
pub(crate) fn say(text: impl Display) {
    MESSAGES.say(Tame { bytes: text.to_string().as_bytes(), indent: " " });
}

/// Returns clap's error message in a form that is safe to show.
pub(crate) fn shown(text: String) -> String {
    Tame { bytes: arguments::without_secrets(text).as_bytes(), indent: "" }.to_string()
}
