//! A model of a decoder with little memory whose methods are called in any order.
//!
//! The model reads the bytes that a step has consumed, one at a time, and checks what the step reported. At the end of
//! a connection it compares its own reports with the grammar.

use core::time::Duration;

use embedded_sse::{Buffer, Decoder, Field};

use crate::common::{Said, specified};

const MARK: &[u8] = b"\xEF\xBB\xBF";

pub(crate) struct Model {
    buffer: usize,
    id_room: usize,
    pub(crate) last_event_id: Vec<u8>,
    reconnection_time: Option<Duration>,
    /// The last step reported an event whose id was too long: the next step must report that.
    owes_id: bool,
    /// The bytes of this connection so far, and the reports of a decoder with enough memory, without ids.
    taken: Vec<u8>,
    said: Vec<Said>,
    /// The current line, including a byte order mark at the start of the stream.
    line: Vec<u8>,
    is_first_line: bool,
    after_cr: bool,
    /// Whether every step that consumed a byte of this line asked for items.
    items: bool,
    block: Block,
}

#[derive(Default)]
struct Block {
    data: Option<Vec<u8>>,
    data_lines: usize,
    event_type: Vec<u8>,
    /// The largest sum of data and type so far.
    highest: usize,
    id: Option<Vec<u8>>,
    id_lost: bool,
}

/// A report that the step must make.
struct Due {
    said: Said,
    /// The number of bytes of the step up to and including its last byte.
    end: usize,
    /// Whether it fits however the stream was cut.
    fits: bool,
    /// Whether it cannot have fitted, because it had to be copied.
    cannot_fit: bool,
}

impl Model {
    pub(crate) fn new(buffer: usize, id_room: usize) -> Self {
        Self {
            buffer,
            id_room,
            last_event_id: Vec::new(),
            reconnection_time: None,
            owes_id: false,
            taken: Vec::new(),
            said: Vec::new(),
            line: Vec::new(),
            is_first_line: true,
            after_cr: false,
            items: false,
            block: Block::default(),
        }
    }

    /// Checks a step that was given `chunk`, consumed `taken` bytes of it, and reported `said`.
    pub(crate) fn judge(&mut self, items: bool, chunk: &[u8], taken: usize, said: Option<&Said>) {
        if core::mem::take(&mut self.owes_id) {
            assert_eq!((said, taken), (Some(&Said::TooLong(Field::Id)), 0), "the id that was too long");
            return;
        }
        let bytes = &chunk[..taken];
        let mut due = Vec::new();
        for (place, byte) in bytes.iter().enumerate() {
            due.extend(self.byte(*byte, items).map(|due| Due { end: place + 1, ..due }));
        }
        self.end_of_step();
        let run = || format!("{} bytes of \"{}\", items: {items}", taken, chunk.escape_ascii());
        match (&due[..], said) {
            ([], None) => {
                assert_eq!(taken, chunk.len(), "stopped before the end of the chunk without a report, {}", run())
            }
            ([due], Some(said)) => {
                let behind = &bytes[due.end..];
                let line_feed = behind == b"\n" && bytes[due.end - 1] == b'\r';
                assert!(behind.is_empty() || line_feed, "{said:?} was reported late, {}", run());
                let right = if *said == due.said { !due.cannot_fit } else { !due.fits && due.is_too_long(said) };
                assert!(right, "{said:?} instead of {:?}, {}", due.said, run());
            }
            _ => {
                let due: Vec<_> = due.iter().map(|due| &due.said).collect();
                panic!("{said:?} instead of {due:?}, {}", run());
            }
        }
    }

    pub(crate) fn agrees_with(&self, decoder: &Decoder<Vec<u8>, impl Buffer>) {
        assert_eq!(decoder.last_event_id(), self.last_event_id, "last event ID");
        assert_eq!(decoder.reconnection_time(), self.reconnection_time, "reconnection time");
        assert_eq!(decoder.is_mid_event(), self.is_mid_event(), "in the middle of an event");
    }

    /// Ends the connection.
    pub(crate) fn reset(&mut self) {
        let mut specified = specified(b"", &self.taken).said;
        specified.iter_mut().for_each(forget_id);
        assert_eq!(core::mem::take(&mut self.said), specified, "the model disagrees with the grammar");
        self.taken.clear();
        self.line.clear();
        self.is_first_line = true;
        self.after_cr = false;
        self.block = Block::default();
    }

    fn byte(&mut self, byte: u8, items: bool) -> Option<Due> {
        self.taken.push(byte);
        let is_end = byte == b'\r' || byte == b'\n';
        if core::mem::replace(&mut self.after_cr, byte == b'\r') && byte == b'\n' {
            return None;
        }
        let begins = self.line_without_mark().is_empty();
        self.items = items && (self.items || begins);
        if !is_end {
            self.line.push(byte);
            return None;
        }
        let line = self.line_without_mark().to_vec();
        self.line.clear();
        self.is_first_line = false;
        self.end_of_line(&line, items)
    }

