//! The parts of the library, each with the calls that a firmware makes which has nothing else of it.

use core::fmt::{self, Write};
use core::hint::black_box;
use core::time::Duration;

use embedded_sse::client::{
    Action, Epoch, Heard, Instant, Jitter, Policy, Reconnect, Response, Session, StopReason, Verdict,
};
use embedded_sse::{Buffer, DataWriter, Decoder, EventId, Frame, SingleLine, Tokenizer};

use crate::{Received, used};

/// Values in pieces.
pub fn tokenizer() -> impl FnMut(Received<'_>) {
    let mut tokenizer = Tokenizer::new();
    move |Received { mut chunk, .. }| {
        while let Some(token) = tokenizer.next_token(&mut chunk) {
            used(token);
        }
    }
}

/// Events, and the id that a reconnect sends.
pub fn decoder() -> impl FnMut(Received<'_>) {
    decode(Decoder::new([0; 256]))
}

/// The same, and a second decoder whose buffers have other types.
pub fn two_buffers(buffer: &mut [u8]) -> impl FnMut(Received<'_>) {
    let (mut first, mut second) = (decoder(), decode(Decoder::with_id_store(black_box(buffer), [0; 64])));
    move |received| {
        first(received);
        second(received);
    }
}

fn decode<B: Buffer, I: Buffer>(mut decoder: Decoder<B, I>) -> impl FnMut(Received<'_>) {
    move |Received { mut chunk, now, .. }| {
        while let Some(found) = decoder.next_event(&mut chunk) {
            used(found);
        }
        if now == 0 {
            decoder.reset();
        }
        used(decoder.last_event_id());
    }
}

/// All that a decoder can do.
pub fn whole_decoder() -> impl FnMut(Received<'_>) {
    let mut decoder = Decoder::new([0; 256]);
    move |Received { mut chunk, text, now }| {
        if now == 0 {
            decoder.reset();
            used(decoder.set_last_event_id(text.as_bytes()));
        }
        if now & 1 == 0 {
            while let Some(found) = decoder.next_event(&mut chunk) {
                used(found);
            }
        }
        while let Some(found) = decoder.next_item(&mut chunk) {
            used(found);
        }
        used((decoder.last_event_id(), decoder.reconnection_time(), decoder.is_mid_event()));
    }
}

/// Frames with every field, into a slice.
pub fn encoder() -> impl FnMut(Received<'_>) {
    let mut buffer = [0; 256];
    move |Received { text, now, .. }| {
        let (Ok(event_type), Ok(id)) = (SingleLine::new(text), EventId::new(text)) else { return };
        let frame = Frame::new().comment(text).event_type(event_type).id(id).retry_ms(now).data(text);
        used(frame.encode(&mut buffer));
    }
}

/// Frames through a buffer that is smaller than they are, and data that is written as it comes.
pub fn pieces() -> impl FnMut(Received<'_>) {
    move |Received { text, now, .. }| {
        let frame = Frame::new().comment(text).retry_ms(now).data(text);
        let mut bytes = frame.bytes();
        let mut buffer = [0; 16];
        while !bytes.is_done() {
            used(bytes.fill(&mut buffer));
            used(&buffer);
        }
        used(frame.encoded_len());
        let Ok(mut writer) = DataWriter::new(Sink, &frame) else { return };
        used(writer.write_str(text));
        used(writer.finish().is_ok());
    }
}

/// Takes any text.
pub struct Sink;

impl Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        used(text);
        black_box(Ok(()))
    }
}

/// Attempts, waits and watchdogs: every fact.
pub fn reconnect() -> impl FnMut(Received<'_>) {
    let mut reconnect = Reconnect::new(black_box(Policy::standard()), random());
    move |Received { chunk, now, .. }| {
        let at = Instant::from_millis(now);
        let action = reconnect.poll(at);
        used((action, reconnect.failures()));
        let Some(epoch) = action.epoch() else { return network(&mut reconnect, at, now) };
        match now {
            0 => reconnect.connecting(epoch, at),
            1 => reconnect.opened(epoch, at),
            2 => reconnect.heard(epoch, at, if chunk.is_empty() { Heard::Heartbeat } else { Heard::Event }),
            3 => reconnect.ended(epoch, at),
            4 => reconnect.lost(epoch, at),
            5 => reconnect.rejected(epoch, at, Some(Duration::from_secs(now))),
            6 => reconnect.refused(epoch, at, StopReason::Finished),
            7 => reconnect.set_reconnection_time(Duration::from_secs(now)),
            8 => reconnect.resumed(Instant::ZERO, at),
            _ => network(&mut reconnect, at, now),
        }
    }
}

fn network(reconnect: &mut Reconnect<impl Jitter>, at: Instant, now: u64) {
    match now {
        10 => reconnect.network_down(at),
        11 => reconnect.network_up(at),
        12 => reconnect.network_changed(at),
        13 => reconnect.close(),
        _ => reconnect.restart(),
    }
}

/// A stream that outlives its connections: request headers, the judging of responses, events, every fact.
pub fn session() -> impl FnMut(Received<'_>) {
    let mut session = Session::new(Decoder::new([0; 256]), Reconnect::new(black_box(Policy::standard()), random()));
    move |Received { mut chunk, text, now }| {
        let at = Instant::from_millis(now);
        match session.poll(at) {
            Action::Connect(epoch) => {
                session.connecting(epoch, at);
                session.headers().for_each(|(name, value)| used((name, value.0)));
                let header = Some(text.as_bytes());
                let response = Response {
                    status: now as u16,
                    content_type: header,
                    location: header,
                    retry_after: header,
                    date: header,
                    unix_time: Some(now),
                };
                if matches!(session.responded(epoch, at, &response), Verdict::Redirect { .. }) {
                    used(text);
                }
            }
            Action::Read { epoch, .. } => {
                while let Some(found) = session.next_event(epoch, at, &mut chunk) {
                    used(found);
                }
                end(&mut session, epoch, at, now);
            }
            Action::AwaitResponse { epoch, .. } | Action::Disconnect(epoch) => session.lost(epoch, at),
            _ => match now {
                10 => session.network_down(at),
                11 => session.network_up(at),
                12 => session.network_changed(at),
                13 => session.close(),
                _ => session.restart(),
            },
        }
        used(session.last_event_id());
    }
}

fn end<B: Buffer, I: Buffer>(session: &mut Session<Decoder<B, I>, impl Jitter>, epoch: Epoch, at: Instant, now: u64) {
    match now {
        0 => session.ended(epoch, at),
        1 => session.finished(epoch, at),
        _ => session.resumed(Instant::ZERO, at),
    }
}

fn random() -> impl Jitter {
    || black_box(4)
}
