//! The reportable items of a stream: events, comments and reconnection times.
//!
//! The types here are views of bytes that someone else owns. This module must not depend on how the bytes arrived.

use core::fmt::{self, Write};
use core::str::Utf8Error;
use core::time::Duration;

use super::field::Field;

/// Borrows a dispatched event ([R38], [R39]) from the chunk that it came in or from the decoder's buffer.
///
/// The three parts are bytes, exactly as received. A stream is UTF-8 by definition ([R2]), but malformed bytes never stop
/// it: the `*_lossy` views replace them by U+FFFD exactly where a browser does ([R14]). To keep an event, copy it into an
/// [`OwnedEvent`](crate::OwnedEvent) or a [`FixedEvent`](crate::FixedEvent).
///
/// ```
/// use embedded_sse::Decoder;
///
/// let mut decoder = Decoder::new([0; 64]);
/// let event = decoder.next_event(&mut &b"id: 7\ndata: 21.5 \xB0C\n\n"[..]).unwrap()?;
/// assert_eq!(event.event_type, b"message");
/// assert_eq!(event.last_event_id, b"7");
/// assert!(event.data_str().is_err()); // the degree sign is not UTF-8
/// assert_eq!(event.data_lossy().to_string(), "21.5 \u{FFFD}C");
/// # Ok::<(), embedded_sse::TooLong>(())
/// ```
///
/// [R38]: crate::rules#r38
/// [R39]: crate::rules#r39
/// [R2]: crate::rules#r2
/// [R14]: crate::rules#r14
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Event<'a> {
    /// The type: the last `event` value of the block, or `message` if that is empty or missing ([R38]).
    ///
    /// [R38]: crate::rules#r38
    pub event_type: &'a [u8],
    /// The `data` values of the block, joined by LF ([R28], [R37]). May be empty: a lone `data:` line makes an event ([R36]).
    ///
    /// [R28]: crate::rules#r28
    /// [R37]: crate::rules#r37
    /// [R36]: crate::rules#r36
    pub data: &'a [u8],
    /// The last event ID when the event was dispatched: this block's, or the previous one if the block has none ([R39]).
    /// Empty if there is none.
    ///
    /// [R39]: crate::rules#r39
    pub last_event_id: &'a [u8],
}

impl<'a> Event<'a> {
    /// The type of an event whose block names none ([R38](crate::rules#r38)).
    pub const DEFAULT_TYPE: &'static str = "message";

    /// Returns the data as text.
    ///
    /// # Errors
    ///
    /// Returns an error if the data is not UTF-8. The event is not lost: see [`data_lossy`](Self::data_lossy).
    pub fn data_str(&self) -> Result<&'a str, Utf8Error> {
        checked(self.data)
    }

    /// Returns the data as a browser shows it, with each malformed sequence replaced by one U+FFFD ([R14]).
    ///
    /// [R14]: crate::rules#r14
    #[must_use]
    pub const fn data_lossy(&self) -> Lossy<'a> {
        Lossy(self.data)
    }

    /// Returns the type as text.
    ///
    /// # Errors
    ///
    /// Returns an error if the type is not UTF-8; see [`event_type_lossy`](Self::event_type_lossy).
    pub fn event_type_str(&self) -> Result<&'a str, Utf8Error> {
        checked(self.event_type)
    }

    /// Returns the type as a browser shows it, with each malformed sequence replaced by one U+FFFD.
    #[must_use]
    pub const fn event_type_lossy(&self) -> Lossy<'a> {
        Lossy(self.event_type)
    }

    /// Returns the last event ID as text.
    ///
    /// # Errors
    ///
    /// Returns an error if the id is not UTF-8; see [`last_event_id_lossy`](Self::last_event_id_lossy).
    pub fn last_event_id_str(&self) -> Result<&'a str, Utf8Error> {
        checked(self.last_event_id)
    }

    /// Returns the last event ID as a browser shows it, and as it must be sent in `Last-Event-ID`.
    #[must_use]
    pub const fn last_event_id_lossy(&self) -> Lossy<'a> {
        Lossy(self.last_event_id)
    }
}

/// Shows the three parts as text, like [`Lossy`].
impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("event_type", &self.event_type_lossy())
            .field("data", &self.data_lossy())
            .field("last_event_id", &self.last_event_id_lossy())
            .finish()
    }
}

/// Checks that bytes are UTF-8. Without `std` the features of the CPU cannot be detected, so this is `core`'s check.
#[cfg(not(feature = "std"))]
pub(crate) fn checked(bytes: &[u8]) -> Result<&str, Utf8Error> {
    core::str::from_utf8(bytes)
}

