//! The functions whose instructions are counted. Setup and teardown are not counted.
//!
//! The ID of a benchmark is the name of its input and the chunk size in bytes, as `src/count.rs` reads it.

use std::fs;
use std::hint::black_box;

use embedded_sse::{Decoder, EventId, Frame, SingleLine};
use gungraun::{Callgrind, prelude::*};

/// Passes the whole stream in one chunk.
const WHOLE: usize = usize::MAX;

/// The buffer size in bytes. The longest event of any input fits.
const BUFFER: usize = 128 * 1024;

#[library_benchmark(setup = Read::events, teardown = Read::check)]
#[bench::tokens_whole("tokens", WHOLE)]
#[bench::tokens_1460("tokens", 1460)]
#[bench::tokens_64("tokens", 64)]
#[bench::tokens_1("tokens", 1)]
#[bench::named_whole("named", WHOLE)]
#[bench::named_1460("named", 1460)]
#[bench::named_64("named", 64)]
#[bench::named_1("named", 1)]
#[bench::tiny_whole("tiny", WHOLE)]
#[bench::tiny_1460("tiny", 1460)]
#[bench::tiny_64("tiny", 64)]
#[bench::_64k_line_whole("64k-line", WHOLE)]
#[bench::_64k_line_1460("64k-line", 1460)]
#[bench::_64k_line_64("64k-line", 64)]
#[bench::_20_lines_whole("20-lines", WHOLE)]
#[bench::_20_lines_1460("20-lines", 1460)]
#[bench::_20_lines_64("20-lines", 64)]
#[bench::tokens_crlf_whole("tokens-crlf", WHOLE)]
#[bench::tokens_crlf_1460("tokens-crlf", 1460)]
#[bench::tokens_crlf_64("tokens-crlf", 64)]
#[bench::tokens_cr_whole("tokens-cr", WHOLE)]
#[bench::tokens_cr_1460("tokens-cr", 1460)]
#[bench::tokens_cr_64("tokens-cr", 64)]
#[bench::comments_whole("comments", WHOLE)]
#[bench::comments_1460("comments", 1460)]
#[bench::comments_64("comments", 64)]
#[bench::changes_whole("changes", WHOLE)]
#[bench::changes_1460("changes", 1460)]
#[bench::changes_64("changes", 64)]
#[bench::tokens_utf8_whole("tokens-utf8", WHOLE)]
#[bench::tokens_utf8_1460("tokens-utf8", 1460)]
#[bench::tokens_utf8_64("tokens-utf8", 64)]
fn events(read: &'static mut Read) -> &'static mut Read {
    read.decode_events();
    read
}

#[library_benchmark(setup = Read::items, teardown = Read::check)]
#[bench::comments_whole("comments", WHOLE)]
#[bench::comments_1460("comments", 1460)]
#[bench::comments_64("comments", 64)]
fn items(read: &'static mut Read) -> &'static mut Read {
    read.decode_items();
    read
}

#[library_benchmark(setup = Write::new, teardown = Write::check)]
#[bench::tokens_whole("tokens")]
#[bench::named_whole("named")]
#[bench::tiny_whole("tiny")]
#[bench::_64k_line_whole("64k-line")]
#[bench::_20_lines_whole("20-lines")]
#[bench::changes_whole("changes")]
fn frames(write: &'static mut Write) -> &'static mut Write {
    write.encode();
    write
}

library_benchmark_group!(name = work, benchmarks = [events, items, frames]);
main!(
    config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args(["--cache-sim=no"])),
    library_benchmark_groups = work
);

/// A stream, and the decoder that reads it. Leaked, so that neither moving nor dropping it is counted.
struct Read {
    bytes: &'static [u8],
    chunk: usize,
    decoder: Decoder<Vec<u8>, [u8; 2 * 256]>,
    found: usize,
    expected: usize,
}

impl Read {
    fn events(input: &str, chunk: usize) -> &'static mut Self {
        let read = Self::new(input);
        read.decode_events();
        read.again(chunk)
    }

    fn items(input: &str, chunk: usize) -> &'static mut Self {
        let read = Self::new(input);
        read.decode_items();
        read.again(chunk)
    }

    fn new(input: &str) -> &'static mut Self {
        let decoder = Decoder::with_id_store(vec![0; BUFFER], [0; 2 * 256]);
        Box::leak(Box::new(Self { bytes: stream(input), chunk: WHOLE, decoder, found: 0, expected: 0 }))
    }

    /// Prepares to decode the stream a second time, with this chunk size. The first time gave the expected number, and
    /// memchr has found out which instructions the CPU has.
    fn again(&'static mut self, chunk: usize) -> &'static mut Self {
        self.decoder.reset();
        (self.chunk, self.expected, self.found) = (chunk, self.found, 0);
        self
    }

    #[inline(always)]
    fn decode_events(&mut self) {
        for mut chunk in self.bytes.chunks(self.chunk) {
            while let Some(event) = self.decoder.next_event(&mut chunk) {
                self.found += usize::from(black_box(event).is_ok());
            }
        }
    }

    #[inline(always)]
    fn decode_items(&mut self) {
        for mut chunk in self.bytes.chunks(self.chunk) {
            while let Some(item) = self.decoder.next_item(&mut chunk) {
                self.found += usize::from(black_box(item).is_ok());
            }
        }
    }

    fn check(&mut self) {
        assert!(self.expected > 0);
        assert_eq!(self.found, self.expected, "the chunk size changed the number of events or items");
    }
}

/// The frames of a stream, and the buffer that they are written to.
struct Write {
    frames: Vec<Frame<'static>>,
    buffer: Vec<u8>,
    written: usize,
    expected: &'static [u8],
}

impl Write {
    fn new(input: &str) -> &'static mut Self {
        let expected = stream(input);
        let (mut frames, mut rest) = (Vec::new(), expected);
        let mut decoder = Decoder::with_id_store(vec![0; BUFFER], [0; 2 * 256]);
        while let Some(event) = decoder.next_event(&mut rest) {
            let event = event.expect("the buffer is large enough");
            let mut frame = Frame::new().data(leak(event.data));
            // Of the inputs that are written, those with a type always have one, and so do those with an ID.
            if expected.starts_with(b"event:") {
                frame = frame.event_type(SingleLine::new(leak(event.event_type)).expect("a line"));
            }
            if !event.last_event_id.is_empty() {
                frame = frame.id(EventId::new(leak(event.last_event_id)).expect("an ID"));
            }
            frames.push(frame);
        }
        Box::leak(Box::new(Self { frames, buffer: vec![0; expected.len()], written: 0, expected }))
    }

    #[inline(always)]
    fn encode(&mut self) {
        for frame in &self.frames {
            if let Some(Ok(bytes)) = self.buffer.get_mut(self.written..).map(|rest| frame.encode(rest)) {
                self.written += black_box(bytes).len();
            }
        }
    }

    fn check(&mut self) {
        assert_eq!(self.written, self.expected.len());
        assert!(self.buffer == self.expected, "the frames differ from the stream that they were decoded from");
    }
}

/// Returns the stream that the build script wrote for this input.
fn stream(input: &str) -> &'static [u8] {
    fs::read(format!("{}/{input}", env!("OUT_DIR"))).expect("the build script wrote the stream").leak()
}

fn leak(text: &[u8]) -> &'static str {
    String::from_utf8(text.to_vec()).expect("all inputs are UTF-8").leak()
}
