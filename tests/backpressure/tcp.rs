//! A server on this machine that writes as fast as it can, and an application that does not even begin before TCP has stopped it.

use core::time::Duration;
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use embedded_sse::io::event_source::{EventSource, News};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::{WAITING, event};

/// The length of an event in bytes, and how many there are: 8 MiB.
const EVENT: usize = 1024;
const EVENTS: u32 = 8192;

/// What may be on the way: the events that wait, the buffers of both sockets, and that of the HTTP client.
const MOST: usize = 2 << 20;

#[derive(Default)]
struct Server {
    written: AtomicUsize,
    /// The socket takes no more.
    is_blocked: AtomicBool,
}

#[tokio::test]
async fn tcp_stops_the_server_while_the_application_is_busy() {
    timeout(Duration::from_secs(60), async {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_send_buffer_size(64 << 10).expect("a buffer");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let listener = socket.listen(1).expect("a listener");
        let url = format!("http://{}/events", listener.local_addr().expect("an address"));
        let server = Arc::new(Server::default());
        tokio::spawn(serve(listener, server.clone()));
        slow(&url, &server).await;
    })
    .await
    .expect("it takes no minute");
}

async fn slow(url: &str, server: &Server) {
    let mut connector = HttpConnector::new();
    connector.set_recv_buffer_size(Some(64 << 10));
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let request = http::Request::get(url).body(String::new()).expect("a request");
    let mut source = EventSource::new(request, move |request| client.request(request));
    let (sender, mut waiting) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        while let Some(news) = source.next().await {
            match news {
                News::Event(event) => sender.send(event).await.expect("the application is there"),
                News::Lost { why, .. } => panic!("{why}"),
                _ => {}
            }
        }
    });

    while waiting.len() < WAITING || !server.is_blocked.load(Relaxed) {
        assert!(server.written.load(Relaxed) < MOST, "the reader goes on reading");
        tokio::task::yield_now().await;
    }
    for number in 1..=EVENTS {
        let event = waiting.recv().await.expect("the reader is there");
        assert_eq!(event.last_event_id(), number.to_string().as_bytes(), "in order, and none is missing");
        let on_the_way = server.written.load(Relaxed) - number as usize * EVENT;
        assert!(on_the_way < MOST, "{on_the_way} bytes are on the way");
    }
    assert_eq!(server.written.load(Relaxed), EVENTS as usize * EVENT);
}

/// Answers one request, and leaves the connection open at the end.
async fn serve(listener: TcpListener, server: Arc<Server>) {
    let (mut socket, _) = listener.accept().await.expect("a client");
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.expect("a request"));
    }
    write(&socket, b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n", &server).await;
    server.written.store(0, Relaxed);
    for number in 1..=EVENTS {
        write(&socket, event(number, EVENT).as_bytes(), &server).await;
    }
    core::future::pending().await
}

async fn write(socket: &TcpStream, mut bytes: &[u8], server: &Server) {
    while !bytes.is_empty() {
        match socket.try_write(bytes) {
            Ok(count) => {
                server.is_blocked.store(false, Relaxed);
                server.written.fetch_add(count, Relaxed);
                bytes = &bytes[count..];
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                server.is_blocked.store(true, Relaxed);
                socket.writable().await.expect("the client is there");
            }
            Err(error) => panic!("{error}"),
        }
    }
}
