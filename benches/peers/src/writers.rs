//! The writers. Each gets the messages in the form that suits it best, prepared before the measurement.
//!
//! This module must not depend on clocks or tables.

use std::hint::black_box;

use bytes::{Buf, BytesMut};
use bytestring::ByteString;
use embedded_sse::{EventId, Frame, SingleLine};
use tokio_util::codec::Encoder as _;

use crate::contender::{Contender, Kind, PAGE, Run, SCRATCH, Writer};
use crate::inputs::{Input, Message};
use crate::verdict;

pub fn all() -> Vec<Contender> {
    vec![
        Contender::writer::<Ours>(verdict::WRITER, Kind::Ours),
        Contender::writer::<Russe>("russe", Kind::Peer),
        Contender::writer::<SseStream>("sse-stream", Kind::Peer),
        Contender::writer::<TokioSseCodec>("tokio_sse_codec", Kind::Peer),
        Contender::limit("limit: memcpy", copy),
    ]
}

/// Writes one frame at a time into a buffer. Type and ID are checked during the measurement, as in the peers that check
/// them.
struct Ours {
    messages: &'static [Message],
    memory: Vec<u8>,
}

impl Writer for Ours {
    fn new(messages: &'static [Message]) -> Self {
        Self { messages, memory: vec![0; SCRATCH + PAGE] }
    }

    fn write(&mut self, mut sent: impl FnMut(&[u8])) {
        let memory = from_page(&mut self.memory);
        for message in self.messages {
            let mut frame = Frame::new().data(&message.data);
            if let Some(event_type) = &message.event_type {
                frame = frame.event_type(SingleLine::new(event_type).expect(NOTHING_TO_REFUSE));
            }
            if let Some(id) = &message.id {
                frame = frame.id(EventId::new(id).expect(NOTHING_TO_REFUSE));
            }
            sent(frame.encode(memory).expect("the memory is large enough"));
        }
    }
}

const NOTHING_TO_REFUSE: &str = "no input has anything to refuse";

/// Uses shared strings, so that the events that `russe` consumes can be created without a copy.
struct Russe {
    messages: Vec<russe::Message>,
    written: BytesMut,
}

impl Writer for Russe {
    fn new(messages: &'static [Message]) -> Self {
        let messages = messages.iter().map(|message| russe::Message {
            data: ByteString::from_static(&message.data),
            event: message.event_type.as_deref().map(ByteString::from_static),
            retry: None,
            id: message.id.as_deref().map(ByteString::from_static),
        });
        Self { messages: messages.collect(), written: empty_at_page() }
    }

    fn write(&mut self, mut sent: impl FnMut(&[u8])) {
        let mut encoder = russe::Encoder::default();
        for message in &self.messages {
            self.written.clear();
            let event = russe::Event::Message(message.clone());
            encoder.encode(event, &mut self.written).expect(NOTHING_TO_REFUSE);
            sent(&self.written);
        }
    }
}

/// Takes owned strings and returns new bytes. Its interface allows nothing else.
struct SseStream(Vec<sse_stream::Sse>);

impl Writer for SseStream {
    fn new(messages: &'static [Message]) -> Self {
        let messages = messages.iter().map(|message| sse_stream::Sse {
            event: message.event_type.clone(),
            data: Some(message.data.clone()),
            id: message.id.clone(),
            retry: None,
        });
        Self(messages.collect())
    }

    fn write(&mut self, mut sent: impl FnMut(&[u8])) {
        for message in &self.0 {
            sent(&message.clone().encode().expect(NOTHING_TO_REFUSE));
        }
    }
}

/// Accepts line breaks everywhere, and always writes the type.
struct TokioSseCodec {
    messages: &'static [Message],
    written: BytesMut,
}

impl Writer for TokioSseCodec {
    fn new(messages: &'static [Message]) -> Self {
        Self { messages, written: empty_at_page() }
    }

    fn write(&mut self, mut sent: impl FnMut(&[u8])) {
        let mut encoder = tokio_sse_codec::SseEncoder::new();
        for message in self.messages {
            self.written.clear();
            let event = tokio_sse_codec::Event {
                id: message.id.as_deref().map(Into::into),
                name: message.event_type.as_deref().unwrap_or("message").into(),
                data: &message.data,
            };
            encoder.encode(tokio_sse_codec::Frame::Event(event), &mut self.written).expect("it never fails");
            sent(&self.written);
        }
    }
}

fn from_page(memory: &mut [u8]) -> &mut [u8] {
    let start = memory.as_ptr().align_offset(PAGE);
    &mut memory[start..]
}

/// Returns an empty buffer at the start of a page. It keeps its memory when it is cleared and written again.
fn empty_at_page() -> BytesMut {
    let mut memory = BytesMut::zeroed(SCRATCH + PAGE);
    memory.advance(memory.as_ptr().align_offset(PAGE));
    memory.clear();
    memory
}

/// Copies the data, and does nothing else.
fn copy(input: &'static Input, _: usize) -> Run {
    let mut scratch = vec![0; SCRATCH + PAGE];
    Box::new(move || {
        let scratch = from_page(&mut scratch);
        let mut copied = 0;
        for message in &input.messages {
            let target = &mut scratch[..message.data.len()];
            target.copy_from_slice(message.data.as_bytes());
            copied += black_box(target).len();
        }
        copied
    })
}
