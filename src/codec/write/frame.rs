//! A frame: one block of the stream, ready to be written.
//!
//! This module only holds the caller's values. The bytes of a frame are defined in `wire.rs`.

use crate::codec::text::{EventId, SingleLine};

/// Describes one block of an event stream ([R4]): an event, a comment or both, with the blank line that ends it.
///
/// The fields that are set are written in the order comment, `event`, `id`, `retry`, `data`; then comes the blank line.
/// Lines end with LF. One space follows each colon, so that a value may itself begin with a space ([R10]). Data and
/// comments are split into lines at each CR LF, CR and LF ([R9]): data with n line ends becomes n + 1 `data` lines, empty
/// data becomes one, and a reader gets the data back with each line end as LF. Every frame that can be built can be
/// written; only the buffer can be too short.
///
/// A frame without data dispatches no event ([R35]). It can set the reconnection time or the last event ID, or keep the
/// connection alive. An empty frame is a blank line.
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
///
/// [R4]: crate::rules#r4
/// [R10]: crate::rules#r10
/// [R9]: crate::rules#r9
/// [R35]: crate::rules#r35
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
    /// A comment without text: the shortest frame that keeps the connection alive and that every reader ignores ([R5],
    /// [R22]).
    ///
    /// [R5]: crate::rules#r5
    /// [R22]: crate::rules#r22
    pub const KEEP_ALIVE: Frame<'static> = Frame::new().comment("");

    /// Creates an empty frame.
    pub const fn new() -> Self {
        Self { comment: None, event_type: None, id: None, retry_ms: None, data: None }
    }

    /// Sets the event's type ([R27]). An empty type means `message`, as does none ([R38]).
    ///
    /// [R27]: crate::rules#r27
    /// [R38]: crate::rules#r38
    pub const fn event_type(mut self, event_type: SingleLine<'a>) -> Self {
        self.event_type = Some(event_type);
        self
    }

    /// Sets the reader's last event ID ([R29](crate::rules#r29)). [`EventId::EMPTY`] clears it.
    pub const fn id(mut self, id: EventId<'a>) -> Self {
        self.id = Some(id);
        self
    }

    /// Sets the reader's reconnection time, in milliseconds ([R30](crate::rules#r30)). Any number is allowed.
    pub const fn retry_ms(mut self, millis: u64) -> Self {
        self.retry_ms = Some(millis);
        self
    }

    /// Sets the comment ([R5]). Any text is allowed: each of its lines becomes a comment line. Readers ignore it.
    ///
    /// A line that is empty or begins with a space is written directly after its colon, any other after one space. The
    /// text of a comment that was read is therefore written back as the same bytes if it was empty or began with a
    /// space.
    ///
    /// [R5]: crate::rules#r5
    pub const fn comment(mut self, text: &'a str) -> Self {
        self.comment = Some(text);
        self
    }

    /// Sets the event's data ([R28](crate::rules#r28)). Any text is allowed; empty text makes an event with empty data.
    pub const fn data(mut self, data: &'a str) -> Self {
        self.data = Some(data);
        self
    }
}
