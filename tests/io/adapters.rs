//! The adapters for hosts report what the decoder reports, lose nothing when a wait is cancelled, and distinguish an
//! end from an error.

use core::convert::Infallible;
use core::pin::pin;
use core::time::Duration;
use std::io;

use crate::common::{Outcome, Said, pieces};
use crate::the_vectors::{ID, vectors};
use crate::transport::{self, End, Piecewise, of_bytes, of_vecs};
use bytes::Bytes;
use bytes::buf::Chain;
use embedded_sse::client::{Instant, NoJitter};
use embedded_sse::io::ReadError;
use embedded_sse::io::embedded_io_async::{BufEventReader, EventReader};
use embedded_sse::io::futures::EventStream;
use embedded_sse::io::http_body::{EncodedFrame, EventBody};
use embedded_sse::io::tokio::{Clock, FromTokio};
use embedded_sse::io::tokio_util::{EventDecoder, FrameEncoder};
use embedded_sse::server::Schedule;
use embedded_sse::{Buffer, Decoder, Event, EventId, Field, Frame, Item, OwnedEvent, SingleLine, TooLong};
use futures_util::stream::FusedStream;
use futures_util::{FutureExt, SinkExt, Stream, StreamExt, stream};
use http_body::Body;
use tokio_util::codec::{FramedRead, FramedWrite};

/// Polls each future once and drops it, until one is ready. Bytes that a dropped future had consumed would be missing.
macro_rules! impatient {
    ($future:expr) => {
        'done: {
            for _ in 0..100_000 {
                if let Some(done) = $future.now_or_never() {
                    break 'done done;
                }
            }
            panic!("no future became ready")
        }
    };
}

type Events = Decoder<Vec<u8>, Box<[u8]>>;

/// The reports, including an error of the transport, and the decoder at the end.
type Read = (Vec<Result<Said, io::ErrorKind>>, Events);

type Adapter = fn(Piecewise, Events) -> Read;

/// Every way to read, with its name.
const ADAPTERS: &[(&str, Adapter)] = &[
    ("EventStream of Bytes", |pieces, decoder| read_stream(EventStream::new(of_bytes(pieces), decoder))),
    ("EventStream of vectors", |pieces, decoder| read_stream(EventStream::new(of_vecs(pieces), decoder))),
    ("body of Bytes", |pieces, decoder| {
        read_stream(EventStream::from_body(transport::Body::<Bytes>::new(pieces), decoder))
    }),
    ("body of data in two parts", |pieces, decoder| {
        read_stream(EventStream::from_body(transport::Body::<Chain<Bytes, Bytes>>::new(pieces), decoder))
    }),
    ("EventReader", |pieces, decoder| read(EventReader::new(FromTokio::new(pieces), [0; 512], decoder))),
    ("EventReader, byte by byte", |pieces, decoder| read(EventReader::new(FromTokio::new(pieces), [0; 1], decoder))),
    ("EventReader, items", |pieces, decoder| {
        let mut events = EventReader::new(FromTokio::new(pieces), [0; 512], decoder);
        let mut said = Vec::new();
        while let Some(next) = impatient!(events.next_item()).transpose() {
            said.extend(of_item(next));
        }
        (said, events.into_parts().1)
    }),
    ("BufEventReader", |pieces, decoder| {
        let mut events = BufEventReader::new(FromTokio::new(pieces), decoder);
        let mut said = Vec::new();
        while let Some(next) = impatient!(events.next()).transpose() {
            said.push(of_event(next));
        }
        (said, events.into_parts().1)
    }),
    ("BufEventReader, items", |pieces, decoder| {
        let mut events = BufEventReader::new(FromTokio::new(pieces), decoder);
        let mut said = Vec::new();
        while let Some(next) = impatient!(events.next_item()).transpose() {
            said.extend(of_item(next));
        }
        (said, events.into_parts().1)
    }),
    ("FramedRead", |pieces, decoder| {
        let mut events = FramedRead::with_capacity(pieces, EventDecoder::new(decoder), 16);
        let mut said = Vec::new();
        while let Some(next) = impatient!(events.next()) {
            said.push(of_owned(next.map_err(ReadError::Io).and_then(|event| event.map_err(ReadError::TooLong))));
        }
        (said, events.decoder().clone().into_decoder())
    }),
];

