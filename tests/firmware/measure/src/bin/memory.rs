//! Bytes of memory that the types take, and of stack that the parts take at work. Each line says a kind, a name and a number.
#![no_std]
#![no_main]

use board::println;
use embedded_sse::client::{NoJitter, Policy, Reconnect, Session};
use embedded_sse::delivery::{Continuity, Cursor, Delivery, EpochDecimal, FullSync, RamRing};
use embedded_sse::server::{Replay, Schedule};
use embedded_sse::{Decoder, FixedEvent, Frame, FrameBytes, Tokenizer};

board::main!(memory);

fn memory() -> i32 {
    for (name, size) in [
        ("tokenizer", size_of::<Tokenizer>()),
        ("bare_decoder", size_of::<Decoder<[u8; 0], [u8; 0]>>()),
        ("decoder", size_of::<Decoder<[u8; 256]>>()),
        ("fixed_event", size_of::<FixedEvent<256>>()),
        ("frame", size_of::<Frame<'_>>()),
        ("frame_bytes", size_of::<FrameBytes<'_>>()),
        ("policy", size_of::<Policy>()),
        ("reconnect", size_of::<Reconnect<NoJitter>>()),
        ("bare_session", size_of::<Session<Decoder<[u8; 0], [u8; 0]>, NoJitter>>()),
        ("session", size_of::<Session<Decoder<[u8; 256]>, NoJitter>>()),
        ("replay", size_of::<Replay<[u8; 0]>>()),
        ("schedule", size_of::<Schedule>()),
        ("continuity", size_of::<Continuity<EpochDecimal>>()),
        ("cursor", size_of::<Cursor<[u8; 128]>>()),
        ("full_sync", size_of::<FullSync>()),
        ("delivery", size_of::<Delivery<EpochDecimal>>()),
        ("ram_ring", size_of::<RamRing<[u8; 0]>>()),
    ] {
        println!("ram {name} {size}");
    }
    #[cfg(target_arch = "arm")]
    stack::all();
    0
}

#[cfg(target_arch = "arm")]
mod stack {
    use core::fmt::Write;

    use board::println;
    use embedded_sse::{DataWriter, Decoder, EventId, Frame, SingleLine, Step, Tokenizer};
    use measure::stack::used;
    use parts::Received;

    /// Every field, cut at every place.
    const STREAM: &[u8] =
        b"\xEF\xBB\xBF: c\r\nretry: 1500\nid: 1\nevent: e\ndata: a\ndata: b\ndata\r\rid: 2\0\nother: x\ndata: c\n\n";

    /// What can stand in a header, and what a sensor may say.
    const TEXTS: [&str; 5] = [
        "text/event-stream; charset=\"a,b\", text/event-stream",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "120",
        " lines\r\nof\ntext",
        "21.5",
    ];

    /// Status codes, and numbers of facts.
    const TIMES: [u64; 22] = [200, 0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 204, 301, 302, 401, 404, 429, 503, 599];

    pub(crate) fn all() {
        println!("stack nothing {}", deepest(&mut |_| {}));
        println!("stack tokenizer {}", tokenizer());
        println!("stack decoder {}", decoder(Decoder::step));
        println!("stack whole_decoder {}", decoder(Decoder::step_item));
        println!("stack encoder {}", encoder());
        println!("stack pieces {}", pieces());
        println!("stack reconnect {}", deepest(&mut parts::reconnect()));
        println!("stack session {}", deepest(&mut parts::session()));
    }

    /// The calls alone, on a stream cut at every place.
    #[inline(never)]
    fn tokenizer() -> usize {
        let mut most = 0;
        for cut in 0..=STREAM.len() {
            let mut tokenizer = Tokenizer::new();
            for mut chunk in <[_; 2]>::from(STREAM.split_at(cut)) {
                while !chunk.is_empty() {
                    most = most.max(used(&mut || parts::used(tokenizer.next_token(&mut chunk))));
                }
            }
        }
        most
    }

    #[inline(never)]
    fn decoder(step: fn(&mut Decoder<[u8; 32]>, &[u8]) -> Step) -> usize {
        let mut decoder = Decoder::new([0; 32]);
        let mut most = 0;
        for cut in 0..=STREAM.len() {
            decoder.reset();
            for mut chunk in <[_; 2]>::from(STREAM.split_at(cut)) {
                while !chunk.is_empty() {
                    let mut consumed = 0;
                    most = most.max(used(&mut || consumed = step(&mut decoder, chunk).consumed));
                    chunk = chunk.get(consumed..).unwrap_or_default();
                }
            }
        }
        most
    }

    #[inline(never)]
    fn encoder() -> usize {
        let mut most = 0;
        let mut buffer = [0; 128];
        for text in TEXTS {
            let (Ok(event_type), Ok(id)) = (SingleLine::new("a"), EventId::new("1")) else { return 0 };
            let frame = Frame::new().comment(text).event_type(event_type).id(id).retry_ms(u64::MAX).data(text);
            for room in 0..=buffer.len() {
                let buffer = buffer.get_mut(..room).unwrap_or_default();
                most = most.max(used(&mut || parts::used(frame.encode(buffer).is_ok())));
            }
        }
        most
    }

    #[inline(never)]
    fn pieces() -> usize {
        let mut most = 0;
        let mut buffer = [0; 7];
        for text in TEXTS {
            let frame = Frame::new().comment(text).retry_ms(u64::MAX).data(text);
            let mut encoder = frame.bytes();
            while !encoder.is_done() {
                most = most.max(used(&mut || parts::used(encoder.fill(&mut buffer))));
            }
            let mut writer = None;
            most = most.max(used(&mut || writer = DataWriter::new(parts::Sink, &frame).ok()));
            if let Some(mut writer) = writer {
                most = most.max(used(&mut || parts::used(writer.write_str(text))));
            }
        }
        most
    }

    /// The most that any call took. What the part keeps between calls is not on this stack.
    #[inline(never)]
    fn deepest(part: &mut dyn FnMut(Received<'_>)) -> usize {
        let mut most = 0;
        for cut in 0..=STREAM.len() {
            let (head, tail) = STREAM.split_at(cut);
            for (text, now) in TEXTS.iter().flat_map(|text| TIMES.map(|now| (text, now))) {
                for chunk in [head, tail] {
                    most = most.max(used(&mut || part(Received { chunk, text, now })));
                }
            }
        }
        most
    }
}
