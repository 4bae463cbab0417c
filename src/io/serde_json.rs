//! Events whose data is JSON, read and written with `serde_json`.
//!
//! This module must not depend on what an event means: the types are yours.
//!
//! # An enum of events
//!
//! Many streams name the kind of each event in its type: the tokens of a language model, a database that reports changes.
//! [`json_by_type`](crate::Event::json_by_type) turns such a stream into an enum. The type of the event chooses the
//! variant, and the data is the variant's content. A variant without content ignores the data.
//!
//! ```
//! use embedded_sse::Decoder;
//! use embedded_sse::io::json::Reason;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! #[serde(rename_all = "snake_case")]
//! enum Answer {
//!     MessageStart,
//!     ContentBlockDelta { delta: Delta },
//!     MessageStop,
//!     Error { error: Problem },
//!     /// Types that this program does not know. Without this variant they are errors with `Reason::UnknownType`.
//!     #[serde(other)]
//!     Unknown,
//! }
//!
//! #[derive(Deserialize)]
//! struct Delta {
//!     text: String,
//! }
//!
//! #[derive(Deserialize)]
//! struct Problem {
//!     message: String,
//! }
//!
//! let mut stream = &br#"event: message_start
//! data: {"type": "message_start", "message": {"id": "msg_1"}}
//!
//! event: ping
//! data: {"type": "ping"}
//!
//! event: content_block_delta
//! data: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}}
//!
//! event: content_block_delta
//! data: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": " world"}}
//!
//! event: message_stop
//! data: {"type": "message_stop"}
//!
//! "#[..];
//! let mut decoder = Decoder::new([0; 256]);
//! let (mut text, mut is_complete) = (String::new(), false);
//! while let Some(event) = decoder.next_event(&mut stream) {
//!     match event?.json_by_type() {
//!         Ok(Answer::ContentBlockDelta { delta }) => text += &delta.text,
//!         Ok(Answer::MessageStop) => is_complete = true,
//!         Ok(Answer::Error { error }) => return Err(error.message.into()),
//!         Ok(Answer::MessageStart | Answer::Unknown) => {}
//!         // This event could not be read. The stream goes on.
//!         Err(error) => eprintln!("{error}"),
//!     }
//! }
//! assert_eq!((text.as_str(), is_complete), ("Hello world", true));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An event without a type has the type `message`. If the kind is only named inside the JSON, derive the enum with
//! `#[serde(tag = "type")]` and use [`json`](crate::Event::json).

use alloc::boxed::Box;
use core::error::Error as StdError;
use core::fmt;
use std::io;

use serde_core::{Deserialize, Serialize};
use serde_json::{Deserializer, Error};

use super::json::{ByType, Failure, Reason};
use crate::codec::{DataWriter, Event, FixedEvent, Frame, OwnedEvent};

/// The data of an event is not what was asked for.
///
/// ```
/// use embedded_sse::OwnedEvent;
/// use embedded_sse::io::serde_json::JsonError;
///
/// fn celsius(event: &OwnedEvent) -> Result<f32, JsonError> {
///     event.json()
/// }
/// ```
pub type JsonError = super::json::JsonError<Box<[u8]>, Error>;

