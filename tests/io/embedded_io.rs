//! Tests of the blocking and asynchronous readers and writers, with pieces of any size and futures dropped at every
//! await point.

use core::convert::Infallible;
use core::future::poll_fn;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::fs;
use std::path::Path;

use crate::common::{Outcome, Said, decoded_events, decoded_items, pieces};
use embedded_io::{Error, ErrorKind, ErrorType};
use embedded_sse::io::embedded_io::{ReadError, WriteError};
use embedded_sse::io::{embedded_io as blocking, embedded_io_async as asynchronous};
use embedded_sse::{Buffer, Decoder, Event, EventId, Frame, Item, SingleLine};
use serde_json::Value;

/// A transport that delivers pieces. It can fail before each piece. Asynchronous calls are pending for some polls.
#[derive(Clone)]
struct Pieces<'i> {
    /// The current piece and those that follow.
    pieces: Vec<&'i [u8]>,
    /// How often it fails before the next piece.
    failures: usize,
    /// How often each call is pending.
    waits: usize,
    waited: usize,
}

impl<'i> Pieces<'i> {
    fn new(input: &'i [u8], cuts: &'i [usize]) -> Self {
        let pieces = pieces(input, cuts).filter(|piece| !piece.is_empty()).collect();
        Self { pieces, failures: 0, waits: 0, waited: 0 }
    }

    fn waiting(self, waits: usize) -> Self {
        Self { waits, ..self }
    }

    fn front(&mut self) -> Result<&'i [u8], ErrorKind> {
        if self.failures > 0 {
            self.failures -= 1;
            return Err(ErrorKind::Interrupted);
        }
        Ok(self.pieces.first().copied().unwrap_or_default())
    }

    fn take(&mut self, length: usize) {
        if let Some(first) = self.pieces.first_mut() {
            *first = &first[length..];
            if first.is_empty() {
                self.pieces.remove(0);
            }
        } else {
            assert_eq!(length, 0, "only bytes that were returned are consumed");
        }
    }

    fn copy_to(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let front = self.front()?;
        let length = front.len().min(buffer.len());
        buffer[..length].copy_from_slice(&front[..length]);
        self.take(length);
        Ok(length)
    }

    /// Cancel-safe: polls that have passed are not repeated.
    async fn wait(&mut self) {
        poll_fn(|_| {
            if self.waited == self.waits {
                self.waited = 0;
                return Poll::Ready(());
            }
            self.waited += 1;
            Poll::Pending
        })
        .await;
    }
}

impl ErrorType for Pieces<'_> {
    type Error = ErrorKind;
}

impl embedded_io::Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        self.copy_to(buffer)
    }
}

impl embedded_io::BufRead for Pieces<'_> {
    fn fill_buf(&mut self) -> Result<&[u8], ErrorKind> {
        self.front()
    }
    fn consume(&mut self, length: usize) {
        self.take(length);
    }
}

impl embedded_io_async::Read for Pieces<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        self.wait().await;
        self.copy_to(buffer)
    }
}

impl embedded_io_async::BufRead for Pieces<'_> {
    async fn fill_buf(&mut self) -> Result<&[u8], ErrorKind> {
        self.wait().await;
        self.front()
    }
    fn consume(&mut self, length: usize) {
        self.take(length);
    }
}

/// Polls until the future is ready, at most `times` times.
fn poll_times<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..times).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    })
}

fn block_on<F: Future>(future: F) -> F::Output {
    poll_times(future, 10_000).expect("the future never became ready")
}

/// Returns `None` at the end.
fn of_event<E: Error>(next: Result<Option<Event<'_>>, ReadError<E>>) -> Option<Said> {
    of_item(next.map(|event| event.map(Item::Event)))
}

fn of_item<E: Error>(next: Result<Option<Item<'_>>, ReadError<E>>) -> Option<Said> {
    Some(match next {
        Ok(None) => return None,
        Ok(Some(Item::Event(event))) => Said::event(event.event_type, event.data, event.last_event_id),
        Ok(Some(Item::Comment(text))) => Said::Comment(text.into()),
        Ok(Some(Item::Retry(time))) => Said::Retry(time),
        Err(ReadError::TooLong(too_long)) => Said::TooLong(too_long.field),
        other => panic!("{other:?}"),
    })
}

fn outcome(said: Vec<Said>, decoder: &Decoder<impl Buffer, impl Buffer>) -> Outcome {
    Outcome { said, last_event_id: decoder.last_event_id().into(), reconnection_time: decoder.reconnection_time() }
}

