//! Generates streams of any length piece by piece. This module must not depend on what reads them.

/// The length of a batch in bytes. It fits into the second cache of most CPUs, so that all lengths of streams and
/// events are read from the same cache.
const BATCH: usize = 64 * 1024;

/// An endless sequence of streams, which repeat the same events.
pub struct Source {
    /// The events, one after the other.
    events: Vec<u8>,
    /// The end of each event.
    ends: Vec<usize>,
    /// The length after which a stream ends with the next event. `None` if it never ends.
    stream: Option<u64>,
    chunk: Chunk,
    /// The position in `events`, and the index of the event there.
    next: (usize, usize),
    /// The length of the current stream so far.
    streamed: u64,
}

/// How a stream is cut into chunks.
#[derive(Clone, Copy)]
pub enum Chunk {
    /// Chunks of this size, in bytes.
    Bytes(usize),
    /// Each event in one chunk.
    Event,
}

/// The next bytes of a source.
#[derive(Default)]
pub struct Batch {
    pub bytes: Vec<u8>,
    /// At least one, unless there are no bytes.
    pub pieces: Vec<Piece>,
    /// How many events end in these bytes.
    pub events: u64,
}

/// Bytes of one stream.
#[derive(Debug, PartialEq)]
pub struct Piece {
    pub end: usize,
    pub ends_stream: bool,
}

impl Source {
    /// Creates a source of one stream without an end. `events` must hold whole events, and `ends` the end of each.
    pub fn endless(events: Vec<u8>, ends: Vec<usize>, chunk: Chunk) -> Self {
        Self { events, ends, stream: None, chunk, next: (0, 0), streamed: 0 }
    }

    /// Creates a source of streams that are at least `length` bytes long. Each ends with a whole event.
    pub fn streams(events: Vec<u8>, ends: Vec<usize>, chunk: Chunk, length: u64) -> Self {
        Self { stream: Some(length), ..Self::endless(events, ends, chunk) }
    }

    /// Replaces the batch by the next bytes. It ends with a whole chunk.
    pub fn fill(&mut self, batch: &mut Batch) {
        batch.bytes.clear();
        batch.pieces.clear();
        batch.events = 0;
        let room = match self.chunk {
            Chunk::Bytes(size) => BATCH / size * size,
            Chunk::Event => BATCH,
        };
        while batch.bytes.len() < room {
            let (start, index) = self.next;
            let end = match self.chunk {
                Chunk::Bytes(_) => self.ends[index].min(start + room - batch.bytes.len()),
                Chunk::Event => self.ends[index],
            };
            batch.bytes.extend_from_slice(&self.events[start..end]);
            self.streamed += (end - start) as u64;
            let is_event_end = end == self.ends[index];
            let ends_stream = is_event_end && self.stream.is_some_and(|length| self.streamed >= length);
            if ends_stream {
                self.streamed = 0;
            }
            if ends_stream || is_event_end && matches!(self.chunk, Chunk::Event) {
                batch.pieces.push(Piece { end: batch.bytes.len(), ends_stream });
            }
            batch.events += u64::from(is_event_end);
            self.next = match is_event_end {
                true if index + 1 == self.ends.len() => (0, 0),
                true => (end, index + 1),
                false => (end, index),
            };
        }
        if batch.pieces.last().is_none_or(|last| last.end < batch.bytes.len()) {
            batch.pieces.push(Piece { end: batch.bytes.len(), ends_stream: false });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &[u8] = b"data: one\n\ndata: three\n\n";
    const ENDS: [usize; 2] = [11, 24];

    fn source(chunk: Chunk) -> Source {
        Source::endless(EVENTS.into(), ENDS.into(), chunk)
    }

    #[test]
    fn batches_repeat_the_events_without_a_gap() {
        let (mut source, mut batch) = (source(Chunk::Bytes(1460)), Batch::default());
        let (mut all, mut events) = (Vec::new(), 0);
        for _ in 0..3 {
            source.fill(&mut batch);
            assert_eq!(batch.bytes.len(), 44 * 1460);
            assert_eq!(batch.pieces, [Piece { end: batch.bytes.len(), ends_stream: false }]);
            all.extend_from_slice(&batch.bytes);
            events += batch.events;
        }
        assert!(all.iter().eq(EVENTS.iter().cycle().take(all.len())));
        assert_eq!(events as usize, all.windows(2).filter(|pair| pair == b"\n\n").count());
    }

    #[test]
    fn an_event_is_one_piece_however_long_it_is() {
        let (mut source, mut batch) = (source(Chunk::Event), Batch::default());
        source.fill(&mut batch);
        assert_eq!(batch.pieces.len() as u64, batch.events);
        assert_eq!(batch.pieces[0], Piece { end: 11, ends_stream: false });
        assert!(batch.bytes.ends_with(b"\n\n") && batch.bytes.len() >= BATCH);

        let long = vec![b'x'; 3 * BATCH];
        Source::endless(long, vec![3 * BATCH], Chunk::Event).fill(&mut batch);
        assert_eq!((batch.events, batch.bytes.len()), (1, 3 * BATCH));
        assert_eq!(batch.pieces, [Piece { end: 3 * BATCH, ends_stream: false }]);
    }

    #[test]
    fn streams_end_with_the_event_that_reaches_their_length() {
        for length in [1, 12, 24, 25, 100, 100_000] {
            let mut source = Source::streams(EVENTS.into(), ENDS.into(), Chunk::Bytes(64), length);
            let (mut batch, mut stream, mut ended) = (Batch::default(), Vec::new(), 0);
            for _ in 0..5 {
                source.fill(&mut batch);
                let mut start = 0;
                for piece in &batch.pieces {
                    stream.extend_from_slice(&batch.bytes[start..piece.end]);
                    start = piece.end;
                    if piece.ends_stream {
                        assert!(stream.len() as u64 >= length && (stream.len() as u64) < length + 13, "{length}");
                        assert!(stream.ends_with(b"\n\n"));
                        stream.clear();
                        ended += 1;
                    }
                }
                assert_eq!(start, batch.bytes.len());
            }
            assert!(ended >= 2, "{length}: {ended}");
        }
    }
}
