//! Tests that every other crate reads the output of this crate correctly.

use embedded_sse::{EventId, Frame, SingleLine};

use crate::inputs::{self, Input, Message};
use crate::readers;

/// Data with several lines, or that looks like other fields.
const ODD: &[&str] = &[
    "x",
    " x",
    "x\n",
    "\nx",
    "a\n\nb",
    "a\r\nb\rc",
    ":",
    "data: x",
    "id: 7\n\n",
    "\u{FEFF}x",
    "é\n😀",
    "\0",
    "\t",
    "x ",
];

/// The least number of bytes of data for each input. It is small because some readers take quadratic time.
const ENOUGH: usize = 4096;

#[test]
fn everybody_reads_what_we_write() {
    for mut written in inputs::to_write().into_iter().chain([odd()]) {
        let mut length = 0;
        written.messages.retain(|message| {
            length += message.data.len();
            length < ENOUGH || length == message.data.len()
        });
        let bytes = written.messages.iter().flat_map(encoded).collect();
        let messages = written.messages.iter().map(as_read).collect();
        let input: &'static Input = Box::leak(Box::new(Input { name: written.name, bytes, messages }));
        for reader in readers::all() {
            for chunk in [usize::MAX, 1460, 64, 7] {
                assert!((reader.is_right)(input, chunk), "{}: {} in chunks of {chunk}", reader.name, input.name);
            }
        }
    }
}

fn odd() -> Input {
    let message = |data: &&str| Message { data: (*data).into(), event_type: Some("odd".into()), id: Some("7".into()) };
    Input { name: "odd data", bytes: Vec::new(), messages: ODD.iter().map(message).collect() }
}

fn encoded(message: &Message) -> Vec<u8> {
    let mut frame = Frame::new().data(&message.data);
    if let Some(event_type) = &message.event_type {
        frame = frame.event_type(SingleLine::new(event_type).expect("a single line"));
    }
    if let Some(id) = &message.id {
        frame = frame.id(EventId::new(id).expect("an id"));
    }
    frame.to_string().into_bytes()
}

/// Returns the message as it is read: with every line end in the data as LF (R28).
fn as_read(message: &Message) -> Message {
    Message { data: message.data.replace("\r\n", "\n").replace('\r', "\n"), ..message.clone() }
}
