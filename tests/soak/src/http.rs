//! Reads and writes just enough HTTP for both sides of a rehearsal.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The read timeout. It is longer than any planned wait.
const PATIENCE: Duration = Duration::from_secs(20);

/// The head of a request or of a response.
#[derive(Debug)]
pub struct Head {
    /// The first line.
    pub start: String,
    headers: Vec<(String, String)>,
}

impl Head {
    /// Reads up to the blank line, and not a byte further.
    pub fn read(stream: &mut TcpStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut bytes = Vec::new();
        let mut byte = [0];
        while !bytes.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte)?;
            bytes.extend(byte);
        }
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = text.lines();
        let start = lines.next().unwrap_or_default().to_string();
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_string()))
        };
        Ok(Self { start, headers: lines.filter_map(header).collect() })
    }

    /// Returns the value of a header. `name` must be in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.0 == name).map(|header| header.1.as_str())
    }
}

/// Sends a `GET` request to the device's server, and reads the head of the response.
pub fn get(port: u16, path: &str, last_event_id: Option<&str>) -> io::Result<(Head, TcpStream)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    let last_event_id = last_event_id.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: device\r\n{last_event_id}\r\n")?;
    let head = Head::read(&mut stream)?;
    Ok((head, stream))
}
