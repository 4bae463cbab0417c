//! Creates the events of a rehearsal. They are numbered from 1, and their data follows from the number, so that the
//! device can check it.

use embedded_sse::{EventId, Frame};

/// The length of the event that is longer than the memory of any device, in bytes.
pub const TOO_LONG: usize = 1 << 20;

/// Encodes the event with this number, sometimes with a comment before it. The event `too_long` has 1 MiB of data.
pub fn frame(sequence: u32, too_long: u32) -> Vec<u8> {
    let id = sequence.to_string();
    let letter = char::from(b'a' + (sequence % 26) as u8);
    let length = if sequence == too_long { TOO_LONG } else { sequence as usize % 97 };
    let data = format!("{sequence}\n{}", letter.to_string().repeat(length));
    let mut frame = Frame::new().data(&data);
    if let Ok(id) = EventId::new(&id) {
        frame = frame.id(id);
    }
    if sequence.is_multiple_of(10) {
        frame = frame.comment("ten more");
    }
    frame.to_string().into_bytes()
}
