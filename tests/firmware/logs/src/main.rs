//! A value of each public type that a device can have, as it is logged. `expected.txt` is what the host reads of it.
#![no_std]
#![no_main]

use core::convert::Infallible;
use core::fmt;
use core::future::pending;
use core::pin::pin;
use core::time::Duration;

use cortex_m as _; // its critical section
use defmt::println;
use defmt_semihosting as _;
use embedded_sse::client::{
    Action, Backoff, Heard, Instant, NoJitter, Policy, Reconnect, Response, Rules, Session, Spread, StopReason, Verdict,
};
use embedded_sse::codec::grammar;
use embedded_sse::io::driver::{Driver, Failure, JournalledNews, News, NextError};
use embedded_sse::io::driver_blocking::{self, Connect, Timer};
use embedded_sse::io::{EmbassyTimer, embedded_io, embedded_io_async};
use embedded_sse::io::{HeaderError, HeaderList, RandCore06, RandCore09, RandCore010, ReadError, Request};
use embedded_sse::server::{Replay, Resume, Schedule};
use embedded_sse::{
    BufferFull, DataWriter, Decoder, EventId, FixedEvent, Frame, InvalidEventId, LineBreak, Lossy, SingleLine,
    Tokenizer,
};

#[cortex_m_rt::entry]
fn main() -> ! {
    reading();
    writing();
    specified();
    connecting();
    serving();
    driving();
    semihosting::process::exit(0)
}

fn reading() {
    let mut tokenizer = Tokenizer::new();
    let mut stream = &b"data: a\n\n"[..];
    while let Some(token) = tokenizer.next_token(&mut stream) {
        println!("{}", token);
    }
    println!("{}", tokenizer);
    let mut decoder = Decoder::with_id_store([0; 4], [0; 2 * 4]);
    println!("{}", decoder);
    println!("{}", decoder.set_last_event_id(b"12345"));
    println!("{}", decoder.step(b"data: a\n\n"));
    let mut stream = &b": b\nretry: 5\nid: 1\nevent: c\ndata: d\n\n"[..];
    while let Some(item) = decoder.next_item(&mut stream) {
        println!("{}", item);
    }
    for mut byte in b"data: 12345\n\n".chunks(1) {
        if let Some(too_long) = decoder.next_event(&mut byte) {
            println!("{}", too_long);
        }
    }
    let mut stream = &b"data: e\n\n"[..];
    if let Some(Ok(event)) = decoder.next_event(&mut stream) {
        println!("{}", FixedEvent::<8>::try_from(event).ok());
    }
    println!("{}", Lossy(b"f\xFF"));
}

fn writing() {
    let bad: (Result<_, LineBreak>, Result<_, InvalidEventId>) = (SingleLine::new("a\n"), EventId::new("\0"));
    println!("{}", bad);
    let (Ok(event_type), Ok(id)) = (SingleLine::new("a"), EventId::new("1")) else { return };
    let frame = Frame::new().comment("b").event_type(event_type).id(id).retry_ms(5).data("c");
    println!("{}", frame);
    println!("{}", frame.segments());
    println!("{}", frame.bytes());
    let full: Result<_, BufferFull> = frame.encode(&mut [0; 4]).map(|written| written.len());
    println!("{}", full);
    println!("{}", DataWriter::new(Sink, &frame).ok());
}

#[derive(defmt::Format)]
struct Sink;

impl fmt::Write for Sink {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}

fn specified() {
    let stream = grammar::Stream::new(b"id: 1\ndata: a\n\n");
    println!("{}", stream);
    println!("{}", stream.lines());
    stream.lines().for_each(|line| println!("{}", line));
    println!("{}", stream.interpret(b""));
    stream.interpret(b"").for_each(|item| println!("{}", item));
}

