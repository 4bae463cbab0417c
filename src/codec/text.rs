//! Text that fits on a single line: event types and event IDs, validated when they are created.
//!
//! This module must not depend on frames or on how a stream is read.

use core::fmt;

use super::digits::decimal;
use super::pace::is_known_plain;

/// Holds text without a line end, such as an event type ([R9](crate::rules#r9)).
///
/// ```
/// use embedded_sse::{SingleLine, single_line};
///
/// let tick: SingleLine = single_line!("tick"); // a literal is checked at compile time
/// assert_eq!(SingleLine::new("tick"), Ok(tick));
/// assert!(SingleLine::new("tick\rid: 9").is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SingleLine<'a>(&'a str);

impl<'a> SingleLine<'a> {
    /// Creates a single line from text that contains neither CR nor LF. The text may be empty.
    ///
    /// # Errors
    ///
    /// Returns [`LineBreak`] with the offset of the first CR or LF. Such text would end the line early, and readers
    /// would take the rest for another field.
    pub const fn new(text: &'a str) -> Result<Self, LineBreak> {
        match first_control(text.as_bytes(), false) {
            Some((offset, _)) => Err(LineBreak { offset }),
            None => Ok(Self(text)),
        }
    }

    /// Returns the text.
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

/// Holds text that is valid as an event's `id`: it contains no line end ([R9]) and no NUL. Clients ignore an id with a
/// NUL ([R11], [R42]).
///
/// ```
/// use embedded_sse::{EventId, Frame, event_id};
///
/// let id = EventId::new("7").unwrap();
/// assert_eq!(id, event_id!("7")); // a literal is checked at compile time
/// assert_eq!(Frame::new().id(id).data("x").to_string(), "id: 7\ndata: x\n\n");
/// assert!(EventId::new("7\n8").is_err());
/// ```
///
/// [R9]: crate::rules#r9
/// [R11]: crate::rules#r11
/// [R42]: crate::rules#r42
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EventId<'a>(&'a str);

impl<'a> EventId<'a> {
    /// The empty id. A client that receives it forgets its last event ID ([R43](crate::rules#r43)).
    pub const EMPTY: Self = Self("");

    /// Creates an event ID from text that contains no CR, LF or NUL. The text may be empty.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidEventId`] with the kind and the offset of the first forbidden character.
    pub const fn new(text: &'a str) -> Result<Self, InvalidEventId> {
        match first_control(text.as_bytes(), true) {
            None => Ok(Self(text)),
            Some((offset, 0)) => Err(InvalidEventId::Nul { offset }),
            Some((offset, _)) => Err(InvalidEventId::LineBreak { offset }),
        }
    }

    /// Creates the ID of a number in decimal. It needs no heap: `buffer` holds the digits.
    ///
    /// ```
    /// use embedded_sse::{EventId, Frame};
    ///
    /// let (mut digits, mut buffer) = ([0; 20], [0; 64]);
    /// let frame = Frame::new().id(EventId::decimal(42, &mut digits)).data("x");
    /// assert_eq!(frame.encode(&mut buffer)?, b"id: 42\ndata: x\n\n");
    /// # Ok::<(), embedded_sse::BufferFull>(())
    /// ```
    #[must_use]
    pub fn decimal(number: u64, buffer: &'a mut [u8; 20]) -> Self {
        Self(core::str::from_utf8(decimal(number, buffer)).unwrap_or_default())
    }

    /// Creates the ID of a number in an epoch, both in decimal: `1700000000-42`. It needs no heap: `buffer` holds the text.
    ///
    /// A server that counts its events from 1 again after each restart uses IDs twice, unless they also name the epoch: a
    /// number that differs from start to start, such as the time of the start or a random number. A client that comes
    /// back with an ID of an earlier epoch is recognized, and so is a restart by a client that compares IDs.
    ///
    /// ```
    /// use embedded_sse::{EventId, Frame};
    ///
    /// let started = 1_700_000_000; // in seconds since 1970
    /// let (mut text, mut buffer) = ([0; 41], [0; 64]);
    /// let frame = Frame::new().id(EventId::in_epoch(started, 42, &mut text)).data("x");
    /// assert_eq!(frame.encode(&mut buffer)?, b"id: 1700000000-42\ndata: x\n\n");
    /// # Ok::<(), embedded_sse::BufferFull>(())
    /// ```
    #[must_use]
    pub fn in_epoch(epoch: u64, number: u64, buffer: &'a mut [u8; 41]) -> Self {
        let (mut digits, mut len) = ([0; 20], 0);
        for (number, end) in [(epoch, &b"-"[..]), (number, b"")] {
            for &byte in decimal(number, &mut digits).iter().chain(end) {
                if let Some(place) = buffer.get_mut(len) {
                    *place = byte;
                    len += 1;
                }
            }
        }
        Self(core::str::from_utf8(buffer.get(..len).unwrap_or_default()).unwrap_or_default())
    }

    /// Returns the text.
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

/// Reports a CR or LF in text that must fit on a single line ([R9](crate::rules#r9)).
///
/// The text was supplied by the caller: split or escape it first.
///
/// ```
/// let error = embedded_sse::SingleLine::new("tick\rid: 9").unwrap_err();
/// assert_eq!(error.offset, 4);
/// assert_eq!(error.to_string(), "line break at byte 4");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct LineBreak {
    /// The offset of the line break, in bytes from the start of the text.
    pub offset: usize,
}

impl fmt::Display for LineBreak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line break at byte {}", self.offset)
    }
}

impl core::error::Error for LineBreak {}

/// Reports why the caller's text is not a valid event ID.
///
/// ```
/// use embedded_sse::{EventId, InvalidEventId};
///
/// let error = EventId::new("a\0").unwrap_err();
/// assert!(matches!(error, InvalidEventId::Nul { offset: 1, .. }));
/// assert_eq!(error.to_string(), "NUL at byte 1 of the id");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum InvalidEventId {
    /// The text contains a CR or LF ([R9](crate::rules#r9)).
    #[non_exhaustive]
    LineBreak {
        /// The offset, in bytes from the start of the text.
        offset: usize,
    },
    /// The text contains U+0000. A reader would ignore the whole id ([R42](crate::rules#r42)).
    #[non_exhaustive]
    Nul {
        /// The offset, in bytes from the start of the text.
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

/// Creates a [`SingleLine`] from a literal or a constant. A line break in it is a compile-time error.
///
/// ```
/// assert_eq!(embedded_sse::single_line!("tick").as_str(), "tick");
/// ```
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

/// Creates an [`EventId`] from a literal or a constant. A line break or NUL in it is a compile-time error.
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

/// Returns the first CR, LF or NUL and its offset. It is `const` and therefore cannot use `memchr`.
const fn first_control(text: &[u8], nul_too: bool) -> Option<(usize, u8)> {
    // Fast path: servers check every id that they send.
    if is_known_plain(text) {
        return None;
    }
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        if matches!(byte, b'\r' | b'\n') || nul_too && *byte == 0 {
            return Some((text.len() - rest.len(), *byte));
        }
        rest = tail;
    }
    None
}
