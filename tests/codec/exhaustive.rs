//! Compares the decoder with the grammar for every short stream over a small alphabet, at every cut.

use core::time::Duration;

use embedded_sse::codec::grammar;
use embedded_sse::{Decoder, Event, Item};

/// Everything that the format distinguishes: single bytes, and the names of the fields, which are long enough to be
/// cut.
const ALPHABET: [&[u8]; 14] =
    [b":", b" ", b"\r", b"\n", b"\0", b"data", b"event", b"id", b"retry", b"\xEF", b"\xBB", b"\xBF", b"7", b"x"];

/// The number of tokens in a stream. Each further token takes 14 times as long.
const LENGTH: usize = 5;

/// The size of the longest event here, in bytes.
const ROOM: usize = 1024;

/// Follows the stream to show the state it left: ends the line or block, and continues with two events that have
/// neither type nor id.
const BEHIND: &[u8] = b"\n\ndata: y\n\ndata\n\n";

#[test]
fn every_short_stream_at_every_cut() {
    let mut streams = 0;
    let mut run = Run::default();
    every_stream(LENGTH, &mut Vec::new(), &mut |stream| {
        streams += 1;
        run.check_at_once(stream);
        run.check_at_every_cut(stream);
    });
    assert_eq!(streams, (0..=LENGTH as u32).map(|length| ALPHABET.len().pow(length)).sum::<usize>());
}

/// Adds two more tokens to openings that put the decoder in different states.
#[test]
fn every_short_ending_of_a_block_at_every_cut() {
    let mut run = Run::default();
    for opening in [&b"data"[..], b"id:7\rdata:x\r", b"event:x\nretry:", b"data:x\r\ndata", b"\xEF\xBB\xBFid:\0\nid"] {
        every_stream(3, &mut opening.to_vec(), &mut |stream| {
            run.check_at_once(stream);
            run.check_at_every_cut(stream);
        });
    }
}

/// The decoder searches for line ends in blocks of several sizes. This covers lines of every length, filled with bytes
/// that are similar to line ends.
#[test]
fn every_length_of_line() {
    let mut run = Run::default();
    for filler in [b'x', 0, 0x09, 0x0B, 0x0C, 0x0E, 0x8A, 0x8D, 0xFF] {
        for length in 0..200 {
            let line = vec![filler; length];
            for end in [&b"\n"[..], b"\r", b"\r\n"] {
                run.check_at_once(&[b"data:a", end, b"data: ", &line, end, b"event: ", &line, end, end].concat());
            }
            let mut stream = [b"data:", &line[..], b"\r\ndata:", &line, b"\r:", &line, b"\nx", &line, b"\r"].concat();
            run.check_at_once(&stream);
            if length % 7 == 0 {
                run.check_at_every_cut(&mut stream);
            }
        }
    }
}

/// The decoder first guesses that a line is as long as the last one of its kind. Of three lines with one length, the
/// second or the third has one different byte.
#[test]
fn lines_as_long_as_the_one_before_with_a_byte_that_is_not_plain() {
    for length in (0..24).chain([31, 32, 33, 63, 64, 65, 100, 129]) {
        for place in 0..length {
            for byte in [b'\r', b'\n', 0, b'\t', b' '] {
                for odd in 1..3 {
                    let lines = [0, 1, 2].map(|number| {
                        let mut line = vec![b'x'; length];
                        if number == odd {
                            line[place] = byte;
                        }
                        line
                    });
                    for end in [&b"\n"[..], b"\r\n"] {
                        let mut stream = Vec::new();
                        for name in [&b"id: "[..], b"event: ", b": ", b"data: "] {
                            for line in &lines {
                                stream.extend([name, line, end].concat());
                                if name != b"data: " {
                                    stream.extend([b"data: ", end, end].concat());
                                }
                            }
                        }
                        stream.extend([b"data: ", end, end].concat());
                        check_events(&stream);
                    }
                }
            }
        }
    }
}

/// The guess at the length of a line meets the end of the chunk. A blank line comes first, because the first line of a
/// stream takes another path.
#[test]
fn lines_as_long_as_the_one_before_at_the_end_of_a_chunk() {
    let mut run = Run::default();
    let values = [&b""[..], b"x", b"xx", b"xxx", b"xxxxxxx", b"xxxxxxxx", b"\t", b"\0x", b"x\n", b"\nx"];
    for name in [&b"id: "[..], b"event: ", b": ", b"data: x\ndata: "] {
        for before in values {
            for value in values {
                for end in [&b"\n"[..], b"\n\n", b"\r\n\r\n"] {
                    let mut stream = [b"\n", name, before, b"\ndata\n\ndata\n", name, value, end].concat();
                    run.check_at_once(&stream);
                    run.check_at_every_cut(&mut stream);
                }
            }
        }
    }
}