fn read(mut events: EventReader<FromTokio<Piecewise>, impl Buffer, Events>) -> Read {
    let mut said = Vec::new();
    while let Some(next) = impatient!(events.next()).transpose() {
        said.push(of_event(next));
    }
    (said, events.into_parts().1)
}

fn read_stream<S>(events: EventStream<S, Events>) -> Read
where
    EventStream<S, Events>: FusedStream<Item = Result<OwnedEvent, ReadError<io::Error>>>,
    S: futures_util::TryStream,
{
    let mut events = Box::pin(events);
    let mut said = Vec::new();
    while let Some(next) = impatient!(events.next()) {
        said.push(of_owned(next));
    }
    assert!(events.is_terminated());
    let decoder = events.decoder().clone();
    (said, decoder)
}

fn of_event(next: Result<Event<'_>, ReadError<io::Error>>) -> Result<Said, io::ErrorKind> {
    match next {
        Ok(event) => Ok(Said::event(event.event_type, event.data, event.last_event_id)),
        Err(ReadError::TooLong(TooLong { field, .. })) => Ok(Said::TooLong(field)),
        Err(ReadError::Io(error)) => Err(error.kind()),
        Err(error) => unreachable!("unexpected error: {error}"),
    }
}

fn of_owned(next: Result<OwnedEvent, ReadError<io::Error>>) -> Result<Said, io::ErrorKind> {
    of_event(next.as_ref().map(OwnedEvent::as_event).map_err(|error| match error {
        ReadError::Io(error) => ReadError::Io(error.kind().into()),
        ReadError::TooLong(too_long) => ReadError::TooLong(*too_long),
        error => unreachable!("unexpected error: {error}"),
    }))
}

/// Keeps only what `next` reports too.
fn of_item(next: Result<Item<'_>, ReadError<io::Error>>) -> Option<Result<Said, io::ErrorKind>> {
    match next {
        Ok(Item::Event(event)) => Some(of_event(Ok(event))),
        Ok(_) => None,
        Err(error) => Some(of_event(Err(error))),
    }
}

#[test]
fn every_vector_through_every_adapter() {
    for vector in vectors() {
        let input = &vector.input;
        let bytes: Vec<_> = if input.len() > 10_000 { vec![] } else { (1..input.len()).collect() };
        let middle = vec![input.len() / 2];
        let quarters = [1, 2, 3].map(|part| input.len() * part / 4).to_vec();
        for cuts in [&vec![], &vector.cuts, &bytes, &middle, &quarters] {
            for (name, read) in ADAPTERS {
                let decoder = vector.decoder(vec![0; input.len()]);
                let (said, decoder) = read(Piecewise::new(pieces(input, cuts), End::Clean), decoder);
                let outcome = Outcome {
                    said: said.into_iter().map(|said| said.expect("no transport error")).collect(),
                    last_event_id: decoder.last_event_id().into(),
                    reconnection_time: decoder.reconnection_time(),
                };
                vector.check(&format!("{name}, cut at {cuts:?}"), &outcome);
            }
        }
    }
}

