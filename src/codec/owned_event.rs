//! An event that outlives the chunk it came in.
//!
//! Knows where the parts of an event are kept; what they are and how they are shown, `event.rs` knows.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Range;
use core::str::Utf8Error;

#[cfg(feature = "bytes")]
use bytes::Bytes;

use super::event::{Event, Lossy};

/// An [`Event`] that owns what it says: for channels, queues and streams.
///
/// It costs one allocation at most, and none for an event with neither data nor id and of the default type. With the feature
/// `bytes`, what came in a chunk of `Bytes` and lies whole in it is shared unless it is very short: then only an id is
/// allocated, and the chunk's memory lives as long as the last event of it.
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
    /// Empty for the default type, which is not kept.
    event_type: Range<usize>,
    data: Range<usize>,
    last_event_id: Id,
}

/// What the ranges of an event are ranges of.
#[derive(Clone)]
enum Text {
    Own(Box<[u8]>),
    #[cfg(feature = "bytes")]
    Shared(Bytes),
}

#[derive(Clone)]
enum Id {
    /// Behind all else in the event's own text, from this place on.
    Within(usize),
    /// The decoder keeps ids apart from the chunk (R34), so a shared text has none.
    #[cfg(feature = "bytes")]
    Apart(Box<[u8]>),
}

impl OwnedEvent {
    /// Data of at least so many bytes is shared with the chunk of `Bytes` that it lies in. For less, a copy is cheaper than
    /// counting one more owner of the chunk, and keeps no chunk alive.
    #[cfg(feature = "bytes")]
    #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
    pub const WORTH_SHARING: usize = 64;

    /// The event as it was.
    #[must_use]
    pub fn as_event(&self) -> Event<'_> {
        Event { event_type: self.event_type(), data: self.data(), last_event_id: self.last_event_id() }
    }

    /// The type; see [`Event::event_type`].
    #[must_use]
    pub fn event_type(&self) -> &[u8] {
        match self.part(&self.event_type) {
            [] => Event::DEFAULT_TYPE.as_bytes(),
            event_type => event_type,
        }
    }

    /// The data; see [`Event::data`].
    #[must_use]
    pub fn data(&self) -> &[u8] {
        self.part(&self.data)
    }

    /// The last event ID; see [`Event::last_event_id`].
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        match &self.last_event_id {
            Id::Within(start) => self.text().get(*start..).unwrap_or_default(),
            #[cfg(feature = "bytes")]
            Id::Apart(id) => id,
        }
    }

    /// The data as text.
    ///
    /// # Errors
    ///
    /// When the data is not UTF-8; see [`Event::data_str`].
    pub fn data_str(&self) -> Result<&str, Utf8Error> {
        self.as_event().data_str()
    }

    /// The data as a browser shows it; see [`Event::data_lossy`].
    #[must_use]
    pub fn data_lossy(&self) -> Lossy<'_> {
        Lossy(self.data())
    }

    /// The type as a browser shows it.
    #[must_use]
    pub fn event_type_lossy(&self) -> Lossy<'_> {
        Lossy(self.event_type())
    }

    /// The last event ID as a browser shows it, and as it must be sent in `Last-Event-ID`.
    #[must_use]
    pub fn last_event_id_lossy(&self) -> Lossy<'_> {
        Lossy(self.last_event_id())
    }

    /// Keeps an event that may have been lent from `chunk`: if its data and type lie there, the chunk is shared; otherwise, and
    /// if the data is shorter than [`WORTH_SHARING`](Self::WORTH_SHARING), they are copied.
    #[cfg(feature = "bytes")]
    #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
    #[must_use]
    #[inline]
    pub fn sharing(event: Event<'_>, chunk: &Bytes) -> Self {
        if event.data.len() < Self::WORTH_SHARING {
            return Self::from(event);
        }
        let own_type = kept_type(event.event_type);
        let (Some(event_type), Some(data)) = (range_in(own_type, chunk), range_in(event.data, chunk)) else {
            return Self::from(event);
        };
        Self {
            text: Text::Shared(chunk.clone()),
            event_type,
            data,
            last_event_id: Id::Apart(event.last_event_id.into()),
        }
    }

    fn part(&self, range: &Range<usize>) -> &[u8] {
        self.text().get(range.clone()).unwrap_or_default()
    }

    fn text(&self) -> &[u8] {
        match &self.text {
            Text::Own(text) => text,
            #[cfg(feature = "bytes")]
            Text::Shared(text) => text,
        }
    }
}

impl From<Event<'_>> for OwnedEvent {
    #[inline]
    fn from(event: Event<'_>) -> Self {
        let event_type = kept_type(event.event_type);
        let (data_end, type_end) = (event.data.len(), event.data.len() + event_type.len());
        let text = if event_type.is_empty() && event.last_event_id.is_empty() {
            event.data.into()
        } else {
            // The exact capacity, so that the box takes the memory over as it is.
            let mut text = Vec::with_capacity(type_end + event.last_event_id.len());
            text.extend_from_slice(event.data);
            text.extend_from_slice(event_type);
            text.extend_from_slice(event.last_event_id);
            text.into_boxed_slice()
        };
        let (event_type, data) = (data_end..type_end, 0..data_end);
        Self { text: Text::Own(text), event_type, data, last_event_id: Id::Within(type_end) }
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

/// What is kept of a type: nothing of the default one (R38).
#[inline]
fn kept_type(event_type: &[u8]) -> &[u8] {
    if event_type == Event::DEFAULT_TYPE.as_bytes() { &[] } else { event_type }
}

/// Where `part` lies in `whole`, if it does. Nothing lies everywhere.
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