/// Compares only the events, with space for long ids.
fn check_events(stream: &[u8]) {
    let specified = grammar::Stream::new(stream).interpret(b"").filter_map(|item| match item {
        grammar::Item::Event(event) => {
            let data: Vec<_> = event.data.collect();
            Some([event.event_type, &data.join(&b'\n'), event.last_event_id].map(<[u8]>::to_vec))
        }
        _ => None,
    });
    let mut decoder = Decoder::with_id_store([0; ROOM], [0; 2 * 256]);
    let (mut rest, mut decoded) = (stream, Vec::new());
    while let Some(event) = decoder.next_event(&mut rest) {
        let event = event.expect("the event fits");
        decoded.push([event.event_type, event.data, event.last_event_id].map(<[u8]>::to_vec));
    }
    assert!(specified.eq(decoded), "{}", stream.escape_ascii());
}

/// Calls `check` with `stream` and with every extension of it by up to `length` tokens.
fn every_stream(length: usize, stream: &mut Vec<u8>, check: &mut impl FnMut(&mut Vec<u8>)) {
    check(stream);
    if let Some(length) = length.checked_sub(1) {
        for token in ALPHABET {
            let end = stream.len();
            stream.extend(token);
            every_stream(length, stream, check);
            stream.truncate(end);
        }
    }
}

/// Two sequences of reports, each serialized into one vector: millions of small vectors would take longer than the
/// decoding.
#[derive(Default)]
struct Run {
    specified: Record,
    decoded: Record,
}

#[derive(Default, PartialEq, Eq)]
struct Record(Vec<u8>);

impl Run {
    /// Checks that nothing waits for a byte that the Standard does not wait for (R19), and that nothing is reported
    /// early.
    fn check_at_once(&mut self, stream: &[u8]) {
        self.specify(stream);
        self.decode(stream, &[stream]);
        assert!(self.specified == self.decoded, "{}", self.difference(stream, &[stream]));
    }

    fn check_at_every_cut(&mut self, stream: &mut Vec<u8>) {
        let end = stream.len();
        stream.extend(BEHIND);
        self.specify(stream);
        // This includes the cuts between the line ends that follow.
        for cut in 0..end + 2 {
            let (head, tail) = stream.split_at(cut);
            self.decode(stream, &[head, tail]);
            assert!(self.specified == self.decoded, "{}", self.difference(stream, &[head, tail]));
        }
        stream.truncate(end);
    }

    fn specify(&mut self, stream: &[u8]) {
        self.specified.0.clear();
        let mut items = grammar::Stream::new(stream).interpret(b"");
        for item in items.by_ref() {
            match item {
                grammar::Item::Event(event) => {
                    self.specified.part(b"event", event.event_type);
                    self.specified.part(b" id", event.last_event_id);
                    self.specified.data(event.data);
                }
                grammar::Item::Comment(text) => self.specified.part(b"comment", text),
                grammar::Item::Retry(time) => self.specified.time(Some(time)),
            }
        }
        self.specified.part(b"last event ID", items.last_event_id());
        self.specified.time(items.reconnection_time());
    }

    fn decode(&mut self, stream: &[u8], pieces: &[&[u8]]) {
        self.decoded.0.clear();
        let mut decoder: Decoder<_> = Decoder::new([0; ROOM]);
        for piece in pieces {
            let mut piece = *piece;
            while let Some(item) = decoder.next_item(&mut piece) {
                match item {
                    Ok(Item::Event(Event { event_type, data, last_event_id })) => {
                        self.decoded.part(b"event", event_type);
                        self.decoded.part(b" id", last_event_id);
                        self.decoded.data([data].into_iter());
                    }
                    Ok(Item::Comment(text)) => self.decoded.part(b"comment", text),
                    Ok(Item::Retry(time)) => self.decoded.time(Some(time)),
                    other => panic!("{}: {other:?}", stream.escape_ascii()),
                }
            }
        }
        self.decoded.part(b"last event ID", decoder.last_event_id());
        self.decoded.time(decoder.reconnection_time());
    }

    fn difference(&self, stream: &[u8], pieces: &[&[u8]]) -> String {
        let show = |record: &Record| record.0.escape_ascii().to_string();
        let pieces: Vec<_> = pieces.iter().map(|piece| piece.escape_ascii().to_string()).collect();
        let (specified, decoded) = (show(&self.specified), show(&self.decoded));
        format!("{} in {pieces:?}\nspecified {specified}\n  decoded {decoded}", stream.escape_ascii())
    }
}

impl Record {
    fn part(&mut self, name: &[u8], value: &[u8]) {
        self.0.extend(name);
        self.0.extend(b"=");
        self.0.extend(value);
        self.0.extend(b";");
    }

    fn time(&mut self, time: Option<Duration>) {
        self.part(b"retry", &time.map_or([0xFF; 16], |time| time.as_millis().to_le_bytes()));
    }

    fn data<'a>(&mut self, lines: impl Iterator<Item = &'a [u8]>) {
        self.0.extend(b" data=");
        for (number, line) in lines.enumerate() {
            self.0.extend(&b"\n"[..usize::from(number > 0)]);
            self.0.extend(line);
        }
        self.0.extend(b";");
    }
}
