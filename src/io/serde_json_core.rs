//! Events whose data is JSON, read and written without a heap, with `serde-json-core`.
//!
//! This module must not depend on what an event means: the types are yours.
//!
//! The methods are those of `io::serde_json`, with `json_core` instead of `json` in their names, and a buffer for text
//! with escapes.
//!
//! # An enum of events
//!
//! [`json_core_by_type`](crate::Event::json_core_by_type) turns a stream that names the kind of each event in its type into
//! an enum. The type of the event chooses the variant, and the data is the variant's content. A variant without content
//! ignores the data.
//!
//! ```
//! use embedded_sse::Decoder;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! #[serde(rename_all = "snake_case")]
//! enum Change<'a> {
//!     Light { on: bool },
//!     #[serde(borrow)]
//!     Climate(Climate<'a>),
//!     /// Types that this firmware does not know. Without this variant they are errors with `Reason::UnknownType`.
//!     #[serde(other)]
//!     Unknown,
//! }
//!
//! #[derive(Deserialize)]
//! struct Climate<'a> {
//!     room: &'a str,
//!     celsius: f32,
//! }
//!
//! let mut stream = &b"event: light\ndata: {\"on\":true}\n\n\
//!     event: door\ndata: closed\n\n\
//!     event: climate\ndata: {\"room\":\"hall\",\"celsius\":21.5}\n\n"[..];
//! let mut decoder = Decoder::new([0; 64]);
//! let (mut light, mut hall) = (false, 0.0);
//! while let Some(event) = decoder.next_event(&mut stream) {
//!     match event?.json_core_by_type(&mut [0; 32]) {
//!         Ok(Change::Light { on }) => light = on,
//!         Ok(Change::Climate(Climate { room: "hall", celsius })) => hall = celsius,
//!         Ok(Change::Climate(_) | Change::Unknown) => {}
//!         // This event could not be read. The stream goes on.
//!         Err(error) => eprintln!("{error}"),
//!     }
//! }
//! assert_eq!((light, hall), (true, 21.5));
//! # Ok::<(), embedded_sse::TooLong>(())
//! ```
//!
//! # Limits of `serde-json-core`
//!
//! A text with escapes is unescaped into the buffer and copied from there, so it cannot be a `&str`: use
//! `heapless::String`. An enum inside the JSON cannot be derived with `tag` or `untagged`. A `char` cannot be written: the
//! serializer panics. Its version is below 1.0: a new one may need a new version of this crate.

use core::error::Error;
use core::fmt;

use serde_core::{Deserialize, Serialize};
use serde_json_core::de::{self, Deserializer};

use super::json::{ByType, Failure, Reason};
use crate::codec::{Event, FixedEvent, Frame, LineBreak, SingleLine};

/// The data of an event is not what was asked for.
///
/// ```
/// use embedded_sse::FixedEvent;
/// use embedded_sse::io::serde_json_core::JsonError;
///
/// fn celsius(event: &FixedEvent<64>) -> Result<f32, JsonError<'_>> {
///     event.json_core(&mut [])
/// }
/// ```
pub type JsonError<'a> = super::json::JsonError<&'a [u8], de::Error>;

impl<'a> Event<'a> {
    /// Deserializes the data from JSON, without a heap.
    ///
    /// The value may borrow from the event. `unescaped` has to be as long as the longest text with an escape, in bytes.
    /// The type of the event is ignored; see [`json_core_by_type`](Self::json_core_by_type).
    ///
    /// # Errors
    ///
    /// Returns [`Reason::Data`] if the data is not JSON for a `T`, as is empty data, if anything but white space follows
    /// the JSON, or if `unescaped` is too short. The stream goes on.
    ///
    /// ```
    /// use embedded_sse::Decoder;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Reading<'a> {
    ///     room: &'a str,
    ///     celsius: f32,
    /// }
    ///
    /// let mut decoder = Decoder::new([0; 64]);
    /// let event = decoder.next_event(&mut &b"data: {\"room\":\"hall\",\ndata: \"celsius\":21.5}\n\n"[..]).unwrap()?;
    /// let Ok(reading) = event.json_core::<Reading>(&mut []) else { unreachable!() };
    /// assert_eq!((reading.room, reading.celsius), ("hall", 21.5));
    /// # Ok::<(), embedded_sse::TooLong>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "serde-json-core")))]
    pub fn json_core<T: Deserialize<'a>>(&self, unescaped: &mut [u8]) -> Result<T, JsonError<'a>> {
        let (value, _) = serde_json_core::from_slice_escaped(self.data, unescaped)
            .map_err(|error| JsonError::new(self, Reason::Data(error)))?;
        Ok(value)
    }

