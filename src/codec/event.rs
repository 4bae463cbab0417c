//! What a stream says: the event, and the other items that may stand between events.
//!
//! Views of bytes that somebody else holds. Knows how text is shown, not how it came here.

use core::fmt;
use core::str::Utf8Error;
use core::time::Duration;

use super::field::Field;

/// A dispatched event (R38, R39): bytes lent from the chunk it came in, or from the decoder's buffer.
///
/// The three parts are bytes, as they came. A stream is UTF-8 by definition (R2); what is not is shown as U+FFFD by the
/// `*_lossy` views, exactly where a browser shows it (R14), and never stops the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Event<'a> {
    /// The type: the last `event` value of the block, `message` when that is empty or missing (R38).
    pub event_type: &'a [u8],
    /// The `data` values of the block, joined by LF (R28, R37). May be empty: `data:` alone is an event (R36).
    pub data: &'a [u8],
    /// The last event ID at this moment: this block's, or else the last one seen (R39). Empty when there is none.
    pub last_event_id: &'a [u8],
}

impl<'a> Event<'a> {
    /// The type of an event that names none (R38).
    pub const DEFAULT_TYPE: &'static str = "message";

    /// The data as text.
    ///
    /// # Errors
    ///
    /// When the data is not UTF-8; the event is not lost, see [`data_lossy`](Self::data_lossy).
    pub fn data_str(&self) -> Result<&'a str, Utf8Error> {
        checked(self.data)
    }

    /// The data as a browser shows it: each bad sequence as one U+FFFD (R14).
    #[must_use]
    pub const fn data_lossy(&self) -> Lossy<'a> {
        Lossy(self.data)
    }

    /// The type as a browser shows it.
    #[must_use]
    pub const fn event_type_lossy(&self) -> Lossy<'a> {
        Lossy(self.event_type)
    }

    /// The last event ID as a browser shows it, and as it must be sent in `Last-Event-ID`.
    #[must_use]
    pub const fn last_event_id_lossy(&self) -> Lossy<'a> {
        Lossy(self.last_event_id)
    }
}

/// Without `std` nothing can ask the CPU what it has, and `core`'s check is the best there is.
#[cfg(not(feature = "std"))]
pub(crate) fn checked(bytes: &[u8]) -> Result<&str, Utf8Error> {
    core::str::from_utf8(bytes)
}

/// The fast check tells only that something is wrong; where, `core` says, which is also the faster one for short text.
#[cfg(feature = "std")]
pub(crate) fn checked(bytes: &[u8]) -> Result<&str, Utf8Error> {
    if bytes.len() < 64 {
        return core::str::from_utf8(bytes);
    }
    simdutf8::basic::from_utf8(bytes).or_else(|_| core::str::from_utf8(bytes))
}

/// Anything that a stream says, in the order it says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Item<'a> {
    /// A dispatched event, at its blank line.
    Event(Event<'a>),
    /// The text after the colon of a comment line as it is, at the end of its line (R22).
    Comment(&'a [u8]),
    /// The reconnection time that a `retry` line sets, at the end of its line (R30).
    Retry(Duration),
}

/// Bytes shown as text the way the Standard decodes them: one U+FFFD for each longest prefix of a well-formed sequence, and
/// one for each other byte (R14, R15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Lossy<'a>(pub &'a [u8]);

impl fmt::Display for Lossy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_str("\u{FFFD}")?;
            }
        }
        Ok(())
    }
}

/// Something in the stream is larger than the memory it was given. Nothing was cut: it was left out as a whole, and decoding
/// goes on behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct TooLong {
    /// What did not fit.
    ///
    /// - [`Data`](Field::Data) or [`Event`](Field::Event): an event is missing here. Its `id` counts all the same, or every
    ///   reconnect would bring the same event again.
    /// - [`Id`](Field::Id): the event was delivered, the last event ID is still the one before. A reconnect would bring that
    ///   event again, so this is told even if a [`reset`](crate::Decoder::reset) comes first: the next step begins with it.
    /// - [`Comment`](Field::Comment): a comment is missing here.
    pub field: Field,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Field::Id => f.write_str("event ID too long for its store"),
            Field::Comment => f.write_str("comment too long for the buffer"),
            field => write!(f, "event too long for the buffer: {field}"),
        }
    }
}

impl core::error::Error for TooLong {}
