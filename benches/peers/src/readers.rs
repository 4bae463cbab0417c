//! The readers. Each is called in the cheapest way that its interface allows: with slices of one static buffer, no
//! unnecessary copies and no executor.
//!
//! This module must not depend on clocks or tables.

use std::convert::Infallible;
use std::hint::black_box;
use std::iter;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use embedded_sse::Decoder;
use embedded_sse::io::futures::EventStream;
use futures_util::stream::{self, Stream};
use tokio_util::codec::Decoder as _;

use crate::contender::{Contender, Kind, Reader, Run, SCRATCH};
use crate::inputs::Input;
use crate::verdict;

pub fn all() -> Vec<Contender> {
    vec![
        Contender::reader::<EventsAsBytes>(verdict::BYTES, Kind::Ours),
        Contender::reader::<EventsAsText>(verdict::TEXT, Kind::Ours),
        Contender::reader::<OwnedEvents>(verdict::STREAM, Kind::Ours),
        Contender::reader::<OwnedEventsAsText>(verdict::STREAM_TEXT, Kind::Ours),
        Contender::reader::<SseCore>("sse-core", Kind::Peer),
        Contender::reader::<SseStream>("sse-stream", Kind::Peer),
        Contender::reader::<SseStreamOfBytes>("sse-stream of Bytes", Kind::Peer),
        Contender::reader::<SseParse>("sse-parse", Kind::Peer),
        Contender::reader::<Sseer>("sseer", Kind::Peer),
        Contender::reader::<TokioSseCodec>("tokio_sse_codec", Kind::Peer),
        Contender::reader::<Russe>("russe", Kind::Peer),
        Contender::reader::<EventsourceStream>("eventsource-stream", Kind::Peer),
        Contender::limit("limit: memchr2", walk_lines),
        Contender::limit("limit: memcpy", copy),
    ]
}

struct EventsAsBytes;

impl Reader for EventsAsBytes {
    fn read(bytes: &'static [u8], chunk: usize, scratch: &mut [u8], mut seen: impl FnMut(&[u8])) {
        let mut decoder = Decoder::with_id_store(scratch, [0; 2 * LONGEST_ID]);
        for mut chunk in bytes.chunks(chunk) {
            while let Some(Ok(event)) = decoder.next_event(&mut chunk) {
                seen(black_box(event).data);
            }
        }
    }
}

/// Like [`EventsAsBytes`], with the UTF-8 check that the peers always do.
struct EventsAsText;

impl Reader for EventsAsText {
    fn read(bytes: &'static [u8], chunk: usize, scratch: &mut [u8], mut seen: impl FnMut(&[u8])) {
        let mut decoder = Decoder::with_id_store(scratch, [0; 2 * LONGEST_ID]);
        for mut chunk in bytes.chunks(chunk) {
            while let Some(Ok(event)) = decoder.next_event(&mut chunk) {
                if let Ok(data) = black_box(event).data_str() {
                    seen(black_box(data).as_bytes());
                }
            }
        }
    }
}

/// Owned events, with their data as bytes.
struct OwnedEvents;

impl Reader for OwnedEvents {
    fn read(bytes: &'static [u8], chunk: usize, scratch: &mut [u8], mut seen: impl FnMut(&[u8])) {
        let decoder = Decoder::with_id_store(scratch, [0; 2 * LONGEST_ID]);
        drain(EventStream::new(ready(counted(bytes, chunk)), decoder), |event| seen(black_box(&event).data()));
    }
}

/// Like [`OwnedEvents`], with the UTF-8 check that the peers always do.
struct OwnedEventsAsText;

impl Reader for OwnedEventsAsText {
    fn read(bytes: &'static [u8], chunk: usize, scratch: &mut [u8], mut seen: impl FnMut(&[u8])) {
        let decoder = Decoder::with_id_store(scratch, [0; 2 * LONGEST_ID]);
        drain(EventStream::new(ready(counted(bytes, chunk)), decoder), |event| {
            if let Ok(data) = black_box(&event).data_str() {
                seen(black_box(data).as_bytes());
            }
        });
    }
}

/// The longest event ID, in bytes. Those of the change feed have about 150.
const LONGEST_ID: usize = 256;

struct SseCore;

impl Reader for SseCore {
    fn read(bytes: &'static [u8], chunk: usize, _: &mut [u8], mut seen: impl FnMut(&[u8])) {
        let mut decoder = sse_core::SseDecoder::new();
        for mut chunk in bytes.chunks(chunk) {
            while let Some(Ok(event)) = decoder.next(&mut chunk) {
                if let sse_core::SseEvent::Message(message) = black_box(&event) {
                    seen(message.data.as_bytes());
                }
            }
        }
    }
}

struct SseStream;

