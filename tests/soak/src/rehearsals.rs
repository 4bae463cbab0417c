//! The rehearsals, and what has to come out of each.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::device::Device;
use crate::random::Random;
use crate::script::{self, Step};
use crate::server::{Seen, Server, listen};

/// What is to be said of a run, or why it failed.
pub type Verdict = Result<String, String>;

/// By the name of the firmware.
pub const ALL: [(&str, fn(&Path) -> Verdict); 2] = [("sse-client", every_event_once), ("sse-client-edge", power_cut)];

const SEED: u64 = 2;

/// 10,000 events, a connection for each 200 at most, every trouble, and one event that is larger than the device.
fn every_event_once(elf: &Path) -> Verdict {
    const EVENTS: u32 = 10_000;
    let mut random = Random::new(SEED);
    let (device, seen) = follow(elf, EVENTS, 6_000, &script::thorough(&mut random), random)?;
    require(seen.connections > 50, format!("{} connections only", seen.connections))?;
    require(count(&device, "the network is down") == 1, "the device has not seen its link go")?;
    let given_up = count(&device, "gave up the connection");
    require(
        given_up == 3,
        format!("the device gave up {given_up} connections, instead of two silent ones and one without a link"),
    )?;
    let tally = last_tally(&device)?;
    let expected = "good: 9999, too_long: 1, lost: 0, again: 0, damaged: 0, last: 10000";
    require(tally.contains(expected), format!("{tally}, instead of {expected}"))?;
    Ok(format!("{tally} over {} connections, {} of them resumed; {}", seen.connections, seen.resumed, memory(&device)))
}

/// A device without power for a moment goes on from its flash: some events come again, none is missing.
fn power_cut(elf: &Path) -> Verdict {
    const EVENTS: u32 = 2_000;
    let mut random = Random::new(SEED);
    let (device, seen) = follow(elf, EVENTS, 1_500, &script::power_cut(&mut random), random)?;
    let starts = count(&device, "connecting, to begin");
    require(starts == 1, format!("the device began {starts} times instead of once"))?;
    let tally = last_tally(&device)?;
    require(tally.contains("too_long: 1, lost: 0, again: 0, damaged: 0, last: 2000"), tally.clone())?;
    Ok(format!("after the power cut {tally}, {} connections in all; {}", seen.connections, memory(&device)))
}

/// Runs a client against a scripted server, until it ends by itself.
fn follow(elf: &Path, events: u32, too_long: u32, script: &[Step], random: Random) -> Result<(Device, Seen), String> {
    let (port, listener) = listen()?;
    let url = format!("http://10.0.2.2:{port}/events");
    let device = Device::start(elf, &[&url, &events.to_string()], None)?;
    let stop = AtomicBool::new(false);
    let server = Server { script, device: &device, too_long, random, stop: &stop };
    let (status, seen) = thread::scope(|scope| {
        let server = scope.spawn(|| server.play(listener));
        let status = device.wait(Duration::from_secs(180));
        stop.store(true, Ordering::Relaxed);
        (status, server.join().unwrap_or_else(|_| Err("the server has panicked".to_string())))
    });
    let (status, seen) = (status?, seen?);
    require(status.success(), format!("the firmware ends with {status}"))?;
    require(seen.steps >= script.len(), format!("{} of {} steps were played", seen.steps, script.len()))?;
    Ok((device, seen))
}

fn require(is_so: bool, otherwise: impl Into<String>) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(otherwise.into()) }
}

/// How many lines of the log have this text.
fn count(device: &Device, text: &str) -> usize {
    device.log().iter().filter(|line| line.contains(text)).count()
}

fn last_tally(device: &Device) -> Result<String, String> {
    let log = device.log();
    let tally = log.iter().rev().find_map(|line| line.find("Tally {").and_then(|at| line.get(at..)));
    tally.map(ToString::to_string).ok_or_else(|| "the device has counted nothing".to_string())
}

fn memory(device: &Device) -> String {
    let log = device.log();
    let line = log.iter().rev().find_map(|line| line.find("static RAM").and_then(|at| line.get(at..)));
    line.unwrap_or("no word of its memory").to_string()
}
