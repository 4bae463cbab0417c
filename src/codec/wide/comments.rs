//! Processes comments: those that are reported, and those that nobody asked for.
//!
//! Servers send them as heartbeats, usually with a blank line after each. This module must not handle other lines.

use super::lines::{Kind, blank_line, end_value, is_in_comment, kind, length, length_like};
use super::{Walk, byte};
use crate::codec::event::TooLong;
use crate::codec::field::Field;
use crate::codec::read::machine::{Memory, Phase};
use crate::codec::read::span::{Span, slice};
use crate::codec::read::step::{Found, Step};
use crate::codec::read::tokenizer::{Line, State};

impl Walk {
    /// Performs a step that reports comments and `retry` lines too.
    #[inline(never)]
    pub(super) fn item_step(&mut self, memory: &mut Memory<'_>) -> Step {
        match memory.chunk {
            &[byte] if byte::is_taken(&mut self.machine, byte, memory.buffer, true) => {
                Step { consumed: 1, found: None }
            }
            [] | [_] => self.other_step(memory, true),
            _ if is_in_comment(&self.machine.tokenizer) => self.comment_part(0, memory),
            [b':' | b'\n' | b'\r', ..] => self.comment_first(memory),
            _ => self.other_step(memory, true),
        }
    }

    /// Handles the usual case of heartbeats that are reported: a comment at the start of the chunk, or after one blank line.
    #[inline(never)]
    fn comment_first(&mut self, memory: &mut Memory<'_>) -> Step {
        let (chunk, machine) = (memory.chunk, &mut self.machine);
        let is_line_start = matches!(machine.tokenizer.state, State::LineStart)
            && matches!(machine.phase, Phase::UnderWay | Phase::Commented);
        let at = match chunk {
            [b':', ..] if is_line_start => 0,
            // With nothing under way, a blank line shows only that the server is alive (R35).
            _ if !is_line_start || !machine.block.is_absent() || machine.id.is_pending() => {
                return self.other_step(memory, true);
            }
            [b'\n' | b'\r', b':', ..] => 1,
            [b'\r', b'\n', b':', ..] => 2,
            _ => return self.other_step(memory, true),
        };
        let start = at + 1;
        let length = self.lengths.of(Field::Comment);
        let end = start + length_like(length, chunk, start);
        if end == chunk.len() {
            machine.heartbeat |= at > 0 && machine.phase == Phase::UnderWay;
            machine.line = Span::begin(machine.block.begin_line());
            return self.comment_part(start, memory);
        }
        machine.line = Span::Chunk { start, end };
        let mut consumed = end;
        machine.tokenizer.end_line(chunk, &mut consumed);
        machine.end_comment();
        Step { consumed, found: Some(Found::Comment) }
    }

    /// Processes a part of a comment that is split between chunks.
    #[inline(never)]
    fn comment_part(&mut self, start: usize, memory: &mut Memory<'_>) -> Step {
        let (chunk, machine) = (memory.chunk, &mut self.machine);
        if machine.line.is_absent() {
            return self.other_step(memory, true);
        }
        let end = start + length(chunk, start);
        machine.line.append(slice(chunk, start, end), machine.block.room(memory.buffer));
        let mut consumed = end;
        if !end_value(&mut machine.tokenizer, Line::Field(Field::Comment), chunk, end, &mut consumed) {
            return Step { consumed, found: None };
        }
        machine.end_comment();
        let found = match machine.line {
            Span::Lost => Found::TooLong(TooLong { field: Field::Comment }),
            _ => Found::Comment,
        };
        Step { consumed, found: Some(found) }
    }

    /// Skips a comment that is not reported, and the comments that follow it. Returns the offset after them.
    #[inline(never)]
    pub(super) fn skip_comments(&mut self, mut start: usize, chunk: &[u8]) -> usize {
        self.machine.line = Span::Absent;
        let idle = self.machine.block.is_absent() && !self.machine.id.is_pending();
        let mut length = *self.lengths.of(Field::Comment);
        loop {
            let mut at = 0;
            let end = start + length_like(&mut length, chunk, start);
            if end_value(&mut self.machine.tokenizer, Line::Field(Field::Comment), chunk, end, &mut at) {
                self.machine.end_comment();
            }
            // With nothing under way, a blank line has no effect (R35).
            while idle && blank_line(&mut self.machine.tokenizer, chunk, &mut at) {
                self.machine.phase = Phase::UnderWay;
            }
            match kind(&self.machine.tokenizer, chunk, at) {
                Kind::Line { field: Field::Comment, start: next } => start = next,
                _ => {
                    *self.lengths.of(Field::Comment) = length;
                    return at;
                }
            }
        }
    }
}
