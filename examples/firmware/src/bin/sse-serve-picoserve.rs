//! Serves the readings of a sensor as events with `picoserve`, and a page that displays them.
//!
//! ```text
//! cargo run --release --bin sse-serve-picoserve        then open http://127.0.0.1:8080/
//! ```
//!
//! `picoserve` has an `EventSource` of its own. Its `EventWriter` writes a type and data, but no ID, without which a client that
//! reconnects cannot say where it was, and it writes no bytes, such as a frame that is kept already. So the events are a
//! `CustomBody` here, which can write both.

#![no_std]
#![no_main]

use core::cell::RefCell;
use core::convert::Infallible;

use embassy_executor::Spawner;
use embassy_futures::select::select;
use embassy_net::Stack;
use embassy_net::tcp::TcpSocket;
use embassy_time::{Duration, Instant, Timer};
use embedded_sse::Frame;
use embedded_sse::server::{Cursor, HEADERS, Schedule, Turn};
use embedded_sse_firmware::board::{Board, stack_high_water, static_ram};
use embedded_sse_firmware::measuring::measure;
use embedded_sse_firmware::network;
use embedded_sse_firmware::random::Random;
use embedded_sse_firmware::readings::{CLIENTS, Readings};
use picoserve::extract::FromRequestParts;
use picoserve::io::Write;
use picoserve::request::RequestParts;
use picoserve::response::custom::{CustomBody, CustomResponse};
use picoserve::response::{File, IntoResponse, StatusCode};
use picoserve::routing::{get, get_service};
use picoserve::{Config, Router, Server, Timeouts};
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
async fn serve(network: Stack<'static>, readings: &'static Readings, random: Random) {
    let (mut received, mut sent, mut head) = ([0; 512], [0; 1024], [0; HEAD]);
    // A client that reads slowly may take as long as one that does not answer.
    let config = Config::new(Timeouts { write: Duration::from_secs(30), ..Timeouts::const_default() });
    let app = Router::new()
        .route("/", get_service(File::html(PAGE)))
        .route("/events", get(events))
        .with_state(Served { readings, random: RefCell::new(random) });
    loop {
        let mut socket = TcpSocket::new(network, &mut received, &mut sent);
        // Detects clients that are gone: they do not answer keep-alives.
        socket.set_timeout(Some(Duration::from_secs(30)));
        if socket.accept(80).await.is_err() {
            continue;
        }
        if Server::new(&app, &config, &mut head).serve(socket).await.is_err() {
            defmt::info!("lost a client");
        }
        defmt::info!(
            "a client has left, static RAM {} bytes, stack high water {} bytes",
            static_ram(),
            stack_high_water()
        );
    }
}

/// What the routes serve.
struct Served {
    readings: &'static Readings,
    random: RefCell<Random>,
}

async fn events(events: Events) -> impl IntoResponse {
    CustomResponse::build(StatusCode::OK).with_headers(HEADERS).with_body(events)
}

/// The body of a response with events: the readings that the client has missed and all new ones, until its time is up.
/// `picoserve` drops it when the client closes the connection.
struct Events {
    readings: &'static Readings,
    place: Cursor,
    schedule: Schedule,
}

impl<'r> FromRequestParts<'r, Served> for Events {
    type Rejection = Infallible;

    async fn from_request_parts(served: &'r Served, request: &RequestParts<'r>) -> Result<Self, Infallible> {
        let last_event_id = request.headers().get("Last-Event-ID").map_or(&[][..], |id| id.as_raw());
        let mut random = served.random.borrow_mut();
        let schedule = Schedule::new(Instant::now().into()).keep_alive(15 * SECOND).lifetime(
            15 * 60 * SECOND,
            5 * 60 * SECOND,
            &mut || random.next(),
        );
        Ok(Self { readings: served.readings, place: served.readings.place(last_event_id), schedule })
    }
}

impl CustomBody for Events {
    async fn write_response_body<W: Write>(mut self, mut writer: W) -> Result<(), W::Error> {
        let mut changes = self.readings.changes().expect("there is a receiver for each client");
        let mut room = [0; 256];
        loop {
            let length = self.readings.take(&mut self.place, &mut room);
            let turn = self.schedule.poll(Instant::now().into());
            let frame = match turn {
                _ if length > 0 => room.get(..length).unwrap_or_default(),
                Turn::KeepAlive => Frame::KEEP_ALIVE.encode(&mut room).map_or(&[][..], |frame| frame),
                Turn::Close => return Ok(()),
                Turn::WaitUntil(at) => {
                    select(changes.changed(), Timer::at(at.into())).await;
                    continue;
                }
                _ => {
                    changes.changed().await;
                    continue;
                }
            };
            writer.write_all(frame).await?;
            writer.flush().await?;
            self.schedule.wrote(Instant::now().into());
        }
    }
}
