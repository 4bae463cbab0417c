//! Tests of the `tail` tool with thirteen hostile responses: its message, its number of connections, and the memory and
//! time that each takes.
//!
//! `cargo test --all-features --test tools tail_hostile -- --nocapture` prints the table.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Child;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::script::{STREAM, chunk, request, stay};
use crate::common::tail::{Run, S, finish, start};

/// One kind of response and its expected result.
struct Row {
    shape: &'static str,
    /// What the server does with the connection of this number.
    respond: fn(&mut TcpStream, usize),
    /// The number of events to wait for.
    events: usize,
    /// The start of the first message after `tail: `. Empty if there is none.
    says: &'static str,
    /// The expected status. `None` if the tool does not end: then it is killed after its first message.
    status: Option<i32>,
    connections: usize,
    /// Upper bounds.
    mebibytes: u64,
    cpu: Duration,
}

const MIB: usize = 1 << 20;

/// A fault after which the tool reconnects. The second connection is good.
const fn broken(shape: &'static str, respond: fn(&mut TcpStream, usize), says: &'static str) -> Row {
    Row { shape, respond, events: 3, says, status: Some(0), connections: 2, mebibytes: 64, cpu: Duration::from_secs(5) }
}

/// A fault without a stream, after which the tool gives up after three attempts.
const fn headless(shape: &'static str, respond: fn(&mut TcpStream, usize), says: &'static str) -> Row {
    Row { events: 1, status: Some(4), connections: 3, ..broken(shape, respond, says) }
}

/// A flood that is followed by an event.
const fn endured(shape: &'static str, respond: fn(&mut TcpStream, usize)) -> Row {
    let cpu = Duration::from_secs(20);
    Row { events: 1, connections: 1, cpu, ..broken(shape, respond, "") }
}

