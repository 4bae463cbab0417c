//! What a journal holds: records, and how they look as bytes.
//!
//! This module must not depend on where the bytes are stored.

use crate::codec::{Event, copy};

/// A record of a journal.
///
/// ```
/// use embedded_sse::Event;
/// use embedded_sse::delivery::Record;
///
/// let event = Event { event_type: b"reading", data: b"21.5", last_event_id: b"7" };
/// let record = Record::Event { event, has_id: true };
/// let mut buffer = [0; 64];
/// let length = record.encode(&mut buffer).unwrap();
/// assert_eq!(length, Record::HEAD + 1 + 7 + 4);
/// assert_eq!(Record::decode(&buffer[..length]), Some(record));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Record<'a> {
    /// An event.
    Event {
        /// The event.
        event: Event<'a>,
        /// Whether the last event ID is the event's own.
        has_id: bool,
    },
    /// Events are missing here, and the state has to be fetched.
    Gap {
        /// The last event ID before the gap. Empty if there is none.
        since: &'a [u8],
        /// The ID of the event after the gap, or if the gap was `announced`, of the last event in it. Empty if that is not known.
        until: &'a [u8],
        /// Whether the server said so.
        announced: bool,
    },
}

const HEAD: usize = 5;
const EVENT: u8 = 0;
const EVENT_WITH_ID: u8 = 1;
const HOLE: u8 = 2;
const ANNOUNCED: u8 = 3;

impl<'a> Record<'a> {
    /// The number of bytes that a record has beside its texts.
    pub const HEAD: usize = HEAD;

    /// Writes the record to the start of `buffer`, and returns its length. Returns `None` if the buffer is shorter than
    /// that, or an ID or a type is longer than 65,535 bytes.
    #[must_use]
    pub fn encode(&self, buffer: &mut [u8]) -> Option<usize> {
        let (kind, [first, second, third]) = self.parts();
        let (head, rest) = buffer.split_first_chunk_mut::<HEAD>()?;
        let [a, b] = u16::try_from(first.len()).ok()?.to_le_bytes();
        let [c, d] = u16::try_from(second.len()).ok()?.to_le_bytes();
        *head = [kind, a, b, c, d];
        let (place, rest) = rest.split_at_mut_checked(first.len())?;
        copy(first, place);
        let (place, rest) = rest.split_at_mut_checked(second.len())?;
        copy(second, place);
        copy(third, rest.get_mut(..third.len())?);
        Some(self.encoded_len())
    }

    /// Returns the number of bytes that [`encode`](Self::encode) writes.
    #[must_use]
    pub const fn encoded_len(&self) -> usize {
        let (_, [first, second, third]) = self.parts();
        Self::HEAD.saturating_add(first.len()).saturating_add(second.len()).saturating_add(third.len())
    }

    /// Reads a record. Returns `None` if the bytes are none.
    #[must_use]
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
        let &[kind, a, b, c, d] = head;
        let (first, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes([a, b])))?;
        let (second, third) = rest.split_at_checked(usize::from(u16::from_le_bytes([c, d])))?;
        Some(match kind {
            EVENT | EVENT_WITH_ID => Self::Event {
                event: Event { last_event_id: first, event_type: second, data: third },
                has_id: kind == EVENT_WITH_ID,
            },
            HOLE | ANNOUNCED => Self::Gap { since: first, until: second, announced: kind == ANNOUNCED },
            _ => return None,
        })
    }

    /// Returns the ID after which the stream goes on once this record is stored: the last event ID. That of a gap is `until`
    /// if the server announced it, and `since` otherwise.
    #[must_use]
    pub const fn last_event_id(&self) -> &'a [u8] {
        match self {
            Self::Event { event, .. } => event.last_event_id,
            Self::Gap { until, announced: true, .. } if !until.is_empty() => until,
            Self::Gap { since, .. } => since,
        }
    }

    const fn parts(&self) -> (u8, [&'a [u8]; 3]) {
        match self {
            Self::Event { event, has_id } => {
                (if *has_id { EVENT_WITH_ID } else { EVENT }, [event.last_event_id, event.event_type, event.data])
            }
            Self::Gap { since, until, announced } => (if *announced { ANNOUNCED } else { HOLE }, [since, until, &[]]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_as_they_were() {
        let event = Event { event_type: b"message", data: b"", last_event_id: b"" };
        for record in [
            Record::Event { event, has_id: false },
            Record::Event { event: Event { data: b"x\ny", last_event_id: b"7", ..event }, has_id: true },
            Record::Gap { since: b"7", until: b"9", announced: false },
            Record::Gap { since: b"", until: b"", announced: true },
        ] {
            let mut buffer = [0; 32];
            let length = record.encode(&mut buffer).expect("it fits");
            assert_eq!(length, record.encoded_len());
            assert_eq!(Record::decode(&buffer[..length]), Some(record));
            assert_eq!(record.encode(&mut buffer[..length - 1]), None);
        }
    }

    #[test]
    fn bytes_that_are_no_record_are_refused() {
        for bytes in [&b""[..], &[0; 4], &[9, 0, 0, 0, 0], &[0, 1, 0, 0, 0], &[0, 1, 0, 1, 0, 5]] {
            assert_eq!(Record::decode(bytes), None, "{bytes:?}");
        }
    }
}
