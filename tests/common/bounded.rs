//! Predicts what a decoder with little memory reports, from the lines of the grammar and the space that they take.
#![allow(dead_code, reason = "each test binary uses its own part")]

use embedded_sse::Field;
use embedded_sse::codec::grammar::{Line, Stream};

use crate::common::{Outcome, Said, specified};

/// Capacities in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// For data and type together, and for a comment in addition to what the block holds.
    pub(crate) buffer: usize,
    /// For the last event ID.
    pub(crate) id: usize,
}

/// One place in the stream where the decoder reports something.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The report of a decoder with enough memory. For an id that never fits, the report of that.
    pub(crate) said: Said,
    /// The field that does not fit when the stream arrives byte by byte, so that nothing can be borrowed from a chunk.
    pub(crate) too_long: Option<Field>,
    /// Whether it fits however the stream is cut.
    pub(crate) always_fits: bool,
}

impl Place {
    /// Returns the report when the stream arrives byte by byte.
    pub(crate) fn byte_by_byte(&self) -> Said {
        self.too_long.map_or_else(|| self.said.clone(), Said::TooLong)
    }

    /// Returns whether some way to cut the stream leads to this report: the expected one or, where space may be short,
    /// that it was too long.
    pub(crate) fn allows(&self, said: &Said) -> bool {
        *said == self.said
            || !self.always_fits
                && match self.said {
                    Said::Comment(_) => *said == Said::TooLong(Field::Comment),
                    Said::Event { .. } => matches!(said, Said::TooLong(Field::Data | Field::Event)),
                    _ => false,
                }
    }
}

/// Returns all places of a stream in order, and the last event ID at its end.
///
/// Events and comments are those of [`specified`], which has no limits. Only ids are tracked here, because an id that
/// does not fit changes the id of later events.
pub(crate) fn places(stream: &[u8], limits: Limits) -> (Vec<Place>, Vec<u8>) {
    let mut unlimited = specified(b"", stream).said.into_iter();
    let mut places = Vec::new();
    let mut last_event_id = Vec::new();
    let mut room = Room::default();
    let mut id = Id::default();
    for line in Stream::new(stream).lines() {
        match line {
            Line::Field { name: b"data", value } => room.data(value.len(), limits.buffer),
            Line::Field { name: b"event", value } => room.event_type(value.len(), limits.buffer),
            Line::Field { name: b"id", value } => id.line(value, limits.id),
            Line::Comment(text) => places.push(Place {
                said: unlimited.next().expect("a comment"),
                too_long: (room.data + room.event_type + text.len() > limits.buffer).then_some(Field::Comment),
                always_fits: room.all_data.unwrap_or(0) + room.event_type + text.len() <= limits.buffer,
            }),
            Line::Field { name: b"retry", value } if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                let said = unlimited.next().expect("a reconnection time");
                places.push(Place { said, too_long: None, always_fits: true });
            }
            Line::Field { .. } => {}
            Line::Blank => {
                let Id { pending, lost } = core::mem::take(&mut id);
                last_event_id = pending.unwrap_or(last_event_id);
                let Room { all_data, highest, data_lost, type_lost, .. } = core::mem::take(&mut room);
                if all_data.is_some() {
                    let Some(Said::Event { event_type, data, .. }) = unlimited.next() else { panic!("an event") };
                    places.push(Place {
                        said: Said::Event { event_type, data, last_event_id: last_event_id.clone() },
                        too_long: data_lost.then_some(Field::Data).or(type_lost.then_some(Field::Event)),
                        always_fits: highest <= limits.buffer,
                    });
                }
                if lost {
                    places.push(Place { said: Said::TooLong(Field::Id), too_long: None, always_fits: true });
                }
            }
        }
    }
    assert_eq!(unlimited.next(), None, "every report has its place");
    (places, last_event_id)
}

/// Returns the buffer size in bytes that is enough for every event of this stream, however it is cut.
pub(crate) fn needed(stream: &[u8]) -> usize {
    let mut needed = 0;
    let mut room = Room::default();
    for line in Stream::new(stream).lines() {
        match line {
            Line::Field { name: b"data", value } => room.data(value.len(), usize::MAX),
            Line::Field { name: b"event", value } => room.event_type(value.len(), usize::MAX),
            Line::Comment(_) | Line::Field { .. } => {}
            Line::Blank => {
                let Room { all_data, highest, .. } = core::mem::take(&mut room);
                needed = needed.max(all_data.map_or(0, |_| highest));
            }
        }
    }
    needed
}

/// Returns what a decoder with these limits reports when the stream arrives byte by byte.
pub(crate) fn byte_by_byte(stream: &[u8], limits: Limits) -> Outcome {
    let (places, last_event_id) = places(stream, limits);
    Outcome {
        said: places.iter().map(Place::byte_by_byte).collect(),
        last_event_id,
        reconnection_time: specified(b"", stream).reconnection_time,
    }
}

/// The use of the buffer by one block that arrives byte by byte.
#[derive(Default)]
struct Room {
    data: usize,
    event_type: usize,
    data_lost: bool,
    type_lost: bool,
    /// The length of the data as if it were never lost. `None` before the first `data` line.
    all_data: Option<usize>,
    /// The largest sum of data and type so far, as if nothing were ever lost.
    highest: usize,
}

impl Room {
    fn data(&mut self, length: usize, limit: usize) {
        let joined = self.all_data.map_or(0, |data| data + 1);
        self.all_data = Some(joined + length);
        self.highest = self.highest.max(joined + length + self.event_type);
        if !self.data_lost {
            self.data = joined + length;
            if self.data + self.event_type > limit {
                self.data_lost = true;
                self.data = 0;
                self.event_type = 0;
            }
        }
    }

    /// Only the last type counts: a lost one does not matter when another one follows.
    fn event_type(&mut self, length: usize, limit: usize) {
        self.highest = self.highest.max(self.all_data.unwrap_or(0) + length);
        self.type_lost = self.data + length > limit;
        self.event_type = if self.type_lost || self.data_lost { 0 } else { length };
    }
}

/// The id of one block.
#[derive(Default)]
struct Id {
    pending: Option<Vec<u8>>,
    lost: bool,
}

impl Id {
    /// The last id without NUL counts. A line is kept up to its first NUL, and the id before it is kept while there is
    /// space for both.
    fn line(&mut self, value: &[u8], limit: usize) {
        let kept = value.split(|byte| *byte == 0).next().map_or(0, <[u8]>::len);
        if kept == value.len() {
            self.lost = value.len() > limit;
            self.pending = (!self.lost).then(|| value.to_vec());
        } else if self.pending.as_ref().is_some_and(|id| !id.is_empty() && id.len() + kept > limit) {
            self.lost = true;
            self.pending = None;
        }
    }
}
