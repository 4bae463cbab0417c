//! Processes chunks of a single byte, as they come from a pipe, a serial line or a small `read`.
//!
//! In such chunks no line is whole, so the shortcuts for whole lines would only cost time. What a byte does follows from
//! the state of the tokenizer; whatever is rare is left to the machine, and the results are the same. This module must
//! not be used with other chunks.

use crate::codec::field::Field;
use crate::codec::read::machine::{Machine, Memory};
use crate::codec::read::span::{Span, slice};
use crate::codec::read::step::Step;
use crate::codec::read::tokenizer::{LINE_END, Line, NAMES, Piece, START, State, begin_name, named};

/// Takes a byte that continues data, a type or a reported comment in the buffer, a comment that is not reported, or a
/// name. Returns whether it did. This is then all there is to do.
#[inline(never)]
pub(super) fn is_taken(machine: &mut Machine, byte: u8, buffer: &mut [u8], items: bool) -> bool {
    match machine.tokenizer.state {
        _ if byte <= LINE_END => false,
        State::Value(Line::Field(Field::Data)) => {
            let room = machine.block.room(buffer);
            store(&mut machine.block.data, byte, room)
        }
        State::Value(Line::Field(Field::Comment)) if machine.line.is_absent() => true,
        State::Value(Line::Field(field)) if field == Field::Event || field == Field::Comment && items => {
            store(&mut machine.line, byte, machine.block.room(buffer))
        }
        // At the start of a stream the machine has to begin its step.
        State::Name(place) if place != START && NAMES.get(usize::from(place)) == Some(&byte) => {
            machine.tokenizer.state = State::Name(place + 1);
            true
        }
        _ => false,
    }
}

/// Appends a byte to a stored value. Returns `false` if there is none or it does not fit.
#[inline(always)]
fn store(span: &mut Span, byte: u8, room: &mut [u8]) -> bool {
    let Span::Stored { end, .. } = span else { return false };
    let Some(place) = room.get_mut(*end) else { return false };
    *place = byte;
    *end += 1;
    #[cfg(test)]
    crate::codec::work::copied(1);
    true
}

/// Performs a step with a single byte that was not [taken](is_taken). Returns `None` if it is a rare one.
#[inline(always)]
pub(super) fn step(machine: &mut Machine, byte: u8, memory: &mut Memory<'_>, items: bool) -> Option<Step> {
    let is_line_end = matches!(byte, b'\r' | b'\n');
    let mut found = None;
    match machine.tokenizer.state {
        State::Value(line) if is_line_end => {
            machine.tokenizer.state = after(byte);
            if line != Line::Field(Field::Data) {
                found = machine.field(Piece { line, start: 0, end: 0, first: false, last: true }, memory, items);
            }
        }
        State::Value(line) => {
            found = machine.field(Piece { line, start: 0, end: 1, first: false, last: false }, memory, items);
        }
        State::Name(place) => match named(*NAMES.get(usize::from(place))?) {
            Some(field) if byte == b':' && field != Field::Comment => {
                machine.tokenizer.state = State::AfterColon(field);
            }
            _ => return None,
        },
        State::AfterColon(_) if is_line_end => return None,
        State::AfterColon(field) => {
            let line = Line::Field(field);
            machine.tokenizer.state = State::Value(line);
            let start = usize::from(byte == b' ');
            if field == Field::Data {
                machine.block.push_data(slice(&[byte], start, 1), true, &[], memory.buffer);
            } else {
                found = machine.field(Piece { line, start, end: 1, first: true, last: false }, memory, items);
            }
        }
        state @ (State::LineStart | State::AfterCr) => {
            found = machine.begin();
            if found.is_some() {
                return Some(Step { consumed: 0, found });
            }
            machine.tokenizer.state = match byte {
                b'\n' if matches!(state, State::AfterCr) => State::LineStart,
                b'\r' | b'\n' => {
                    found = machine.blank_line();
                    after(byte)
                }
                b':' => {
                    machine.line = if items { Span::begin(machine.block.begin_line()) } else { Span::Absent };
                    State::Value(Line::Field(Field::Comment))
                }
                _ => match begin_name(byte) {
                    State::Name(place) => State::Name(place + 1),
                    ignored => ignored,
                },
            };
        }
    }
    Some(Step { consumed: 1, found })
}

/// Returns the state after this line end.
const fn after(line_end: u8) -> State {
    if line_end == b'\r' { State::AfterCr } else { State::LineStart }
}
