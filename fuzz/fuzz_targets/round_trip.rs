//! Frames are the same after writing and reading: every item of the stream as a frame, and the whole stream as the text
//! of one frame.
#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;
mod controls;
#[path = "../../tests/common/frames.rs"]
mod frames;

use common::{decoded_items, pieces};
use controls::LONGEST;
use embedded_sse::{Decoder, EventId, SingleLine};
use frames::Values;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((stream, sizes)) = controls::split::<3>(input) else { return };
    let text = String::from_utf8_lossy(stream);
    let mut reader = decoder(text.len());
    let said = decoded_items(&mut reader, [text.as_bytes()]).said;
    let mut all: Vec<_> = said.iter().map(Values::of).collect();
    all.push(Values {
        comment: Some(text.to_string()),
        event_type: SingleLine::new(&text).ok().map(|line| line.as_str().into()),
        id: EventId::new(&text).ok().map(|id| id.as_str().into()),
        retry_ms: Some(u64::from(sizes[0]).wrapping_mul(u64::MAX / 251)),
        data: Some(text.to_string()),
    });

    let (mut written, mut expected, mut id) = (Vec::new(), Vec::new(), String::new());
    for values in &all {
        let frame = values.written(usize::from(sizes[1]));
        if let Some(data) = &values.data {
            assert_eq!(values.written_in_pieces(&controls::cuts(data.len(), sizes)), frame);
        }
        written.extend(frame);
        expected.extend(values.said(&mut id));
    }
    let decoded = decoded_items(&mut decoder(written.len()), pieces(&written, &controls::cuts(written.len(), sizes)));
    assert_eq!(decoded.said, expected);
    assert_eq!(decoded.last_event_id, id.as_bytes());
});

/// Creates a decoder. Its ID store allows for lossy text, which is up to three times as long as the bytes.
fn decoder(room: usize) -> Decoder<Vec<u8>, Vec<u8>> {
    Decoder::with_id_store(vec![0; room], vec![0; 2 * 3 * LONGEST])
}