/// Returns all reports of a reader from `$next` up to its end, and the state of its decoder there.
macro_rules! read_all {
    ($reader:expr, |$events:ident| $next:expr) => {{
        let mut $events = $reader;
        let mut said = vec![];
        while let Some(one) = $next {
            said.push(one);
        }
        outcome(said, $events.decoder())
    }};
}

const ID: usize = 8192;

fn decoder(input: &[u8]) -> Decoder<Vec<u8>, Vec<u8>> {
    Decoder::with_id_store(vec![0; input.len()], vec![0; 2 * ID])
}

#[test]
fn every_vector_in_pieces_of_every_kind() {
    for (name, input) in inputs() {
        for size in [1, 2, 3, 7, 64, usize::MAX] {
            let cuts: Vec<_> = (1..input.len()).filter(|at| at % size == 0).collect();
            let events = decoded_events(&mut decoder(&input), pieces(&input, &cuts));
            let items = decoded_items(&mut decoder(&input), pieces(&input, &cuts));
            let transport = Pieces::new(&input, &cuts);
            let check = |kind: &str, read: Outcome, expected: &Outcome| {
                assert_eq!(read, *expected, "{name}, pieces of {size}, {kind}");
            };

            for chunk in [1, 5, 100] {
                let reader = || blocking::EventReader::new(transport.clone(), vec![0; chunk], decoder(&input));
                check("events", read_all!(reader(), |it| of_event(it.next())), &events);
                check("items", read_all!(reader(), |it| of_item(it.next_item())), &items);
            }
            let reader = || blocking::BufEventReader::new(transport.clone(), decoder(&input));
            check("buffered events", read_all!(reader(), |it| of_event(it.next())), &events);
            check("buffered items", read_all!(reader(), |it| of_item(it.next_item())), &items);

            let transport = transport.clone().waiting(1);
            for chunk in [1, 5, 100] {
                let reader = || asynchronous::EventReader::new(transport.clone(), vec![0; chunk], decoder(&input));
                check("async events", read_all!(reader(), |it| of_event(block_on(it.next()))), &events);
                check("async items", read_all!(reader(), |it| of_item(block_on(it.next_item()))), &items);
            }
            let reader = || asynchronous::BufEventReader::new(transport.clone(), decoder(&input));
            check("async buffered events", read_all!(reader(), |it| of_event(block_on(it.next()))), &events);
            check("async buffered items", read_all!(reader(), |it| of_item(block_on(it.next_item()))), &items);
        }
    }
}

const STREAM: &[u8] = b": hi\nretry: 9\nid: 1\ndata: one\n\ndata: two\ndata: lines\n\nid: 123456789\ndata: 3\n\n\
    data: too long for the buffer\n\nevent: last\ndata: 5\n\ndata: unfinished";

fn small_decoder() -> Decoder<[u8; 16], [u8; 8]> {
    Decoder::with_id_store([0; 16], [0; 8])
}

/// Drops each future after `polls` polls and continues with a new one, until one is ready.
macro_rules! with_drops {
    ($polls:expr, $future:expr) => {
        loop {
            if let Some(ready) = poll_times($future, $polls) {
                break ready;
            }
        }
    };
}

#[test]
fn what_is_too_long_is_reported_in_its_place() {
    let cuts: Vec<_> = (1..STREAM.len()).collect();
    let expected = decoded_items(&mut small_decoder(), pieces(STREAM, &cuts));
    assert_eq!(expected.said.iter().filter(|said| matches!(said, Said::TooLong(_))).count(), 2);
    let transport = Pieces::new(STREAM, &cuts);
    let reader = blocking::EventReader::new(transport.clone(), [0; 8], small_decoder());
    assert_eq!(read_all!(reader, |it| of_item(it.next_item())), expected);
    let reader = blocking::BufEventReader::new(transport.clone(), small_decoder());
    assert_eq!(read_all!(reader, |it| of_item(it.next_item())), expected);
    let reader = asynchronous::BufEventReader::new(transport, small_decoder());
    assert_eq!(read_all!(reader, |it| of_item(block_on(it.next_item()))), expected);
}

