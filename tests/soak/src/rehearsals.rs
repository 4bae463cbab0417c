//! The rehearsals and their expected results.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use embedded_sse::{Decoder, Frame, single_line};

use crate::checks::{Verdict, count, last_tally, memory, require, said, text};
use crate::device::Device;
use crate::http;
use crate::random::Random;
use crate::script::{self, Step};
use crate::server::{Seen, Server, listen};

/// Runs a firmware, given the path of its binary.
type Rehearsal = fn(&Path) -> Verdict;

/// All rehearsals, by the name of their firmware.
pub const ALL: [(&str, Rehearsal); 6] = [
    ("sse-client", every_event_once),
    ("sse-client-edge", power_cut),
    ("sse-client-blocking", without_executor),
    ("sse-serve", coming_back),
    ("sse-serve-picoserve", coming_back),
    ("uart-decode", larger_than_memory),
];

const SEED: u64 = 2;

/// 10,000 events over connections of fewer than 230 events each, with every kind of failure, and one event that is larger
/// than the memory of the device.
fn every_event_once(elf: &Path) -> Verdict {
    let (device, summary) = troubled(elf, 10_000, 50)?;
    require(count(&device, "the network is down") == 1, "the device has not noticed that its link went down")?;
    let given_up = count(&device, "gave up the connection");
    require(given_up >= 2, format!("the device gave up {given_up} connections, but two were silent"))?;
    Ok(summary)
}

/// The same failures with fewer events.
fn without_executor(elf: &Path) -> Verdict {
    let (_device, summary) = troubled(elf, 2_000, 5)?;
    Ok(summary)
}

fn troubled(elf: &Path, events: u32, cuts: usize) -> Result<(Device, String), String> {
    let mut random = Random::new(SEED);
    let script = script::troubles(&mut random, cuts);
    let (device, seen) = follow(elf, events, events * 3 / 5, &script, random)?;
    require(seen.connections as usize > cuts, format!("only {} connections", seen.connections))?;
    let tally = last_tally(&device)?;
    let good = events - 1;
    let expected = format!("good: {good}, too_long: 1, lost: 0, again: 0, damaged: 0, last: {events}");
    require(tally.contains(&expected), format!("{tally} instead of {expected}"))?;
    let memory = memory(&device)?;
    let summary = format!("{tally} over {} connections, {} of them resumed; {memory}", seen.connections, seen.resumed);
    Ok((device, summary))
}

/// A device resumes from its flash after a power cut: some events are repeated, none is missing.
fn power_cut(elf: &Path) -> Verdict {
    const EVENTS: u32 = 2_000;
    let mut random = Random::new(SEED);
    let (device, seen) = follow(elf, EVENTS, 1_500, &script::power_cut(&mut random), random)?;
    let starts = count(&device, "connecting, from the start");
    require(starts == 1, format!("the device started from the beginning {starts} times instead of once"))?;
    let tally = last_tally(&device)?;
    require(tally.contains("too_long: 1, lost: 0, again: 0, damaged: 0, last: 2000"), tally.clone())?;
    Ok(format!("after the power cut {tally}, {} connections in all; {}", seen.connections, memory(&device)?))
}

