//! Checks with a counting allocator that decoding and encoding allocate nothing.

use core::fmt::Write;

use allocation_counter::measure;
use embedded_sse::{DataWriter, Decoder, EventId, Frame, Token, Tokenizer};

/// A stream with everything: BOM, comments, all fields and unknown ones, long values, all line ends, invalid UTF-8, and
/// ids that are too long.
fn stream() -> Vec<u8> {
    let mut stream = b"\xEF\xBB\xBF: hello\nretry: 3000\r\ndata\rother: x\nid: 1\0\nevent: \xFF\xC0\x8A\n\n".to_vec();
    for number in 0..200 {
        stream.extend(format!("id: {number}\revent: tick\r\ndata: {:1$}\ndata: b\n: c\n\n", "x", number * 7).bytes());
    }
    stream.extend(format!("id: {:500}\ndata\n\ndata: lost", "y").bytes());
    stream
}

#[test]
fn the_allocator_counts() {
    assert_ne!(measure(|| drop(std::hint::black_box(vec![0_u8; 7]))).count_total, 0);
}

#[test]
fn decoding_allocates_nothing() {
    let stream = stream();
    for size in [1, 7, 64, 1460, stream.len()] {
        let (mut found, mut lost) = (0, 0);
        let info = measure(|| {
            let mut decoder = Decoder::new([0; 512]);
            for mut chunk in stream.chunks(size) {
                while let Some(event) = decoder.next_event(&mut chunk) {
                    let Ok(event) = event else {
                        lost += 1;
                        continue;
                    };
                    found += 1;
                    assert!(event.data_str().is_ok());
                }
            }
            decoder.reset();
            for mut chunk in stream.chunks(size) {
                while let Some(item) = decoder.next_item(&mut chunk) {
                    found += usize::from(item.is_ok());
                }
            }
            assert!(!decoder.last_event_id().is_empty() && decoder.reconnection_time().is_some());
        });
        assert_eq!(info.count_total, 0, "in chunks of {size}");
        assert!(found > 300 && lost > 0, "{found} items, {lost} losses");
    }
}

#[test]
fn tokenizing_allocates_nothing() {
    let stream = stream();
    for size in [1, 7, 64, 1460, stream.len()] {
        let mut events = 0;
        let info = measure(|| {
            let mut tokenizer = Tokenizer::new();
            for mut chunk in stream.chunks(size) {
                while let Some(token) = tokenizer.next_token(&mut chunk) {
                    events += usize::from(token == Token::EndOfEvent);
                }
            }
        });
        assert_eq!(info.count_total, 0, "in chunks of {size}");
        assert_eq!(events, 202, "in chunks of {size}");
    }
}

#[cfg(feature = "nom")]
#[test]
fn the_grammar_allocates_nothing() {
    let stream = stream();
    let mut length = 0;
    let info = measure(|| {
        let stream = embedded_sse::codec::grammar::Stream::new(&stream);
        for item in stream.interpret(b"") {
            if let embedded_sse::codec::grammar::Item::Event(event) = item {
                length += event.data.map(<[u8]>::len).sum::<usize>();
            }
        }
        assert_eq!(stream.unfinished(), b"data: lost");
    });
    assert_eq!(info.count_total, 0);
    assert!(length > 100_000, "{length}");
}

#[test]
fn encoding_allocates_nothing() {
    let text = "a line\r\nanother\n".repeat(50);
    let mut whole = [0; 4096];
    let (mut length, mut in_parts, mut in_segments) = (0, 0, 0);
    let info = measure(|| {
        let frame = Frame::new().comment(&text).id(EventId::EMPTY).retry_ms(u64::MAX).data(&text);
        length = frame.encode(&mut whole).map_or(0, |bytes| bytes.len());
        let (mut encoder, mut part) = (frame.bytes(), [0; 7]);
        while !encoder.is_done() {
            in_parts += encoder.fill(&mut part);
        }
        in_segments = frame.segments().map(str::len).sum();
        let mut writer = DataWriter::new(Nowhere, &frame).expect("writing to Nowhere never fails");
        write!(writer, "{text}{}", 7).expect("writing to Nowhere never fails");
        let Nowhere = writer.finish().expect("writing to Nowhere never fails");
    });
    assert_eq!(info.count_total, 0);
    assert!(length > 1000 && length == in_parts && length == in_segments, "{length} {in_parts} {in_segments}");
}

struct Nowhere;

impl Write for Nowhere {
    fn write_str(&mut self, _: &str) -> core::fmt::Result {
        Ok(())
    }
}
