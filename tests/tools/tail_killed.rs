//! `tail --journal` killed with SIGKILL again and again, while a server sends 2,000 events a second, cuts and stalls its
//! connections, forgets its history and refuses to give its state: what was printed is the state of the server, in order,
//! and without a hole.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::script::{STREAM, chunk, request};
use crate::common::tail::{S, folder, kill, tail, text};

/// The time between two events.
const EVERY: Duration = Duration::from_micros(500);

/// How many events the server keeps, beside those that it forgets on purpose.
const HISTORY: u64 = 4_000;

/// How many events may be printed again after a kill: those that wait for the application at most.
const AGAIN: u64 = 64;

/// Event `n` sets one of these.
const KEYS: u64 = 50;

/// A random number from 0 to `below`, exclusive: splitmix64.
fn random(below: u64) -> u64 {
    static STATE: AtomicU64 = AtomicU64::new(15);
    let mut mixed = STATE.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed ^ (mixed >> 31)) % below
}

/// The state after so many events.
fn state(events: u64) -> BTreeMap<u64, u64> {
    (events.saturating_sub(KEYS) + 1..=events).map(|event| (event % KEYS, event)).collect()
}

/// The server. Its events are numbers, the time says how many there are.
struct Server {
    begun: Instant,
    /// The number of the last event, once there are no more.
    last: AtomicU64,
    /// Events before this one are forgotten.
    kept_from: AtomicU64,
    is_calm: AtomicBool,
    cuts: AtomicU32,
    stalls: AtomicU32,
    evictions: AtomicU32,
    states: AtomicU32,
}

impl Server {
    fn start() -> (Arc<Self>, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = Arc::new(Self {
            begun: Instant::now(),
            last: AtomicU64::new(u64::MAX),
            kept_from: AtomicU64::new(1),
            is_calm: AtomicBool::new(false),
            cuts: AtomicU32::new(0),
            stalls: AtomicU32::new(0),
            evictions: AtomicU32::new(0),
            states: AtomicU32::new(0),
        });
        let accepting = Arc::clone(&server);
        thread::spawn(move || {
            for socket in listener.incoming() {
                let (server, socket) = (Arc::clone(&accepting), socket.expect("a connection"));
                // A client that was killed is a broken pipe.
                thread::spawn(move || _ = server.serve(&socket));
            }
        });
        (server, address)
    }

    fn events(&self) -> u64 {
        let now = self.begun.elapsed().as_micros() / EVERY.as_micros();
        u64::try_from(now).expect("a number").min(self.last.load(Ordering::Relaxed))
    }

    /// There are no more events.
    fn stop(&self) -> u64 {
        let events = self.events();
        self.last.store(events, Ordering::Relaxed);
        self.is_calm.store(true, Ordering::Relaxed);
        events
    }

    fn happens(&self, one_in: u64, count: &AtomicU32) -> bool {
        let happens = !self.is_calm.load(Ordering::Relaxed) && random(one_in) == 0;
        count.fetch_add(happens.into(), Ordering::Relaxed);
        happens
    }

    fn kept_from(&self) -> u64 {
        self.kept_from.load(Ordering::Relaxed).max(self.events().saturating_sub(HISTORY) + 1)
    }

    fn serve(&self, mut socket: &TcpStream) -> std::io::Result<()> {
        let Some(request) = request(socket) else { return Ok(()) };
        if request.starts_with("get /state") {
            return self.give_state(socket);
        }
        let id = request.lines().find_map(|line| line.strip_prefix("last-event-id: ")).unwrap_or("0");
        let mut next = id.parse::<u64>().expect("an ID of this server") + 1;
        socket.write_all(STREAM.as_bytes())?;
        if self.happens(8, &self.evictions) {
            self.kept_from.store(self.events() + 1, Ordering::Relaxed);
        }
        if next < self.kept_from() {
            next = self.kept_from();
            if random(2) == 0 {
                // It says so. Otherwise a number is missing.
                socket.write_all(chunk(&format!("event: cut\nid: {}\ndata\n\n", next - 1)).as_bytes())?;
            }
        }
        // The last event comes again.
        next = next.saturating_sub(random(2)).max(self.kept_from());
        loop {
            let end = self.events().min(next + 200);
            let frames: String =
                (next..=end).map(|event| format!("id: {event}\ndata: {}={event}\n\n", event % KEYS)).collect();
            if !frames.is_empty() {
                if self.happens(60, &self.cuts) {
                    let part = usize::try_from(random(frames.len() as u64)).expect("a length");
                    return socket.write_all(chunk(&frames[..part.max(1)]).as_bytes());
                }
                socket.write_all(chunk(&frames).as_bytes())?;
                next = end + 1;
            } else {
                // Notices that the client has gone.
                socket.write_all(chunk(": beat\n\n").as_bytes())?;
            }
            thread::sleep(if self.happens(60, &self.stalls) { S / 4 } else { Duration::from_millis(3) });
        }
    }

    fn give_state(&self, mut socket: &TcpStream) -> std::io::Result<()> {
        self.states.fetch_add(1, Ordering::Relaxed);
        if random(10) == 0 && !self.is_calm.load(Ordering::Relaxed) {
            return socket.write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
        }
        let events = self.events();
        let body: String = state(events).iter().map(|(key, value)| format!("{key}={value}\n")).collect();
        let head = format!("HTTP/1.1 200 OK\r\nLast-Event-ID: {events}\r\nContent-Length: {}\r\n\r\n", body.len());
        socket.write_all((head + &body).as_bytes())
    }
}

