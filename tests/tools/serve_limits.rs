//! Tests of the limits of the `serve` tool: the time that a client has for its request, and the number of connections.

use core::time::Duration;
use std::io::{self, ErrorKind};

use crate::app::{self, Options};
use crate::http::{self, Limits};
use axum::serve::Listener;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

const S: Duration = Duration::from_secs(1);

/// A listener whose connections the test provides. The clock of tokio is paused, so time passes only in waits.
struct Clients(mpsc::Receiver<DuplexStream>);

impl Listener for Clients {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (DuplexStream, ()) {
        match self.0.recv().await {
            Some(io) => (io, ()),
            None => core::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Sends connections to the server.
struct Server(mpsc::Sender<DuplexStream>);

impl Server {
    fn start(limits: Limits) -> Self {
        let (sender, receiver) = mpsc::channel(10);
        tokio::spawn(http::serve(Clients(receiver), app::router(Options::default()), limits));
        Self(sender)
    }

    async fn connect(&self, said: &[u8]) -> DuplexStream {
        let (mut client, server) = tokio::io::duplex(1 << 16);
        self.0.send(server).await.expect("a server");
        client.write_all(said).await.expect("room");
        client
    }
}

/// Returns what the server sent until it closed the connection, and how long that took.
async fn until_closed(client: &mut DuplexStream) -> (Vec<u8>, Duration) {
    let begun = Instant::now();
    let mut said = Vec::new();
    match timeout(3600 * S, client.read_to_end(&mut said)).await.expect("the server hangs up") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => panic!("{error}"),
        _ => (said, begun.elapsed()),
    }
}

const STREAM: &[u8] = b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn half_a_request_closes_the_connection() {
    let patience = 10 * S;
    let server = Server::start(Limits::default());
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let settings = [&preface[..], &[0, 0, 0, 4, 0, 0, 0, 0, 0]].concat();
    // A HEADERS frame without its end.
    let headers = [&settings[..], &[0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82]].concat();
    let halves: [&[u8]; 10] = [
        b"",
        b"G",
        b"GET /events HTTP/1.1\r\nX",
        b"GET /events HTTP/1.1\r\nHost: x\r\n",
        b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{",
        b"POST /events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        b"PRI * HTT",
        preface,
        &settings,
        &headers,
    ];
    for half in halves {
        let mut client = server.connect(half).await;
        let (said, took) = until_closed(&mut client).await;
        assert!(took >= patience && took <= patience + 2 * S, "{took:?} for {:?}", String::from_utf8_lossy(half));
        assert!(!said.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&said));
    }
}

#[tokio::test(start_paused = true)]
async fn half_a_request_byte_by_byte_closes_the_connection() {
    let server = Server::start(Limits::default());
    let mut client = server.connect(b"GET /events HTTP/1.1\r\nX: ").await;
    let begun = Instant::now();
    while client.write_all(b"x").await.is_ok() {
        sleep(S).await;
        assert!(begun.elapsed() < 15 * S, "the connection is still open");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_kept_for_the_same_time() {
    let server = Server::start(Limits { patience: 5 * S, ..Limits::default() });
    let mut client = server.connect(b"").await;
    for _ in 0..3 {
        sleep(4 * S).await;
        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("a connection");
        let mut page = vec![0; 1 << 16];
        let length = client.read(&mut page).await.expect("a page");
        assert!(page[..length].starts_with(b"HTTP/1.1 200 OK"), "{}", String::from_utf8_lossy(&page[..length]));
    }
    let (_, took) = until_closed(&mut client).await;
    assert!(took >= 5 * S && took <= 7 * S, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_has_no_time_limit() {
    let server = Server::start(Limits { patience: S, ..Limits::default() });
    let mut client = server.connect(STREAM).await;
    let mut said = vec![0; 1 << 16];
    for _ in 0..60 {
        sleep(S).await;
        assert!(client.read(&mut said).await.expect("a stream") > 0, "the stream has ended");
    }
}

#[tokio::test(start_paused = true)]
async fn more_connections_than_allowed_wait_for_one_that_ends() {
    let server = Server::start(Limits { connections: 2, ..Limits::default() });
    let mut head = [0; 15];
    let mut served = Vec::new();
    for _ in 0..2 {
        let mut client = server.connect(STREAM).await;
        client.read_exact(&mut head).await.expect("a head");
        served.push(client);
    }
    let mut waiting = server.connect(STREAM).await;
    timeout(60 * S, waiting.read_exact(&mut head)).await.expect_err("it is one too many");
    served.pop();
    // The connection ends as soon as something is written to it.
    timeout(S, waiting.read_exact(&mut head)).await.expect("a place").expect("a head");
    assert_eq!(&head, b"HTTP/1.1 200 OK");
}
