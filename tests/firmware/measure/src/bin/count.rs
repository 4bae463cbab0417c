//! Work between two marks, for a counter of instructions: the argument says which.
#![no_std]
#![no_main]

use core::hint::black_box;

use board::println;
use embedded_sse::{Decoder, Frame};

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
        Some(0) => (TOKENS, whole),
        Some(1) => (TINY, whole),
        Some(2) => (TWENTY_LINES, whole),
        Some(3) => (TOKENS, in_chunks),
        Some(4) => (TOKENS, write),
        Some(5) => (TWENTY_LINES, write),
        _ => return 2,
    };
    let (stream, work) = black_box((stream, work));
    count_start();
    let done = work(stream);
    count_stop();
    println!("{} bytes", stream.bytes.len());
    i32::from(done != stream.data.len())
}

fn whole(stream: Stream) -> usize {
    read(stream, stream.bytes.len())
}

fn in_chunks(stream: Stream) -> usize {
    read(stream, 64)
}

/// Counts the events.
#[inline(always)]
fn read(stream: Stream, size: usize) -> usize {
    let mut decoder = Decoder::new([0; 2048]);
    let mut events = 0;
    for mut chunk in stream.bytes.chunks(size) {
        while let Some(found) = decoder.next_event(&mut chunk) {
            events += usize::from(black_box(found).is_ok());
        }
    }
    events
}

/// Counts the frames.
fn write(stream: Stream) -> usize {
    let mut buffer = [0; 2048];
    stream.data.iter().filter(|data| black_box(Frame::new().data(data).encode(&mut buffer)).is_ok()).count()
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
