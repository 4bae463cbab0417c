//! Measures the time per byte at the points of the curves, in turn and in several rounds, so that other load on the
//! machine affects all points. The result is the median.
//!
//! A turn is timed in slices, because a long turn is often interrupted and a slice rarely. The median is taken of each
//! slice, and the mean of all slices counts.

use std::hint::black_box;
use std::time::{Duration, Instant};

use embedded_sse::Decoder;
use indicatif::{ProgressBar, ProgressStyle};

use crate::curves::{Curve, Point, Work};
use crate::source::Batch;

/// How many bytes are read at one point before the next, at least. A longer stream or event is read whole.
const TURN: u64 = 8 << 20;

/// How many bytes are timed together, at least.
const SLICE: u64 = 1 << 20;

/// A curve that was measured.
pub struct Measured {
    pub name: &'static str,
    pub points: Vec<Figure>,
}

/// The time per byte at one point.
pub struct Figure {
    pub label: String,
    /// The length of a stream or of an event in bytes.
    pub length: u64,
    /// Nanoseconds per byte.
    pub nanoseconds: f64,
}

impl Measured {
    /// Returns the highest time per byte relative to the lowest.
    pub fn spread(&self) -> f64 {
        let times = || self.points.iter().map(|point| point.nanoseconds);
        times().fold(0.0, f64::max) / times().fold(f64::INFINITY, f64::min)
    }

    /// Returns the highest time per byte relative to the lowest of a shorter length: what grows. 1 if nothing does.
    pub fn rise(&self) -> f64 {
        let (mut lowest, mut rise) = (f64::INFINITY, 1.0_f64);
        for point in &self.points {
            lowest = lowest.min(point.nanoseconds);
            rise = rise.max(point.nanoseconds / lowest);
        }
        rise
    }
}

/// Measures all points in this number of rounds.
///
/// # Errors
///
/// Returns an error if the decoder does not find the events that were sent.
pub fn measure(curves: Vec<Curve>, rounds: u16) -> Result<Vec<Measured>, String> {
    let lanes =
        |curve: Curve| (curve.name, curve.points.into_iter().map(|point| Lane::new(point, curve.work)).collect());
    let mut curves: Vec<(&str, Vec<Lane>)> = curves.into_iter().map(lanes).collect();
    let points = curves.iter().map(|(_, lanes)| lanes.len()).sum::<usize>();
    let progress = ProgressBar::new(u64::from(rounds + 1) * points as u64).with_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} ({elapsed})").expect("the template is fixed"),
    );
    // The first round is not counted: it touches all memory for the first time.
    for round in 0..=rounds {
        for (name, lanes) in &mut curves {
            for lane in lanes {
                progress.set_message(format!("{name}: {}", lane.point.label));
                lane.turn(round > 0)?;
                progress.inc(1);
            }
        }
    }
    progress.finish_and_clear();
    let measured =
        |(name, lanes): (_, Vec<Lane>)| Measured { name, points: lanes.into_iter().map(Lane::figure).collect() };
    Ok(curves.into_iter().map(measured).collect())
}

/// One point, with what it needs.
struct Lane {
    point: Point,
    work: Work,
    decoder: Decoder<Vec<u8>>,
    /// The buffer of [`Work::Copy`], and the next position in it.
    copy: (Vec<u8>, usize),
    batch: Batch,
    /// The nanoseconds per byte in each round, for each slice of a turn.
    slices: Vec<Vec<f64>>,
}

impl Lane {
    fn new(point: Point, work: Work) -> Self {
        let decoder = Decoder::new(vec![0; point.buffer]);
        let copy = (vec![0; if work == Work::Copy { point.buffer } else { 0 }], 0);
        let slices = vec![Vec::new(); TURN.max(point.length).div_ceil(SLICE) as usize];
        Self { point, work, decoder, copy, batch: Batch::default(), slices }
    }

    /// Reads the bytes of one turn, and keeps the times if the round is counted.
    fn turn(&mut self, is_counted: bool) -> Result<(), String> {
        for slice in 0..self.slices.len() {
            let time = self.slice()?;
            if is_counted {
                self.slices[slice].push(time);
            }
        }
        Ok(())
    }