impl Reader for SseStream {
    fn read(bytes: &'static [u8], chunk: usize, _: &mut [u8], mut seen: impl FnMut(&[u8])) {
        drain(sse_stream::SseByteStream::new(ready(bytes.chunks(chunk))), |event| {
            if let Some(data) = &black_box(&event).data {
                seen(data.as_bytes());
            }
        });
    }
}

/// Reads the same chunks as [`OwnedEvents`].
struct SseStreamOfBytes;

impl Reader for SseStreamOfBytes {
    fn read(bytes: &'static [u8], chunk: usize, _: &mut [u8], mut seen: impl FnMut(&[u8])) {
        drain(sse_stream::SseByteStream::new(ready(counted(bytes, chunk))), |event| {
            if let Some(data) = &black_box(&event).data {
                seen(data.as_bytes());
            }
        });
    }
}

struct SseParse;

impl Reader for SseParse {
    fn read(bytes: &'static [u8], chunk: usize, _: &mut [u8], mut seen: impl FnMut(&[u8])) {
        let mut parser = sse_parse::SseParser::new();
        for chunk in bytes.chunks(chunk) {
            parser.feed(chunk);
            while let Some(event) = parser.next_event() {
                seen(black_box(&event).data.as_bytes());
            }
        }
    }
}

struct Sseer;

impl Reader for Sseer {
    fn read(bytes: &'static [u8], chunk: usize, _: &mut [u8], mut seen: impl FnMut(&[u8])) {
        let chunks = bytes.chunks(chunk).map(Bytes::from_static);
        drain(sseer::EventStream::new(ready(chunks)), |event| seen(black_box(&event).data.as_bytes()));
    }
}

struct TokioSseCodec;

impl Reader for TokioSseCodec {
    fn read(bytes: &'static [u8], chunk: usize, _: &mut [u8], mut seen: impl FnMut(&[u8])) {
        let mut decoder = tokio_sse_codec::SseDecoder::<tokio_sse_codec::BytesStr>::new();
        let mut unread = BytesMut::new();
        for chunk in bytes.chunks(chunk) {
            unread.extend_from_slice(chunk);
            while let Ok(Some(frame)) = decoder.decode(&mut unread) {
                if let tokio_sse_codec::Frame::Event(event) = black_box(&frame) {
                    seen(event.data.as_bytes());
                }
            }
        }
    }
}

struct Russe;

impl Reader for Russe {
    fn read(bytes: &'static [u8], chunk: usize, _: &mut [u8], mut seen: impl FnMut(&[u8])) {
        let mut decoder = russe::Decoder::default();
        let mut unread = BytesMut::new();
        for chunk in bytes.chunks(chunk) {
            unread.extend_from_slice(chunk);
            while let Ok(Some(event)) = decoder.decode(&mut unread) {
                if let russe::Event::Message(message) = black_box(&event) {
                    seen(message.data.as_bytes());
                }
            }
        }
    }
}

struct EventsourceStream;

impl Reader for EventsourceStream {
    fn read(bytes: &'static [u8], chunk: usize, _: &mut [u8], mut seen: impl FnMut(&[u8])) {
        drain(eventsource_stream::EventStream::new(ready(bytes.chunks(chunk))), |event| {
            seen(black_box(&event).data.as_bytes());
        });
    }
}

/// Finds each line end with `memchr2`, and does nothing else.
fn walk_lines(input: &'static Input, chunk: usize) -> Run {
    Box::new(move || {
        let mut lines = 0;
        for mut rest in input.bytes.chunks(chunk) {
            while let Some(end) = memchr::memchr2(b'\n', b'\r', rest) {
                rest = &rest[black_box(end) + 1..];
                lines += 1;
            }
        }
        lines
    })
}

/// Copies the bytes, and does nothing else.
fn copy(input: &'static Input, chunk: usize) -> Run {
    let mut scratch = vec![0; SCRATCH];
    Box::new(move || {
        let mut copied = 0;
        for part in input.bytes.chunks(chunk.min(SCRATCH)) {
            let target = &mut scratch[..part.len()];
            target.copy_from_slice(part);
            copied += black_box(target).len();
        }
        copied
    })
}

/// A stream whose next chunk is always ready.
fn ready<T>(chunks: impl Iterator<Item = T>) -> impl Stream<Item = Result<T, Infallible>> {
    stream::iter(chunks.map(Ok))
}

/// Returns chunks of reference-counted memory, like those of a network buffer.
fn counted(bytes: &'static [u8], chunk: usize) -> impl Iterator<Item = Bytes> {
    let mut unread = Bytes::from_owner(bytes);
    iter::from_fn(move || {
        let size = chunk.min(unread.len());
        (size > 0).then(|| unread.split_to(size))
    })
}

/// Polls `events` to its end or first error.
fn drain<T, E>(events: impl Stream<Item = Result<T, E>>, mut each: impl FnMut(T)) {
    let mut events = pin!(events);
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(Ok(event))) = events.as_mut().poll_next(&mut context) {
        each(event);
    }
}
