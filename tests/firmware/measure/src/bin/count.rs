//! Work between two marks, for a counter of instructions: the argument says which.
#![no_std]
#![no_main]

use core::fmt::{self, Write};
use core::hint::black_box;

use board::println;
use embedded_sse::{DataWriter, Decoder, Frame, Token, Tokenizer};

include!(concat!(env!("OUT_DIR"), "/streams.rs"));

/// The beginning of a stream of the benchmarks.
#[derive(Clone, Copy)]
struct Stream {
    bytes: &'static [u8],
    data: &'static [&'static str],
}

board::main!(count);

/// Says how many bytes were worked on.
fn count() -> i32 {
    let (stream, work): (_, fn(Stream) -> usize) = match board::argument() {
        Some(0) => (TOKENS, decode::<WHOLE>),
        Some(1) => (TINY, decode::<WHOLE>),
        Some(2) => (TWENTY_LINES, decode::<WHOLE>),
        Some(3) => (TOKENS, decode::<64>),
        Some(4) => (TOKENS, encode),
        Some(5) => (TWENTY_LINES, encode),
        Some(6) => (TOKENS, decode::<16>),
        Some(7) => (TOKENS, decode::<1>),
        Some(8) => (NAMED, decode::<1>),
        Some(9) => (TOKENS, tokenize::<WHOLE>),
        Some(10) => (TOKENS, tokenize::<1>),
        Some(11) => (TABS, decode::<WHOLE>),
        Some(12) => (TOKENS, serialise),
        _ => return 2,
    };
    let (stream, work) = black_box((stream, work));
    count_start();
    let done = work(stream);
    count_stop();
    println!("{} bytes", stream.bytes.len());
    i32::from(done != stream.data.len())
}

/// All in one chunk.
const WHOLE: usize = usize::MAX;

/// Counts the events, in chunks of this size.
fn decode<const SIZE: usize>(stream: Stream) -> usize {
    let mut decoder = Decoder::new([0; 2048]);
    let mut events = 0;
    for mut chunk in stream.bytes.chunks(SIZE) {
        while let Some(found) = decoder.next_event(&mut chunk) {
            events += usize::from(black_box(found).is_ok());
        }
    }
    events
}

/// Counts the ends of events, in chunks of this size.
fn tokenize<const SIZE: usize>(stream: Stream) -> usize {
    let mut tokenizer = Tokenizer::new();
    let mut events = 0;
    for mut chunk in stream.bytes.chunks(SIZE) {
        while let Some(token) = tokenizer.next_token(&mut chunk) {
            events += usize::from(black_box(token) == Token::EndOfEvent);
        }
    }
    events
}

/// Counts the frames.
fn encode(stream: Stream) -> usize {
    let mut buffer = [0; 2048];
    stream.data.iter().filter(|data| black_box(Frame::new().data(data).encode(&mut buffer)).is_ok()).count()
}

/// Counts the frames whose data is written in the pieces that a JSON serialiser makes.
fn serialise(_: Stream) -> usize {
    let mut done = 0;
    let mut buffer = [0; 2048];
    for pieces in black_box(TOKENS_IN_PIECES) {
        let Ok(mut writer) = DataWriter::new(Sink(&mut buffer), &Frame::new()) else { continue };
        let written = pieces.iter().try_for_each(|piece| writer.write_str(piece));
        done += usize::from(written.is_ok() && writer.finish().is_ok());
    }
    done
}

/// The rest of a buffer.
struct Sink<'b>(&'b mut [u8]);

impl Write for Sink<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let (place, rest) = core::mem::take(&mut self.0).split_at_mut_checked(text.len()).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.0 = rest;
        Ok(())
    }
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn count_start() {
    black_box(1_u8);
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn count_stop() {
    black_box(2_u8);
}
