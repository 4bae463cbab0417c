//! An event that owns its bytes without a heap, for channels and queues.
//!
//! This module only stores the bytes. The meaning of the parts is defined in `event.rs`.

use core::fmt;
use core::str::Utf8Error;

use heapless::Vec;

use super::event::{Event, Lossy, TooLong};
use super::field::Field;

/// Owns the bytes of an [`Event`] without a heap: up to `DATA` bytes of data, `TYPE` bytes of type and `ID` bytes of
/// last event ID.
///
/// The default type, `message`, takes no room: `TYPE` can be 0 if the stream names no types. Unless you choose otherwise,
/// a type may have 32 bytes and an ID 64. An ID that is longer than `ID` is an error, even if the decoder had room for
/// it: every event carries the last event ID.
///
/// For example, the task that reads hands events to the task that handles them:
///
/// ```
/// use embedded_sse::{Decoder, FixedEvent};
///
/// let mut queue: Vec<FixedEvent<64>> = Vec::new(); // or a channel of the executor
/// let mut decoder = Decoder::new([0; 64]);
/// let mut chunk = &b"id: 7\ndata: light on\n\n"[..];
/// while let Some(event) = decoder.next_event(&mut chunk) {
///     queue.push(FixedEvent::new(&event?)?);
/// }
/// assert_eq!(queue[0].data_str(), Ok("light on"));
/// # Ok::<(), embedded_sse::TooLong>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FixedEvent<const DATA: usize, const TYPE: usize = 32, const ID: usize = 64> {
    /// Empty for the default type.
    event_type: Vec<u8, TYPE>,
    data: Vec<u8, DATA>,
    last_event_id: Vec<u8, ID>,
}

impl<const DATA: usize, const TYPE: usize, const ID: usize> FixedEvent<DATA, TYPE, ID> {
    /// Copies an event.
    ///
    /// # Errors
    ///
    /// Returns [`TooLong`] for the first of type, data and last event ID that does not fit. Nothing is truncated. The
    /// decoder goes on, and its last event ID is that of this event.
    pub fn new(event: &Event<'_>) -> Result<Self, TooLong> {
        let too_long = |field| move |_| TooLong { field };
        let event_type = if event.event_type == Event::DEFAULT_TYPE.as_bytes() { &[] } else { event.event_type };
        Ok(Self {
            event_type: Vec::from_slice(event_type).map_err(too_long(Field::Event))?,
            data: Vec::from_slice(event.data).map_err(too_long(Field::Data))?,
            last_event_id: Vec::from_slice(event.last_event_id).map_err(too_long(Field::Id))?,
        })
    }

    /// Returns a view of the event.
    #[must_use]
    pub fn as_event(&self) -> Event<'_> {
        let event_type = if self.event_type.is_empty() { Event::DEFAULT_TYPE.as_bytes() } else { &self.event_type };
        Event { event_type, data: &self.data, last_event_id: &self.last_event_id }
    }

    /// Returns the type; see [`Event::event_type`].
    #[must_use]
    pub fn event_type(&self) -> &[u8] {
        self.as_event().event_type
    }

    /// Returns the data; see [`Event::data`].
    #[must_use]
    pub fn data(&self) -> &[u8] {
        self.as_event().data
    }

    /// Returns the last event ID; see [`Event::last_event_id`].
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        self.as_event().last_event_id
    }

    /// Returns the type as text.
    ///
    /// # Errors
    ///
    /// Returns an error if the type is not UTF-8; see [`Event::event_type_str`].
    pub fn event_type_str(&self) -> Result<&str, Utf8Error> {
        self.as_event().event_type_str()
    }

    /// Returns the type as a browser shows it; see [`Event::event_type_lossy`].
    #[must_use]
    pub fn event_type_lossy(&self) -> Lossy<'_> {
        self.as_event().event_type_lossy()
    }

    /// Returns the data as text.
    ///
    /// # Errors
    ///
    /// Returns an error if the data is not UTF-8; see [`Event::data_str`].
    pub fn data_str(&self) -> Result<&str, Utf8Error> {
        self.as_event().data_str()
    }

    /// Returns the data as a browser shows it; see [`Event::data_lossy`].
    #[must_use]
    pub fn data_lossy(&self) -> Lossy<'_> {
        self.as_event().data_lossy()
    }

    /// Returns the last event ID as text.
    ///
    /// # Errors
    ///
    /// Returns an error if the last event ID is not UTF-8; see [`Event::last_event_id_str`].
    pub fn last_event_id_str(&self) -> Result<&str, Utf8Error> {
        self.as_event().last_event_id_str()
    }

    /// Returns the last event ID as a browser shows it; see [`Event::last_event_id_lossy`].
    #[must_use]
    pub fn last_event_id_lossy(&self) -> Lossy<'_> {
        self.as_event().last_event_id_lossy()
    }
}

impl<const DATA: usize, const TYPE: usize, const ID: usize> TryFrom<Event<'_>> for FixedEvent<DATA, TYPE, ID> {
    type Error = TooLong;

    fn try_from(event: Event<'_>) -> Result<Self, TooLong> {
        Self::new(&event)
    }
}

/// Shows the event like [`Event`].
impl<const DATA: usize, const TYPE: usize, const ID: usize> fmt::Debug for FixedEvent<DATA, TYPE, ID> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_event().fmt(f)
    }
}