fn connecting() {
    let (now, later) = (Instant::from_millis(5), Instant::from_millis(9));
    println!("{}", Backoff::fixed(Duration::from_secs(1)).spread(Spread::Equal));
    println!("{}", Policy::standard());
    println!("{}", (Heard::Event, Rules::Browser));
    let mut reconnect = Reconnect::new(Policy::ktor(3), NoJitter);
    println!("{}", reconnect.poll(now));
    if let Action::Connect(epoch) = reconnect.poll(now) {
        reconnect.connecting(epoch, now);
        println!("{}", reconnect.poll(now));
        reconnect.opened(epoch, now);
        println!("{}", reconnect.poll(later));
        reconnect.refused(epoch, later, StopReason::Credentials(401));
    }
    println!("{}", reconnect.poll(later));
    println!("{}", reconnect);
    let mut session = session();
    println!("{}", session.set_last_event_id(b"1 "));
    println!("{}", session.resumption());
    println!("{}", session);
    let response = Response { status: 503, retry_after: Some(b"7"), ..Response::default() };
    println!("{}", response);
    println!("{}", Rules::Resilient.judge(&response));
}

fn session() -> Session<Decoder<[u8; 4], [u8; 8]>, NoJitter> {
    Session::new(Decoder::with_id_store([0; 4], [0; 8]), Reconnect::new(Policy::ktor(0), NoJitter))
}

fn serving() {
    let mut replay = Replay::new([0; 64]);
    println!("{}", replay.push(&Frame::new().data("a")));
    let Ok(id) = EventId::new("1") else { return };
    println!("{}", replay.push(&Frame::new().id(id).data("a")));
    println!("{}", replay.after(b"0"));
    println!("{}", replay.after(b"1"));
    let Ok(id) = EventId::new("2") else { return };
    println!("{}", replay.push(&Frame::new().id(id)));
    if let Resume::Events(events) = replay.after(b"1") {
        println!("{}", events);
    }
    println!("{}", replay);
    let schedule = Schedule::new(Instant::from_millis(5)).keep_alive(Duration::from_secs(15));
    println!("{}", schedule);
    println!("{}", schedule.poll(Instant::from_millis(6)));
}

fn driving() {
    let mut room = [0; 16];
    let mut headers = HeaderList::new(&mut room);
    println!("{}", headers.push("A", "b"));
    println!("{}", headers);
    println!("{}", (HeaderError::Full, NextError::Offline, ReadError::Io(())));
    println!("{}", (JournalledNews::Connection(News::Opened), Failure::Status(503)));
    let (mut of_driver, mut chunk) = (session(), [0; 4]);
    let driver = Driver::new(&mut of_driver, &mut chunk, EmbassyTimer);
    println!("{}", driver);
    println!("{}", driver.events(pin!(pending::<Infallible>())));
    let mut driver = driver_blocking::Driver::new(session(), [0; 4], Nothing);
    let (mut room, mut headers) = ([0; 64], |_: &mut HeaderList<'_>| Ok(()));
    let mut events = driver.events(Nothing, &mut room, &mut headers);
    println!("{}", events.next().map(|event| event.data.len()));
    println!("{}", events);
    println!("{}", embedded_io::EventReader::new((), [0; 4], Decoder::with_id_store([0; 4], [0; 2 * 4])));
    println!("{}", embedded_io::BufEventReader::new((), Decoder::with_id_store([0; 4], [0; 2 * 4])));
    println!("{}", embedded_io::EventWriter::new((), [0; 4]));
    println!("{}", embedded_io_async::EventReader::new((), [0; 4], Decoder::with_id_store([0; 4], [0; 2 * 4])));
    println!("{}", embedded_io_async::BufEventReader::new((), Decoder::with_id_store([0; 4], [0; 2 * 4])));
    println!("{}", embedded_io_async::EventWriter::new((), [0; 4]));
    println!("{}", (EmbassyTimer, RandCore06(()), RandCore09(()), RandCore010(())));
}

/// No transport, and no clock.
struct Nothing;

impl Connect for Nothing {
    type Body = &'static [u8];
    type Error = ();

    fn open(
        &mut self,
        request: &Request<'_>,
        _: Option<Instant>,
        _: &mut dyn FnMut(&Response<'_>) -> Verdict,
    ) -> Result<Option<Self::Body>, Self::Error> {
        println!("{}", request);
        Err(())
    }

    fn set_deadline(&mut self, _: &mut Self::Body, _: Option<Instant>) {}
}

impl Timer for Nothing {
    fn now(&self) -> Instant {
        Instant::ZERO
    }

    fn wait_until(&mut self, _: Instant) {}
}
