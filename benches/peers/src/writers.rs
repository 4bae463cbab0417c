//! Everybody who writes events here, each handed the messages in the form it likes best, made before the clock runs.
//!
//! Knows how each crate is called. Knows nothing of clocks and tables.

use std::hint::black_box;

use bytes::BytesMut;
use bytestring::ByteString;
use tokio_util::codec::Encoder as _;

use crate::contender::{Contender, Kind, Run, SCRATCH, Writer};
use crate::inputs::{Input, Message};

pub fn all() -> Vec<Contender> {
    vec![
        Contender::writer::<Russe>("russe", Kind::Peer),
        Contender::writer::<SseStream>("sse-stream", Kind::Peer),
        Contender::writer::<TokioSseCodec>("tokio_sse_codec", Kind::Peer),
        Contender::limit("limit: memcpy", copy),
    ]
}

const NOTHING_TO_REFUSE: &str = "no input has anything to refuse";

/// Shared strings, so that the events which `russe` consumes cost no copy to make.
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
        Self { messages: messages.collect(), written: BytesMut::with_capacity(SCRATCH) }
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

/// Takes owned strings and returns new bytes: there is no other way in or out.
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

/// Refuses no line break anywhere, and cannot leave out the type.
struct TokioSseCodec {
    messages: &'static [Message],
    written: BytesMut,
}

impl Writer for TokioSseCodec {
    fn new(messages: &'static [Message]) -> Self {
        Self { messages, written: BytesMut::with_capacity(SCRATCH) }
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

/// What moving the data costs.
fn copy(input: &'static Input, _: usize) -> Run {
    let mut scratch = vec![0; SCRATCH];
    Box::new(move || {
        let mut copied = 0;
        for message in &input.messages {
            let target = &mut scratch[..message.data.len()];
            target.copy_from_slice(message.data.as_bytes());
            copied += black_box(target).len();
        }
        copied
    })
}
