//! The floors that this crate sets itself, and whether a run keeps them. All are ratios within one run: machines differ.

use crate::race::Race;

/// Our rows: events taken as bytes, and with `data_str` called on each.
pub const BYTES: &str = "embedded-sse bytes";
pub const TEXT: &str = "embedded-sse text";
/// Owned events by `EventStream`, and with `data_str` called on each.
pub const STREAM: &str = "embedded-sse EventStream";
pub const STREAM_TEXT: &str = "embedded-sse EventStream text";
pub const READERS: &[&str] = &[BYTES, TEXT];
pub const WRITER: &str = "embedded-sse";
pub const WALK: &str = "limit: memchr2";

pub struct Verdict {
    pub what: String,
    pub value: f64,
    pub floor: f64,
}

impl Verdict {
    pub fn is_kept(&self) -> bool {
        self.value >= self.floor
    }
}

/// Chunk size, row, and how many times as fast as the fastest peer of each input, in the geometric mean over all inputs.
const MEANS: &[(usize, &str, f64)] = &[(1460, BYTES, 2.5), (1460, TEXT, 1.6), (64, BYTES, 1.6), (64, TEXT, 1.3)];

/// Inputs that firmware and LLM clients see most: events as bytes, chunks of 1460.
const SINGLE: &[(&str, f64)] = &[("tokens", 3.0), ("tiny", 3.0)];

/// Streams of owned events over `Bytes` of this size: whom ours is held against, the least on any input and in the mean.
const STREAM_CHUNK: usize = 1460;
const STREAMS: &[(&str, f64, f64)] = &[("sse-stream of Bytes", 1.0, 1.4), ("eventsource-stream", 1.0, 4.0)];

/// `inputs`: how many there are; a mean over fewer is no verdict.
pub fn judge(reading: &[Race], writing: &[Race], inputs: usize) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for race in reading.iter().filter(|race| race.chunk == usize::MAX) {
        let floor = match race.input.name {
            "tiny" => 0.8,
            "named" | "comments" => continue, // below 150 bytes an event, and above tiny
            _ => 0.9,
        };
        push(
            &mut verdicts,
            format!("{}, whole: bytes, of a memchr2 walk", race.input.name),
            of_limit(race, BYTES),
            floor,
        );
    }
    for &(chunk, name, floor) in MEANS {
        let ratios: Vec<_> =
            reading.iter().filter(|race| race.chunk == chunk).filter_map(|race| ahead(race, name)).collect();
        let mean = (ratios.len() == inputs).then(|| geometric_mean(ratios.into_iter()));
        push(&mut verdicts, format!("all inputs, chunks of {chunk}: {name}"), mean, floor);
    }
    for &(input, floor) in SINGLE {
        let race = reading.iter().find(|race| race.chunk == 1460 && race.input.name == input);
        push(
            &mut verdicts,
            format!("{input}, chunks of 1460: {BYTES}"),
            race.and_then(|race| ahead(race, BYTES)),
            floor,
        );
    }
    for &(peer, least, mean) in STREAMS {
        let ratios = reading
            .iter()
            .filter(|race| race.chunk == STREAM_CHUNK)
            .filter_map(|race| Some((race.input.name, ratio(race, STREAM, peer)?)));
        let ratios: Vec<_> = ratios.collect();
        if let Some(&(input, value)) = ratios.iter().min_by(|a, b| a.1.total_cmp(&b.1)) {
            push(&mut verdicts, format!("closest that {peer} comes ({input}): {STREAM}"), Some(value), least);
        }
        let all = (ratios.len() == inputs).then(|| geometric_mean(ratios.into_iter().map(|(_, value)| value)));
        push(&mut verdicts, format!("all inputs: {STREAM}, against {peer}"), all, mean);
    }
    for name in READERS {
        let closest =
            reading.iter().filter_map(|race| Some((race, ahead(race, name)?))).min_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((race, value)) = closest {
            let chunk = crate::report::chunk_name(race.chunk);
            push(
                &mut verdicts,
                format!("closest any peer comes ({}, {chunk}): {name}", race.input.name),
                Some(value),
                1.0,
            );
        }
    }
    for race in writing {
        let floor = if race.input.name == "64k-line" { 1.5 } else { 2.0 };
        push(&mut verdicts, format!("writing {}, against russe", race.input.name), ratio(race, WRITER, "russe"), floor);
    }
    verdicts
}

/// How many times as fast as the fastest peer.
pub fn ahead(race: &Race, name: &str) -> Option<f64> {
    Some(race.fastest_peer()?.seconds() / race.find(name)?.seconds())
}

/// Which part of the speed of the bare walk over line ends.
pub fn of_limit(race: &Race, name: &str) -> Option<f64> {
    ratio(race, name, WALK)
}

pub fn geometric_mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value.ln(), count + 1.0));
    f64::exp(sum / count)
}

fn ratio(race: &Race, name: &str, other: &str) -> Option<f64> {
    Some(race.find(other)?.seconds() / race.find(name)?.seconds())
}

fn push(verdicts: &mut Vec<Verdict>, what: String, value: Option<f64>, floor: f64) {
    verdicts.extend(value.map(|value| Verdict { what, value, floor }));
}
