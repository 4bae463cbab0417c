//! Values of a frame, what a decoder reports for them, and every way to write the frame.
#![allow(dead_code, reason = "each test binary uses its own part")]

use core::fmt::Write;
use core::time::Duration;

use embedded_sse::{DataWriter, EventId, Frame, SingleLine};

use crate::common::Said;

#[cfg(target_os = "none")]
use board::prelude::*;

/// The values of a frame.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    pub(crate) comment: Option<String>,
    pub(crate) event_type: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) retry_ms: Option<u64>,
    pub(crate) data: Option<String>,
}

impl Values {
    /// Returns the values of a frame that makes a decoder report the same again.
    pub(crate) fn of(said: &Said) -> Self {
        let text = |bytes: &[u8]| Some(str::from_utf8(bytes).expect("read from text").to_owned());
        match said {
            Said::Event { event_type, data, last_event_id } => {
                Self { event_type: text(event_type), data: text(data), id: text(last_event_id), ..Self::default() }
            }
            Said::Comment(comment) => Self { comment: text(comment), ..Self::default() },
            Said::Retry(time) => Self { retry_ms: Some(time.as_millis() as u64), ..Self::default() },
            Said::TooLong(field) => panic!("{field} too long"),
        }
    }

    /// Returns the frame. Panics for a type or id that cannot be written, which is a mistake in the test.
    pub(crate) fn frame(&self) -> Frame<'_> {
        let mut frame = self.frame_without_data();
        if let Some(data) = &self.data {
            frame = frame.data(data);
        }
        frame
    }

    fn frame_without_data(&self) -> Frame<'_> {
        let mut frame = Frame::new();
        if let Some(comment) = &self.comment {
            frame = frame.comment(comment);
        }
        if let Some(event_type) = &self.event_type {
            frame = frame.event_type(SingleLine::new(event_type).expect("a single line"));
        }
        if let Some(id) = &self.id {
            frame = frame.id(EventId::new(id).expect("an id"));
        }
        if let Some(millis) = self.retry_ms {
            frame = frame.retry_ms(millis);
        }
        frame
    }

    /// Returns what a decoder reports. `id` is its last event ID: on entry before the frame, on return after it.
    pub(crate) fn said(&self, id: &mut String) -> Vec<Said> {
        let comment = self.comment.iter().flat_map(|text| lines(text)).map(|line| {
            // The space after the colon is part of a comment's text (R22). The writer adds none before an empty line or
            // before a line that starts with a space.
            let space = if line.is_empty() || line.starts_with(' ') { "" } else { " " };
            Said::Comment(format!("{space}{line}").into())
        });
        let retry = self.retry_ms.map(|millis| Said::Retry(Duration::from_millis(millis)));
        if let Some(own) = &self.id {
            id.clone_from(own);
        }
        let event = self.data.as_ref().map(|data| {
            let event_type = self.event_type.as_deref().filter(|name| !name.is_empty()).unwrap_or("message");
            Said::event(event_type.as_bytes(), lines(data).join("\n").as_bytes(), id.as_bytes())
        });
        comment.chain(retry).chain(event).collect()
    }

    /// Returns the bytes of the frame, after checking that every way to write it produces the same bytes. `size` is the
    /// size of a buffer that is too small.
    pub(crate) fn written(&self, size: usize) -> Vec<u8> {
        let frame = self.frame();
        let mut buffer = vec![0; frame.encoded_len()];
        let written = frame.encode(&mut buffer).expect("the buffer holds the frame").to_vec();
        assert_eq!(written.len(), buffer.len(), "encoded_len is the length of {self:?}");
        assert!(frame.encode(&mut buffer[1..]).is_err(), "one byte less is not enough for {self:?}");
        assert!(
            frame.encode(&mut buffer[..size.min(written.len() - 1)]).is_err(),
            "a smaller buffer is not enough for {self:?}"
        );
        buffer.resize(written.len() + size + 64, b'#');
        assert_eq!(
            frame.encode(&mut buffer),
            Ok(&mut written.clone()[..]),
            "a larger buffer changes nothing for {self:?}"
        );
        assert_eq!(frame.segments().collect::<String>().as_bytes(), written, "segments of {self:?}");
        assert_eq!(frame.to_string().as_bytes(), written, "Display of {self:?}");
        let mut bytes = frame.bytes();
        let (mut filled, mut part) = (Vec::new(), vec![0; size.max(1)]);
        while !bytes.is_done() {
            let length = bytes.fill(&mut part);
            assert!(length > 0, "the bytes resume: {self:?}");
            filled.extend_from_slice(&part[..length]);
        }
        assert_eq!(filled, written, "{self:?} through a buffer of {size} bytes");
        written
    }

    /// Returns the bytes of the same frame with its data written in pieces. Offsets in `cuts` that are not at a
    /// character boundary are ignored.
    pub(crate) fn written_in_pieces(&self, cuts: &[usize]) -> Vec<u8> {
        let data = self.data.as_deref().unwrap_or_default();
        let mut writer =
            DataWriter::new(String::new(), &self.frame_without_data()).expect("writing to a String never fails");
        let mut start = 0;
        for &cut in cuts.iter().filter(|cut| data.is_char_boundary(**cut)) {
            writer.write_str(&data[start..cut]).expect("writing to a String never fails");
            start = cut;
        }
        writer.write_str(&data[start..]).expect("writing to a String never fails");
        writer.finish().expect("writing to a String never fails").into_bytes()
    }
}

/// Splits data or a comment into lines: n line ends make n + 1 lines.
fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.find(['\r', '\n']) {
        lines.push(&rest[..end]);
        rest = &rest[end..];
        rest = rest.strip_prefix("\r\n").unwrap_or(&rest[1..]);
    }
    lines.push(rest);
    lines
}
