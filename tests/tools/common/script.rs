//! An HTTP server that follows a script, byte by byte, one connection after the other.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// What the server does with one connection after it has read the request.
pub(crate) type Step = Box<dyn FnOnce(&mut TcpStream) + Send>;

/// A server with one step for each connection. After the last step it refuses connections.
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
                // The test may have ended.
                let _ = sender.send(request);
                step(&mut socket);
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/events", self.address)
    }

    /// Returns the next request, with its head in lower case.
    pub(crate) fn request(&self) -> String {
        self.requests.recv_timeout(Duration::from_secs(60)).expect("another request")
    }

    /// Checks that no further request arrived.
    pub(crate) fn assert_done(&self) {
        assert_eq!(self.requests.try_recv().ok(), None);
    }
}

/// Reads a request with its body. Returns `None` for anything else, such as the first bytes of TLS.
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

/// The head of a response with a chunked stream.
pub(crate) const STREAM: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/// The end of a chunked stream.
pub(crate) const END: &str = "0\r\n\r\n";

pub(crate) fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

/// Sends this text and closes the connection.
pub(crate) fn send(text: impl Into<String>) -> Step {
    let text = text.into();
    Box::new(move |socket| {
        // The client may have closed the connection.
        let _ = socket.write_all(text.as_bytes());
    })
}

/// Sends this text and then nothing until the client closes the connection.
pub(crate) fn send_and_stay(text: impl Into<String>) -> Step {
    let text = text.into();
    Box::new(move |socket| {
        let _ = socket.write_all(text.as_bytes());
        stay(socket);
    })
}

/// Waits until the client closes the connection.
pub(crate) fn stay(socket: &mut TcpStream) {
    let _ = socket.read(&mut [0]);
}

/// Sends a whole response without a stream.
pub(crate) fn answer(status: &str, headers: &str) -> Step {
    send(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\n\r\n"))
}
