//! A server that plays a script. It serves one connection at a time, with one step for each.

use std::io::{self, ErrorKind, Write};
use std::mem::replace;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::device::Device;
use crate::events::frame;
use crate::http::Head;
use crate::random::Random;
use crate::script::{Ending, Step};

/// What the server has seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// The number of connections.
    pub connections: u32,
    /// The number of connections that resumed from an ID.
    pub resumed: u32,
    /// The number of steps that were played.
    pub steps: usize,
}

/// Plays the script to a device, and continues with cut connections until `stop` is set.
pub struct Server<'a> {
    pub script: &'a [Step],
    pub device: &'a Device,
    pub too_long: u32,
    pub random: Random,
    pub stop: &'a AtomicBool,
}

impl Server<'_> {
    /// Plays the script.
    ///
    /// # Errors
    ///
    /// The server cannot continue. It is not an error if a client closes its connection.
    pub fn play(mut self, mut listener: TcpListener) -> Result<Seen, String> {
        let address = listener.local_addr().map_err(|error| format!("the server's address: {error}"))?;
        let mut seen = Seen::default();
        let mut silent = Vec::new(); // connections to keep open
        let mut cut = false; // whether the event that is too long was cut once
        while let Some(mut stream) = self.accept(&listener)? {
            seen.connections += 1;
            let Ok(head) = Head::read(&mut stream) else { continue };
            let after = head.header("last-event-id").and_then(|id| id.parse().ok());
            seen.resumed += u32::from(after.is_some());
            let step = self.script.get(seen.steps).copied().unwrap_or(Step::Events(150, Ending::InFrame));
            seen.steps += 1;
            match step {
                Step::NoAnswer => silent.push(stream),
                Step::Unavailable => {
                    let _ = stream.write_all(b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
                }
                Step::Redirect => {
                    let _ =
                        stream.write_all(b"HTTP/1.1 307 Elsewhere\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");
                }
                Step::Events(count, ending) => {
                    let first = after.unwrap_or(0) + 1;
                    let (count, ending) = if (first..first + count).contains(&self.too_long) && !replace(&mut cut, true)
                    {
                        (self.too_long - first, Ending::InFrame)
                    } else {
                        (count, ending)
                    };
                    // This fails if the client has closed the connection.
                    let sent = self.send_events(&mut stream, &head, first, count, ending);
                    match ending {
                        _ if sent.is_err() => {}
                        Ending::InFrame | Ending::BetweenFrames => {}
                        Ending::Silence => silent.push(stream),
                        Ending::Stopped(time) => {
                            drop((stream, listener));
                            thread::sleep(time);
                            listener =
                                TcpListener::bind(address).map_err(|error| format!("the server's restart: {error}"))?;
                        }
                        Ending::LinkDown(time) => {
                            thread::sleep(Duration::from_millis(500)); // until the device has received everything
                            self.device.set_link(false)?;
                            thread::sleep(time);
                            self.device.set_link(true)?;
                        }
                        Ending::PowerCut => self.device.cycle_power()?,
                    }
                }
            }
        }
        Ok(seen)
    }

    fn accept(&self, listener: &TcpListener) -> Result<Option<TcpStream>, String> {
        while !self.stop.load(Ordering::Relaxed) {
            if let Some(stream) = accept(listener)? {
                return Ok(Some(stream));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(None)
    }

    /// Sends the events, either chunked or until the connection is closed, in pieces that do not follow the frames.
    fn send_events(
        &mut self,
        stream: &mut TcpStream,
        request: &Head,
        first: u32,
        count: u32,
        ending: Ending,
    ) -> io::Result<()> {
        let mut body: Vec<u8> = (first..first + count).flat_map(|sequence| frame(sequence, self.too_long)).collect();
        if matches!(ending, Ending::InFrame | Ending::Stopped(_)) {
            let cut = frame(first + count, self.too_long);
            body.extend(cut.get(..self.random.between(1, cut.len())).unwrap_or_default());
        }
        let chunked = self.random.between(0, 2) == 0 && request.start.ends_with("HTTP/1.1");
        let encoding = if chunked { "Transfer-Encoding: chunked" } else { "Connection: close" };
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{encoding}\r\n\r\n")?;
        let mut rest = body.as_slice();
        while !rest.is_empty() {
            let longest = if body.len() > 100_000 { 8_000 } else { 700 };
            let (piece, others) = rest.split_at(self.random.between(1, longest).min(rest.len()));
            if chunked {
                write!(stream, "{:x}\r\n", piece.len())?;
            }
            stream.write_all(piece)?;
            if chunked {
                stream.write_all(b"\r\n")?;
            }
            rest = others;
        }
        if chunked && ending == Ending::BetweenFrames {
            stream.write_all(b"0\r\n\r\n")?;
        }
        Ok(())
    }
}

/// Returns a connection if a client waits for one.
pub fn accept(listener: &TcpListener) -> Result<Option<TcpStream>, String> {
    listener.set_nonblocking(true).map_err(|error| format!("the listener: {error}"))?;
    match listener.accept() {
        Ok((stream, _)) => {
            let blocking = stream.set_nonblocking(false).and_then(|()| stream.set_nodelay(true));
            let patient = blocking.and_then(|()| stream.set_write_timeout(Some(Duration::from_secs(10))));
            patient.map(|()| Some(stream)).map_err(|error| format!("a connection: {error}"))
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(format!("the listener: {error}")),
    }
}

/// Returns a free port of the loopback interface, with its listener.
pub fn listen() -> Result<(u16, TcpListener), String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| format!("no port is free: {error}"))?;
    let port = listener.local_addr().map_err(|error| format!("no port is free: {error}"))?.port();
    Ok((port, listener))
}