    /// Reads the next bytes and returns the nanoseconds per byte. What generates the bytes does not count.
    fn slice(&mut self) -> Result<f64, String> {
        let (mut bytes, mut sent, mut found, mut time) = (0, 0, 0, Duration::ZERO);
        while bytes < SLICE {
            self.point.source.fill(&mut self.batch);
            let start = Instant::now();
            found += match self.work {
                Work::Decode => self.decode(),
                Work::Copy => self.copy(),
            };
            time += start.elapsed();
            bytes += self.batch.bytes.len() as u64;
            sent += self.batch.events;
        }
        if found != sent {
            return Err(format!("{sent} events were sent, but the decoder found {found}: fix the decoder first"));
        }
        Ok(time.as_secs_f64() * 1e9 / bytes as f64)
    }

    /// Decodes the batch and returns the number of events.
    fn decode(&mut self) -> u64 {
        let (mut events, mut start) = (0, 0);
        for piece in &self.batch.pieces {
            for mut chunk in self.batch.bytes[start..piece.end].chunks(self.point.chunk) {
                while let Some(event) = self.decoder.next_event(&mut chunk) {
                    events += u64::from(black_box(event).is_ok());
                }
            }
            if piece.ends_stream {
                self.decoder.reset();
            }
            start = piece.end;
        }
        events
    }

    /// Copies the batch and returns the number of events that are in it.
    fn copy(&mut self) -> u64 {
        let (buffer, at) = &mut self.copy;
        for chunk in self.batch.bytes.chunks(self.point.chunk) {
            if *at + chunk.len() > buffer.len() {
                *at = 0;
            }
            buffer[*at..*at + chunk.len()].copy_from_slice(chunk);
            *at += chunk.len();
            black_box(&mut *buffer);
        }
        self.batch.events
    }

    fn figure(self) -> Figure {
        let slices = self.slices.len() as f64;
        let nanoseconds = self.slices.into_iter().map(median).sum::<f64>() / slices;
        Figure { label: self.point.label, length: self.point.length, nanoseconds }
    }
}

/// Returns the median. There is at least one value.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    (values[last / 2] + values[last.div_ceil(2)]) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Chunk, Source};

    fn point(buffer: usize) -> Point {
        let event = b"data: a\ndata: b\n\n".to_vec();
        let source = Source::endless(event, vec![17], Chunk::Bytes(5));
        Point { label: "17 bytes".into(), length: 17, buffer, chunk: 5, source }
    }

    fn curve(buffer: usize, work: Work) -> Curve {
        Curve { name: "event", work, points: vec![point(buffer)] }
    }

    #[test]
    fn every_event_is_found() {
        for work in [Work::Decode, Work::Copy] {
            let measured = measure(vec![curve(16, work)], 1).expect("all events");
            let [figure] = &measured[0].points[..] else { panic!("one point") };
            assert_eq!((figure.label.as_str(), figure.length), ("17 bytes", 17));
            assert!(figure.nanoseconds > 0.0);
        }
    }

    #[test]
    fn an_event_that_is_lost_is_an_error() {
        let error = measure(vec![curve(1, Work::Decode)], 1).err().expect("no event fits");
        assert!(error.ends_with("but the decoder found 0: fix the decoder first"), "{error}");
    }

    #[test]
    fn the_spread_counts_every_difference_and_the_rise_only_what_grows() {
        let curve = |times: &[f64]| {
            let figure = |&nanoseconds| Figure { label: String::new(), length: 1, nanoseconds };
            let measured = Measured { name: "event", points: times.iter().map(figure).collect() };
            (measured.spread(), measured.rise())
        };
        assert_eq!(curve(&[2.0, 2.0]), (1.0, 1.0));
        assert_eq!(curve(&[8.0, 2.0, 1.0]), (8.0, 1.0));
        assert_eq!(curve(&[8.0, 2.0, 3.0]), (4.0, 1.5));
        assert_eq!(curve(&[1.0, 4.0, 2.0]), (4.0, 4.0));
    }

    #[test]
    fn the_median_is_the_middle_value() {
        assert_eq!(median(vec![9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 2.0]), 3.0);
    }
}
