//! What keeps a line alive and says nothing else: comments, and blank lines where no event is under way.
//!
//! Knows which line followed which. How long a connection may be silent is for the session to say.

/// Whether a heartbeat has come, and whether the next blank line is a part of it.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Heartbeat {
    has_come: bool,
    /// The last line was a comment. Need not be cleared by a line that adds to an event: a blank line there is no heartbeat.
    after_comment: bool,
}

impl Heartbeat {
    pub(super) const NONE: Self = Self { has_come: false, after_comment: false };

    /// A line that is not blank, or a part of one; `comment`: a comment ends with it.
    #[inline(always)]
    pub(super) const fn line(&mut self, comment: bool) {
        self.has_come |= comment;
        self.after_comment = comment;
    }

    /// A blank line; `idle`: it does not end a block.
    #[inline(always)]
    pub(super) const fn blank_line(&mut self, idle: bool) {
        self.has_come |= idle && !self.after_comment;
        self.after_comment = false;
    }

    /// Whether one has come since the last call.
    pub(super) const fn take(&mut self) -> bool {
        core::mem::replace(&mut self.has_come, false)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::super::Decoder;

    const TOKENS: [&[u8]; 11] =
        [b":", b"\r", b"\n", b"\r\n", b"x", b"data", b"id:7", b"id:\0", b"event:", b"retry:1\n", b"\xEF\xBB"];

    /// What a stream may have said before.
    const OPENINGS: [&[u8]; 8] = [
        b"",
        b"\xEF\xBB\xBF",
        b":\n",
        b"\xEF\xBB\xBF: c\r",
        b"data\n\n:\n",
        b"data\n:",
        b"event:\n",
        b": c\ndata: a long line\n\ndata: b",
    ];

    #[test]
    fn heartbeats_come_where_they_end_however_the_stream_is_cut() {
        let mut stream = Vec::new();
        for opening in OPENINGS {
            for tokens in 0..TOKENS.len().pow(4) {
                stream.clear();
                stream.extend_from_slice(opening);
                for place in 0..4 {
                    stream.extend_from_slice(TOKENS[tokens / TOKENS.len().pow(place) % TOKENS.len()]);
                }
                let ends = ends(&stream);
                for items in [false, true] {
                    for cut in 0..=stream.len() {
                        check(&stream, &ends, cut, items);
                    }
                }
            }
        }
    }

    /// Each step tells of the heartbeats that end in what it took, and of no other.
    fn check(stream: &[u8], ends: &[usize], cut: usize, items: bool) {
        let mut decoder = Decoder::new([0; 64]);
        let mut at = 0;
        for mut chunk in [&stream[..cut], &stream[cut..]] {
            loop {
                let step = if items { decoder.step_item(chunk) } else { decoder.step(chunk) };
                let expected = ends.iter().any(|end| (at..at + step.consumed).contains(end));
                let place = (stream.escape_ascii(), at, step);
                assert_eq!(decoder.take_heartbeat(), expected, "{place:?}, cut at {cut}, items: {items}");
                assert!(!decoder.take_heartbeat(), "told once");
                at += step.consumed;
                chunk = &chunk[step.consumed..];
                if step.found.is_none() {
                    break;
                }
            }
        }
    }

    /// Where heartbeats end: at the first byte of the line end of a comment, or of a blank line that has nothing to do.
    fn ends(stream: &[u8]) -> Vec<usize> {
        let mut ends = Vec::new();
        let (mut data, mut event_type, mut id, mut after_comment) = (false, false, false, false);
        let mut at = if stream.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        while let Some(length) = stream[at..].iter().position(|byte| b"\r\n".contains(byte)) {
            let (line, end) = (&stream[at..at + length], at + length);
            at = end + if stream[end..].starts_with(b"\r\n") { 2 } else { 1 };
            let mut parts = line.splitn(2, |byte| *byte == b':');
            let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let comment = line.starts_with(b":");
            if line.is_empty() {
                if !(data || event_type || id || after_comment) {
                    ends.push(end);
                }
                (data, event_type, id) = (false, false, false);
            } else if comment {
                ends.push(end);
            }
            match name {
                b"data" => data = true,
                b"event" => event_type = !value.is_empty() && value != b" ",
                b"id" => id |= !value.contains(&0),
                _ => {}
            }
            after_comment = comment;
        }
        ends
    }

    #[test]
    fn a_reset_forgets_heartbeats() {
        let mut decoder = Decoder::new([0; 64]);
        let _ = decoder.step(b": c\n");
        decoder.reset();
        assert!(!decoder.take_heartbeat());
        let _ = decoder.step(b"\n");
        assert!(decoder.take_heartbeat(), "no comment came before it on this connection");
    }
}
