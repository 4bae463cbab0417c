//! An HTTP/1.1 server on the loopback interface that sends the bytes of a script and records what it was asked.
//!
//! This crate only plays scripts. It must not depend on what they say, nor on who asks. Each connection serves one
//! request, so that a script decides what each of them carries.

mod request;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout};

pub use request::Request;

/// What the server does next on a connection. After the last step it closes the connection.
#[derive(Clone, Debug)]
pub enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends nothing for this time.
    Wait(Duration),
    /// Sends nothing more, until the client closes the connection.
    Hold,
}

/// Returns the head of a response that is a stream of events, in chunks. `headers` are complete lines.
pub fn stream(headers: &str) -> Step {
    head(200, &format!("Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n{headers}"))
}

/// Returns the head of a response. `headers` are complete lines, each with its line end.
pub fn head(status: u16, headers: &str) -> Step {
    Step::Send(format!("HTTP/1.1 {status} Scripted\r\nConnection: close\r\n{headers}\r\n").into_bytes())
}

/// Returns a whole response without a body.
pub fn empty(status: u16, headers: &str) -> Step {
    head(status, &format!("Content-Length: 0\r\n{headers}"))
}

/// Returns one chunk of the body.
pub fn chunk(text: &str) -> Step {
    Step::Send(format!("{:x}\r\n{text}\r\n", text.len()).into_bytes())
}

/// Returns the end of the body. Without it, the connection breaks off.
pub fn end() -> Step {
    Step::Send(b"0\r\n\r\n".to_vec())
}

/// A running server. It stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts a server on a free port. `script` gets each request and its number, from 0, and returns the answer.
    ///
    /// # Errors
    ///
    /// The socket could not be opened.
    pub async fn start<S>(script: S) -> io::Result<Self>
    where
        S: Fn(usize, &Request) -> Vec<Step> + Send + Sync + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let requests = Arc::default();
        let connection = Arc::new(Connections { script, requests: Arc::clone(&requests), begun: Instant::now() });
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            // A client may close its connection before it is accepted.
            loop {
                if let Ok((socket, _)) = listener.accept().await {
                    let connection = Arc::clone(&connection);
                    // A client that hangs up has ended its connection, which is no fault of the script.
                    connections.spawn(async move { connection.serve(socket).await.unwrap_or_default() });
                }
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, requests, task })
    }

    /// Returns the URL of a path, which begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns the requests so far, in the order in which they arrived.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What all connections of a server share.
struct Connections<S> {
    script: S,
    requests: Arc<Mutex<Vec<Request>>>,
    begun: Instant,
}

/// How long a client may take to send its request, and to read the end of the answer.
const PATIENCE: Duration = Duration::from_secs(5);

impl<S: Fn(usize, &Request) -> Vec<Step>> Connections<S> {
    async fn serve(&self, mut socket: TcpStream) -> io::Result<()> {
        socket.set_nodelay(true)?;
        let request = timeout(PATIENCE, Request::read(&mut socket, self.begun)).await??;
        let steps = {
            let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
            requests.push(request.clone());
            (self.script)(requests.len() - 1, &request)
        };
        for step in steps {
            match step {
                Step::Send(bytes) => socket.write_all(&bytes).await?,
                Step::Wait(time) => sleep(time).await,
                Step::Hold => return drain(&mut socket).await,
            }
        }
        socket.shutdown().await?;
        // Closed at once, the connection would be reset if the client has still something to send.
        timeout(PATIENCE, drain(&mut socket)).await?
    }
}

/// Reads until the client closes the connection.
async fn drain(socket: &mut TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    while socket.read(&mut buffer).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends a request, and returns all that the server sends until it closes the connection.
    async fn ask(server: &Server, request: &str) -> String {
        let mut socket = TcpStream::connect(server.address).await.expect("a server");
        socket.write_all(request.as_bytes()).await.expect("it reads");
        let mut text = String::new();
        socket.read_to_string(&mut text).await.expect("text");
        text
    }

    #[tokio::test]
    async fn a_script_decides_every_byte_and_each_request_is_recorded() {
        let script = |number: usize, request: &Request| match request.target.as_str() {
            "/events" => vec![stream("A: b\r\n"), chunk("data: 1\n\n"), end()],
            _ => vec![empty(404, &format!("Number: {number}\r\n"))],
        };
        let server = Server::start(script).await.expect("a socket");
        let head = "HTTP/1.1 200 Scripted\r\nConnection: close\r\nContent-Type: text/event-stream\r\n";
        assert_eq!(
            ask(&server, "GET /events HTTP/1.1\r\nlast-event-id: 7\r\n\r\n").await,
            format!("{head}Transfer-Encoding: chunked\r\nA: b\r\n\r\n9\r\ndata: 1\n\n\r\n0\r\n\r\n")
        );
        let answer = ask(&server, "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi").await;
        assert_eq!(answer, "HTTP/1.1 404 Scripted\r\nConnection: close\r\nContent-Length: 0\r\nNumber: 1\r\n\r\n");
        let [first, second] = &server.requests()[..] else { panic!("{:?}", server.requests()) };
        assert_eq!((&*first.method, first.header("Last-Event-ID"), &*first.body), ("GET", Some("7"), ""));
        assert_eq!((&*second.method, &*second.target, &*second.body), ("POST", "/", "hi"));
        assert!(first.at <= second.at);
    }

    #[tokio::test]
    async fn what_is_no_request_is_not_recorded_and_ends_only_its_connection() {
        let server = Server::start(|_, _| vec![empty(204, "")]).await.expect("a socket");
        for request in
            ["nonsense\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n"]
        {
            assert_eq!(ask(&server, request).await, "", "{request:?}");
        }
        assert!(ask(&server, "GET / HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 204 "));
        assert_eq!(server.requests().len(), 1);
    }
}