/// What reads the output of all the processes.
#[derive(Default)]
struct Application {
    state: BTreeMap<u64, u64>,
    /// The number of the last event, or that of the state.
    at: u64,
    /// How many events before that this process has printed, if it has printed nothing new.
    again: Option<u64>,
    events: u64,
    repeated: u64,
    states: u64,
}

impl Application {
    fn begins_life(&mut self) {
        self.again = None;
    }

    fn reads(&mut self, line: &str) {
        let event: Value = serde_json::from_str(line).expect("JSON");
        let id = event["last_event_id"].as_str().expect("text").parse::<u64>().expect("a number");
        let data = event["data"].as_str().expect("text");
        let pairs = data.lines().map(|pair| pair.split_once('=').expect("a pair"));
        let pairs = pairs.map(|(key, value)| (key.parse().expect("a number"), value.parse().expect("a number")));
        if event["type"] == "state" {
            assert!(id >= self.at, "a state of {id} after event {}", self.at);
            self.state = pairs.collect();
            (self.at, self.again) = (id, Some(id));
            self.states += 1;
            return;
        }
        if id <= self.at {
            let last = self.again.unwrap_or(id - 1);
            assert!(id + AGAIN > self.at, "event {id} is printed again after event {}", self.at);
            assert!(last < self.at, "event {id} comes again after new events, at {}", self.at);
            assert_eq!(id, last + 1, "the order of what is printed again");
            self.again = Some(id);
            self.repeated += 1;
            return;
        }
        assert_eq!(id, self.at + 1, "an event is lost");
        self.state.extend(pairs);
        (self.at, self.again) = (id, Some(id));
        self.events += 1;
    }
}

/// One process, until it is killed. `is_over` says when.
fn live(
    folder: &Path,
    address: SocketAddr,
    application: &mut Application,
    mut is_over: impl FnMut(&Application) -> bool,
) {
    let (stream, state) = (format!("http://{address}/events"), format!("http://{address}/state"));
    let mut child =
        tail(&["--json", "--journal", text(folder), "--sync", &state, &stream]).spawn().expect("the tool starts");
    let (out, errors) = (child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
    let (sender, lines) = mpsc::channel();
    let reader = thread::spawn(move || {
        let (mut out, mut line) = (BufReader::new(out), String::new());
        // The last line can be half a line.
        while out.read_line(&mut line).expect("text") > 0 && line.ends_with('\n') {
            sender.send(std::mem::take(&mut line)).expect("somebody reads");
        }
    });
    let messages = thread::spawn(move || std::io::read_to_string(errors).expect("text"));
    application.begins_life();
    while !is_over(application) {
        if let Ok(line) = lines.recv_timeout(Duration::from_millis(1)) {
            application.reads(&line);
        }
        assert_eq!(child.try_wait().expect("a child"), None, "it ended by itself");
    }
    kill(child.id());
    child.wait().expect("it is dead");
    reader.join().expect("it ended");
    lines.try_iter().for_each(|line| application.reads(&line));
    let messages = messages.join().expect("text");
    assert!(!messages.contains("panicked") && !messages.contains("journal"), "{messages}");
}

fn kill_again_and_again(times: u32) {
    let folder = folder(&format!("journal-killed-{times}"));
    let (server, address) = Server::start();
    let mut application = Application::default();
    let begun = Instant::now();
    for time in 0..times {
        let born = Instant::now();
        // Some die before they print anything, some live on to see how a broken connection is resumed.
        let (before, after) = match time % 10 {
            0 => (Some(Duration::from_millis(random(30))), Duration::ZERO),
            5 => (None, Duration::from_millis(1_200 + random(400))),
            _ => (None, Duration::from_millis(random(100))),
        };
        let (events, states) = (application.events, application.states);
        let mut printed = None;
        live(&folder, address, &mut application, |application| {
            assert!(born.elapsed() < 30 * S, "nothing is printed");
            let is_new = application.events > events || application.states > states;
            if is_new && printed.is_none() {
                printed = Some(Instant::now());
            }
            before.is_some_and(|life| born.elapsed() >= life) || printed.is_some_and(|at| at.elapsed() >= after)
        });
    }
    // Peace: the last process comes to the state of the server.
    let (end, took) = (server.stop(), begun.elapsed());
    let born = Instant::now();
    live(&folder, address, &mut application, |application| {
        assert!(born.elapsed() < 60 * S, "at {} of {end}", application.at);
        application.at == end
    });
    let rate = end as f64 / took.as_secs_f64();
    let Application { events, repeated, states, .. } = application;
    let [cuts, stalls, evictions, asked] =
        [&server.cuts, &server.stalls, &server.evictions, &server.states].map(|count| count.load(Ordering::Relaxed));
    println!(
        "killed {times} times in {:.0} s; {end} events, {rate:.0} a second, of which {events} were printed and {repeated} \
         printed again; {states} states printed and {asked} asked for; {cuts} cuts, {stalls} stalls, {evictions} evictions",
        took.as_secs_f64()
    );
    assert_eq!(application.state, state(end));
    assert!(events > u64::from(times) * 20, "{events}");
}

#[test]
fn nothing_is_lost_if_it_is_killed_20_times() {
    kill_again_and_again(20);
}

/// In CI it takes about two minutes.
#[test]
#[ignore = "takes minutes"]
fn nothing_is_lost_if_it_is_killed_200_times() {
    kill_again_and_again(200);
}