/// The report must not wait for bytes that may never arrive.
#[test]
fn a_lost_id_is_reported_immediately() {
    let input = b"id: 12345\ndata: 1\n\n";
    let mut events = asynchronous::BufEventReader::new(Endless(Pieces::new(input, &[])), small_decoder());
    assert!(matches!(block_on(events.next()), Ok(Some(_))));
    assert!(matches!(poll_times(events.next(), 1), Some(Err(ReadError::TooLong(_)))));
    assert!(poll_times(events.next(), 3).is_none());
    let mut events = asynchronous::EventReader::new(Endless(Pieces::new(input, &[])), [0; 64], small_decoder());
    assert!(matches!(block_on(events.next()), Ok(Some(_))));
    assert!(matches!(poll_times(events.next(), 1), Some(Err(ReadError::TooLong(_)))));
    assert!(poll_times(events.next(), 3).is_none());
}

/// A connection that stays open after its last byte.
struct Endless<'i>(Pieces<'i>);

impl ErrorType for Endless<'_> {
    type Error = ErrorKind;
}

impl embedded_io_async::Read for Endless<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        match self.0.copy_to(buffer)? {
            0 => core::future::pending().await,
            length => Ok(length),
        }
    }
}

impl embedded_io_async::BufRead for Endless<'_> {
    async fn fill_buf(&mut self) -> Result<&[u8], ErrorKind> {
        match self.0.front()? {
            [] => core::future::pending().await,
            front => Ok(front),
        }
    }
    fn consume(&mut self, length: usize) {
        self.0.take(length);
    }
}

#[test]
fn a_drop_at_any_await_point_loses_nothing() {
    for size in [1, 4, 50, usize::MAX] {
        let cuts: Vec<_> = (1..STREAM.len()).filter(|at| at % size == 0).collect();
        let events = decoded_events(&mut small_decoder(), pieces(STREAM, &cuts));
        let items = decoded_items(&mut small_decoder(), pieces(STREAM, &cuts));
        for waits in 1..=3 {
            let transport = Pieces::new(STREAM, &cuts).waiting(waits);
            for polls in 1..=2 * waits + 1 {
                let reader = || asynchronous::EventReader::new(transport.clone(), [0; 64], small_decoder());
                let read = read_all!(reader(), |it| of_event(with_drops!(polls, it.next())));
                assert_eq!(read, events, "dropped after {polls} polls");
                let read = read_all!(reader(), |it| of_item(with_drops!(polls, it.next_item())));
                assert_eq!(read, items, "dropped after {polls} polls");
                let reader = || asynchronous::BufEventReader::new(transport.clone(), small_decoder());
                let read = read_all!(reader(), |it| of_event(with_drops!(polls, it.next())));
                assert_eq!(read, events, "buffered, dropped after {polls} polls");
                let read = read_all!(reader(), |it| of_item(with_drops!(polls, it.next_item())));
                assert_eq!(read, items, "buffered, dropped after {polls} polls");
            }
        }
    }
}

/// Asks for items and then for events only.
#[test]
fn a_comment_that_was_not_returned_is_not_an_event() {
    let transport = Pieces::new(b": hi\ndata: 1\n\n", &[]).waiting(1);
    let mut events = asynchronous::BufEventReader::new(transport, small_decoder());
    assert!(poll_times(events.next_item(), 2).is_none(), "dropped before the comment is returned");
    assert_eq!(of_event(block_on(events.next())), Some(Said::event(b"message", b"1", b"")));
}

#[test]
fn a_reader_continues_after_an_error() {
    let expected = decoded_events(&mut small_decoder(), [STREAM]);
    macro_rules! read_with_failures {
        ($reader:expr, |$it:ident| $next:expr) => {{
            let mut failed = 0;
            let read = read_all!($reader, |$it| loop {
                match $next {
                    Err(ReadError::Io(ErrorKind::Interrupted)) => failed += 1,
                    next => break of_event(next),
                }
            });
            assert_eq!((read, failed), (expected.clone(), 3));
        }};
    }
    let transport = Pieces { failures: 3, ..Pieces::new(STREAM, &[]) };
    read_with_failures!(blocking::EventReader::new(transport.clone(), [0; 200], small_decoder()), |it| it.next());
    read_with_failures!(blocking::BufEventReader::new(transport.clone(), small_decoder()), |it| it.next());
    let reader = asynchronous::EventReader::new(transport.clone(), [0; 200], small_decoder());
    read_with_failures!(reader, |it| block_on(it.next()));
    let reader = asynchronous::BufEventReader::new(transport, small_decoder());
    read_with_failures!(reader, |it| block_on(it.next()));
}

