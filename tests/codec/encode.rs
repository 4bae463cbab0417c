//! The bytes of frames, produced by every way to write one (R1 to R11).

use core::fmt::Write as _;

use embedded_sse::{BufferFull, DataWriter, Decoder, EventId, Frame, InvalidEventId, LineBreak, SingleLine};

fn line(text: &str) -> SingleLine<'_> {
    SingleLine::new(text).expect("a single line")
}

fn id(text: &str) -> EventId<'_> {
    EventId::new(text).expect("an id")
}

/// Returns frames and their bytes.
fn table() -> Vec<(Frame<'static>, String)> {
    let frame = Frame::new();
    let mut table: Vec<(Frame<'static>, String)> = [
        // R4: a block may have no lines at all.
        (frame, "\n"),
        (Frame::KEEP_ALIVE, ":\n\n"),
        // R5, R22: one space before a comment's text, unless it starts with one.
        (frame.comment("hello"), ": hello\n\n"),
        (frame.comment(" hello"), ": hello\n\n"),
        (frame.comment("  hello"), ":  hello\n\n"),
        (frame.comment("\thello"), ": \thello\n\n"),
        (frame.comment("a\nb\r\n\r c\r"), ": a\n: b\n:\n: c\n:\n\n"),
        // R6, R10: always one space after the colon.
        (frame.data("x"), "data: x\n\n"),
        (frame.data(" x"), "data:  x\n\n"),
        (frame.data("\tx"), "data: \tx\n\n"),
        (frame.data(": x"), "data: : x\n\n"),
        (frame.event_type(line(" a:b ")).data("x"), "event:  a:b \ndata: x\n\n"),
        // R9: n line ends make n + 1 lines.
        (frame.data(""), "data: \n\n"),
        (frame.data("\n"), "data: \ndata: \n\n"),
        (frame.data("\r"), "data: \ndata: \n\n"),
        (frame.data("\r\n"), "data: \ndata: \n\n"),
        (frame.data("\n\r"), "data: \ndata: \ndata: \n\n"),
        (frame.data("\r\r\n\n"), "data: \ndata: \ndata: \ndata: \n\n"),
        (frame.data("a\nb\rc\r\nd"), "data: a\ndata: b\ndata: c\ndata: d\n\n"),
        (frame.data("\na\n"), "data: \ndata: a\ndata: \n\n"),
        // R8: no other character ends a line or is special.
        (
            frame.data("a\u{b}\u{c}\u{85}\u{2028}\u{2029}\0\u{feff}b"),
            "data: a\u{b}\u{c}\u{85}\u{2028}\u{2029}\0\u{feff}b\n\n",
        ),
        (frame.data("ä€😀\n😀"), "data: ä€😀\ndata: 😀\n\n"),
        // Each field, and all of them in their order.
        (frame.event_type(line("tick")), "event: tick\n\n"),
        (frame.event_type(line("")).data("x"), "event: \ndata: x\n\n"),
        (frame.id(id("7")), "id: 7\n\n"),
        (frame.id(EventId::EMPTY).data(""), "id: \ndata: \n\n"),
        (
            frame.data("d\nd").retry_ms(15).id(id(" i")).event_type(line("e")).comment("c\nc"),
            ": c\n: c\nevent: e\nid:  i\nretry: 15\ndata: d\ndata: d\n\n",
        ),
        // Injection: what looks like a field stays in its value.
        (frame.data("a\rid: 9"), "data: a\ndata: id: 9\n\n"),
        (frame.data("a\n\nevent: b\n\n"), "data: a\ndata: \ndata: event: b\ndata: \ndata: \n\n"),
        (frame.comment("a\rdata: b\r\rdata: c"), ": a\n: data: b\n:\n: data: c\n\n"),
    ]
    .map(|(frame, bytes)| (frame, bytes.to_owned()))
    .into();

    // R30: every number of digits, and the edges of each.
    let powers = core::iter::successors(Some(1u64), |power| power.checked_mul(10));
    for number in powers.flat_map(|power| [power - 1, power, power / 7 * 9]).chain([u64::MAX - 1, u64::MAX]) {
        table.push((frame.retry_ms(number), format!("retry: {number}\n\n")));
    }

    // Lines of every length around the widths at which copying changes, with each line end and with text after it.
    let text: &'static str = "0123456789abcdefghijklmnopqrstuvwxyz\täö".repeat(130).leak();
    for len in (0..=300).chain([2047, 2048, 2049, 2303, 2304, 2305, 4351, 4352, 4353, 4999]) {
        let Some(text) = text.get(..len) else { continue };
        table.push((frame.data(text), format!("data: {text}\n\n")));
        for end in ["\r", "\n", "\r\n"] {
            for tail in ["", "x", "0123456789", &"tail".repeat(20)] {
                let data: &'static str = format!("{text}{end}{tail}").leak();
                table.push((frame.data(data), format!("data: {text}\ndata: {tail}\n\n")));
            }
        }
    }
    table
}

