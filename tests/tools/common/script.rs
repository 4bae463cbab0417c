//! An HTTP server that does what it is told, byte by byte, to one connection after the other.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// What the server does with one connection, whose request it is given.
pub(crate) type Step = Box<dyn FnOnce(&mut TcpStream) + Send>;

/// When the steps are used up, connections are refused.
pub(crate) struct Script {
    pub(crate) address: SocketAddr,
    requests: mpsc::Receiver<String>,
}

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, requests) = mpsc::channel();
        let steps: Vec<_> = steps.into_iter().collect();
        thread::spawn(move || {
            for step in steps {
                let (mut socket, _) = listener.accept().expect("a connection");
                socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
                let Some(request) = request(&socket) else { continue };
                // The test may have seen enough.
                let _ = sender.send(request);
                step(&mut socket);
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/events", self.address)
    }

    /// The next request as it came, its head in lower case.
    pub(crate) fn request(&self) -> String {
        self.requests.recv_timeout(Duration::from_secs(60)).expect("another request")
    }

    /// No further request came.
    pub(crate) fn assert_done(&self) {
        assert_eq!(self.requests.try_recv().ok(), None);
    }
}

/// A head and as much of a body as it promises. `None` for anything else, such as the first bytes of TLS.
pub(crate) fn request(socket: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(socket);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a number"))];
    reader.read_exact(&mut body).ok()?;
    Some(head + &String::from_utf8(body).expect("UTF-8"))
}

/// A stream in chunks begins.
pub(crate) const STREAM: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Its proper end.
pub(crate) const END: &str = "0\r\n\r\n";

pub(crate) fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

/// Sends this, and closes the connection.
pub(crate) fn send(text: impl Into<String>) -> Step {
    let text = text.into();
    Box::new(move |socket| {
        // The client may have seen enough.
        let _ = socket.write_all(text.as_bytes());
    })
}

/// Sends this, and then nothing any more, until the client goes away.
pub(crate) fn send_and_stay(text: impl Into<String>) -> Step {
    let text = text.into();
    Box::new(move |socket| {
        let _ = socket.write_all(text.as_bytes());
        stay(socket);
    })
}

/// Until the client goes away.
pub(crate) fn stay(socket: &mut TcpStream) {
    let _ = socket.read(&mut [0]);
}

/// A whole answer without a stream.
pub(crate) fn answer(status: &str, headers: &str) -> Step {
    send(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\n\r\n"))
}