#[test]
fn the_next_connection_resumes_after_an_unfinished_event() {
    let mut events = blocking::BufEventReader::new(&b"id: 1\ndata: 1\n\ndata: un"[..], small_decoder());
    assert!(events.next().unwrap().is_some());
    assert!(events.next().unwrap().is_none());
    assert!(events.decoder().is_mid_event());
    let (_, decoder) = events.into_parts();
    let mut events = blocking::EventReader::new(&b"data: 2\n\n"[..], [0; 8], decoder);
    assert_eq!(of_event(events.next()), Some(Said::event(b"message", b"2", b"1")));
}

#[test]
fn into_parts_returns_the_reader_after_the_consumed_bytes() {
    let mut events = blocking::BufEventReader::new(&b"data: 1\n\nrest"[..], small_decoder());
    assert!(events.next().unwrap().is_some());
    assert_eq!(events.into_parts().0, b"rest");
    let mut events = asynchronous::BufEventReader::new(&b"data: 1\n\nrest"[..], small_decoder());
    assert!(block_on(events.next()).unwrap().is_some());
    assert_eq!(events.into_parts().0, b"rest");
}

/// A transport that accepts a byte or two at a time, and is pending or fails in between.
#[derive(Clone, Default)]
struct Slow {
    sent: Vec<u8>,
    flushed: usize,
    /// How often each call is pending.
    waits: usize,
    waited: usize,
    /// Fails once after this many bytes.
    fails_at: Option<usize>,
    /// Accepts at most this many bytes.
    full_at: Option<usize>,
}

impl Slow {
    fn put(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        assert!(!bytes.is_empty(), "empty writes are not allowed");
        if self.fails_at.take_if(|at| *at <= self.sent.len()).is_some() {
            return Err(ErrorKind::Interrupted);
        }
        let room = self.full_at.map_or(2, |full| full.saturating_sub(self.sent.len()).min(2));
        let length = room.min(bytes.len());
        self.sent.extend_from_slice(&bytes[..length]);
        Ok(length)
    }

    async fn wait(&mut self) {
        poll_fn(|_| {
            if self.waited == self.waits {
                self.waited = 0;
                return Poll::Ready(());
            }
            self.waited += 1;
            Poll::Pending
        })
        .await;
    }
}

impl ErrorType for Slow {
    type Error = ErrorKind;
}

impl embedded_io::Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.put(bytes)
    }
    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.flushed = self.sent.len();
        Ok(())
    }
}

impl embedded_io_async::Write for Slow {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.wait().await;
        self.put(bytes)
    }
    async fn flush(&mut self) -> Result<(), ErrorKind> {
        self.wait().await;
        self.flushed = self.sent.len();
        Ok(())
    }
}

fn frames() -> [Frame<'static>; 4] {
    let reading = SingleLine::new("reading").unwrap();
    let id = EventId::new("7").unwrap();
    [
        Frame::KEEP_ALIVE,
        Frame::new().event_type(reading).id(id).data("21.5\n°C"),
        Frame::new().retry_ms(5_000),
        Frame::new().data("a line of more than sixty-four bytes, so that it goes out in two pieces at least"),
    ]
}

#[test]
fn frames_are_written_and_flushed() {
    let text: String = frames().iter().map(ToString::to_string).collect();
    let mut writer = Slow::default();
    for frame in &frames() {
        blocking::write_frame(&mut writer, frame).unwrap();
        assert_eq!(writer.flushed, writer.sent.len());
    }
    assert_eq!(writer.sent, text.as_bytes());

    let mut writer = Slow { waits: 1, ..Slow::default() };
    for frame in &frames() {
        block_on(asynchronous::write_frame(&mut writer, frame)).unwrap();
        assert_eq!(writer.flushed, writer.sent.len());
    }
    assert_eq!(writer.sent, text.as_bytes());

    let mut events = blocking::EventWriter::new(Slow::default(), [0; 128]);
    for frame in &frames() {
        events.write(frame).unwrap();
        assert!(!events.is_mid_frame());
    }
    let writer = events.into_writer();
    assert_eq!((writer.flushed, &writer.sent[..]), (text.len(), text.as_bytes()));
}

#[test]
fn a_writer_that_accepts_nothing_is_an_error() {
    let full = Slow { full_at: Some(5), ..Slow::default() };
    let frame = Frame::new().data("light on");
    assert_eq!(blocking::write_frame(&mut full.clone(), &frame), Err(WriteError::WriteZero));
    assert_eq!(block_on(asynchronous::write_frame(&mut full.clone(), &frame)), Err(WriteError::WriteZero));
    let mut events = asynchronous::EventWriter::new(full, [0; 64]);
    let error = block_on(events.write(&frame)).unwrap_err();
    assert_eq!((error, error.kind()), (WriteError::WriteZero, ErrorKind::WriteZero));
    assert!(events.is_mid_frame());
}