impl<'a> Event<'a> {
    /// Deserializes the data from JSON.
    ///
    /// The value may borrow from the event. The type of the event is ignored; see
    /// [`json_by_type`](Self::json_by_type).
    ///
    /// # Errors
    ///
    /// Returns [`Reason::Data`] if the data is not JSON for a `T`, as is empty data, or if anything but white space
    /// follows the JSON. The stream goes on.
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
    /// let reading: Reading = event.json()?;
    /// assert_eq!((reading.room, reading.celsius), ("hall", 21.5));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "serde-json")))]
    pub fn json<T: Deserialize<'a>>(&self) -> Result<T, JsonError> {
        let mut data = Deserializer::from_slice(self.data);
        let value = T::deserialize(&mut data).and_then(|value| data.end().map(|()| value));
        value.map_err(|error| JsonError::new(self, Reason::Data(error)))
    }

    /// Deserializes an enum: the type of the event names the variant, and the data is the JSON of its content.
    ///
    /// Derive the enum without `tag`, `content` and `untagged`. A variant without content ignores the data. See
    /// [`io::serde_json`](crate::io::serde_json) for a whole stream.
    ///
    /// # Errors
    ///
    /// Returns [`Reason::UnknownType`] if the enum has neither a variant of this name nor one with `#[serde(other)]`, and
    /// [`Reason::Data`] as [`json`](Self::json) does. The stream goes on.
    ///
    /// ```
    /// use embedded_sse::Decoder;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize, Debug, PartialEq)]
    /// #[serde(rename_all = "kebab-case")]
    /// enum Change {
    ///     Put { path: String, data: u32 },
    ///     KeepAlive,
    ///     AuthRevoked(String),
    /// }
    ///
    /// let mut decoder = Decoder::new([0; 64]);
    /// let mut input = &b"event: put\ndata: {\"path\":\"/light\",\"data\":1}\n\nevent: keep-alive\ndata: null\n\n"[..];
    /// let change: Change = decoder.next_event(&mut input).unwrap()?.json_by_type()?;
    /// assert_eq!(change, Change::Put { path: "/light".into(), data: 1 });
    /// let change: Change = decoder.next_event(&mut input).unwrap()?.json_by_type()?;
    /// assert_eq!(change, Change::KeepAlive);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "serde-json")))]
    pub fn json_by_type<T: Deserialize<'a>>(&self) -> Result<T, JsonError> {
        let (mut data, mut is_read) = (Deserializer::from_slice(self.data), true);
        let by_type = ByType { event_type: self.event_type, data: &mut data, is_read: &mut is_read };
        let value = T::deserialize(by_type).and_then(|value| {
            if is_read {
                data.end()?;
            }
            Ok(value)
        });
        value.map_err(|Failure(reason)| JsonError::new(self, reason))
    }
}

impl OwnedEvent {
    /// Deserializes the data from JSON; see [`Event::json`].
    ///
    /// # Errors
    ///
    /// See [`Event::json`].
    #[cfg_attr(docsrs, doc(cfg(feature = "serde-json")))]
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, JsonError> {
        Event::from(self).json()
    }

    /// Deserializes an enum, whose variant the type of the event names; see [`Event::json_by_type`].
    ///
    /// # Errors
    ///
    /// See [`Event::json_by_type`].
    #[cfg_attr(docsrs, doc(cfg(feature = "serde-json")))]
    pub fn json_by_type<'a, T: Deserialize<'a>>(&'a self) -> Result<T, JsonError> {
        Event::from(self).json_by_type()
    }
}

impl<const DATA: usize, const TYPE: usize, const ID: usize> FixedEvent<DATA, TYPE, ID> {
    /// Deserializes the data from JSON; see [`Event::json`].
    ///
    /// # Errors
    ///
    /// See [`Event::json`].
    #[cfg_attr(docsrs, doc(cfg(feature = "serde-json")))]
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, JsonError> {
        self.as_event().json()
    }

    /// Deserializes an enum, whose variant the type of the event names; see [`Event::json_by_type`].
    ///
    /// # Errors
    ///
    /// See [`Event::json_by_type`].
    #[cfg_attr(docsrs, doc(cfg(feature = "serde-json")))]
    pub fn json_by_type<'a, T: Deserialize<'a>>(&'a self) -> Result<T, JsonError> {
        self.as_event().json_by_type()
    }
}