/// Checks that bytes are UTF-8. The vectorised check reports only that there is an error; `core` then locates it. For
/// short text `core` is also the faster one.
#[cfg(feature = "std")]
pub(crate) fn checked(bytes: &[u8]) -> Result<&str, Utf8Error> {
    if bytes.len() < 64 {
        return core::str::from_utf8(bytes);
    }
    simdutf8::basic::from_utf8(bytes).or_else(|_| core::str::from_utf8(bytes))
}

/// Borrows a reportable item of a stream. Items come in the order of the stream.
///
/// ```
/// use core::time::Duration;
/// use embedded_sse::{Decoder, Item};
///
/// let mut decoder = Decoder::new([0; 64]);
/// let mut input = &b": hello\nretry: 5000\ndata: x\n\n"[..];
/// assert_eq!(decoder.next_item(&mut input), Some(Ok(Item::Comment(b" hello"))));
/// assert_eq!(decoder.next_item(&mut input), Some(Ok(Item::Retry(Duration::from_secs(5)))));
/// let Some(Ok(Item::Event(event))) = decoder.next_item(&mut input) else { panic!("an event") };
/// assert_eq!(event.data, b"x");
/// assert_eq!(decoder.next_item(&mut input), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Item<'a> {
    /// A dispatched event, reported at its blank line.
    Event(Event<'a>),
    /// The text of a comment, reported at the end of its line. It is everything after the colon, including a leading
    /// space ([R22](crate::rules#r22)).
    Comment(&'a [u8]),
    /// The reconnection time that a `retry` line sets, reported at the end of that line ([R30](crate::rules#r30)).
    Retry(Duration),
}

/// Shows a comment as text, like [`Lossy`].
impl fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
            Self::Comment(text) => f.debug_tuple("Comment").field(&Lossy(text)).finish(),
            Self::Retry(time) => f.debug_tuple("Retry").field(time).finish(),
        }
    }
}

/// Displays bytes as text, decoded as the Standard prescribes: one U+FFFD replaces each longest prefix of a well-formed
/// sequence and each other malformed byte ([R14](crate::rules#r14), [R15](crate::rules#r15)).
///
/// ```
/// use embedded_sse::Lossy;
///
/// assert_eq!(Lossy(b"21.5 \xB0C").to_string(), "21.5 \u{FFFD}C");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
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

/// Shows the text in quotes, with escapes as in the `Debug` output of `str`.
impl fmt::Debug for Lossy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for chunk in self.0.utf8_chunks() {
            for char in chunk.valid().chars() {
                match char {
                    '\'' => f.write_char(char)?,
                    _ => write!(f, "{}", char.escape_debug())?,
                }
            }
            if !chunk.invalid().is_empty() {
                f.write_char(char::REPLACEMENT_CHARACTER)?;
            }
        }
        f.write_char('"')
    }
}

/// Reports that something in the stream is larger than the memory provided for it. It was left out as a whole, never
/// truncated, and decoding continues after it.
///
/// The stream is valid: the receiver's memory is too small. Provide a larger buffer, or more memory for ids: a decoder's
/// store takes two of them, so it has to be twice as long as the longest id; a [`FixedEvent`](crate::FixedEvent) takes one.
///
/// ```
/// use embedded_sse::{Decoder, Field};
///
/// let mut decoder = Decoder::new([0; 8]);
/// let mut events = Vec::new();
/// for mut chunk in [&b"data: longer than"[..], b" the buffer\n\ndata: x\n\n"] {
///     while let Some(event) = decoder.next_event(&mut chunk) {
///         events.push(event.map(|event| event.data.to_vec()).map_err(|too_long| too_long.field));
///     }
/// }
/// assert_eq!(events, [Err(Field::Data), Ok(b"x".to_vec())]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct TooLong {
    /// What did not fit.
    ///
    /// - [`Data`](Field::Data) or [`Event`](Field::Event): an event is missing here. Its `id` is kept all the same;
    ///   otherwise every reconnect would request the same event again.
    /// - [`Id`](Field::Id): the event was delivered, but the last event ID is still the previous one. A reconnect would
    ///   request that event again, so this is reported even if a [`reset`](crate::Decoder::reset) comes first: the next
    ///   step begins with it.
    /// - [`Comment`](Field::Comment): a comment is missing here.
    pub field: Field,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Field::Id => f.write_str("event ID too long for its memory: provide more"),
            Field::Comment => f.write_str("comment too long for the buffer"),
            field => write!(f, "event too long for the buffer: {field}"),
        }
    }
}

impl core::error::Error for TooLong {}
