//! Generates the input streams of the benchmarks. They resemble what servers send, and are the same on every machine.
//!
//! Each stream comes with its messages, so that readers can be checked. This module must not depend on readers or on
//! time.

/// One event, as the sender intends it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pub(crate) event_type: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) data: String,
}

/// One stream of about [`SIZE`] bytes.
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// The messages that a correct reader finds in `bytes`, in order.
    pub(crate) messages: Vec<Message>,
}

/// The least length of each stream in bytes. The last event can exceed it.
pub(crate) const SIZE: usize = 1 << 20;

/// Returns every stream, in the order of the tables.
pub(crate) fn all() -> Vec<Input> {
    vec![
        Input::new("tokens", "\n", "", tokens(WORDS)),
        Input::new("named", "\n", "", named),
        Input::new("tiny", "\n", "", tiny),
        Input::new("64k-line", "\n", "", long_line),
        Input::new("20-lines", "\n", "", twenty_lines),
        Input::new("tokens-crlf", "\r\n", "", tokens(WORDS)),
        Input::new("tokens-cr", "\r", "", tokens(WORDS)),
        Input::new("comments", "\n", &": keep-alive\n\n".repeat(16), counter),
        Input::new("changes", "\n", "", change),
        Input::new("tokens-utf8", "\n", "", tokens(MULTIBYTE_WORDS)),
    ]
}

/// Returns the streams whose messages are also used to measure writing. The others have the same messages in different
/// bytes.
#[allow(dead_code, reason = "not every benchmark writes")]
pub(crate) fn to_write() -> Vec<Input> {
    let written = ["tokens", "named", "tiny", "64k-line", "20-lines", "changes"];
    all().into_iter().filter(|input| written.contains(&input.name)).collect()
}

impl Input {
    /// Creates a stream with messages from `next`. Each is written after `before`, with lines that end with `line_end`.
    fn new(name: &'static str, line_end: &str, before: &str, mut next: impl FnMut(&mut Random) -> Message) -> Self {
        let mut random = Random(0x5EED_0F57_A7E5_0001);
        let (mut bytes, mut messages) = (Vec::new(), Vec::new());
        while bytes.len() < SIZE {
            let message = next(&mut random);
            bytes.extend_from_slice(before.as_bytes());
            write(&message, line_end, &mut bytes);
            messages.push(message);
        }
        Self { name, bytes, messages }
    }
}

/// Writes a message, with the fields in the order that most servers use.
fn write(message: &Message, line_end: &str, bytes: &mut Vec<u8>) {
    let mut line = |name: &str, value: &str| {
        for part in [name, ": ", value, line_end] {
            bytes.extend_from_slice(part.as_bytes());
        }
    };
    if let Some(event_type) = &message.event_type {
        line("event", event_type);
    }
    if let Some(id) = &message.id {
        line("id", id);
    }
    for value in message.data.split('\n') {
        line("data", value);
    }
    bytes.extend_from_slice(line_end.as_bytes());
}

/// Chat completions with one token per event, about 205 bytes each.
fn tokens(words: &'static [&'static str]) -> impl FnMut(&mut Random) -> Message {
    move |random| Message {
        data: format!(
            r#"{{"id":"chatcmpl-7fQ2hX0aLr5mZ9cT","object":"chat.completion.chunk","created":1767225600,"model":"gp-large-2026","choices":[{{"index":0,"delta":{{"content":" {}"}},"logprobs":null,"finish_reason":null}}]}}"#,
            random.pick(words)
        ),
        ..Message::default()
    }
}

/// A message stream in which every event has a type, about 119 bytes each.
fn named(random: &mut Random) -> Message {
    Message {
        event_type: Some("content_block_delta".into()),
        data: format!(
            r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":" {}"}}}}"#,
            random.pick(WORDS)
        ),
        ..Message::default()
    }
}

/// `data: x`, which shows the cost per event.
fn tiny(random: &mut Random) -> Message {
    Message { data: random.text(1), ..Message::default() }
}

/// 64 KiB on one line, which shows the cost per byte.
fn long_line(random: &mut Random) -> Message {
    Message { data: random.text(64 * 1024), ..Message::default() }
}

/// Texts of 20 lines of 80 bytes.
fn twenty_lines(random: &mut Random) -> Message {
    let lines: Vec<_> = (0..20).map(|_| random.text(80)).collect();
    Message { data: lines.join("\n"), ..Message::default() }
}

/// Small events between many keep-alives.
fn counter(random: &mut Random) -> Message {
    Message { data: format!(r#"{{"n":{}}}"#, random.below(1000)), ..Message::default() }
}

/// A change feed that resumes from several partitions, with IDs of about 150 bytes and data of about 1.1 KiB.
fn change(random: &mut Random) -> Message {
    let offset = 5_000_000_000 + random.below(1_000_000);
    Message {
        event_type: Some("message".into()),
        id: Some(format!(
            r#"[{{"topic":"north.pages.recent-change","partition":0,"timestamp":1767225600{:03}}},{{"topic":"south.pages.recent-change","partition":0,"offset":{offset}}}]"#,
            random.below(1000)
        )),
        data: format!(
            r#"{{"schema":"/pages/recent-change/1.0.0","meta":{{"uri":"https://example.org/wiki/{title}","domain":"example.org","offset":{offset}}},"type":"edit","title":"{title}","comment":"{comment}","user":"{user}","bot":false,"minor":true,"length":{{"old":{old},"new":{new}}}}}"#,
            title = random.text(24),
            comment = random.text(860),
            user = random.text(12),
            old = random.below(90_000),
            new = random.below(90_000),
        ),
    }
}

const WORDS: &[&str] = &[
    "the",
    "a",
    "of",
    "and",
    "to",
    "in",
    "river",
    "stone",
    "light",
    "because",
    "between",
    "quickly",
    "measure",
    "answer",
    "is",
    "was",
    "it",
    "that",
    "engine",
    "number",
    "small",
    "carefully",
    "window",
    "every",
    "time",
    "on",
    "we",
    "can",
    "not",
    "value",
];

const MULTIBYTE_WORDS: &[&str] = &[
    "река",
    "камень",
    "свет",
    "между",
    "потому что",
    "ποτάμι",
    "πέτρα",
    "φως",
    "川",
    "石",
    "光",
    "窓",
    "答え",
    "時間",
    "河流",
    "石头",
    "因为",
    "数值",
    "강",
    "돌",
    "빛",
    "über",
    "größer",
    "été",
    "naïve",
    "año",
    "🌊",
    "🪨",
    "✨",
    "नदी",
];

/// SplitMix64, which gives the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len() as u64) as usize]
    }

    /// Returns printable ASCII without spaces and without characters that JSON escapes.
    fn text(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(b'a' + self.below(26) as u8)).collect()
    }
}
