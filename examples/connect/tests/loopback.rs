//! Runs both transports over real sockets, against a local server that redirects, refuses, cuts and resumes.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use embedded_sse::Decoder;
use embedded_sse::client::{Backoff, Instant, NoJitter, Policy, Reconnect, Session, StopReason};
use embedded_sse::io::StdClock;
use embedded_sse::io::driver::{Connect, Driver, NextError, Timer};
use embedded_sse_connect::{EdgeHttp, Reqwless, Target};
use reqwless::client::HttpClient;

/// The path, `Last-Event-ID` and `Authorization` of each request.
type Seen = Arc<Mutex<Vec<[String; 3]>>>;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n";

/// Serves ten numbered events, with every way to start and to end a response.
fn serve(listener: &TcpListener, seen: &Seen) {
    for count in 0.. {
        let (mut stream, _) = listener.accept().unwrap();
        let [path, id, authorization] = request(&stream);
        seen.lock().unwrap().push([path, id.clone(), authorization]);
        let next = id.parse::<usize>().map_or(0, |id| id + 1);
        let event = |number: usize| format!("id: {number}\ndata: event {number}\n\n");
        let events = |count: usize| (next..next + count).map(event).collect::<String>();
        let answer = match count {
            0 => "HTTP/1.1 307 Go\r\nLocation: there?x\r\nContent-Length: 0\r\n\r\n".into(),
            // Chunked, with one byte per chunk, and cut in the middle of an event.
            1 => {
                let text = events(3);
                let chunks: String = text[..text.len() - 3].chars().map(|byte| format!("1\r\n{byte}\r\n")).collect();
                format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{chunks}")
            }
            2 => "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 5\r\n\r\nbusy\n".into(),
            // With a length.
            3 => {
                let text = events(3);
                format!("{HEAD}Content-Length: {}\r\n\r\n{text}", text.len())
            }
            4 => {
                let port = listener.local_addr().unwrap().port();
                format!("HTTP/1.1 301 Gone\r\nLocation: http://127.0.0.1:{port}/moved\r\nContent-Length: 0\r\n\r\n")
            }
            // Chunked, and ended properly.
            5 => {
                let text = events(2);
                format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{text}\r\n0\r\n\r\n", text.len())
            }
            // Until the connection is closed.
            6 => format!("{HEAD}Connection: close\r\n\r\n{}", events(10 - next)),
            _ => "HTTP/1.1 204 No Content\r\n\r\n".into(),
        };
        stream.write_all(answer.as_bytes()).unwrap();
        if count > 6 {
            return;
        }
    }
}

fn request(stream: &TcpStream) -> [String; 3] {
    let mut seen = [const { String::new() }; 3];
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap();
        if line.is_empty() {
            break;
        }
        if let Some(path) = line.strip_prefix("GET ").and_then(|line| line.strip_suffix(" HTTP/1.1")) {
            seen[0] = path.to_owned();
        } else if let Some((name, value)) = line.split_once(": ") {
            match &*name.to_ascii_lowercase() {
                "last-event-id" => seen[1] = value.to_owned(),
                "authorization" => seen[2] = value.to_owned(),
                "transfer-encoding" => panic!("a request with a body"),
                _ => {}
            }
        }
    }
    seen
}

struct StdTimer(StdClock);

impl Timer for StdTimer {
    fn now(&self) -> Instant {
        self.0.now()
    }
    async fn wait_until(&self, at: Instant) {
        match self.0.to_std(at) {
            Some(at) => drop(async_io::Timer::at(at).await),
            None => core::future::pending().await,
        }
    }
}

