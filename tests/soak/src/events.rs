//! The events of a rehearsal: numbered from 1, with data that the device can tell from the number.

use embedded_sse::{EventId, Frame};

/// Longer than any device's memory.
pub const TOO_LONG: usize = 1 << 20;

/// The event of this number as bytes, and sometimes a comment before it. The one that is `too_long` has a MiB of data.
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
