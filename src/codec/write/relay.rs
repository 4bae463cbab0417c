//! A received event as a frame, for a server that passes events on.
//!
//! This module checks the parts of an event. How a frame is written is defined in `wire.rs`.

use core::error::Error;
use core::fmt;
use core::str::Utf8Error;

use super::frame::Frame;
use crate::codec::event::Event;
use crate::codec::field::Field;
use crate::codec::text::{EventId, InvalidEventId, LineBreak, SingleLine};

/// Makes a frame that a reader decodes to the same event, for a server that passes on what it receives.
///
/// The frame has an `event` line unless the type is `message`, and an `id` line unless the last event ID is empty. An
/// event whose own block had no `id` line gets one all the same: it carries the last event ID of its stream ([R39]), and
/// a reader that starts with this event needs it.
///
/// ```
/// use embedded_sse::{Decoder, Frame};
///
/// let mut decoder = Decoder::new([0; 64]);
/// let event = decoder.next_event(&mut &b"id:7\rdata:a\rdata:b\r\r"[..]).unwrap()?;
/// assert_eq!(Frame::try_from(&event)?.to_string(), "id: 7\ndata: a\ndata: b\n\n");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// [R39]: crate::rules#r39
impl<'a> TryFrom<&Event<'a>> for Frame<'a> {
    type Error = InvalidEvent;

    /// # Errors
    ///
    /// Returns [`InvalidEvent`] if a part is not UTF-8, which a stream may contain and a frame may not. Parts with
    /// forbidden characters occur only in events that did not come from a decoder.
    fn try_from(event: &Event<'a>) -> Result<Self, InvalidEvent> {
        let not_utf8 = |field| move |error| InvalidEvent::NotUtf8 { field, error };
        let mut frame = Self::new().data(event.data_str().map_err(not_utf8(Field::Data))?);
        if event.event_type != Event::DEFAULT_TYPE.as_bytes() {
            let event_type = event.event_type_str().map_err(not_utf8(Field::Event))?;
            frame = frame.event_type(SingleLine::new(event_type).map_err(InvalidEvent::EventType)?);
        }
        if !event.last_event_id.is_empty() {
            let id = event.last_event_id_str().map_err(not_utf8(Field::Id))?;
            frame = frame.id(EventId::new(id).map_err(InvalidEvent::Id)?);
        }
        Ok(frame)
    }
}

/// Reports why an event cannot be written as it is.
///
/// To write it all the same, build the frame from [`data_lossy`](Event::data_lossy) and its siblings.
///
/// ```
/// use embedded_sse::{Event, Frame, InvalidEvent};
///
/// let event = Event { event_type: b"message", data: b"21.5 \xB0C", last_event_id: b"" };
/// let error = Frame::try_from(&event).unwrap_err();
/// assert!(matches!(error, InvalidEvent::NotUtf8 { .. }));
/// assert_eq!(error.to_string(), "`data` of the event is not UTF-8");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidEvent {
    /// A part of the event is not UTF-8.
    #[non_exhaustive]
    NotUtf8 {
        /// The part: data, type or id.
        field: Field,
        /// Where the part is malformed.
        error: Utf8Error,
    },
    /// The type contains a line break.
    EventType(LineBreak),
    /// The last event ID contains a line break or NUL.
    Id(InvalidEventId),
}

impl fmt::Display for InvalidEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 { field, .. } => write!(f, "`{field}` of the event is not UTF-8"),
            Self::EventType(_) => f.write_str("the type of the event is not a single line"),
            Self::Id(_) => f.write_str("the last event ID of the event is not valid"),
        }
    }
}

impl Error for InvalidEvent {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(match self {
            Self::NotUtf8 { error, .. } => error,
            Self::EventType(error) => error,
            Self::Id(error) => error,
        })
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for InvalidEvent {
    fn format(&self, f: defmt::Formatter<'_>) {
        match self {
            Self::NotUtf8 { field, error } => {
                defmt::write!(f, "NotUtf8 {{ field: {}, valid_up_to: {} }}", field, error.valid_up_to());
            }
            Self::EventType(error) => defmt::write!(f, "EventType({})", error),
            Self::Id(error) => defmt::write!(f, "Id({})", error),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn relayed(event_type: &[u8], data: &[u8], last_event_id: &[u8]) -> Result<alloc::string::String, InvalidEvent> {
        Frame::try_from(&Event { event_type, data, last_event_id }).map(|frame| frame.to_string())
    }

    #[test]
    fn the_default_type_and_an_empty_id_are_left_out() {
        assert_eq!(relayed(b"message", b"", b"").as_deref(), Ok("data: \n\n"));
        assert_eq!(relayed(b"a", b"b\nc", b"7").as_deref(), Ok("event: a\nid: 7\ndata: b\ndata: c\n\n"));
    }

    #[test]
    fn each_part_that_cannot_be_written_is_named_and_keeps_its_source() {
        let parts: [[&[u8]; 3]; 5] =
            [[b"\xFF", b"", b""], [b"", b"\xFF", b""], [b"", b"", b"\xFF"], [b"a\n", b"", b""], [b"", b"", b"\0"]];
        let messages = parts.map(|[event_type, data, id]| {
            let error = relayed(event_type, data, id).unwrap_err();
            assert!(error.source().is_some());
            error.to_string()
        });
        assert_eq!(
            messages,
            [
                "`event` of the event is not UTF-8",
                "`data` of the event is not UTF-8",
                "`id` of the event is not UTF-8",
                "the type of the event is not a single line",
                "the last event ID of the event is not valid",
            ]
        );
    }
}