fn follow(transport: impl FnOnce(String, &mut dyn FnMut(&mut dyn Follow))) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Seen::default();
    let server = thread::spawn({
        let seen = seen.clone();
        move || serve(&listener, &seen)
    });
    transport(format!("http://127.0.0.1:{port}/events"), &mut |follow| {
        let (events, reason) = follow.follow();
        assert_eq!(events, (0..10).map(|number| format!("event {number}")).collect::<Vec<_>>());
        assert_eq!(reason, StopReason::NoContent);
    });
    server.join().unwrap();
    let expected = [
        ["/events", "", "Bearer 1"],
        ["/there?x", "", "Bearer 2"],
        ["/events", "1", "Bearer 3"],
        ["/events", "1", "Bearer 4"],
        ["/events", "4", "Bearer 5"],
        ["/moved", "4", "Bearer 6"],
        ["/moved", "6", "Bearer 7"],
        ["/moved", "9", "Bearer 8"],
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
}

/// Follows a stream to its end over any transport.
trait Follow {
    fn follow(&mut self) -> (Vec<String>, StopReason);
}

struct Once<C>(Option<C>);

impl<C: Connect> Follow for Once<C> {
    fn follow(&mut self) -> (Vec<String>, StopReason) {
        let connect = self.0.take().unwrap();
        let policy = Policy::new(Backoff::fixed(Duration::from_millis(10))).max_attempts(20);
        let mut session = Session::new(Decoder::new([0; 64]), Reconnect::new(policy, NoJitter));
        let mut chunk = [0; 32];
        let driver = Driver::new(&mut session, &mut chunk, StdTimer(StdClock::new()));
        let mut token = 0;
        let run = pin!(driver.run(connect, [0; 256], async |headers| {
            token += 1;
            headers.push("Authorization", format_args!("Bearer {token}"))
        }));
        let mut events = driver.events(run);
        async_io::block_on(async {
            let mut data = vec![];
            loop {
                match events.next().await {
                    Ok(event) => data.push(event.data_str().unwrap().to_owned()),
                    Err(NextError::Stopped(reason)) => return (data, reason),
                    Err(error) => panic!("{error}"),
                }
            }
        })
    }
}

#[test]
fn edge_http_follows() {
    follow(|url, follow| {
        let stack = edge_nal_std::Stack::new();
        let mut head = [0; 1024];
        let target: Target = Target::new(&url).unwrap();
        follow(&mut Once(Some(EdgeHttp::new(&stack, &stack, target, &mut head))));
    });
}

#[test]
fn reqwless_follows() {
    follow(|url, follow| {
        let mut head = [0; 1024];
        let client = HttpClient::new(&Sockets, &Sockets);
        let target: Target = Target::new(&url).unwrap();
        follow(&mut Once(Some(Reqwless::new(client, target, &mut head))));
    });
}

/// The sockets of the host for `embedded-nal-async`.
struct Sockets;

struct Socket(async_io::Async<TcpStream>);

impl embedded_nal_async::TcpConnect for Sockets {
    type Error = std::io::Error;
    type Connection<'a> = Socket;

    async fn connect(&self, remote: SocketAddr) -> Result<Socket, std::io::Error> {
        async_io::Async::<TcpStream>::connect(remote).await.map(Socket)
    }
}

impl embedded_nal_async::Dns for Sockets {
    type Error = core::convert::Infallible;

    async fn get_host_by_name(
        &self,
        host: &str,
        _: embedded_nal_async::AddrType,
    ) -> Result<core::net::IpAddr, Self::Error> {
        Ok(host.parse().expect("an address"))
    }

    async fn get_host_by_address(&self, _: core::net::IpAddr, _: &mut [u8]) -> Result<usize, Self::Error> {
        unreachable!("not used")
    }
}

impl embedded_io_async::ErrorType for Socket {
    type Error = std::io::Error;
}

impl embedded_io_async::Read for Socket {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        futures_lite::AsyncReadExt::read(&mut self.0, buffer).await
    }
}

impl embedded_io_async::Write for Socket {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        futures_lite::AsyncWriteExt::write(&mut self.0, bytes).await
    }
    async fn flush(&mut self) -> Result<(), Self::Error> {
        futures_lite::AsyncWriteExt::flush(&mut self.0).await
    }
}
