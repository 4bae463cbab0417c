//! Checks whether a run meets the speed floors of this crate. All floors are ratios within one run, because machines
//! differ.

use crate::race::Race;

/// The rows of this crate: events as bytes, and with `data_str` called on each.
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

/// The chunk size, the row, and the floor for the ratio to the fastest peer of each input, as the geometric mean over
/// all inputs.
const MEANS: &[(usize, &str, f64)] = &[(1460, BYTES, 2.5), (1460, TEXT, 1.6), (64, BYTES, 1.6), (64, TEXT, 1.3)];

/// Floors for the inputs that are most common in firmware and LLM clients: events as bytes, in chunks of 1460 bytes.
const SINGLE: &[(&str, f64)] = &[("tokens", 3.0), ("tiny", 3.0)];

/// The size of the `Bytes` for streams of owned events.
pub const STREAM_CHUNK: usize = 1460;
/// The peers with streams of owned events, the floor on any input, and the floor for the mean.
pub const STREAMS: &[(&str, f64, f64)] = &[("sse-stream of Bytes", 1.0, 1.4), ("eventsource-stream", 1.0, 4.0)];

/// Returns the verdicts. `inputs` is the number of all inputs: a mean over fewer of them gives no verdict.
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

/// Returns the ratio to the fastest peer.
pub fn ahead(race: &Race, name: &str) -> Option<f64> {
    Some(race.fastest_peer()?.seconds() / race.find(name)?.seconds())
}

/// Returns the ratio to the speed of the bare search for line ends.
pub fn of_limit(race: &Race, name: &str) -> Option<f64> {
    ratio(race, name, WALK)
}

pub fn geometric_mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value.ln(), count + 1.0));
    f64::exp(sum / count)
}

/// Returns the speed of one contender as a multiple of another's.
pub fn ratio(race: &Race, name: &str, other: &str) -> Option<f64> {
    Some(race.find(other)?.seconds() / race.find(name)?.seconds())
}

fn push(verdicts: &mut Vec<Verdict>, what: String, value: Option<f64>, floor: f64) {
    verdicts.extend(value.map(|value| Verdict { what, value, floor }));
}
