//! An event that owns its bytes and outlives the chunk it came in.
//!
//! This module decides where the bytes of an event are kept. The meaning of the parts is defined in `event.rs`.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Range;
use core::str::Utf8Error;

#[cfg(feature = "bytes")]
use bytes::Bytes;

use super::event::{Event, Lossy, checked};

/// Owns the bytes of an [`Event`], for channels, queues and streams.
///
/// Creating one takes at most one allocation, and none for an event of the default type with neither data nor id. With
/// the feature `bytes`, an event that lies whole in a chunk of `Bytes` shares that chunk unless its data is short: see
/// [`sharing`](Self::sharing). Then only an id is allocated, and the chunk stays in memory until its last event is
/// dropped.
///
/// ```
/// use embedded_sse::{Decoder, OwnedEvent};
///
/// let mut decoder = Decoder::new([0; 64]);
/// let mut kept: Vec<OwnedEvent> = Vec::new();
/// for mut chunk in [&b"data: ligh"[..], b"t on\n\nevent: off\nda", b"ta\n\n"] {
///     while let Some(event) = decoder.next_event(&mut chunk) {
///         kept.push(event?.into());
///     }
/// }
/// assert_eq!((kept[0].event_type(), kept[0].data()), (&b"message"[..], &b"light on"[..]));
/// assert_eq!((kept[1].event_type(), kept[1].data_str()), (&b"off"[..], Ok("")));
/// # Ok::<(), embedded_sse::TooLong>(())
/// ```
#[derive(Clone)]
pub struct OwnedEvent {
    text: Text,
    /// Empty for the default type, which is not stored.
    event_type: Range<usize>,
    data: Range<usize>,
    /// Start of the last event ID, which is the rest of the text. Unused if `id_apart` is not empty.
    id_start: usize,
    /// The last event ID if the text is shared: the decoder stores ids apart from the chunk ([R34](crate::rules#r34)).
    id_apart: Box<[u8]>,
}

/// The bytes into which the ranges of an event point.
#[cfg(feature = "bytes")]
type Text = Bytes;
#[cfg(not(feature = "bytes"))]
type Text = Box<[u8]>;

impl OwnedEvent {
    /// The minimum length, in bytes, of data that is shared with its chunk of `Bytes`. For shorter data a copy is
    /// cheaper than another reference to the chunk, and it does not keep the chunk in memory.
    #[cfg(feature = "bytes")]
    #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
    pub const WORTH_SHARING: usize = 64;

