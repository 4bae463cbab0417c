//! Measures the cost of the asynchronous reader compared to the decoder alone, with chunks of the size of a TCP
//! segment.
//!
//! `cargo bench --bench reader --features embedded-io-async,std` prints the best of many runs for each stream. The two
//! run in turn, so that other load on the machine affects both. Each chunk is copied into a buffer first, as a
//! transport does it.

mod inputs;

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use embedded_sse::Decoder;
use embedded_sse::io::embedded_io_async::EventReader;

use inputs::Input;

const CHUNK: usize = 1460;
const BUFFER: usize = 128 * 1024;
const TURNS: usize = 200;

fn main() {
    println!("| stream | decoder, MB/s | reader, MB/s | reader to decoder |\n|---|---|---|---|");
    let mut product = 1.0;
    let inputs = inputs::all();
    for input in &inputs {
        let mut best = [Duration::MAX; 2];
        for _ in 0..TURNS {
            for (best, read) in best.iter_mut().zip([decoder, reader]) {
                let start = Instant::now();
                assert_eq!(read(input), input.messages.len());
                *best = start.elapsed().min(*best);
            }
        }
        let [decoder, reader] = best.map(|time| input.bytes.len() as f64 / 1e6 / time.as_secs_f64());
        product *= reader / decoder;
        println!("| {} | {decoder:.0} | {reader:.0} | {:.3} |", input.name, reader / decoder);
    }
    println!("\nGeometric mean: {:.3}", product.powf(1.0 / inputs.len() as f64));
}

/// Reads the stream with the decoder and returns the number of events.
fn decoder(input: &Input) -> usize {
    let mut decoder = Decoder::with_id_store(vec![0; BUFFER], [0; 2 * 256]);
    let (mut events, mut chunk) = (0, [0; CHUNK]);
    for bytes in input.bytes.chunks(CHUNK) {
        chunk[..bytes.len()].copy_from_slice(bytes);
        let mut rest = black_box(&chunk[..bytes.len()]);
        while let Some(event) = decoder.next_event(&mut rest) {
            black_box(event.expect("the buffer is large enough"));
            events += 1;
        }
    }
    events
}

/// Reads the stream with the reader and returns the number of events.
fn reader(input: &Input) -> usize {
    let decoder = Decoder::with_id_store(vec![0; BUFFER], [0; 2 * 256]);
    let mut reader = EventReader::new(black_box(&input.bytes[..]), [0; CHUNK], decoder);
    let mut context = Context::from_waker(Waker::noop());
    let mut count = pin!(async {
        let mut events = 0;
        while let Some(event) = reader.next().await.expect("the buffer is large enough") {
            black_box(event);
            events += 1;
        }
        events
    });
    match count.as_mut().poll(&mut context) {
        Poll::Ready(events) => events,
        Poll::Pending => unreachable!("a slice never waits"),
    }
}