/// Returns every cut of a short text, and a sample of the cuts of a long one.
fn sizes(len: usize) -> impl Iterator<Item = usize> {
    (0..len).filter(move |&size| len < 90 || size < 10 || size + 10 > len || size % 37 == 0)
}

#[test]
fn every_way_of_writing_gives_the_bytes_of_the_table() {
    for (frame, bytes) in table() {
        assert_eq!(frame.to_string(), bytes, "Display of {frame:?}");
        assert_eq!(frame.segments().collect::<String>(), bytes, "segments of {frame:?}");
        assert!(frame.segments().all(|segment| !segment.is_empty()), "empty segment of {frame:?}");
        assert_eq!(frame.encoded_len(), bytes.len(), "encoded_len of {frame:?}");
        for spare in [0, 1, 7, 8, 31, 32, 33, 100] {
            let mut buffer = vec![b'!'; bytes.len() + spare];
            let written = frame.encode(&mut buffer).map(|written| String::from_utf8_lossy(written).into_owned());
            assert_eq!(written.as_ref(), Ok(&bytes), "encode with {spare} to spare, {frame:?}");
        }
    }
}

#[test]
fn a_buffer_that_is_too_short_is_reported_with_the_size_needed() {
    for (frame, bytes) in table() {
        for size in sizes(bytes.len()) {
            match frame.encode(&mut vec![0; size]) {
                Err(BufferFull { needed, .. }) => assert_eq!(needed, bytes.len(), "size {size}, {frame:?}"),
                Ok(written) => panic!("{} bytes of {} in {size}: {frame:?}", written.len(), bytes.len()),
            }
        }
    }
}

#[test]
fn the_bytes_resume_at_every_buffer_size() {
    for (frame, expected) in table() {
        for size in sizes(expected.len() + 2).skip(1) {
            let (mut bytes, mut written) = (frame.bytes(), Vec::new());
            let mut buffer = vec![0; size];
            while !bytes.is_done() {
                assert_eq!(bytes.fill(&mut []), 0, "empty buffer, {frame:?}");
                let len = bytes.fill(&mut buffer);
                assert!(len == size || bytes.is_done(), "{len} of {size} filled, {frame:?}");
                written.extend_from_slice(&buffer[..len]);
            }
            assert!(written == expected.as_bytes(), "size {size}, {frame:?}: {}", String::from_utf8_lossy(&written));
            assert_eq!(bytes.fill(&mut buffer), 0, "after the end, {frame:?}");
        }
    }
}

#[test]
fn data_written_in_pieces_is_the_data_written_whole() {
    for data in ["", "x", "\r\n", "a\r\nb\rc\nd", "\n\r\n\r", "ä\r\n😀\r", "\r\r\n\n", "{\n \"a\": 1\n}"] {
        let frame = Frame::new().comment("c").event_type(line("e")).id(id("i")).retry_ms(5);
        let whole = frame.data(data).to_string();
        let cuts: Vec<usize> = (0..=data.len()).filter(|&at| data.is_char_boundary(at)).collect();
        for &first in &cuts {
            for &second in cuts.iter().filter(|&&second| second >= first) {
                let mut writer = DataWriter::new(String::new(), &frame).unwrap();
                for piece in [&data[..first], "", &data[first..second], &data[second..]] {
                    writer.write_str(piece).unwrap();
                }
                assert_eq!(writer.finish().unwrap(), whole, "{data:?} cut at {first} and {second}");
            }
            let mut writer = DataWriter::new(String::new(), &frame.data(&data[..first])).unwrap();
            writer.write_str(&data[first..]).unwrap();
            assert_eq!(writer.finish().unwrap(), whole, "{data:?}, its first {first} bytes in the frame");
        }
        let mut writer = DataWriter::new(String::new(), &frame).unwrap();
        data.chars().for_each(|char| writer.write_char(char).unwrap());
        assert_eq!(writer.finish().unwrap(), whole, "{data:?} by characters");
    }
}

#[test]
fn an_lf_belongs_only_to_the_cr_before_it() {
    let mut writer = DataWriter::new(String::new(), &Frame::new()).unwrap();
    for piece in ["a\r", "b\n", "\n", "\r", "\r\n", "\n"] {
        writer.write_str(piece).unwrap();
    }
    assert_eq!(writer.finish().unwrap(), Frame::new().data("a\rb\n\n\r\r\n\n").to_string());
}

#[test]
fn formatting_of_any_length_adds_no_line() {
    let mut writer = DataWriter::new(String::new(), &Frame::new()).unwrap();
    write!(writer, "{:>500}|{:?}", 7, [1; 200]).unwrap();
    assert_eq!(writer.finish().unwrap(), format!("data: {:>500}|{:?}\n\n", 7, [1; 200]));
}

