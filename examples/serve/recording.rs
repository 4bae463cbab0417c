//! Converts a recorded stream to frames that can be sent again.
//!
//! This module handles bytes. It must not depend on files or time.

use std::collections::BTreeSet;

use embedded_sse::io::http_body::EncodedFrame;
use embedded_sse::{Decoder, EventId, Frame, Item, Lossy, SingleLine};

pub(crate) struct Recording {
    /// The frames, each with the ID of its event.
    pub(crate) frames: Vec<(String, EncodedFrame)>,
    pub(crate) types: Vec<String>,
}

impl Recording {
    /// Reads a recording. Comments and reconnection times are sent with the event that follows them. The events keep
    /// their IDs if each has a unique one, which clients need to resume. Otherwise all events are numbered from 1.
    pub(crate) fn read(stream: &[u8]) -> Result<Self, String> {
        let mut events = decode(stream)?;
        let ids: BTreeSet<&str> = events.iter().map(|event| event.id.as_str()).collect();
        if ids.len() < events.len() || ids.contains("") {
            for (number, event) in (1..).zip(&mut events) {
                event.id = format!("{number}");
            }
        }
        let (mut frames, mut types) = (Vec::new(), BTreeSet::new());
        for event in events {
            let frame = event.frame()?.into();
            frames.push((event.id, frame));
            types.insert(event.event_type);
        }
        Ok(Self { frames, types: types.into_iter().collect() })
    }
}

#[derive(Default)]
struct Recorded {
    comment: Option<String>,
    retry_ms: Option<u64>,
    event_type: String,
    data: String,
    id: String,
}

impl Recorded {
    fn frame(&self) -> Result<Frame<'_>, String> {
        let id = EventId::new(&self.id).map_err(|error| error.to_string())?;
        let mut frame = Frame::new().id(id).data(&self.data);
        if self.event_type != "message" {
            frame = frame.event_type(SingleLine::new(&self.event_type).map_err(|error| error.to_string())?);
        }
        if let Some(comment) = &self.comment {
            frame = frame.comment(comment);
        }
        if let Some(retry_ms) = self.retry_ms {
            frame = frame.retry_ms(retry_ms);
        }
        Ok(frame)
    }
}

/// The longest event ID, in bytes. Servers do not accept longer request headers anyway.
const ID: usize = 4096;

fn decode(stream: &[u8]) -> Result<Vec<Recorded>, String> {
    // No event is longer than the stream.
    let mut decoder = Decoder::with_id_store(vec![0; stream.len()], vec![0; 2 * ID]);
    let (mut events, mut next) = (Vec::new(), Recorded::default());
    let mut input = stream;
    while let Some(item) = decoder.next_item(&mut input) {
        match item.map_err(|error| error.to_string())? {
            Item::Comment(text) => {
                let text = Lossy(text).to_string();
                next.comment = Some(next.comment.map_or(text.clone(), |before| format!("{before}\n{text}")));
            }
            Item::Retry(time) => next.retry_ms = u64::try_from(time.as_millis()).ok(),
            Item::Event(event) => {
                next.event_type = event.event_type_lossy().to_string();
                next.data = event.data_lossy().to_string();
                next.id = event.last_event_id_lossy().to_string();
                events.push(core::mem::take(&mut next));
            }
            _ => {}
        }
    }
    if events.is_empty() {
        return Err("it contains no events".into());
    }
    Ok(events)
}
