//! Measures the speed of decoding, and two upper limits for it.
//!
//! Run `cargo bench --bench decode --features std`. With `std`, the decoder and the limits use the CPU's vector
//! instructions, which are detected at run time. For a comparison with other crates, see `benches/peers`.

mod inputs;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use embedded_sse::Decoder;

use inputs::Input;

/// The chunk sizes in bytes: the whole stream, a large read, a TCP segment, and the buffer of a small modem.
const CHUNKS: [(&str, usize); 4] = [("whole", usize::MAX), ("16384", 16384), ("1460", 1460), ("64", 64)];

/// The buffer size in bytes. The longest event of any input fits.
const BUFFER: usize = 128 * 1024;

fn decode(criterion: &mut Criterion) {
    let mut buffer = vec![0; BUFFER];
    for input in inputs::all() {
        let mut group = criterion.benchmark_group(input.name);
        group.throughput(Throughput::Bytes(input.bytes.len() as u64));
        for (name, chunk) in CHUNKS {
            assert_eq!(events_as_bytes(&input, chunk, &mut buffer), input.messages.len());
            assert_eq!(events_as_text(&input, chunk, &mut buffer), input.messages.len());
            group.bench_function(BenchmarkId::new("bytes", name), |b| {
                b.iter(|| events_as_bytes(&input, chunk, &mut buffer))
            });
            group.bench_function(BenchmarkId::new("text", name), |b| {
                b.iter(|| events_as_text(&input, chunk, &mut buffer))
            });
            group.bench_function(BenchmarkId::new("limit-memchr2", name), |b| b.iter(|| walk_lines(&input, chunk)));
            group.bench_function(BenchmarkId::new("limit-memcpy", name), |b| {
                b.iter(|| copy(&input, chunk, &mut buffer))
            });
        }
        group.finish();
    }
}

/// Decodes the stream and returns the number of events.
fn events_as_bytes(input: &Input, chunk: usize, buffer: &mut [u8]) -> usize {
    let mut decoder = Decoder::with_id_store(buffer, [0; 2 * 256]);
    let mut events = 0;
    for mut chunk in input.bytes.chunks(chunk) {
        while let Some(event) = decoder.next_event(&mut chunk) {
            black_box(event.expect("the buffer is large enough"));
            events += 1;
        }
    }
    events
}

/// Decodes the stream and returns the number of events whose data is UTF-8.
fn events_as_text(input: &Input, chunk: usize, buffer: &mut [u8]) -> usize {
    let mut decoder = Decoder::with_id_store(buffer, [0; 2 * 256]);
    let mut events = 0;
    for mut chunk in input.bytes.chunks(chunk) {
        while let Some(event) = decoder.next_event(&mut chunk) {
            let event = event.expect("the buffer is large enough");
            events += usize::from(black_box(event).data_str().is_ok());
        }
    }
    events
}

/// Searches for each line end, and does nothing else: an upper limit for decoders that find lines in this way.
fn walk_lines(input: &Input, chunk: usize) -> usize {
    let mut lines = 0;
    for mut rest in input.bytes.chunks(chunk) {
        while let Some(end) = memchr::memchr2(b'\n', b'\r', rest) {
            rest = &rest[black_box(end) + 1..];
            lines += 1;
        }
    }
    lines
}

/// Copies all bytes once: an upper limit for decoders that keep all bytes.
fn copy(input: &Input, chunk: usize, buffer: &mut [u8]) {
    for part in input.bytes.chunks(chunk.min(buffer.len())) {
        let target = &mut buffer[..part.len()];
        target.copy_from_slice(part);
        black_box(target);
    }
}

/// Uses short measurements, because there are many benchmarks, and only large differences matter.
fn short() -> Criterion {
    Criterion::default()
        .sample_size(15)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300))
        .without_plots()
}

criterion_group! { name = benches; config = short(); targets = decode }
criterion_main!(benches);
