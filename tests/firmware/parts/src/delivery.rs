//! What comes between the session and the application, each part with the calls that a firmware makes.

use core::hint::black_box;

use embedded_sse::Event;
use embedded_sse::client::{Instant, Jitter};
use embedded_sse::delivery::{
    Advice, Continuity, Cursor, Decimal, Delivery, EpochDecimal, FullSync, Gap, Position, Sequence,
};

use crate::{Received, used};

/// Verdicts, and where a reconnect resumes.
pub fn continuity() -> impl FnMut(Received<'_>) {
    let mut continuity = Continuity::new(EpochDecimal);
    let mut cursor = Cursor::new([0; 128]);
    move |Received { text, now, .. }| {
        let id = text.as_bytes();
        if now == 0 {
            used(cursor.set(id));
            continuity.resume(id);
            continuity.connected(id);
            cursor.abandon();
        }
        used(continuity.observe(id));
        if let Ok(token) = cursor.received(id) {
            cursor.commit(token);
        }
        used(cursor.resume_from());
    }
}

/// When to fetch the state.
pub fn full_sync() -> impl FnMut(Received<'_>) {
    let mut sync = FullSync::new();
    move |Received { now, .. }| {
        let at = Some(Position::Counted { epoch: now, number: now });
        match now {
            0 => used(sync.needed(black_box(at), black_box(at))),
            1 => sync.fetching(),
            2 => sync.failed(Instant::from_millis(now), &mut random()),
            _ => used(sync.synced(black_box(at))),
        }
        used(sync.poll(Instant::from_millis(now)));
    }
}

/// All of it without a journal.
pub fn delivery() -> impl FnMut(Received<'_>) {
    let mut delivery = Delivery::new(Decimal).gap_event("cut");
    let mut cursor = Cursor::new([0; 128]);
    move |Received { chunk, text, now }| {
        let event = Event { event_type: text.as_bytes(), data: chunk, last_event_id: text.as_bytes() };
        receive(&mut delivery, &mut cursor, &event);
        match now {
            0 => delivery.resume(event.last_event_id),
            1 => delivery.connected(event.last_event_id),
            2 => delivery.failed(Instant::from_millis(now), &mut random()),
            3 => delivery.fetching(),
            _ => synced(&mut delivery, &mut cursor, event.last_event_id),
        }
        used((delivery.poll(Instant::from_millis(now)), delivery.counts(), cursor.resume_from()));
    }
}

fn receive(delivery: &mut Delivery<impl Sequence>, cursor: &mut Cursor, event: &Event<'_>) {
    match delivery.received(event) {
        Advice::Deliver { id } => {
            if let Ok(token) = cursor.received(id) {
                delivery.kept(event);
                used(event);
                cursor.commit(token);
            }
        }
        Advice::Gap(gap) => {
            let Gap { missing, .. } = gap;
            used(missing);
            delivery.sync_needed(&gap);
        }
        Advice::Drop | Advice::Reconnect => used(event),
    }
}

fn synced(delivery: &mut Delivery<impl Sequence>, cursor: &mut Cursor, id: &[u8]) {
    if let Some(state) = delivery.synced(id) {
        used(delivery.resume_after(&state));
        used(cursor.set(id));
    }
}

fn random() -> impl Jitter {
    || black_box(4)
}