#[test]
fn a_data_writer_fails_when_its_sink_does() {
    /// A sink that accepts this many bytes.
    struct Small(usize);
    impl core::fmt::Write for Small {
        fn write_str(&mut self, text: &str) -> core::fmt::Result {
            self.0 = self.0.checked_sub(text.len()).ok_or(core::fmt::Error)?;
            Ok(())
        }
    }
    let write = |room| {
        let mut writer = DataWriter::new(Small(room), &Frame::new())?;
        writer.write_str("a\nb")?;
        writer.finish().map(|sink| sink.0)
    };
    let len = Frame::new().data("a\nb").encoded_len();
    for room in 0..len {
        assert_eq!(write(room), Err(core::fmt::Error), "room for {room} of {len}");
    }
    assert_eq!(write(len), Ok(0));
}

/// Texts are searched in blocks that may overlap: a control character is found at every offset in every length.
#[test]
fn one_control_character_anywhere_in_a_text_of_any_length() {
    for length in 1..=200 {
        for at in 0..length {
            for control in ["\n", "\r", "\t", "\0", "\u{E}"] {
                let text = ["x".repeat(at), control.to_string(), "x".repeat(length - at - 1)].concat();
                let frame = Frame::new().data(&text);
                let pieces: String = frame.segments().collect();
                assert_eq!(frame.encode(&mut [0; 256]).map(|bytes| &*bytes), Ok(pieces.as_bytes()), "{text:?}");
                let line = if matches!(control, "\n" | "\r") { Err(at) } else { Ok(()) };
                assert_eq!(SingleLine::new(&text).map(|_| ()).map_err(|error| error.offset), line, "{text:?}");
                assert_eq!(EventId::new(&text).is_ok(), line.is_ok() && control != "\0", "{text:?}");
            }
        }
    }
}

/// The writer first guesses that a line is as long as the one before it.
#[test]
fn one_character_that_is_not_plain_among_lines_of_one_length() {
    for length in (1..20).chain([63, 64, 65, 80, 130]) {
        let plain = vec!["x".repeat(length); 4].join("\n");
        for place in 0..plain.len() {
            for odd in ['\r', '\n', '\t', '\0', 'y'] {
                let mut text = plain.clone();
                text.replace_range(place..=place, odd.encode_utf8(&mut [0; 4]));
                let frame = Frame::new().data(&text);
                let expected: String = frame.segments().collect();
                let mut buffer = vec![0; expected.len()];
                assert_eq!(frame.encode(&mut buffer).as_deref(), Ok(expected.as_bytes()), "{text:?}");
            }
        }
    }
}

/// After the first few hundred bytes a line is copied in pieces.
#[test]
fn a_line_of_many_kilobytes_among_others() {
    for length in [8191, 8192, 8193, 8448, 20_000] {
        for odd in ["", "\t"] {
            let text = ["short", &[odd, &"x".repeat(length)].concat(), "", "end"].join("\n");
            let frame = Frame::new().data(&text);
            let expected: String = frame.segments().collect();
            assert!(
                frame.encode(&mut vec![0; expected.len()]).is_ok_and(|bytes| bytes == expected.as_bytes()),
                "{length}"
            );
            let mut decoder = Decoder::new(vec![0; expected.len()]);
            for cut in [3, 100] {
                decoder.reset();
                let (mut head, mut tail) = expected.as_bytes().split_at(cut);
                assert_eq!(decoder.next_event(&mut head), None);
                let event = decoder.next_event(&mut tail).expect("it is whole");
                assert!(event.is_ok_and(|event| event.data == text.as_bytes()), "{length}, cut at {cut}");
            }
        }
    }
}

#[test]
fn what_cannot_be_written_cannot_be_built() {
    assert!(matches!(SingleLine::new("a\rid: 9"), Err(LineBreak { offset: 1, .. })));
    assert!(matches!(SingleLine::new("ab\n"), Err(LineBreak { offset: 2, .. })));
    assert!(matches!(EventId::new("\n"), Err(InvalidEventId::LineBreak { offset: 0, .. })));
    assert!(matches!(EventId::new("1\r\ndata: x"), Err(InvalidEventId::LineBreak { offset: 1, .. })));
    assert!(matches!(EventId::new("12\0"), Err(InvalidEventId::Nul { offset: 2, .. })));
}

#[test]
fn a_frame_can_be_built_in_a_const() {
    const FRAME: Frame<'static> = match SingleLine::new("tick") {
        Ok(tick) => Frame::new().event_type(tick).id(EventId::EMPTY).retry_ms(10).comment("c").data("x"),
        Err(_) => panic!(),
    };
    assert_eq!(FRAME.to_string(), ": c\nevent: tick\nid: \nretry: 10\ndata: x\n\n");
}
