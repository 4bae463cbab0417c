//! The curves: what is decoded, and how long it is. This module must not depend on how time is measured or shown.

use embedded_sse::Decoder;

use crate::inputs::{self, Input};
use crate::source::{Chunk, Source};

/// Points of one kind.
pub struct Curve {
    pub name: &'static str,
    pub work: Work,
    pub points: Vec<Point>,
}

/// What is done with each chunk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Work {
    Decode,
    /// A copy into a buffer of the same size as the decoder's, which shows what the caches of the CPU cost.
    Copy,
}

/// What is read at one point of a curve.
pub struct Point {
    /// The length as the table shows it.
    pub label: String,
    /// The length of a stream or of an event in bytes.
    pub length: u64,
    /// The size of the decoder's buffer in bytes, in which each event fits.
    pub buffer: usize,
    /// The size of the chunks in bytes, at most.
    pub chunk: usize,
    pub source: Source,
}

/// Returns all curves, in the order of the tables. Every curve has at least two points.
pub fn all() -> Vec<Curve> {
    let (tokens, ends) = tokens();
    let streams = (10..=30).step_by(4).map(|power| {
        let (length, chunk) = (1 << power, 1460);
        let source = Source::streams(tokens.clone(), ends.clone(), Chunk::Bytes(chunk), length);
        Point { label: bytes(length), length, buffer: 4096, chunk, source }
    });
    let events = || {
        (6..=24).step_by(3).map(|power| {
            let (length, chunk) = (1 << power, 64);
            let source = one_event(long_event(length as usize), Chunk::Bytes(chunk));
            Point { label: bytes(length), length, buffer: length as usize, chunk, source }
        })
    };
    let lines = |cut, chunk| {
        (0..=5).map(move |power| {
            let count = 10_usize.pow(power);
            let event = lines(count);
            let (label, length, buffer) = (count.to_string(), event.len() as u64, event.len());
            Point { label, length, buffer, chunk, source: one_event(event, cut) }
        })
    };
    let decode = |name, points| Curve { name, work: Work::Decode, points };
    vec![
        decode("stream of tokens, chunks of 1460 bytes", streams.collect()),
        decode("event of one line, chunks of 64 bytes", events().collect()),
        Curve { name: "plain copy of the same chunks", work: Work::Copy, points: events().collect() },
        decode("lines per event, each event in one chunk", lines(Chunk::Event, usize::MAX).collect()),
        decode("lines per event, chunks of 64 bytes", lines(Chunk::Bytes(64), 64).collect()),
    ]
}

/// Returns the stream of tokens that the other benchmarks read, and the end of each event.
fn tokens() -> (Vec<u8>, Vec<usize>) {
    let Input { bytes, messages, .. } = inputs::all().swap_remove(0);
    let (mut decoder, mut rest) = (Decoder::new([0; 4096]), &bytes[..]);
    let end = |_| {
        decoder.next_event(&mut rest);
        bytes.len() - rest.len()
    };
    let ends = messages.iter().map(end).collect();
    (bytes, ends)
}

fn one_event(event: Vec<u8>, chunk: Chunk) -> Source {
    let ends = vec![event.len()];
    Source::endless(event, ends, chunk)
}

/// Returns an event of this length with one line.
fn long_event(length: usize) -> Vec<u8> {
    const AROUND: usize = "data: \n\n".len();
    [b"data: ", &letters(length - AROUND)[..], b"\n\n"].concat()
}

/// Returns an event with this number of lines, of 20 bytes each.
fn lines(count: usize) -> Vec<u8> {
    let letters = letters(13 * count);
    let mut event: Vec<u8> = letters.chunks(13).flat_map(|text| [b"data: ", text, b"\n"].concat()).collect();
    event.push(b'\n');
    event
}

fn letters(count: usize) -> Vec<u8> {
    (b'a'..=b'z').cycle().take(count).collect()
}

/// Returns a power of two with its unit, as in `16 KiB`.
fn bytes(length: u64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB"];
    let unit = (length.max(1).ilog2() / 10).min(3);
    format!("{} {}", length >> (10 * unit), units[unit as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_shown_with_their_unit() {
        let labels = [64, 512, 1 << 10, 1 << 15, 1 << 21, 1 << 30, 1 << 44].map(bytes);
        assert_eq!(labels, ["64 bytes", "512 bytes", "1 KiB", "32 KiB", "2 MiB", "1 GiB", "16384 GiB"]);
    }

    #[test]
    fn events_have_the_length_and_the_lines_that_they_should_have() {
        for length in [64, 4096] {
            let (event, mut decoder) = (long_event(length), Decoder::new([0; 4096]));
            assert_eq!(event.len(), length);
            let found = decoder.next_event(&mut &event[..]).expect("an event").expect("it fits");
            assert_eq!(found.data.len(), length - 8);
        }
        for count in [1, 100] {
            let (event, mut decoder) = (lines(count), Decoder::new([0; 4096]));
            assert_eq!(event.len(), 20 * count + 1);
            let found = decoder.next_event(&mut &event[..]).expect("an event").expect("it fits");
            assert_eq!(found.data.split(|&byte| byte == b'\n').count(), count);
            assert_eq!(found.data.len(), 14 * count - 1);
        }
    }

    #[test]
    fn the_tokens_are_cut_into_their_events() {
        let (bytes, ends) = tokens();
        assert_eq!(ends.last(), Some(&bytes.len()));
        assert!(ends.is_sorted_by(|a, b| a < b));
        assert!(ends.iter().all(|&end| bytes[..end].ends_with(b"}\n\n")));
    }

    #[test]
    fn the_curves_have_the_lengths_of_the_tables() {
        let labels: Vec<Vec<_>> =
            all().into_iter().map(|curve| curve.points.into_iter().map(|point| point.label).collect()).collect();
        assert_eq!(labels[0], ["1 KiB", "16 KiB", "256 KiB", "4 MiB", "64 MiB", "1 GiB"]);
        assert_eq!(labels[1], ["64 bytes", "512 bytes", "4 KiB", "32 KiB", "256 KiB", "2 MiB", "16 MiB"]);
        assert_eq!(labels[2], labels[1]);
        assert_eq!(labels[3], ["1", "10", "100", "1000", "10000", "100000"]);
        assert_eq!(labels[4], labels[3]);
    }
}