impl Frame<'_> {
    /// Writes the frame, with the JSON of `value` as its data, and returns the sink. Data that the frame has is replaced.
    ///
    /// The JSON is written to the `data` lines directly, without a copy in between.
    ///
    /// # Errors
    ///
    /// Returns an error if the value cannot be serialized, or if the sink fails. The sink then contains an incomplete
    /// event.
    ///
    /// ```
    /// use embedded_sse::{Frame, event_id};
    ///
    /// let text = Frame::new().id(event_id!("7")).write_json(&[21.5, 22.0], String::new())?;
    /// assert_eq!(text, "id: 7\ndata: [21.5,22.0]\n\n");
    /// # Ok::<(), embedded_sse::io::serde_json::WriteError>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "serde-json")))]
    pub fn write_json<W: fmt::Write>(&self, value: &(impl Serialize + ?Sized), sink: W) -> Result<W, WriteError> {
        let mut text = Text(DataWriter::new(sink, &self.data(""))?);
        serde_json::to_writer(&mut text, value)?;
        Ok(text.0.finish()?)
    }

    /// Writes the frame, with the JSON of `value` as its data, to the start of `buffer`, and returns the part that it
    /// fills. Data that the frame has is replaced.
    ///
    /// # Errors
    ///
    /// Returns [`WriteError::Full`] if the frame is longer than the buffer, and [`WriteError::Json`] if the value cannot
    /// be serialized. The content of the buffer is then unspecified and must not be sent.
    ///
    /// ```
    /// use embedded_sse::{Frame, single_line};
    ///
    /// let mut buffer = [0; 64];
    /// let frame = Frame::new().event_type(single_line!("reading")).encode_json(&21.5, &mut buffer)?;
    /// assert_eq!(frame, b"event: reading\ndata: 21.5\n\n");
    /// # Ok::<(), embedded_sse::io::serde_json::WriteError>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "serde-json")))]
    pub fn encode_json<'b>(
        &self,
        value: &(impl Serialize + ?Sized),
        buffer: &'b mut [u8],
    ) -> Result<&'b mut [u8], WriteError> {
        let mut room = Room { buffer: &mut *buffer, len: 0 };
        self.write_json(value, &mut room)?;
        let len = room.len;
        Ok(buffer.get_mut(..len).unwrap_or_default())
    }
}

#[cfg(feature = "http-body")]
impl super::http_body::EncodedFrame {
    /// Encodes a frame with the JSON of `value` as its data. Data that the frame has is replaced.
    ///
    /// # Errors
    ///
    /// Returns [`WriteError::Json`] if the value cannot be serialized.
    ///
    /// ```
    /// use embedded_sse::Frame;
    /// use embedded_sse::io::http_body::EncodedFrame;
    ///
    /// let frame = EncodedFrame::json(&Frame::new(), &["light", "on"])?;
    /// assert_eq!(frame.as_bytes()[..], b"data: [\"light\",\"on\"]\n\n"[..]);
    /// # Ok::<(), embedded_sse::io::serde_json::WriteError>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "serde-json")))]
    pub fn json(frame: &Frame<'_>, value: &(impl Serialize + ?Sized)) -> Result<Self, WriteError> {
        frame.write_json(value, alloc::string::String::new()).map(|text| Self::from_bytes(text.into()))
    }
}

/// A frame with JSON as its data could not be written.
///
/// ```
/// use embedded_sse::Frame;
/// use embedded_sse::io::serde_json::WriteError;
///
/// let error = Frame::new().encode_json("longer than the buffer", &mut [0; 16]).unwrap_err();
/// assert!(matches!(error, WriteError::Full));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum WriteError {
    /// The value could not be serialized: a map with keys that are not text, or an error of the value itself.
    Json(Error),
    /// The sink failed, or the buffer is too short.
    Full,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "the value cannot be written as JSON: {error}"),
            Self::Full => f.write_str("the frame does not fit into the buffer, or its sink failed"),
        }
    }
}

impl StdError for WriteError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Json(error) => Some(error),
            Self::Full => None,
        }
    }
}

impl From<fmt::Error> for WriteError {
    fn from(_: fmt::Error) -> Self {
        Self::Full
    }
}

impl From<Error> for WriteError {
    fn from(error: Error) -> Self {
        // Only `Text` does I/O.
        if error.is_io() { Self::Full } else { Self::Json(error) }
    }
}

/// Passes text to a sink for text.
struct Text<W>(W);

impl<W: fmt::Write> io::Write for Text<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = str::from_utf8(bytes).map_err(io::Error::other)?;
        self.0.write_str(text).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A buffer as a sink for text.
struct Room<'b> {
    buffer: &'b mut [u8],
    len: usize,
}

impl fmt::Write for Room<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len.saturating_add(text.len());
        self.buffer.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
