//! Text that a single line can hold: event types and event IDs, checked when they are made.
//!
//! Must not know which frame they go into, nor how a stream is read.

use core::fmt;

use super::pace::is_known_plain;

/// Text without a line end, which is all that an event type can be (R9).
///
/// ```
/// use embedded_sse::{SingleLine, single_line};
///
/// let tick: SingleLine = single_line!("tick"); // a literal is checked when it is compiled
/// assert_eq!(SingleLine::new("tick"), Ok(tick));
/// assert!(SingleLine::new("tick\rid: 9").is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SingleLine<'a>(&'a str);

impl<'a> SingleLine<'a> {
    /// Takes any text, the empty one too, that has neither CR nor LF.
    ///
    /// # Errors
    ///
    /// [`LineBreak`] with the offset of the first CR or LF: such text would end the line early and let its rest be read
    /// as another field.
    pub const fn new(text: &'a str) -> Result<Self, LineBreak> {
        match first_control(text.as_bytes(), false) {
            Some((offset, _)) => Err(LineBreak { offset }),
            None => Ok(Self(text)),
        }
    }

    /// The text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl<'a> TryFrom<&'a str> for SingleLine<'a> {
    type Error = LineBreak;

    fn try_from(text: &'a str) -> Result<Self, LineBreak> {
        Self::new(text)
    }
}

/// Text that can be an event's `id`: neither a line end (R9) nor NUL, for which every client would ignore it (R11, R42).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EventId<'a>(&'a str);

impl<'a> EventId<'a> {
    /// The empty id, which makes a client forget the last one (R43).
    pub const EMPTY: Self = Self("");

    /// Takes any text, the empty one too, that has no CR, LF or NUL.
    ///
    /// # Errors
    ///
    /// [`InvalidEventId`], which says what was found and where.
    pub const fn new(text: &'a str) -> Result<Self, InvalidEventId> {
        match first_control(text.as_bytes(), true) {
            None => Ok(Self(text)),
            Some((offset, 0)) => Err(InvalidEventId::Nul { offset }),
            Some((offset, _)) => Err(InvalidEventId::LineBreak { offset }),
        }
    }

    /// The text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl<'a> TryFrom<&'a str> for EventId<'a> {
    type Error = InvalidEventId;

    fn try_from(text: &'a str) -> Result<Self, InvalidEventId> {
        Self::new(text)
    }
}

/// The caller's text holds a CR or LF where only a single line can be sent (R9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct LineBreak {
    /// Where it stands, in bytes from the start of the text.
    pub offset: usize,
}

impl fmt::Display for LineBreak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line break at byte {}", self.offset)
    }
}

impl core::error::Error for LineBreak {}

/// The caller's text cannot be an event ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum InvalidEventId {
    /// It holds a CR or LF (R9).
    #[non_exhaustive]
    LineBreak {
        /// Where, in bytes from the start of the text.
        offset: usize,
    },
    /// It holds U+0000, for which a reader ignores the whole id (R42).
    #[non_exhaustive]
    Nul {
        /// Where, in bytes from the start of the text.
        offset: usize,
    },
}

impl fmt::Display for InvalidEventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LineBreak { offset } => write!(f, "line break at byte {offset} of the id"),
            Self::Nul { offset } => write!(f, "NUL at byte {offset} of the id"),
        }
    }
}

impl core::error::Error for InvalidEventId {}

/// A [`SingleLine`] from a literal or constant; a line break in it is an error of compilation.
///
/// ```compile_fail
/// embedded_sse::single_line!("tick\rid: 9");
/// ```
#[macro_export]
macro_rules! single_line {
    ($text:expr) => {
        const {
            match $crate::SingleLine::new($text) {
                Ok(line) => line,
                Err(_) => panic!("line break in a single line"),
            }
        }
    };
}

/// An [`EventId`] from a literal or constant; a line break or NUL in it is an error of compilation.
///
/// ```
/// assert_eq!(embedded_sse::event_id!("7").as_str(), "7");
/// ```
/// ```compile_fail
/// embedded_sse::event_id!("7\0");
/// ```
#[macro_export]
macro_rules! event_id {
    ($text:expr) => {
        const {
            match $crate::EventId::new($text) {
                Ok(id) => id,
                Err(_) => panic!("line break or NUL in an event ID"),
            }
        }
    };
}

/// The first CR, LF or NUL, and its offset. `const`, hence without `memchr`.
const fn first_control(text: &[u8], nul_too: bool) -> Option<(usize, u8)> {
    // Servers check every id they send.
    if is_known_plain(text) {
        return None;
    }
    let mut rest = text;
    while let [byte, behind @ ..] = rest {
        if matches!(byte, b'\r' | b'\n') || nul_too && *byte == 0 {
            return Some((text.len() - rest.len(), *byte));
        }
        rest = behind;
    }
    None
}
