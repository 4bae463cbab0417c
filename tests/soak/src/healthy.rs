//! A server that does nothing wrong: its clients keep their first connection.
//!
//! It greets in two writes. A client that takes these for two heartbeats learns from them how often heartbeats come, and gives up
//! the connection before the first real one.

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::checks::{Verdict, clock, count, last_tally, memory, require};
use crate::device::Device;
use crate::events::frame;
use crate::http::Head;
use crate::server::{accept, listen};

/// One for each driver.
pub const CLIENTS: [&str; 2] = ["sse-client", "sse-client-blocking"];

/// How long a rehearsal takes unless told otherwise: an event is among it, and heartbeats before and after that.
pub const SECONDS: u32 = 65;

/// Between the two writes of the greeting.
const PAUSE: Duration = Duration::from_millis(50);
/// From the opening of a connection to its first heartbeat, and from each to the next.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// From one event to the next. There is one more at the end, so that the device ends then.
const EVENT: Duration = Duration::from_secs(40);

/// A client with the standard policy keeps one connection for so long, and sees every event.
pub fn one_connection(elf: &Path, length: Duration) -> Verdict {
    let (port, listener) = listen()?;
    let events = u32::try_from(length.as_secs().div_ceil(EVENT.as_secs())).unwrap_or(u32::MAX);
    let url = format!("http://10.0.2.2:{port}/events");
    let device = Device::start(elf, &[&url, &events.to_string(), "standard"], None)?;
    let stop = AtomicBool::new(false);
    let server = Server { length, events, stop: &stop };
    let (status, connections) = thread::scope(|scope| {
        let server = scope.spawn(|| server.serve(&listener));
        let status = device.wait(length + Duration::from_secs(120));
        stop.store(true, Ordering::Relaxed);
        (status, server.join().unwrap_or_else(|_| Err("the server has panicked".to_string())))
    });
    let (status, connections) = (status?, connections?);
    let tally = last_tally(&device)?;
    require(connections == 1, format!("{connections} connections to a healthy server instead of one; {tally}"))?;
    require(status.success(), format!("the firmware ends with {status}; {tally}"))?;
    let expected = format!("good: {events}, too_long: 0, lost: 0, again: 0, damaged: 0, last: {events}");
    require(tally.contains(&expected), format!("{tally}, instead of {expected}"))?;
    let complaints = count(&device, " WARN ") + count(&device, " ERROR ");
    require(complaints == 0, format!("the device complains {complaints} times of a healthy server"))?;
    // An emulated clock loses ticks on a busy machine: the windows of the device are longer then, and the rehearsal says less.
    let by_device = clock(&device);
    Ok(format!(
        "{tally} over one connection of {} s, {by_device} s to the device; {}",
        length.as_secs(),
        memory(&device)?
    ))
}

struct Server<'a> {
    length: Duration,
    events: u32,
    stop: &'a AtomicBool,
}

/// The newest connection. A device that gives one up does not always say so.
struct Client {
    stream: TcpStream,
    heartbeat: Instant,
    /// The number of the next one.
    event: u32,
}

impl Server<'_> {
    /// Serves until told to stop, and returns how many connections there were.
    fn serve(&self, listener: &TcpListener) -> Result<u32, String> {
        let mut connections = 0;
        let mut start = None; // with the first connection
        let mut client = None;
        while !self.stop.load(Ordering::Relaxed) {
            if let Some(stream) = accept(listener)? {
                connections += 1;
                client = greet(stream).ok();
            }
            if let Some(open) = &mut client {
                let start = *start.get_or_insert_with(Instant::now);
                if self.send_due(open, start).is_err() {
                    client = None; // it has hung up
                }
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(connections)
    }

    fn send_due(&self, client: &mut Client, start: Instant) -> io::Result<()> {
        let now = Instant::now();
        if client.heartbeat <= now {
            client.stream.write_all(b": heartbeat\n\n")?;
            client.heartbeat += HEARTBEAT;
        }
        while client.event <= self.events && (EVENT * client.event).min(self.length) <= now - start {
            client.stream.write_all(&frame(client.event, 0))?;
            client.event += 1;
        }
        Ok(())
    }
}

fn greet(mut stream: TcpStream) -> io::Result<Client> {
    let head = Head::read(&mut stream)?;
    let after = head.header("last-event-id").and_then(|id| id.parse().ok()).unwrap_or(0);
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")?;
    stream.write_all(b"retry: 3000\n")?;
    thread::sleep(PAUSE);
    stream.write_all(b": connected\n\n")?;
    Ok(Client { stream, heartbeat: Instant::now() + HEARTBEAT, event: after + 1 })
}
