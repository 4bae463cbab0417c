//! A `static` of every type that a firmware keeps in one: what it is initialized to must be zeros, which take no flash.
//!
//! `Policy`, `Backoff`, `Instant`, `EventId` and `SingleLine` are missing, because a `static` of them does not change and lies in
//! flash anyway. `FixedEvent` is only made from an event, so that a firmware keeps an `Option` of it.
#![no_std]
#![no_main]

use core::cell::RefCell;

use cortex_m::interrupt::{Mutex, free};
use embedded_sse::client::{Instant, NoJitter, Policy, Reconnect, Session};
use embedded_sse::io::{driver_blocking, embedded_io, embedded_io_async};
use embedded_sse::server::{Replay, Schedule};
use embedded_sse::{Decoder, FixedEvent, Frame, Segments, Tokenizer};
use parts::{Received, used};

type BorrowedIds = Decoder<[u8; 256], [u8; 64]>;
type SessionOf = Session<Decoder<[u8; 256]>, NoJitter>;

/// A socket and a clock, without any state of their own.
struct Peripheral;

const DECODER: Decoder<[u8; 256]> = Decoder::new([0; 256]);
const RECONNECT: Reconnect<NoJitter> = Reconnect::new(Policy::standard(), NoJitter);
const SESSION: SessionOf = Session::new(DECODER, RECONNECT);

/// Declares statics, and a function through which all of them change.
macro_rules! statics {
    ($($name:ident: $type:ty = $value:expr;)*) => {
        mod of {
            use super::*;
            $(pub(super) static $name: Mutex<RefCell<$type>> = Mutex::new(RefCell::new($value));)*
        }

        fn all(_: Received<'_>) {
            free(|section| {
                $(if let Ok(mut value) = of::$name.borrow(section).try_borrow_mut() {
                    used(&mut *value);
                })*
            });
        }
    };
}

statics! {
    TOKENIZER: Tokenizer = Tokenizer::new();
    PLAIN_DECODER: Decoder<[u8; 256]> = DECODER;
    DECODER_WITH_ID_STORE: BorrowedIds = Decoder::with_id_store([0; 256], [0; 64]);
    FIXED_EVENT: Option<FixedEvent<64>> = None;
    FRAME: Frame<'static> = Frame::new();
    SEGMENTS: Segments<'static> = Frame::new().segments();
    PLAIN_RECONNECT: Reconnect<NoJitter> = RECONNECT;
    PLAIN_SESSION: SessionOf = SESSION;
    REPLAY: Replay<[u8; 256]> = Replay::new([0; 256]);
    SCHEDULE: Schedule = Schedule::new(Instant::ZERO);
    EVENT_READER: embedded_io::EventReader<Peripheral, [u8; 64], Decoder<[u8; 256]>> =
        embedded_io::EventReader::new(Peripheral, [0; 64], DECODER);
    BUF_EVENT_READER: embedded_io::BufEventReader<Peripheral, Decoder<[u8; 256]>> =
        embedded_io::BufEventReader::new(Peripheral, DECODER);
    EVENT_WRITER: embedded_io::EventWriter<Peripheral, [u8; 64]> = embedded_io::EventWriter::new(Peripheral, [0; 64]);
    DRIVER: driver_blocking::Driver<SessionOf, [u8; 64], Peripheral> =
        driver_blocking::Driver::new(SESSION, [0; 64], Peripheral);
    ASYNC_EVENT_READER: embedded_io_async::EventReader<Peripheral, [u8; 64], Decoder<[u8; 256]>> =
        embedded_io_async::EventReader::new(Peripheral, [0; 64], DECODER);
    ASYNC_BUF_EVENT_READER: embedded_io_async::BufEventReader<Peripheral, Decoder<[u8; 256]>> =
        embedded_io_async::BufEventReader::new(Peripheral, DECODER);
    ASYNC_EVENT_WRITER: embedded_io_async::EventWriter<Peripheral, [u8; 64]> =
        embedded_io_async::EventWriter::new(Peripheral, [0; 64]);
}

parts::firmware!(all);