#[test]
fn a_frame_that_is_too_long_is_not_started() {
    let mut events = blocking::EventWriter::new(Slow::default(), [0; 16]);
    events.write(&Frame::new().data("short")).unwrap();
    let Err(WriteError::BufferFull(full)) = events.write(&Frame::new().data("long enough")) else { panic!("too long") };
    assert_eq!(full.needed, 19);
    events.write(&Frame::new().data("short")).unwrap();
    assert_eq!(events.into_writer().sent, b"data: short\n\ndata: short\n\n");
}

#[test]
fn a_writer_continues_where_it_failed() {
    for fails_at in 0..30 {
        let writer = Slow { fails_at: Some(fails_at), ..Slow::default() };
        let mut events = blocking::EventWriter::new(writer, [0; 128]);
        for data in ["one", "two", "three"] {
            if events.write(&Frame::new().data(data)).is_err() {
                assert!(events.is_mid_frame());
                events.flush().unwrap();
            }
        }
        assert_eq!(events.into_writer().sent, b"data: one\n\ndata: two\n\ndata: three\n\n");
    }
}

#[test]
fn a_dropped_write_leaves_no_half_frame() {
    for polls in 1..12 {
        let writer = Slow { waits: 2, ..Slow::default() };
        let mut events = asynchronous::EventWriter::new(writer, [0; 128]);
        let text: String = frames().iter().map(ToString::to_string).collect();
        for frame in &frames() {
            // The first poll accepts the frame. The flush of what was started is dropped at each await point too.
            if poll_times(events.write(frame), polls).is_none() {
                with_drops!(polls, events.flush()).unwrap();
            }
        }
        assert!(!events.is_mid_frame());
        let writer = events.into_writer();
        assert_eq!(writer.flushed, writer.sent.len());
        assert_eq!(String::from_utf8(writer.sent).unwrap(), text, "dropped after {polls} polls");
    }
}

/// The rest of an earlier frame is written before the next frame, even without a flush.
#[test]
fn a_dropped_write_is_finished_by_the_next() {
    let writer = Slow { waits: 1, ..Slow::default() };
    let mut events = asynchronous::EventWriter::new(writer, [0; 64]);
    assert!(poll_times(events.write(&Frame::new().data("one")), 4).is_none());
    assert!(events.is_mid_frame());
    block_on(events.write(&Frame::new().data("two"))).unwrap();
    assert_eq!(events.into_writer().sent, b"data: one\n\ndata: two\n\n");
}

#[test]
fn errors_have_kinds_and_messages() {
    let io = ReadError::Io(ErrorKind::ConnectionReset);
    assert_eq!(io.kind(), ErrorKind::ConnectionReset);
    assert!(io.to_string().starts_with("cannot read the event stream: "));
    let mut events = blocking::EventReader::new(&b"data: a\ndata: b\n\n"[..], [0; 8], Decoder::new([0; 1]));
    let too_long: ReadError<Infallible> = events.next().unwrap_err();
    assert_eq!(too_long.kind(), ErrorKind::OutOfMemory);
    assert_eq!(too_long.to_string(), "event too long for the buffer: data");
    assert_eq!(WriteError::Io(ErrorKind::BrokenPipe).kind(), ErrorKind::BrokenPipe);
}

/// Returns the inputs of all vectors that are short enough to be read byte by byte in a dozen ways.
fn inputs() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let files = fs::read_dir(folder).expect("the vectors").map(|entry| entry.expect("an entry").path());
    let mut inputs = vec![];
    for path in files.filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        let text = fs::read_to_string(&path).expect("a readable file");
        let vectors: Vec<Value> = serde_json::from_str(&text).expect("an array");
        for vector in &vectors {
            let input = match vector["input"].as_str() {
                Some(input) => input.as_bytes().to_vec(),
                None => hex(vector["input_hex"].as_str().expect("`input` or `input_hex`")),
            };
            inputs.push((vector["name"].as_str().expect("a name").to_owned(), input));
        }
    }
    inputs.retain(|(_, input)| input.len() < 20_000);
    assert!(inputs.len() > 380, "expected nearly all vectors, found {}", inputs.len());
    inputs
}

fn hex(digits: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits");
    (0..digits.len()).step_by(2).map(byte).collect()
}