/// Clients of the device miss nothing while they are away, and get a `restart` event if the device does not know what
/// they have seen.
fn coming_back(elf: &Path) -> Verdict {
    let (port, free) = listen()?;
    drop(free);
    let device = Device::start(elf, &[], Some(port))?;
    device.wait_for("serving", Duration::from_secs(20))?;

    let page = http::get(port, "/", None).and_then(|(head, mut page)| {
        let mut text = String::new();
        page.read_to_string(&mut text)?;
        Ok(head.start.contains(" 200 ") && text.contains("new EventSource(\"/events\")"))
    });
    require(page.map_err(text)?, "the page is missing")?;
    let (head, _) = http::get(port, "/favicon.ico", None).map_err(text)?;
    require(head.start.contains(" 404 "), format!("the status of a missing page: {}", head.start))?;

    let first = readings(port, None, 3)?;
    thread::sleep(Duration::from_millis(2_500));
    let [.., last] = first.as_slice() else { return Err("there are no readings".to_string()) };
    let later = readings(port, Some(&last.id), 4)?;
    let numbers: Vec<_> = first.iter().chain(&later).map(|event| event.number).collect();
    require(numbers == [1, 2, 3, 4, 5, 6, 7].map(Some), format!("the readings are numbered {numbers:?}"))?;

    let stranger = readings(port, Some("of another life-3"), 3)?;
    let types: Vec<_> = stranger.iter().map(|event| event.event_type.as_str()).collect();
    require(types == ["restart", "message", "message"], format!("a client with an unknown ID gets {types:?}"))?;
    let many: Result<Vec<_>, _> = (0..3).map(|_| http::get(port, "/events", None)).collect();
    require(many.is_ok(), "the device does not serve three clients at the same time")?;
    drop(many);
    device.wait_for("a client has left", Duration::from_secs(20))?;
    Ok(format!("{} readings, none missing; {}", numbers.len(), memory(&device)?))
}

/// A value of 100 KiB is received in 256 bytes of memory.
fn larger_than_memory(elf: &Path) -> Verdict {
    let mut random = Random::new(SEED);
    let image: String = (0..100 * 1024).map(|_| char::from(b' ' + random.between(0, 95) as u8)).collect();
    let long = "x".repeat(193);
    let frames = [
        Frame::new().data("first\nsecond"),
        Frame::new().event_type(single_line!("image")).data(&image),
        Frame::new().data(&long),
        Frame::new().event_type(single_line!("after")).data("all"),
        Frame::new().event_type(single_line!("stop")).data(""),
    ];
    let device = Device::start(elf, &[], None)?;
    let mut serial = device.serial().ok_or("the device has no serial port")?;
    for frame in frames {
        serial.write_all(frame.to_string().as_bytes()).map_err(text)?;
    }
    let status = device.wait(Duration::from_secs(120))?;
    require(status.success(), format!("the firmware exited with {status}"))?;
    let image = format!("image: {} bytes, CRC-32 {:08x}", image.len(), crc32(image.as_bytes()));
    for expected in ["b\"\": b\"first\\nsecond\"", &image, "an event was too long", "b\"after\": b\"all\""] {
        require(count(&device, expected) == 1, format!("the device has not logged {expected}"))?;
    }
    Ok(format!("{image}; {}", memory(&device)?))
}

/// An event from the device's server.
struct Reading {
    event_type: String,
    id: String,
    /// The number in the ID.
    number: Option<u32>,
}

/// Returns the first events that a client is sent.
fn readings(port: u16, last_event_id: Option<&str>, count: usize) -> Result<Vec<Reading>, String> {
    let (head, mut stream) = http::get(port, "/events", last_event_id).map_err(text)?;
    let content_type = head.header("content-type").unwrap_or_default();
    require(content_type == "text/event-stream", format!("the content type is {content_type:?}"))?;
    let mut decoder = Decoder::new(vec![0; 1024]);
    let mut bytes = [0; 64];
    let mut readings = Vec::new();
    while readings.len() < count {
        let length = stream.read(&mut bytes).map_err(text)?;
        require(length > 0, "the device has closed the connection")?;
        let mut chunk = bytes.get(..length).unwrap_or_default();
        while let Some(event) = decoder.next_event(&mut chunk) {
            let event = event.map_err(text)?;
            let id = event.last_event_id_lossy().to_string();
            let number = id.split_once('-').and_then(|(_, number)| number.parse().ok());
            readings.push(Reading { event_type: event.event_type_lossy().to_string(), id, number });
        }
    }
    readings.truncate(count);
    Ok(readings)
}

/// Returns the CRC-32, as in Ethernet and zip.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & 0u32.wrapping_sub(crc & 1)))
    })
}

/// Runs a client against a scripted server until the client exits.
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
    require(status.success(), format!("the firmware exited with {status}; {}", said(&device, "Tally {")))?;
    require(seen.steps >= script.len(), format!("only {} of {} steps were played", seen.steps, script.len()))?;
    Ok((device, seen))
}