#[test]
fn what_is_too_long_does_not_end_the_stream_and_an_error_does() {
    let stream =
        format!("id: 1\ndata: {0}\n\ndata: b\n\nevent: {0}\ndata\n\nid: {0}\ndata: c\n\ndata: lost", "x".repeat(600));
    for (name, read) in ADAPTERS {
        let mut decoder = Events::with_id_store(vec![0; 100], vec![0; 2 * ID].into());
        decoder.set_last_event_id(b"before").unwrap();
        let (said, decoder) = read(Piecewise::new(stream.as_bytes().chunks(7), End::Reset), decoder);
        let expected = [
            Ok(Said::TooLong(Field::Data)),
            Ok(Said::event(b"message", b"b", b"1")),
            Ok(Said::TooLong(Field::Event)),
            Ok(Said::event(b"message", b"c", "x".repeat(600).as_bytes())),
        ];
        assert_eq!(said[..4], expected, "{name}");
        assert_eq!(said[4], Err(io::ErrorKind::ConnectionReset), "{name}");
        assert_eq!(said.len(), 5, "{name}: the error ends the stream");
        assert!(decoder.is_mid_event(), "{name}");
    }
}

#[test]
fn a_stream_of_events_ends_after_an_error() {
    let chunks = stream::iter([Ok("data: a\n\ndata: b"), Err("reset"), Ok("\n\n")]);
    let mut events = EventStream::new(chunks, Decoder::new([0; 64]));
    assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap().data(), b"a");
    let error = events.next().now_or_never().unwrap().unwrap().unwrap_err();
    assert_eq!(error, ReadError::Io("reset"));
    assert!(events.is_terminated());
    assert_eq!(events.next().now_or_never(), Some(None));
    assert!(events.into_decoder().is_mid_event());
}

#[test]
fn after_the_end_of_a_stream_of_events_its_decoder_reports_whether_one_was_incomplete() {
    for (rest, is_incomplete) in
        [("", false), (": bye\n", false), ("data: b", true), ("data: b\n", true), ("id: 2\n", true)]
    {
        let chunks = stream::iter(["data: a\n\n", rest]).map(Ok::<_, Infallible>);
        let mut events = EventStream::new(chunks, Decoder::new([0; 64]));
        assert!(events.next().now_or_never().unwrap().unwrap().is_ok());
        assert_eq!(events.next().now_or_never(), Some(None));
        assert_eq!(events.decoder().is_mid_event(), is_incomplete, "{rest:?}");
    }
}

/// An id that did not fit is reported after its event, although that consumes no byte, and without waiting for more
/// input.
#[test]
fn a_report_that_consumes_nothing_does_not_wait() {
    async fn two<E: core::fmt::Debug>(events: impl Stream<Item = Result<Said, E>>) -> Vec<Said> {
        events.take(2).map(Result::unwrap).collect().await
    }
    let chunks = || Piecewise::new([&b"id: 12345678\ndata: x\n\n"[..]], End::Silence);
    let decoder = || Decoder::with_id_store([0; 64], [0; 2 * 4]);
    let expected = [Said::event(b"message", b"x", b""), Said::TooLong(Field::Id)];

    let events = EventStream::new(of_bytes(chunks()), decoder());
    assert_eq!(impatient_once(two(events.map(of_owned))), expected);
    let events = FramedRead::new(chunks(), EventDecoder::new(decoder()));
    let events = events.map(|next| next.unwrap().map_err(ReadError::TooLong)).map(of_owned);
    assert_eq!(impatient_once(two(events)), expected);

    let mut events = EventReader::new(FromTokio::new(chunks()), [0; 64], decoder());
    let said = [
        of_event(impatient!(events.next()).transpose().unwrap()),
        of_event(impatient!(events.next()).transpose().unwrap()),
    ];
    assert_eq!(said.map(Result::unwrap), expected);
    let mut events = BufEventReader::new(FromTokio::new(chunks()), decoder());
    let said = [
        of_event(impatient!(events.next()).transpose().unwrap()),
        of_event(impatient!(events.next()).transpose().unwrap()),
    ];
    assert_eq!(said.map(Result::unwrap), expected);
}

/// Polls one future until it is ready.
fn impatient_once<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    impatient!(future.as_mut())
}

