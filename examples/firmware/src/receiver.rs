//! Events of any size in 256 bytes of RAM: what is short is kept, what is long passes through.
//!
//! An event of the type `image` (its `event` field before its `data`) goes piece by piece where it belongs; here that is a
//! checksum, on a device the flash of a second boot slot. Of all others the data is kept until the blank line. Knows no port.

use embedded_sse::{Field, Token, Tokenizer};
use heapless::Vec;

/// What comes out of a stream.
#[derive(Debug)]
pub enum Received<'r> {
    /// An event that was kept.
    Event {
        /// Empty for `message`.
        event_type: &'r [u8],
        /// Its lines with LF in between.
        data: &'r [u8],
    },
    /// An image has come to its end.
    Image(Image),
    /// An event was longer than its room, and is left out.
    TooLong,
}

/// An image as far as it has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// In bytes.
    pub length: u32,
    /// CRC-32, as in Ethernet and zip.
    pub crc: u32,
}

/// The tokenizer, what it has told of the present event, and room for that.
pub struct Receiver {
    tokenizer: Tokenizer,
    event_type: Vec<u8, 16>,
    data: Vec<u8, 192>,
    image: Image,
    /// `data` fields of the present event that have begun.
    lines: u32,
    /// A part of the present field's value has come.
    in_line: bool,
    is_too_long: bool,
    is_over: bool,
}

const _: () = assert!(size_of::<Receiver>() <= 256);

impl Receiver {
    /// Stands before the first byte of a stream.
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

    /// What comes next out of `input`, from whose front it takes what it has looked at. `None`: go on with the next chunk.
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

    /// Of two types in an event the last one counts.
    fn begin_type(&mut self) {
        if !self.in_line {
            self.event_type.clear();
        }
    }

    /// An LF stands between two lines.
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

/// Bit by bit: slow, and without a table of 1 KiB.
fn crc32(before: u32, bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!before, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & 0u32.wrapping_sub(crc & 1)))
    })
}
