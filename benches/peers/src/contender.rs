//! The contenders: readers, writers and limits that can be timed, and checked for correctness.
//!
//! This module must not depend on particular crates or on the clock.

use crate::inputs::{Input, Message};

/// The size in bytes of the memory for contenders that take a buffer. It exceeds the longest event of any input.
pub const SCRATCH: usize = 128 * 1024;

/// The alignment of memory to write to, in bytes: a page. On some processors a write across a page border costs ten
/// times as much, so that the result would otherwise depend on the address.
pub const PAGE: usize = 4096;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ours,
    Peer,
    /// An upper limit. It neither reads nor writes events.
    Limit,
}

/// Reads the events of `bytes` in chunks of `chunk` bytes, and passes the data of each to `seen`. `scratch` is a buffer
/// of [`SCRATCH`] bytes.
pub trait Reader {
    fn read(bytes: &'static [u8], chunk: usize, scratch: &mut [u8], seen: impl FnMut(&[u8]));
}

/// Writes messages one by one into the same memory, and passes the bytes of each to `sent`.
pub trait Writer: 'static {
    /// The messages in the form that a caller has before writing.
    fn new(messages: &'static [Message]) -> Self;
    fn write(&mut self, sent: impl FnMut(&[u8]));
}

/// One run over a whole input. The returned number depends on every event, so that the compiler cannot remove any work.
pub type Run = Box<dyn FnMut() -> usize>;

pub struct Contender {
    pub name: &'static str,
    pub kind: Kind,
    /// Creates a run over this input in chunks of this many bytes. Writers ignore the chunk size.
    pub prepare: fn(&'static Input, usize) -> Run,
    /// Returns whether that run gives the correct result.
    pub is_right: fn(&'static Input, usize) -> bool,
}

impl Contender {
    pub fn reader<R: Reader>(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            prepare: |input, chunk| {
                let mut scratch = vec![0; SCRATCH];
                Box::new(move || count_read::<R>(&input.bytes, chunk, &mut scratch))
            },
            is_right: |input, chunk| {
                let mut seen = Vec::new();
                R::read(&input.bytes, chunk, &mut vec![0; SCRATCH], |data| seen.push(data.to_vec()));
                seen.iter().eq(input.messages.iter().map(|message| message.data.as_bytes()))
            },
        }
    }

    pub fn writer<W: Writer>(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            prepare: |input, _| {
                let mut writer = W::new(&input.messages);
                Box::new(move || count_written(&mut writer))
            },
            is_right: |input, _| {
                let mut written = Vec::new();
                W::new(&input.messages).write(|bytes| written.extend_from_slice(bytes));
                reads_as(&written, &input.messages)
            },
        }
    }

    pub fn limit(name: &'static str, prepare: fn(&'static Input, usize) -> Run) -> Self {
        Self { name, kind: Kind::Limit, prepare, is_right: |_, _| true }
    }
}

#[inline(never)]
fn count_read<R: Reader>(bytes: &'static [u8], chunk: usize, scratch: &mut [u8]) -> usize {
    let (mut events, mut length) = (0, 0);
    R::read(bytes, chunk, scratch, |data| {
        events += 1;
        length += data.len();
    });
    events ^ length
}

#[inline(never)]
fn count_written<W: Writer>(writer: &mut W) -> usize {
    let mut length = 0;
    writer.write(|bytes| length += std::hint::black_box(bytes).len());
    length
}

/// Returns whether an independent reader finds the messages in the written bytes.
fn reads_as(mut written: &[u8], messages: &[Message]) -> bool {
    let mut decoder = sse_core::SseDecoder::new();
    let mut left = messages.iter();
    while let Some(Ok(sse_core::SseEvent::Message(found))) = decoder.next(&mut written) {
        let Some(meant) = left.next() else { return false };
        let same_id = meant.id.is_none() || meant.id.as_deref() == found.last_event_id.as_deref();
        if found.event != meant.event_type.as_deref().unwrap_or("message") || found.data != meant.data || !same_id {
            return false;
        }
    }
    written.is_empty() && left.next().is_none()
}
