//! A stranger's text, made fit to be looked at.
//!
//! Knows what a terminal obeys and what a reader does not see.

use core::fmt::{self, Display, Write as _};

use embedded_sse::Lossy;

/// Text without what a terminal would obey, and without what makes it look like another one.
pub(crate) struct Tame<'t> {
    pub(crate) bytes: &'t [u8],
    /// Stands before each line but the first.
    pub(crate) indent: &'t str,
}

impl Display for Tame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in Lossy(self.bytes).to_string().chars() {
            match character {
                '\n' => write!(f, "\n{}", self.indent)?,
                '\t' => f.write_char('\t')?,
                _ if is_wild(character) => write!(f, "{}", character.escape_unicode())?,
                _ => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// JSON that says the same, with [wild](is_wild) characters as escapes. Only strings of JSON can have any in them.
pub(crate) fn tame_json(json: &str) -> String {
    let mut tame = String::with_capacity(json.len());
    for character in json.chars() {
        if is_wild(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // A `String` takes everything.
                let _ = write!(tame, "\\u{unit:04x}");
            }
        } else {
            tame.push(character);
        }
    }
    tame
}

/// A control character, a separator of lines, a change of the direction of writing, or a character without width.
fn is_wild(character: char) -> bool {
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
