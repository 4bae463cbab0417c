//! Serves the readings of a sensor as events, and a page that displays them.
//!
//! ```text
//! cargo run --release --bin sse-serve        then open http://127.0.0.1:8080/
//! ```

#![no_std]
#![no_main]

use core::future::pending;

use embassy_executor::Spawner;
use embassy_futures::select::{Either3, select3};
use embassy_net::Stack;
use embassy_net::tcp::{Error, TcpSocket};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::watch::Receiver;
use embassy_time::{Duration, Instant, Timer, with_timeout};
use embedded_io_async::Write;
use embedded_sse::Frame;
use embedded_sse::server::{Cursor, HEADERS, Schedule, Turn};
use embedded_sse_firmware::board::{Board, stack_high_water, static_ram};
use embedded_sse_firmware::measuring::measure;
use embedded_sse_firmware::network;
use embedded_sse_firmware::random::Random;
use embedded_sse_firmware::readings::{CLIENTS, Readings};
use static_cell::StaticCell;

const PAGE: &str = include_str!("../page.html");
const SECOND: core::time::Duration = core::time::Duration::from_secs(1);
/// The longest head of a request, in bytes. Browsers send about 500.
const HEAD: usize = 1536;

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let board = Board::take();
    let mut random = Random::new(board.seed);
    let network_seed = u64::from(random.next()) << 32 | u64::from(random.next());
    let network = network::start(spawner, board.ethernet, network_seed).await;

    static READINGS: StaticCell<Readings> = StaticCell::new();
    let readings = READINGS.init(Readings::new(random.next()));
    for _ in 0..CLIENTS {
        let random = Random::new(random.next().into());
        spawner.spawn(serve(network, readings, random).expect("there is a task for each client"));
    }
    defmt::info!("serving");
    measure(readings).await
}

/// Serves one client after another. There are [`CLIENTS`] of these tasks. While all are busy, the network stack refuses
/// connections.
#[embassy_executor::task(pool_size = CLIENTS)]
async fn serve(network: Stack<'static>, readings: &'static Readings, mut random: Random) {
    let (mut received, mut sent) = ([0; 512], [0; 1024]);
    let mut changes = readings.changes().expect("there is a receiver for each client");
    loop {
        let mut socket = TcpSocket::new(network, &mut received, &mut sent);
        // Detects clients that are gone: they do not answer keep-alives.
        socket.set_timeout(Some(Duration::from_secs(30)));
        if socket.accept(80).await.is_err() {
            continue;
        }
        match answer(&mut socket, readings, &mut changes, &mut random).await {
            Ok(()) => socket.close(),
            Err(error) => {
                defmt::info!("lost a client: {}", defmt::Debug2Format(&error));
                socket.abort();
            }
        }
        // Waits until the client has confirmed the close.
        let _ = with_timeout(Duration::from_secs(5), socket.flush()).await;
        defmt::info!(
            "a client has left, static RAM {} bytes, stack high water {} bytes",
            static_ram(),
            stack_high_water()
        );
    }
}

type Changes<'r> = Receiver<'r, NoopRawMutex, (), CLIENTS>;

async fn answer(
    socket: &mut TcpSocket<'_>,
    readings: &Readings,
    changes: &mut Changes<'_>,
    random: &mut Random,
) -> Result<(), Error> {
    match with_timeout(Duration::from_secs(5), request(socket, readings)).await.unwrap_or(Ok(Route::Bad))? {
        Route::Page => {
            socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n").await?;
            socket.write_all(PAGE.as_bytes()).await
        }
        Route::Events(place) => stream(socket, readings, place, changes, random).await,
        Route::Unknown => socket.write_all(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n").await,
        Route::Bad => socket.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await,
    }
}

/// The resource that a request asks for.
enum Route {
    Page,
    Events(Cursor),
    Unknown,
    /// The request is invalid, or took too long.
    Bad,
}

async fn request(socket: &mut TcpSocket<'_>, readings: &Readings) -> Result<Route, Error> {
    let mut head = [0; HEAD];
    let mut length = 0;
    loop {
        match socket.read(head.get_mut(length..).unwrap_or_default()).await? {
            0 => return Ok(Route::Bad), // the client has closed the connection, or the head is too long
            more => length += more,
        }
        if let Some(route) = route(head.get(..length).unwrap_or_default(), readings) {
            return Ok(route);
        }
    }
}

/// Returns the route, or `None` if the head is incomplete.
fn route(head: &[u8], readings: &Readings) -> Option<Route> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Partial) => return None,
        Ok(httparse::Status::Complete(_)) if request.method == Some("GET") => {}
        _ => return Some(Route::Bad),
    }
    Some(match request.path {
        Some("/") => Route::Page,
        Some("/events") => {
            let id = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("Last-Event-ID"));
            Route::Events(readings.place(id.map_or(&[], |header| header.value)))
        }
        _ => Route::Unknown,
    })
}

/// Sends the readings that the client has missed and all new ones, until the client leaves or its time is up.
async fn stream(
    socket: &mut TcpSocket<'_>,
    readings: &Readings,
    mut place: Cursor,
    changes: &mut Changes<'_>,
    random: &mut Random,
) -> Result<(), Error> {
    socket.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n").await?;
    for (name, value) in HEADERS {
        for piece in [name, ": ", value, "\r\n"] {
            socket.write_all(piece.as_bytes()).await?;
        }
    }
    socket.write_all(b"\r\n").await?;

    let mut schedule = Schedule::new(Instant::now().into()).keep_alive(15 * SECOND).lifetime(
        15 * 60 * SECOND,
        5 * 60 * SECOND,
        &mut || random.next(),
    );
    let mut room = [0; 256];
    loop {
        let length = readings.take(&mut place, &mut room);
        let mut turn = schedule.poll(Instant::now().into());
        if length > 0 {
            socket.write_all(room.get(..length).unwrap_or_default()).await?;
            schedule.wrote(Instant::now().into());
            continue;
        }
        if turn == Turn::KeepAlive {
            let frame = Frame::KEEP_ALIVE.encode(&mut room).map_or(&[][..], |frame| frame);
            socket.write_all(frame).await?;
            schedule.wrote(Instant::now().into());
            turn = schedule.poll(Instant::now().into());
        }
        let wait = async {
            match turn {
                Turn::WaitUntil(at) => Timer::at(at.into()).await,
                _ => pending().await,
            }
        };
        if turn == Turn::Close {
            return Ok(());
        }
        match select3(changes.changed(), wait, socket.read(&mut [0; 16])).await {
            Either3::Third(Ok(0)) => return Ok(()), // the client has closed the connection
            Either3::Third(Err(error)) => return Err(error),
            _ => {}
        }
    }
}
