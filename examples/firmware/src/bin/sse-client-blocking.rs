//! Follows an event stream without an executor, and prints its events: `smoltcp`, a few lines of HTTP/1.0, and the
//! blocking driver.
//!
//! The URL must contain an IPv4 address and a port. Redirects count as failures. The last event ID is lost in a power
//! cut.

#![no_std]
#![no_main]

use core::net::SocketAddrV4;

use embedded_io::{ErrorKind, Read, Write};
use embedded_sse::Decoder;
use embedded_sse::client::{Instant, Reconnect, Response, Session, Verdict};
use embedded_sse::io::HeaderList;
use embedded_sse::io::Request;
use embedded_sse::io::driver_blocking::{Connect, Driver, NextError, Timer};
use embedded_sse_firmware::blocking::{Connection, Network, now};
use embedded_sse_firmware::board::{Board, Settings, idle};
use embedded_sse_firmware::follow::{report, show, stopped};
use embedded_sse_firmware::random::Random;
use embedded_sse_firmware::tally::Tally;
use static_cell::StaticCell;

#[cortex_m_rt::entry]
fn main() -> ! {
    let board = Board::take();
    let settings = Settings::read();
    let (to, path) = place(&settings.url).expect("the URL has http://, an IPv4 address, a port and a path");
    let mut random = Random::new(board.seed);
    let network = Network::new(board.ethernet, Random::new(random.next().into()));

    static ROOM: StaticCell<[u8; 2048]> = StaticCell::new();
    let decoder = Decoder::new(ROOM.init_with(|| [0; _]).as_mut_slice());
    let session = Session::new(decoder, Reconnect::new(settings.policy, move || random.next()));
    let connect = Http { network: &network, to, path, head: [0; 1024] };
    let mut driver = Driver::new(session, [0; 512], Clock);
    let (mut room, mut headers) = ([0; 256], |_: &mut HeaderList<'_>| Ok(()));
    let mut events = driver.events(connect, &mut room, &mut headers);
    let mut tally = Tally::default();
    loop {
        match events.next() {
            Ok(event) => {
                tally.take(&event);
                show(&event, &tally, &settings);
            }
            Err(NextError::TooLong(too_long)) => {
                tally.take_too_long();
                defmt::warn!("{}", too_long);
            }
            Err(NextError::Stopped(reason)) => stopped(reason),
            Err(error) => defmt::warn!("{}", error),
        }
        if settings.until.is_some_and(|until| tally.last >= until) {
            report(&tally)
        }
    }
}

/// Returns the address and the path of a URL.
fn place(url: &str) -> Option<(SocketAddrV4, &str)> {
    let rest = url.strip_prefix("http://")?;
    let (address, path) = rest.split_at_checked(rest.find('/')?)?;
    Some((address.parse().ok()?, path))
}

/// Sends one request over each connection. HTTP/1.0 is used so that the body is not chunked and ends with the
/// connection.
struct Http<'n, 'u> {
    network: &'n Network,
    to: SocketAddrV4,
    path: &'u str,
    /// The head of a response.
    head: [u8; 1024],
}

impl<'n> Connect for Http<'n, '_> {
    type Body = Connection<'n>;
    type Error = ErrorKind;

    fn open(
        &mut self,
        request: &Request<'_>,
        until: Option<Instant>,
        judge: &mut dyn FnMut(&Response<'_>) -> Verdict,
    ) -> Result<Option<Connection<'n>>, ErrorKind> {
        let opened = self.request(request, until, judge);
        if let Err(error) = &opened {
            defmt::warn!("no connection: {}", error);
        }
        opened
    }

    fn set_deadline(&mut self, body: &mut Connection<'n>, until: Option<Instant>) {
        body.until = until;
    }
}

impl<'n> Http<'n, '_> {
    fn request(
        &mut self,
        request: &Request<'_>,
        until: Option<Instant>,
        judge: &mut dyn FnMut(&Response<'_>) -> Verdict,
    ) -> Result<Option<Connection<'n>>, ErrorKind> {
        let mut connection = self.network.connect(self.to, until)?;
        let sent = write!(connection, "GET {} HTTP/1.0\r\nHost: {}\r\n", self.path, self.to);
        sent.map_err(|_| ErrorKind::ConnectionReset)?;
        for (name, value) in request.headers.iter() {
            for piece in [name, ": ", value, "\r\n"] {
                connection.write_all(piece.as_bytes())?;
            }
        }
        connection.write_all(b"\r\n")?;

        let head = self.read_head(&mut connection)?;
        let mut headers = [httparse::EMPTY_HEADER; 24];
        let mut response = httparse::Response::new(&mut headers);
        response.parse(head).map_err(|_| ErrorKind::InvalidData)?;
        let header = |name: &str| {
            response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
        };
        let verdict = judge(&Response {
            status: response.code.unwrap_or_default(),
            content_type: header("Content-Type"),
            location: header("Location"),
            retry_after: header("Retry-After"),
            date: header("Date"),
            ..Response::default()
        });
        match verdict {
            Verdict::Accept => Ok(Some(connection)),
            Verdict::Redirect { .. } => Err(ErrorKind::Unsupported),
            _ => Ok(None),
        }
    }

    /// Reads the head of the response. It reads byte by byte, so that it takes no bytes of the body.
    fn read_head(&mut self, connection: &mut Connection<'_>) -> Result<&[u8], ErrorKind> {
        let mut length = 0;
        while !self.head.get(..length).is_some_and(|head| head.ends_with(b"\r\n\r\n")) {
            let byte = self.head.get_mut(length..=length).ok_or(ErrorKind::OutOfMemory)?;
            if connection.read(byte)? == 0 {
                return Err(ErrorKind::ConnectionReset);
            }
            length += 1;
        }
        Ok(self.head.get(..length).unwrap_or_default())
    }
}

/// A clock that waits by sleeping from tick to tick.
struct Clock;

impl Timer for Clock {
    fn now(&self) -> Instant {
        now()
    }

    fn wait_until(&mut self, at: Instant) {
        while now() < at {
            idle();
        }
    }
}
