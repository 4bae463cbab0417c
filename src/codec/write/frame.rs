//! What a server can say at once: one block of the stream, ready to be written.
//!
//! Holds the caller's values, and nothing else: what the bytes are, `wire.rs` knows.

use crate::codec::text::{EventId, SingleLine};

/// One block of an event stream (R4): an event, or a comment, or both, with its blank line.
///
/// On the wire stand, each only when it is given: comment, `event`, `id`, `retry`, `data`; then the blank line. Lines end with
/// LF. One space stands after each colon, so that a value may begin with a space (R10). Data and comment are split at each
/// CR LF, CR and LF into as many lines (R9): data with n line ends is n + 1 `data` lines, empty data is one, and a reader gets
/// it back with each line end as LF. Any value that can be built can be written; only the room for it can be missing.
///
/// A frame without data dispatches nothing (R35): it can set the reconnection time or the last event ID, or keep the
/// connection alive. A frame with nothing at all is a blank line.
///
/// ```
/// use embedded_sse::{Frame, SingleLine};
///
/// let reading = SingleLine::new("reading").unwrap();
/// let mut buffer = [0; 64];
/// let bytes = Frame::new().event_type(reading).data("21.5\n°C").encode(&mut buffer)?;
/// assert_eq!(bytes, "event: reading\ndata: 21.5\ndata: °C\n\n".as_bytes());
/// # Ok::<(), embedded_sse::BufferFull>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
pub struct Frame<'a> {
    pub(crate) comment: Option<&'a str>,
    pub(crate) event_type: Option<SingleLine<'a>>,
    pub(crate) id: Option<EventId<'a>>,
    pub(crate) retry_ms: Option<u64>,
    pub(crate) data: Option<&'a str>,
}

impl<'a> Frame<'a> {
    /// A comment without text: the shortest frame that keeps the line alive and that every reader ignores (R5, R22).
    pub const KEEP_ALIVE: Frame<'static> = Frame::new().comment("");

    /// A frame that says nothing yet.
    pub const fn new() -> Self {
        Self { comment: None, event_type: None, id: None, retry_ms: None, data: None }
    }

    /// Sets the event's type (R27). An empty one means `message`, as none does (R38).
    pub const fn event_type(mut self, event_type: SingleLine<'a>) -> Self {
        self.event_type = Some(event_type);
        self
    }

    /// Sets the last event ID of the reader (R29). [`EventId::EMPTY`] makes it forget the one it has.
    pub const fn id(mut self, id: EventId<'a>) -> Self {
        self.id = Some(id);
        self
    }

    /// Sets the reader's reconnection time, in milliseconds (R30); any number can be written.
    pub const fn retry_ms(mut self, millis: u64) -> Self {
        self.retry_ms = Some(millis);
        self
    }

    /// Sets the comment (R5): any text, a comment line for each of its lines. Readers ignore it.
    ///
    /// A line that is empty or begins with a space is written straight behind its colon, any other after one space. So the
    /// text of a comment that was read is written back as the same bytes, if it was empty or began with a space.
    pub const fn comment(mut self, text: &'a str) -> Self {
        self.comment = Some(text);
        self
    }

    /// Sets the event's data (R28): any text, the empty one too, which is an event with empty data.
    pub const fn data(mut self, data: &'a str) -> Self {
        self.data = Some(data);
        self
    }
}