const ROWS: [Row; 13] = [
    headless(
        "endless head",
        |socket, _| flood(socket, "HTTP/1.1 200 OK\r\n", "X-Header: value\r\n", usize::MAX),
        "HTTP failed: message head is too large; ",
    ),
    headless(
        "endless header line",
        |socket, _| flood(socket, "HTTP/1.1 200 OK\r\nX-Header: ", "value", usize::MAX),
        "HTTP failed: message head is too large; ",
    ),
    Row {
        status: None,
        connections: 1,
        cpu: Duration::from_secs(10),
        ..headless(
            "flood of 103s",
            |socket, _| flood(socket, "", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", usize::MAX),
            "the server keeps sending informational responses; ",
        )
    },
    headless("reset in the head", |socket, _| reset(socket, "HTTP/1.1 200 OK\r\nContent-Ty"), "the connection broke: "),
    broken(
        "bad chunk size",
        |socket, number| twice(socket, number, |socket| finish_with(socket, "zz\r\nid: 3\ndata: 3\n\n\r\n")),
        "HTTP failed: Invalid chunk size line",
    ),
    broken(
        "chunk size overflow",
        |socket, number| twice(socket, number, |socket| finish_with(socket, "ffffffffffffffffffff\r\ndata: 3\n\n\r\n")),
        "HTTP failed: invalid chunk size: overflow",
    ),
    broken(
        "chunk without its CR LF",
        |socket, number| twice(socket, number, |socket| finish_with(socket, "5\r\n: abcdata: 3\n\n\r\n")),
        "HTTP failed: Invalid chunk body CR",
    ),
    broken(
        "reset in a chunk",
        |socket, number| twice(socket, number, |socket| reset(socket, "ff\r\nid: 3\ndata: ")),
        "the connection broke: ",
    ),
    broken(
        "reset in a frame",
        |socket, number| twice(socket, number, |socket| reset(socket, &chunk("id: 3\ndata: half"))),
        "the connection broke: ",
    ),
    endured("flood of retry:", |socket, _| flooded(socket, "retry: 1000\n")),
    endured("flood of comments", |socket, _| flooded(socket, ": comment\n")),
    endured("flood of ids", |socket, _| flooded(socket, "id: 12345678\n")),
    endured("one byte a segment", |socket, _| {
        let _ = (request(socket), socket.set_nodelay(true));
        for byte in (STREAM.to_owned() + &chunk("id: 1\ndata: one\n\n")).bytes() {
            let _ = socket.write_all(&[byte]);
            thread::sleep(Duration::from_millis(2));
        }
        stay(socket);
    }),
];

/// Sends `begin`, and then `again` until `bytes` bytes are sent or the client has closed the connection.
fn flood(socket: &mut TcpStream, begin: &str, again: &str, bytes: usize) {
    let piece = again.repeat(8192 / again.len());
    let mut sent = socket.write_all(begin.as_bytes()).map_or(bytes, |()| 0);
    while sent < bytes {
        sent = socket.write_all(piece.as_bytes()).map_or(bytes, |()| sent.saturating_add(piece.len()));
    }
}

/// Sends a stream with a flood and one event.
fn flooded(socket: &mut TcpStream, again: &str) {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    let _ = request(socket);
    flood(socket, head, again, 16 * MIB);
    let _ = socket.write_all(b"id: 1\ndata: one\n\n");
    stay(socket);
}

/// Sends two events and a fault, and another event on the next connection.
fn twice(socket: &mut TcpStream, number: usize, fault: impl FnOnce(&mut TcpStream)) {
    let event = |id: &str| chunk(&format!("id: {id}\ndata: {id}\n\n"));
    if number == 0 {
        let _ = socket.write_all((STREAM.to_owned() + &event("1") + &event("2")).as_bytes());
        fault(socket);
    } else {
        let _ = request(socket);
        let _ = socket.write_all((STREAM.to_owned() + &event("3")).as_bytes());
        stay(socket);
    }
}

/// Sends this text last and reads the request, so that the connection ends cleanly.
fn finish_with(socket: &mut TcpStream, text: &str) {
    let _ = request(socket);
    let _ = socket.write_all(text.as_bytes());
}

/// Sends this text without reading the request, which resets the connection.
fn reset(socket: &mut TcpStream, text: &str) {
    let _ = socket.write_all(text.as_bytes());
    thread::sleep(Duration::from_millis(50));
}

#[test]
fn hostile_responses() {
    println!(
        "{:<24} {:>6} {:>11} {:>9} {:>8} {:>7}  says first",
        "response", "status", "connections", "peak", "CPU", "took"
    );
    let failures: Vec<String> = thread::scope(|scope| {
        // Two at a time, because each runs a server too.
        let halves = [0, 1].map(|half| {
            scope.spawn(move || {
                ROWS.iter().skip(half).step_by(2).filter_map(|row| try_row(row).err()).collect::<Vec<_>>()
            })
        });
        halves.into_iter().flat_map(|half| half.join().expect("a table")).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn try_row(row: &Row) -> Result<(), String> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let connections = Arc::new(AtomicUsize::new(0));
    let (accepted, respond) = (Arc::clone(&connections), row.respond);
    thread::spawn(move || {
        for socket in listener.incoming() {
            let (mut socket, number) = (socket.expect("a connection"), accepted.fetch_add(1, Ordering::SeqCst));
            thread::spawn(move || {
                // The request has arrived and was not read yet.
                let _ = socket.peek(&mut [0]);
                respond(&mut socket, number);
            });
        }
    });
    let child = start(&["--json", "--events", &row.events.to_string(), &url]);
    let (run, peak, cpu) = measure(child, row.status.is_none());
    let connections = connections.load(Ordering::SeqCst);
    let says = run.stderr.first().map_or("", |line| line.strip_prefix("tail: ").unwrap_or(line));
    let status = run.status.map_or("killed".to_owned(), |status| status.to_string());
    let line = format!(
        "{:<24} {status:>6} {connections:>11} {:>5.1} MiB {:>6.2} s {:>5.1} s  {says}",
        row.shape,
        peak as f32 / 1024.0,
        cpu.as_secs_f32(),
        run.took.as_secs_f32(),
    );
    println!("{line}");
    let is_said = if row.says.is_empty() { says.is_empty() } else { says.starts_with(row.says) };
    let is_whole = row.status != Some(0) || run.stdout.lines().count() == row.events && !run.stdout.contains("half");
    let is_cheap = peak <= row.mebibytes * 1024 && cpu <= row.cpu;
    match is_said && is_whole && is_cheap && (run.status, connections) == (row.status, row.connections) {
        true => Ok(()),
        false => Err(format!("{line}\n{:?} {}", run.stderr, run.stdout)),
    }
}

/// Waits for its end or its first message. Returns its peak memory in KiB and its processor time.
fn measure(mut child: Child, kills: bool) -> (Run, u64, Duration) {
    let begun = Instant::now();
    let stderr = child.stderr.take().expect("a pipe");
    let (sender, messages) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines() {
            let _ = sender.send(line.expect("UTF-8"));
        }
    });
    let mut stderr = Vec::new();
    let mut peak = 0;
    loop {
        stderr.extend(messages.try_iter());
        if kills && !stderr.is_empty() || begun.elapsed() > 60 * S {
            // The process may have ended.
            let _ = child.kill();
        }
        // Until the process is waited for, its figures are available even after its end.
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("a process");
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("a process");
        peak = status.lines().find_map(kibibytes).unwrap_or(peak);
        // The fields follow the name, which may contain spaces.
        let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        if fields[0] == "Z" {
            // The unit is 10 ms on every Linux.
            let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
            let took = begun.elapsed();
            let run = finish(child, S);
            stderr.extend(messages.iter());
            return (Run { stderr, took, ..run }, peak, Duration::from_millis(ticks * 10));
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn kibibytes(line: &str) -> Option<u64> {
    line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok()
}