#[test]
fn an_event_that_is_whole_in_a_chunk_of_bytes_is_not_copied() {
    let data = "x".repeat(OwnedEvent::WORTH_SHARING);
    let short = &data[1..];
    let chunk = Bytes::from(format!(
        "event: a\nid: 7\ndata: {data}\n\ndata: {data}\n\ndata: {short}\n\ndata: {data}\ndata: y\n\n"
    ));
    let lies_in_chunk = |part: &[u8]| chunk.as_ptr_range().contains(&part.as_ptr());
    let chunks = stream::iter([Ok::<_, Infallible>(chunk.clone())]);
    let events: Vec<_> =
        EventStream::new(chunks, Decoder::new([0; 512])).map(Result::unwrap).collect().now_or_never().unwrap();
    assert_eq!(events.iter().map(|event| lies_in_chunk(event.data())).collect::<Vec<_>>(), [true, true, false, false]);
    assert!(lies_in_chunk(events[0].event_type()));
    assert_eq!(events[0].as_event(), Event { event_type: b"a", data: data.as_bytes(), last_event_id: b"7" });
    assert_eq!(events[3].data(), format!("{data}\ny").as_bytes());
    assert_eq!(events[1].event_type(), b"message");

    // The event is still valid after the chunk is dropped.
    let (copy, event) = (events[0].clone(), OwnedEvent::from(events[0].as_event()));
    drop((events, chunk));
    assert_eq!(copy, event);
    assert!(
        copy.last_event_id() == b"7" && copy.data_str() == Ok(&data) && event.event_type_lossy().to_string() == "a"
    );
    assert_eq!(copy.data_lossy().to_string() + &copy.last_event_id_lossy().to_string(), data + "7");
}

#[test]
fn frames_are_written_by_framed_write() {
    let frame = Frame::new().id(EventId::new("7").unwrap()).event_type(SingleLine::new("tick").unwrap()).data("a\r\nb");
    let mut sink = FramedWrite::new(Vec::new(), FrameEncoder);
    sink.send(frame).now_or_never().unwrap().unwrap();
    sink.send(Frame::KEEP_ALIVE).now_or_never().unwrap().unwrap();
    assert_eq!(sink.get_ref().as_slice(), format!("{frame}{}", Frame::KEEP_ALIVE).as_bytes());
}

const S: Duration = Duration::from_secs(1);

/// Returns the text of the body's next frame, and the second at which it arrived.
async fn next<S, T>(
    body: &mut (impl Body<Data = Bytes, Error = S> + Unpin),
    clock: &T,
) -> Option<Result<(String, u64), S>>
where
    T: embedded_sse::io::http_body::Sleeper,
{
    let frame = core::future::poll_fn(|context| core::pin::Pin::new(&mut *body).poll_frame(context)).await?;
    let text =
        |frame: http_body::Frame<Bytes>| String::from_utf8(frame.into_data().expect("data").into()).expect("text");
    Some(frame.map(|frame| (text(frame), clock.now().as_millis() / 1000)))
}

#[tokio::test(start_paused = true)]
async fn a_body_keeps_alive_after_each_silence_and_ends_after_its_lifetime() {
    let frames = stream::unfold(0, |number: u64| async move {
        // Frames at 10, 30, 60, 100, ... s.
        tokio::time::sleep(10 * S * (number as u32 + 1)).await;
        Some((Ok::<_, Infallible>(EncodedFrame::from(Frame::new().data(&number.to_string()))), number + 1))
    });
    let clock = Clock::new();
    let schedule = Schedule::new(clock.now()).keep_alive(15 * S).lifetime(65 * S, 12 * S, &mut NoJitter);
    let mut body = Box::pin(EventBody::new(frames, schedule, clock));
    let mut sent = Vec::new();
    while let Some(frame) = next(&mut body, &clock).await {
        sent.push(frame.unwrap());
        assert!(sent.len() < 10, "{sent:?}");
    }
    let (keep_alive, data) =
        (Frame::KEEP_ALIVE.to_string(), |number: u64| Frame::new().data(&number.to_string()).to_string());
    let expected = [
        (data(0), 10),
        (keep_alive.clone(), 25),
        (data(1), 30),
        (keep_alive.clone(), 45),
        (data(2), 60),
        (keep_alive, 75),
    ];
    assert_eq!(sent, expected);
    assert_eq!(clock.now().as_millis(), 76_999);
    assert!(body.is_end_stream());
}

