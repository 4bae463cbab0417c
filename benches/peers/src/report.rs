//! Prints the results as tables and as JSON. This module must not depend on how they are measured.

use serde_json::{Value, json};

use crate::contender::Kind;
use crate::figures::Spread;
use crate::race::{Entrant, Race};
use crate::verdict::{self, Verdict};

/// Returns the name of a chunk size, as on the command line.
pub fn chunk_name(chunk: usize) -> String {
    if chunk == usize::MAX { "whole".into() } else { chunk.to_string() }
}

/// Prints the table for reading in chunks of this size, and the ratios to the fastest peer.
pub fn reading(races: &[Race], chunk: usize) {
    let races: Vec<_> = races.iter().filter(|race| race.chunk == chunk).collect();
    println!("\nReading, MB/s, chunks: {}{LEGEND}", chunk_name(chunk));
    table(&races, |race, entrant| format!("{:.0}", race.megabytes_per_second(entrant)));
    ratios(&races, verdict::READERS);
}

/// Prints the table for writing.
pub fn writing(races: &[Race]) {
    let races: Vec<_> = races.iter().collect();
    println!("\nWriting, ns per event{LEGEND}");
    table(&races, |race, entrant| format!("{:.1}", race.nanoseconds(entrant)));
    ratios(&races, &[verdict::WRITER]);
}

const LEGEND: &str = "   (! = events or data wrong there: not counted)";

pub fn verdicts(verdicts: &[Verdict]) {
    println!();
    for verdict in verdicts {
        let mark = if verdict.is_kept() { "ok  " } else { "MISS" };
        println!("{mark} {:<58} {:>6.2} (floor {})", verdict.what, verdict.value, verdict.floor);
    }
}

pub fn json(reading: &[Race], writing: &[Race], verdicts: &[Verdict]) -> Value {
    let races = |races: &[Race]| races.iter().map(race).collect::<Vec<_>>();
    let verdicts: Vec<_> = verdicts
        .iter()
        .map(|verdict| {
            json!({ "what": verdict.what, "value": verdict.value, "floor": verdict.floor, "kept": verdict.is_kept() })
        })
        .collect();
    json!({ "reading": races(reading), "writing": races(writing), "verdicts": verdicts })
}

fn race(race: &Race) -> Value {
    let results: Vec<_> = race
        .entrants
        .iter()
        .map(|entrant| {
            json!({
                "name": entrant.name,
                "mb_per_s": race.megabytes_per_second(entrant),
                "ns_per_event": race.nanoseconds(entrant),
                "right": entrant.right,
            })
        })
        .collect();
    json!({
        "input": race.input.name,
        "bytes_per_event": race.bytes_per_event(),
        "chunk": chunk_name(race.chunk),
        "results": results,
    })
}

/// Prints one row for each contender, and one column for each input.
fn table(races: &[&Race], cell: impl Fn(&Race, &Entrant) -> String) {
    print!("{:<22}", "");
    races.iter().for_each(|race| print!("{:>12}", race.input.name));
    print!("\n{:<22}", "bytes per event");
    races.iter().for_each(|race| print!("{:>12.0}", race.bytes_per_event()));
    println!();
    for row in 0..races.first().map_or(0, |race| race.entrants.len()) {
        print!("{:<22}", races[0].entrants[row].name);
        for race in races {
            let entrant = &race.entrants[row];
            let mark = if entrant.right { ' ' } else { '!' };
            print!("{:>11}{mark}", cell(race, entrant));
        }
        println!();
    }
}

/// Prints the fastest peer and the ratio to it. For whole inputs, also prints the ratio to the limit.
fn ratios(races: &[&Race], ours: &[&str]) {
    let print_row = |name: &str, cell: &dyn Fn(&Race) -> Option<String>| {
        print!("{name:<22}");
        races.iter().for_each(|race| print!("{:>11} ", cell(race).unwrap_or_default()));
        println!();
    };
    print_row("fastest peer", &|race| Some(race.fastest_peer()?.name.chars().take(11).collect()));
    for name in ours {
        if races.iter().all(|race| race.find(name).is_none()) {
            continue;
        }
        print_row(&format!("{name} / fastest"), &|race| Some(format!("{:.2}x", verdict::ahead(race, name)?)));
        if races.iter().all(|race| race.chunk == usize::MAX && race.find(verdict::WALK).is_some()) {
            print_row(&format!("{name} / memchr2"), &|race| Some(format!("{:.2}", verdict::of_limit(race, name)?)));
        }
        let mean = verdict::geometric_mean(races.iter().filter_map(|race| verdict::ahead(race, name)));
        println!("{:<22}{:>11.2}x", "  geometric mean", mean);
    }
}

/// One reader on all inputs: its name, its kind, its mean speed, and on how many inputs it was correct.
pub type Ranked = (&'static str, Kind, f64, usize);

/// Returns the mean speed of each reader in MB/s.
pub fn speeds(races: &[Race], chunk: usize) -> Vec<Ranked> {
    let races: Vec<_> = races.iter().filter(|race| race.chunk == chunk).collect();
    let Some(first) = races.first() else { return Vec::new() };
    let readers = first.entrants.iter().filter(|entrant| entrant.kind != Kind::Limit);
    let speeds = readers.map(|entrant| {
        let own: Vec<_> = races.iter().filter_map(|race| Some((race, race.find(entrant.name)?))).collect();
        let speed = verdict::geometric_mean(own.iter().map(|(race, entrant)| race.megabytes_per_second(entrant)));
        let right = own.iter().filter(|(_, entrant)| entrant.right).count();
        (entrant.name, entrant.kind, speed, right)
    });
    speeds.collect()
}

/// Returns the median of the speeds over the runs as a multiple of the fastest peer's, fastest first.
pub fn ranking(runs: &[Vec<Ranked>]) -> Vec<Ranked> {
    let mut ranking = runs.first().cloned().unwrap_or_default();
    for (index, row) in ranking.iter_mut().enumerate() {
        row.2 = Spread::of(runs.iter().map(|run| run[index].2).collect()).median;
    }
    ranking.sort_by(|a, b| b.2.total_cmp(&a.2));
    let best_peer = ranking.iter().find(|row| row.1 == Kind::Peer).map_or(1.0, |row| row.2);
    ranking.iter_mut().for_each(|row| row.2 /= best_peer);
    ranking
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_ranked_by_their_median_speed_relative_to_the_fastest_peer() {
        let run = |ours, one, other| {
            vec![("one", Kind::Peer, one, 2), ("ours", Kind::Ours, ours, 2), ("other", Kind::Peer, other, 1)]
        };
        let runs = [run(600.0, 100.0, 50.0), run(300.0, 10.0, 200.0), run(900.0, 150.0, 250.0)];
        let expected = [("ours", Kind::Ours, 3.0, 2), ("other", Kind::Peer, 1.0, 1), ("one", Kind::Peer, 0.5, 2)];
        assert!(ranking(&runs).iter().eq(&expected));
        assert!(ranking(&[]).is_empty());
    }
}
