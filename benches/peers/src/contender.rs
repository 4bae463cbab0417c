//! Who takes part: something that can be run in turn with others, and looked at once to see whether it does the work.

use crate::inputs::{Input, Message};

/// The memory that is given to those who want to be given theirs: more than the longest event of any input.
pub const SCRATCH: usize = 128 * 1024;

/// Where memory to write to begins: at a page. A write across a border costs some processors ten times as much, and where
/// memory comes to lie would be luck.
pub const PAGE: usize = 4096;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ours,
    Peer,
    /// Neither reads nor writes events: what nobody can be expected to beat.
    Limit,
}

/// Reads the events of `bytes`, which come in pieces of `chunk`, and hands the data of each to `seen`. `scratch` is
/// [`SCRATCH`] bytes of memory that are there already.
pub trait Reader {
    fn read(bytes: &'static [u8], chunk: usize, scratch: &mut [u8], seen: impl FnMut(&[u8]));
}

/// Writes messages one by one, each into the same memory, and hands the bytes of each to `sent`.
pub trait Writer: 'static {
    /// Everything that a caller would have at hand already.
    fn new(messages: &'static [Message]) -> Self;
    fn write(&mut self, sent: impl FnMut(&[u8]));
}

/// One run over a whole input. The number depends on every event, so that none can be optimised away.
pub type Run = Box<dyn FnMut() -> usize>;

pub struct Contender {
    pub name: &'static str,
    pub kind: Kind,
    /// A run over this input in chunks of this many bytes (which say nothing to a writer).
    pub prepare: fn(&'static Input, usize) -> Run,
    /// Whether that run does all of the work.
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

/// Whether a reader that is nobody's own work here finds the messages in what was written.
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