#[tokio::test(start_paused = true)]
async fn a_body_ends_with_its_frames_or_with_their_error() {
    let frame = || EncodedFrame::from(Frame::new().data("x"));
    let clock = Clock::new();
    let mut body = Box::pin(EventBody::new(
        stream::iter([Ok(frame()), Err("gone"), Ok(frame())]),
        Schedule::new(clock.now()),
        clock,
    ));
    assert_eq!(next(&mut body, &clock).await, Some(Ok(("data: x\n\n".into(), 0))));
    assert_eq!(next(&mut body, &clock).await, Some(Err("gone")));
    assert_eq!(next(&mut body, &clock).await, None);
    let mut body =
        Box::pin(EventBody::new(stream::iter([Ok::<_, Infallible>(frame())]), Schedule::new(clock.now()), clock));
    assert!(next(&mut body, &clock).await.is_some() && next(&mut body, &clock).await.is_none() && body.is_end_stream());
}

/// Reads from a body what another body wrote.
#[tokio::test(start_paused = true)]
async fn from_body_to_body() {
    let clock = Clock::new();
    let frames = stream::iter(0..100).map(|number: u32| {
        let (id, data) = (number.to_string(), "line\n".repeat(number as usize));
        Ok::<_, Infallible>(EncodedFrame::from(Frame::new().id(EventId::new(&id).unwrap()).data(&data)))
    });
    let body = EventBody::new(frames, Schedule::new(clock.now()).keep_alive(S), clock);
    let events = EventStream::from_body(Box::pin(body), Decoder::new([0; 1024]));
    let seen: Vec<_> = events.map(|event| event.unwrap()).collect().await;
    assert_eq!(seen.len(), 100);
    for (number, event) in seen.iter().enumerate() {
        assert_eq!(event.last_event_id(), number.to_string().as_bytes());
        assert_eq!(event.data(), "line\n".repeat(number).as_bytes());
    }
}

#[tokio::test(start_paused = true)]
async fn the_clock_waits_for_its_own_instants() {
    let clock = Clock::default();
    clock.sleep_until(Instant::from_millis(1500)).await;
    assert_eq!(clock.now(), Instant::from_millis(1500));
    clock.sleep_until(Instant::ZERO).await;
    assert_eq!(clock.now(), Instant::from_millis(1500));
    let never = clock.sleep_until(Instant::from_millis(u64::MAX));
    assert!(tokio::time::timeout(3600 * S, never).await.is_err());
}

/// Equality of owned events does not depend on where their bytes are stored.
#[test]
fn owned_events_with_the_same_content_are_equal() {
    let said =
        [(&b"a"[..], &b"1"[..], &b""[..]), (b"b", b"1", b""), (b"a", b"2", b""), (b"a", b"1", b"7"), (b"a", b"1", b"")];
    let events =
        said.map(|(event_type, data, last_event_id)| OwnedEvent::from(Event { event_type, data, last_event_id }));
    let different: std::collections::HashSet<_> = events.iter().cloned().collect();
    assert_eq!(different.len(), 4);
    assert!(events.iter().all(|event| (*event == events[0]) == (event.as_event() == events[0].as_event())));
    let state = std::hash::RandomState::new();
    let hashed = |event: &OwnedEvent| std::hash::BuildHasher::hash_one(&state, event);
    assert_eq!(hashed(&events[0]), hashed(&events[4]));
    assert_ne!(hashed(&events[0]), hashed(&events[1]));
}
