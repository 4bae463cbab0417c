//! Measures the speed of encoding in bytes of payload. The upper limit is a plain copy of the payload.
//!
//! Run `cargo bench --bench encode`.

use core::hint::black_box;
use core::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use embedded_sse::{EventId, Frame, SingleLine};

const OPENAI: &str = r#"{"id":"chatcmpl-B7rT2","object":"chat.completion.chunk","created":1763660000,"model":"gpt-large","choices":[{"index":0,"delta":{"content":" stream"},"logprobs":null,"finish_reason":null}],"usage":null}"#;
const ANTHROPIC: &str = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" events"}}"#;
const LONG_ID: &str = r#"[{"topic":"eqiad.mediawiki.recentchange","partition":0,"timestamp":1763660000001},{"topic":"codfw.mediawiki.recentchange","partition":0,"offset":-1}]"#;

fn encode(criterion: &mut Criterion) {
    let line = "x".repeat(64 * 1024);
    let lines = vec!["0123456789".repeat(8); 20].join("\n");
    let change =
        r#"{"title":"Server-sent events","wiki":"enwiki","bot":false,"length":{"old":10240,"new":10302}},"#.repeat(11);
    let delta = SingleLine::new("content_block_delta").expect("a single line");
    let message = SingleLine::new("message").expect("a single line");
    let id = EventId::new(LONG_ID).expect("an id");
    let frame = Frame::new();
    for (name, frame, data) in [
        ("openai", frame, OPENAI),
        ("anthropic", frame.event_type(delta), ANTHROPIC),
        ("tiny", frame, "x"),
        ("64 KiB line", frame, &line),
        ("20 lines", frame, &lines),
        ("change feed", frame.event_type(message).id(id), &change),
    ] {
        let frame = frame.data(data);
        let mut buffer = vec![0; frame.encoded_len()];
        let mut group = criterion.benchmark_group(format!("encode/{name}"));
        group.throughput(Throughput::Bytes(data.len() as u64));
        group.bench_function("encode", |bencher| {
            bencher.iter(|| black_box(&frame).encode(black_box(&mut buffer)).map(|bytes| bytes.len()));
        });
        group.bench_function("encoder, 1460 at a time", |bencher| {
            let mut buffer = [0; 1460];
            bencher.iter(|| {
                let mut encoder = black_box(&frame).bytes();
                while !encoder.is_done() {
                    black_box(encoder.fill(black_box(&mut buffer)));
                }
            });
        });
        group.bench_function("limit: memcpy", |bencher| {
            bencher.iter(|| {
                let data = black_box(data).as_bytes();
                black_box(&mut buffer)[..data.len()].copy_from_slice(data);
            });
        });
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = encode
}
criterion_main!(benches);