    /// Deserializes an enum without a heap: the type of the event names the variant, and the data is the JSON of its
    /// content.
    ///
    /// Derive the enum without `tag`, `content` and `untagged`. A variant without content ignores the data. See
    /// [`io::serde_json_core`](crate::io::serde_json_core) for a whole stream.
    ///
    /// # Errors
    ///
    /// Returns [`Reason::UnknownType`] if the enum has neither a variant of this name nor one with `#[serde(other)]`, and
    /// [`Reason::Data`] as [`json_core`](Self::json_core) does. The stream goes on.
    ///
    /// ```
    /// use embedded_sse::Decoder;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize, Debug, PartialEq)]
    /// #[serde(rename_all = "kebab-case")]
    /// enum Change<'a> {
    ///     Put { path: &'a str, data: u32 },
    ///     KeepAlive,
    /// }
    ///
    /// let mut decoder = Decoder::new([0; 64]);
    /// let mut input = &b"event: put\ndata: {\"path\":\"/light\",\"data\":1}\n\nevent: keep-alive\ndata: null\n\n"[..];
    /// let event = decoder.next_event(&mut input).unwrap()?;
    /// assert_eq!(event.json_core_by_type(&mut []), Ok(Change::Put { path: "/light", data: 1 }));
    /// let event = decoder.next_event(&mut input).unwrap()?;
    /// assert_eq!(event.json_core_by_type(&mut []), Ok(Change::KeepAlive));
    /// # Ok::<(), embedded_sse::TooLong>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "serde-json-core")))]
    pub fn json_core_by_type<T: Deserialize<'a>>(&self, unescaped: &mut [u8]) -> Result<T, JsonError<'a>> {
        let (mut data, mut is_read) = (Deserializer::new(self.data, Some(unescaped)), true);
        let by_type = ByType { event_type: self.event_type, data: &mut data, is_read: &mut is_read };
        let value = T::deserialize(by_type).and_then(|value| match is_read {
            true => Ok(data.end().map(|_| value)?),
            false => Ok(value),
        });
        value.map_err(|Failure(reason)| JsonError::new(self, reason))
    }
}

impl<const DATA: usize, const TYPE: usize, const ID: usize> FixedEvent<DATA, TYPE, ID> {
    /// Deserializes the data from JSON without a heap; see [`Event::json_core`].
    ///
    /// # Errors
    ///
    /// See [`Event::json_core`].
    #[cfg_attr(docsrs, doc(cfg(feature = "serde-json-core")))]
    pub fn json_core<'a, T: Deserialize<'a>>(&'a self, unescaped: &mut [u8]) -> Result<T, JsonError<'a>> {
        self.as_event().json_core(unescaped)
    }

    /// Deserializes an enum, whose variant the type of the event names; see [`Event::json_core_by_type`].
    ///
    /// # Errors
    ///
    /// See [`Event::json_core_by_type`].
    #[cfg_attr(docsrs, doc(cfg(feature = "serde-json-core")))]
    pub fn json_core_by_type<'a, T: Deserialize<'a>>(&'a self, unescaped: &mut [u8]) -> Result<T, JsonError<'a>> {
        self.as_event().json_core_by_type(unescaped)
    }
}

impl Frame<'_> {
    /// Writes the frame, with the JSON of `value` as its data, to the start of `buffer`, and returns the part that it
    /// fills. Data that the frame has is replaced.
    ///
    /// # Errors
    ///
    /// Returns an error if the frame is longer than the buffer, or if the value wrote bytes of its own that are not one
    /// line of text. The content of the buffer is then unspecified and must not be sent.
    ///
    /// ```
    /// use embedded_sse::{Frame, single_line};
    ///
    /// let mut buffer = [0; 64];
    /// let frame = Frame::new().event_type(single_line!("reading")).encode_json_core(&[21.5, 22.0], &mut buffer)?;
    /// assert_eq!(frame, b"event: reading\ndata: [21.5,22.0]\n\n");
    /// # Ok::<(), embedded_sse::io::serde_json_core::WriteError>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "serde-json-core")))]
    pub fn encode_json_core<'b>(
        &self,
        value: &(impl Serialize + ?Sized),
        buffer: &'b mut [u8],
    ) -> Result<&'b mut [u8], WriteError> {
        // The data goes between the last label and the end of the frame.
        let empty = self.data("").encode(buffer).map_err(|_| WriteError::Full)?.len();
        let start = empty.saturating_sub(END.len());
        let room = buffer.get_mut(start..).unwrap_or_default();
        let len = serde_json_core::to_slice(value, room).map_err(|_| WriteError::Full)?;
        let (json, rest) = room.split_at_mut_checked(len).ok_or(WriteError::Full)?;
        let text = str::from_utf8(json).map_err(|_| WriteError::NotText)?;
        SingleLine::new(text)?;
        rest.get_mut(..END.len()).ok_or(WriteError::Full)?.copy_from_slice(END);
        Ok(buffer.get_mut(..empty + len).unwrap_or_default())
    }
}

/// The end of the last line of a frame, and its blank line.
const END: &[u8] = b"\n\n";

/// A frame with JSON as its data could not be written.
///
/// ```
/// use embedded_sse::Frame;
/// use embedded_sse::io::serde_json_core::WriteError;
///
/// let error = Frame::new().encode_json_core("longer than the buffer", &mut [0; 16]).unwrap_err();
/// assert_eq!(error, WriteError::Full);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum WriteError {
    /// The buffer is too short.
    Full,
    /// The value wrote bytes of its own that contain a line end.
    LineBreak(LineBreak),
    /// The value wrote bytes of its own that are not UTF-8.
    NotText,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the buffer is too short for the frame"),
            Self::LineBreak(error) => write!(f, "the JSON of the value has more than one line: {error}"),
            Self::NotText => f.write_str("the JSON of the value is not UTF-8"),
        }
    }
}

impl Error for WriteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::LineBreak(error) => Some(error),
            Self::Full | Self::NotText => None,
        }
    }
}

impl From<LineBreak> for WriteError {
    fn from(error: LineBreak) -> Self {
        Self::LineBreak(error)
    }
}