    fn end_of_line(&mut self, line: &[u8], items: bool) -> Option<Due> {
        let (name, value) = parts(line);
        let block = &mut self.block;
        let kept = block.data.as_ref().map_or(0, Vec::len);
        match (name, value) {
            _ if line.is_empty() => return self.blank_line(),
            (b"", Some(_)) => {
                let text = &line[1..];
                self.said.push(Said::Comment(text.into()));
                let fits = kept + block.event_type.len() + text.len() <= self.buffer;
                return self.items.then(|| Due::new(Said::Comment(text.into()), fits));
            }
            (b"data", value) => {
                let mut data = block.data.take().map_or(Vec::new(), |data| [&data, &b"\n"[..]].concat());
                data.extend(value.unwrap_or_default());
                block.highest = block.highest.max(data.len() + block.event_type.len());
                block.data = Some(data);
                block.data_lines += 1;
            }
            (b"event", value) => {
                block.event_type = value.unwrap_or_default().to_vec();
                block.highest = block.highest.max(kept + block.event_type.len());
            }
            (b"id", value) => {
                let id = value.unwrap_or_default();
                if !id.contains(&0) {
                    block.id_lost = id.len() > self.id_room;
                    block.id = (!block.id_lost).then(|| id.to_vec());
                }
            }
            (b"retry", Some(value)) if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                let millis = value
                    .iter()
                    .fold(0_u64, |millis, digit| millis.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
                let time = Duration::from_millis(millis);
                self.reconnection_time = Some(time);
                self.said.push(Said::Retry(time));
                return items.then(|| Due::new(Said::Retry(time), true));
            }
            _ => {}
        }
        None
    }

    fn blank_line(&mut self) -> Option<Due> {
        let block = core::mem::take(&mut self.block);
        self.last_event_id = block.id.unwrap_or_else(|| self.last_event_id.clone());
        let Some(data) = block.data else {
            return block.id_lost.then(|| Due::new(Said::TooLong(Field::Id), true));
        };
        self.owes_id = block.id_lost;
        let event_type = if block.event_type.is_empty() { b"message" } else { &block.event_type[..] };
        self.said.push(Said::event(event_type, &data, b""));
        let mut due = Due::new(Said::event(event_type, &data, &self.last_event_id), block.highest <= self.buffer);
        due.cannot_fit = block.data_lines > 1 && data.len() > self.buffer;
        Some(due)
    }

    /// Part of an id line takes space until it is known whether it counts (R42). The id before it in its block may be
    /// lost.
    fn end_of_step(&mut self) {
        let line = self.line_without_mark().to_vec();
        let (b"id", Some(part)) = parts(&line) else { return };
        let takes_room = |id: &Vec<u8>| !id.is_empty() && id.len() + part.len() > self.id_room;
        if !part.contains(&0) && self.block.id.as_ref().is_some_and(takes_room) {
            self.block.id = None;
            self.block.id_lost = true;
        }
    }

    fn is_mid_event(&self) -> bool {
        let Block { data, event_type, id, id_lost, .. } = &self.block;
        let (name, value) = parts(self.line_without_mark());
        let begins = |field: &[u8]| name == field || value.is_none() && field.starts_with(name);
        data.is_some()
            || !event_type.is_empty()
            || id.is_some()
            || *id_lost
            || !name.is_empty() && [&b"data"[..], b"event", b"id"].into_iter().any(begins)
    }

    fn line_without_mark(&self) -> &[u8] {
        let rest = self.line.strip_prefix(MARK).filter(|_| self.is_first_line);
        rest.unwrap_or(&self.line)
    }
}

impl Due {
    const fn new(said: Said, fits: bool) -> Self {
        Self { said, end: 0, fits, cannot_fit: false }
    }

    fn is_too_long(&self, said: &Said) -> bool {
        match self.said {
            Said::Event { .. } => matches!(said, Said::TooLong(Field::Data | Field::Event)),
            Said::Comment(_) => *said == Said::TooLong(Field::Comment),
            Said::Retry(_) | Said::TooLong(_) => false,
        }
    }
}

/// Splits a line into its name and its value. A line without a colon has no value.
fn parts(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut parts = line.splitn(2, |byte| *byte == b':');
    let name = parts.next().unwrap_or_default();
    (name, parts.next().map(|value| value.strip_prefix(b" ").unwrap_or(value)))
}

fn forget_id(said: &mut Said) {
    if let Said::Event { last_event_id, .. } = said {
        last_event_id.clear();
    }
}
