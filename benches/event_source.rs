//! Measures what an event source costs beside its HTTP client: events of 200 bytes over a socket on loopback, read by
//! `reqwest` alone, by a `Decoder` that borrows from its chunks, and by an `EventSource` over it.
//!
//! `cargo bench --bench event_source --features event-source,tokio` prints the medians of rounds in turn, so that other
//! load on the machine affects all.

use std::hint::black_box;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use embedded_sse::Decoder;
use embedded_sse::io::event_source::{BoxError, EventSource, News};
use reqwest::{Client, redirect};

const EVENTS: usize = 200_000;
const ROUNDS: usize = 15;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    // Fails only if a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().pool_max_idle_per_host(0).build()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = url(listener.local_addr()?);
    thread::spawn(move || serve(&listener));

    let (mut alone, mut decoder, mut source) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let start = Instant::now();
        let bytes = read_bytes(&client, &url).await?;
        let of_client = start.elapsed();
        assert_eq!(bytes, EVENTS * event().len());
        let start = Instant::now();
        let events = decode_events(&client, &url).await?;
        let of_decoder = start.elapsed();
        assert_eq!(events, EVENTS);
        let start = Instant::now();
        let events = read_events(&client, &url).await?;
        let of_source = start.elapsed();
        assert_eq!(events, EVENTS);
        // The first round warms up.
        if round > 0 {
            alone.push(of_client);
            decoder.push(of_decoder);
            source.push(of_source);
        }
    }
    let alone = median(alone).as_secs_f64();
    for (name, time) in [
        ("the client alone", alone),
        ("a decoder", median(decoder).as_secs_f64()),
        ("the event source", median(source).as_secs_f64()),
    ] {
        println!(
            "{name}: {:.0} MB/s, {:.2} times as long as the client",
            (EVENTS * event().len()) as f64 / 1e6 / time,
            time / alone
        );
    }
    Ok(())
}

async fn read_bytes(client: &Client, url: &str) -> Result<usize, reqwest::Error> {
    let mut response = client.get(url).send().await?;
    let mut bytes = 0;
    while let Some(chunk) = response.chunk().await? {
        bytes += black_box(chunk).len();
    }
    Ok(bytes)
}

async fn decode_events(client: &Client, url: &str) -> Result<usize, BoxError> {
    let mut response = client.get(url).send().await?;
    let mut decoder = Decoder::boxed(EventSource::MAX_EVENT);
    let mut events = 0;
    while let Some(chunk) = response.chunk().await? {
        let mut rest = &chunk[..];
        while let Some(event) = decoder.next_event(&mut rest) {
            events += usize::from(!black_box(event?).data.is_empty());
        }
    }
    Ok(events)
}

async fn read_events(client: &Client, url: &str) -> Result<usize, BoxError> {
    let client = client.clone();
    let mut source = EventSource::new(http::Request::get(url).body("")?, move |request| client.execute(request));
    let mut events = 0;
    while events < EVENTS {
        match source.next().await {
            Some(News::Event(event)) => events += usize::from(!black_box(event).data().is_empty()),
            Some(News::Opened(_)) => {}
            other => return Err(format!("{other:?} after {events} events").into()),
        }
    }
    Ok(events)
}

/// Sends the events to each connection, one at a time.
fn serve(listener: &TcpListener) {
    for stream in listener.incoming() {
        // A client that has read enough closes the connection.
        let _ = stream.and_then(answer);
    }
}

fn answer(mut stream: TcpStream) -> io::Result<()> {
    let mut request = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    while request.read_line(&mut line)? > 2 {
        line.clear();
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")?;
    let some = event().repeat(200);
    for _ in 0..EVENTS / 200 {
        stream.write_all(&some)?;
    }
    Ok(())
}

/// An event of 200 bytes.
fn event() -> Vec<u8> {
    format!("id: 1234567\ndata: {}\n\n", "x".repeat(180)).into_bytes()
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}/")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
