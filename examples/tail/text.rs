//! Escapes text from servers so that it is safe to show on a terminal.
//!
//! This module only handles text. It must not depend on where the text comes from.

use core::fmt::{self, Display, Write as _};

use embedded_sse::Lossy;

/// Displays text with [unsafe characters](is_unsafe) escaped. Invalid UTF-8 is replaced.
pub(crate) struct Escaped<'t> {
    pub(crate) bytes: &'t [u8],
    /// The indentation of each line but the first.
    pub(crate) indent: &'t str,
}

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in Lossy(self.bytes).to_string().chars() {
            match character {
                '\n' => write!(f, "\n{}", self.indent)?,
                '\t' => f.write_char('\t')?,
                _ if is_unsafe(character) => write!(f, "{}", character.escape_unicode())?,
                _ => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// Returns equivalent JSON with [unsafe characters](is_unsafe) escaped. In JSON they occur only in strings.
pub(crate) fn escaped_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if is_unsafe(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a `String` never fails.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Returns whether this is a control character, a line separator, a change of the writing direction, or a character
/// without width.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}
