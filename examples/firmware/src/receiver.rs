//! Receives events of any size in 256 bytes of RAM: short events are kept, long ones are streamed.
//!
//! The data of an event of the type `image` is processed piece by piece. Its `event` field must come before its `data`.
//! Here it goes into a checksum; on a device it could go to the flash of a second boot slot. The data of all other
//! events is kept until the blank line. This module must not depend on a port.

use embedded_sse::{Field, Token, Tokenizer};
use heapless::Vec;

/// An item of the stream.
#[derive(Debug)]
pub enum Received<'r> {
    /// A short event.
    Event {
        /// The type. It is empty for `message`.
        event_type: &'r [u8],
        /// The data, with LF between its lines.
        data: &'r [u8],
    },
    /// The end of an image.
    Image(Image),
    /// An event was longer than its buffer, and was skipped.
    TooLong,
}

/// The part of an image that was received so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// The length in bytes.
    pub length: u32,
    /// The CRC-32, as in Ethernet and zip.
    pub crc: u32,
}

/// The tokenizer, and buffers for the current event.
pub struct Receiver {
    tokenizer: Tokenizer,
    event_type: Vec<u8, 16>,
    data: Vec<u8, 192>,
    image: Image,
    /// How many `data` fields of the current event have started.
    lines: u32,
    /// Whether a part of the current field's value was received.
    in_line: bool,
    is_too_long: bool,
    is_over: bool,
}

const _: () = assert!(size_of::<Receiver>() <= 256);

impl Receiver {
    /// Creates a receiver at the start of a stream.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            tokenizer: Tokenizer::new(),
            event_type: Vec::new(),
            data: Vec::new(),
            image: Image { length: 0, crc: 0 },
            lines: 0,
            in_line: false,
            is_too_long: false,
            is_over: false,
        }
    }

    /// Returns the next item, and removes the bytes up to it from the front of `input`. Returns `None` if it needs the
    /// next chunk.
    pub fn next(&mut self, input: &mut &[u8]) -> Option<Received<'_>> {
        if core::mem::take(&mut self.is_over) {
            self.forget();
        }
        while let Some(token) = self.tokenizer.next_token(input) {
            match token {
                Token::Value(Field::Data, piece) => {
                    self.begin_line();
                    self.put(piece);
                    self.in_line = true;
                }
                Token::EndOfField(Field::Data) => {
                    self.begin_line();
                    self.in_line = false;
                }
                Token::Value(Field::Event, piece) => {
                    self.begin_type();
                    self.is_too_long |= self.event_type.extend_from_slice(piece).is_err();
                    self.in_line = true;
                }
                Token::EndOfField(Field::Event) => {
                    self.begin_type();
                    self.in_line = false;
                }
                Token::EndOfEvent if self.lines > 0 => {
                    self.is_over = true;
                    return Some(self.received());
                }
                Token::EndOfEvent => self.forget(),
                _ => {}
            }
        }
        None
    }

    fn received(&self) -> Received<'_> {
        if self.is_image() {
            Received::Image(self.image)
        } else if self.is_too_long {
            Received::TooLong
        } else {
            Received::Event { event_type: &self.event_type, data: &self.data }
        }
    }

    fn is_image(&self) -> bool {
        self.event_type == b"image"
    }

    /// Clears the type of an earlier field: the last `event` field of an event counts.
    fn begin_type(&mut self) {
        if !self.in_line {
            self.event_type.clear();
        }
    }

    /// Adds the LF between two lines.
    fn begin_line(&mut self) {
        if !self.in_line {
            self.lines += 1;
            if self.lines > 1 {
                self.put(b"\n");
            }
        }
    }

    fn put(&mut self, piece: &[u8]) {
        if self.is_image() {
            self.image.length = self.image.length.wrapping_add(piece.len() as u32);
            self.image.crc = crc32(self.image.crc, piece);
        } else {
            self.is_too_long |= self.data.extend_from_slice(piece).is_err();
        }
    }

    fn forget(&mut self) {
        let tokenizer = core::mem::take(&mut self.tokenizer);
        *self = Self { tokenizer, ..Self::new() };
    }
}

impl Default for Receiver {
    fn default() -> Self {
        Self::new()
    }
}

/// Computes the CRC bit by bit, which is slow, but needs no table of 1 KiB.
fn crc32(before: u32, bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!before, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & 0u32.wrapping_sub(crc & 1)))
    })
}
