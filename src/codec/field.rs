//! The fields of an event stream and their names. Reading and writing share them.
//!
//! This module must not depend on streams, chunks or frames.

use core::fmt;

/// Identifies a part of an event stream that carries a value.
///
/// Fields with any other name are ignored ([R33](crate::rules#r33)) and have no variant here.
///
/// ```
/// use embedded_sse::{Decoder, Field};
///
/// let mut decoder = Decoder::new([0; 4]);
/// // A chunk ends inside the data, and its nine bytes do not fit into the buffer.
/// assert!(decoder.next_event(&mut &b"data: too "[..]).is_none());
/// let error = decoder.next_event(&mut &b"large\n\n"[..]).unwrap().unwrap_err();
/// assert_eq!(error.field, Field::Data);
/// assert_eq!(error.field.name(), "data");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Field {
    /// A comment: a line that begins with a colon. The Standard does not call it a field, but it carries text too ([R5],
    /// [R22]).
    ///
    /// [R5]: crate::rules#r5
    /// [R22]: crate::rules#r22
    Comment = 0,
    /// `data`: one line of the event's data ([R28](crate::rules#r28)).
    Data = 1,
    /// `event`: the event's type ([R27](crate::rules#r27)).
    Event = 2,
    /// `id`: the last event ID ([R29](crate::rules#r29)).
    Id = 3,
    /// `retry`: the reconnection time ([R30](crate::rules#r30)).
    Retry = 4,
}

impl Field {
    /// Returns the field's name as it appears in a stream, or `comment` for a comment, which has no name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Data => "data",
            Self::Event => "event",
            Self::Id => "id",
            Self::Retry => "retry",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
