//! The fields of an event stream and their names, which reading and writing share.
//!
//! Must not know streams, chunks or frames.

use core::fmt;

/// The parts of an event stream that carry a value.
///
/// Fields of any other name are ignored wherever they stand (R33) and have no variant here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Field {
    /// A line that begins with a colon. Not a field in the Standard's words, but it too has text (R5, R22).
    Comment = 0,
    /// `data`: one line of the event's data (R28).
    Data = 1,
    /// `event`: the event's type (R27).
    Event = 2,
    /// `id`: the last event ID (R29).
    Id = 3,
    /// `retry`: the reconnection time (R30).
    Retry = 4,
}

impl Field {
    /// The field's name as it stands in a stream, and `comment` for the one that has none.
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