    /// Returns a view of the event.
    #[must_use]
    pub fn as_event(&self) -> Event<'_> {
        Event { event_type: self.event_type(), data: self.data(), last_event_id: self.last_event_id() }
    }

    /// Returns the type; see [`Event::event_type`].
    #[must_use]
    pub fn event_type(&self) -> &[u8] {
        match self.part(&self.event_type) {
            [] => Event::DEFAULT_TYPE.as_bytes(),
            event_type => event_type,
        }
    }

    /// Returns the data; see [`Event::data`].
    #[must_use]
    pub fn data(&self) -> &[u8] {
        self.part(&self.data)
    }

    /// Returns the last event ID; see [`Event::last_event_id`].
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        if self.id_apart.is_empty() { self.text.get(self.id_start..).unwrap_or_default() } else { &self.id_apart }
    }

    /// Returns the data as text.
    ///
    /// # Errors
    ///
    /// Returns an error if the data is not UTF-8; see [`Event::data_str`].
    pub fn data_str(&self) -> Result<&str, Utf8Error> {
        checked(self.data())
    }

    /// Returns the data as a browser shows it; see [`Event::data_lossy`].
    #[must_use]
    pub fn data_lossy(&self) -> Lossy<'_> {
        Lossy(self.data())
    }

    /// Returns the type as text.
    ///
    /// # Errors
    ///
    /// Returns an error if the type is not UTF-8; see [`Event::event_type_str`].
    pub fn event_type_str(&self) -> Result<&str, Utf8Error> {
        checked(self.event_type())
    }

    /// Returns the type as a browser shows it; see [`Event::event_type_lossy`].
    #[must_use]
    pub fn event_type_lossy(&self) -> Lossy<'_> {
        Lossy(self.event_type())
    }

    /// Returns the last event ID as text.
    ///
    /// # Errors
    ///
    /// Returns an error if the id is not UTF-8; see [`Event::last_event_id_str`].
    pub fn last_event_id_str(&self) -> Result<&str, Utf8Error> {
        checked(self.last_event_id())
    }

    /// Returns the last event ID as a browser shows it, and as it must be sent in `Last-Event-ID`.
    #[must_use]
    pub fn last_event_id_lossy(&self) -> Lossy<'_> {
        Lossy(self.last_event_id())
    }

    /// Creates an owned event that shares `chunk` where possible.
    ///
    /// If the data and the type lie in `chunk` and the data has at least [`WORTH_SHARING`](Self::WORTH_SHARING) bytes,
    /// the chunk is shared. Otherwise they are copied, as by [`From`].
    ///
    /// ```
    /// use bytes::Bytes;
    /// use embedded_sse::{Decoder, OwnedEvent};
    ///
    /// let chunk = Bytes::from(format!("data: {}\n\n", "x".repeat(100)));
    /// let mut decoder = Decoder::new([0; 64]);
    /// let event = decoder.next_event(&mut &chunk[..]).unwrap()?;
    /// let owned = OwnedEvent::sharing(event, &chunk);
    /// assert_eq!(owned.data().as_ptr(), chunk[6..].as_ptr()); // not copied
    /// # Ok::<(), embedded_sse::TooLong>(())
    /// ```
    #[cfg(feature = "bytes")]
    #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
    #[must_use]
    #[inline]
    pub fn sharing(event: Event<'_>, chunk: &Bytes) -> Self {
        let event_type = range_in(kept_type(event.event_type), chunk);
        let data = range_in(event.data, chunk).filter(|_| event.data.len() >= Self::WORTH_SHARING);
        match (event_type, data) {
            (Some(event_type), Some(data)) => {
                let (text, id_apart) = (chunk.clone(), event.last_event_id.into());
                Self { text, event_type, data, id_start: chunk.len(), id_apart }
            }
            _ => Self::from(event),
        }
    }

    fn part(&self, range: &Range<usize>) -> &[u8] {
        self.text.get(range.clone()).unwrap_or_default()
    }
}

impl From<Event<'_>> for OwnedEvent {
    #[inline]
    fn from(event: Event<'_>) -> Self {
        let event_type = kept_type(event.event_type);
        let (data_end, type_end) = (event.data.len(), event.data.len() + event_type.len());
        // The exact capacity, so that the conversion below reuses the allocation.
        let mut text = Vec::with_capacity(type_end + event.last_event_id.len());
        text.extend_from_slice(event.data);
        // Saves two calls for the most common event.
        if text.len() < text.capacity() {
            text.extend_from_slice(event_type);
            text.extend_from_slice(event.last_event_id);
        }
        let (event_type, data) = (data_end..type_end, 0..data_end);
        Self { text: text.into(), event_type, data, id_start: type_end, id_apart: Box::default() }
    }
}

impl<'a> From<&'a OwnedEvent> for Event<'a> {
    fn from(event: &'a OwnedEvent) -> Self {
        event.as_event()
    }
}

impl PartialEq for OwnedEvent {
    fn eq(&self, other: &Self) -> bool {
        self.as_event() == other.as_event()
    }
}

impl Eq for OwnedEvent {}

impl Hash for OwnedEvent {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_event().hash(state);
    }
}

/// Shows the event like [`Event`].
impl fmt::Debug for OwnedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_event().fmt(f)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for OwnedEvent {
    fn format(&self, f: defmt::Formatter<'_>) {
        self.as_event().format(f);
    }
}

/// Returns the part of a type that is stored: nothing for the default one ([R38](crate::rules#r38)).
#[inline]
fn kept_type(event_type: &[u8]) -> &[u8] {
    if event_type == Event::DEFAULT_TYPE.as_bytes() { &[] } else { event_type }
}

/// Returns the range of `part` in `whole`, or `None` if it lies elsewhere. An empty part lies in any slice.
#[cfg(feature = "bytes")]
#[inline]
fn range_in(part: &[u8], whole: &[u8]) -> Option<Range<usize>> {
    if part.is_empty() {
        return Some(0..0);
    }
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (end <= whole.len()).then_some(start..end)
}
