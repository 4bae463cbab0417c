//! Generates numbered events, the same for all clients, and keeps the newest ones for clients that reconnect.
//!
//! Each event is encoded once and shared. On a device with a fixed amount of memory, use `embedded_sse::server::Replay`
//! instead. This module must not depend on connections.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use embedded_sse::io::http_body::EncodedFrame;
use embedded_sse::{EventId, Frame, single_line};
use tokio::sync::watch;
use tokio::time::interval;

pub(super) struct Live {
    kept: Mutex<Kept>,
    /// The number of the newest event, or 0 before the first. Changed only while `kept` is locked.
    newest: watch::Sender<u64>,
    /// How many events are kept for clients that reconnect.
    history: usize,
    every: Duration,
}

struct Kept {
    frames: VecDeque<EncodedFrame>,
    is_running: bool,
}

impl Live {
    pub(super) fn new(history: u32, every: Duration) -> Self {
        let kept = Kept { frames: VecDeque::new(), is_running: false };
        Self { kept: Mutex::new(kept), newest: watch::Sender::new(0), history: history as usize, every }
    }

    /// Returns a receiver for the number of the newest event. The first call starts the generator.
    pub(super) fn follow(self: &Arc<Self>) -> watch::Receiver<u64> {
        let mut kept = self.kept();
        if !kept.is_running {
            kept.is_running = true;
            tokio::spawn(produce(Arc::downgrade(self), self.every));
        }
        self.newest.subscribe()
    }

    /// Returns the number of the event with this ID, if all later events are still kept.
    pub(super) fn number(&self, id: &[u8]) -> Option<u64> {
        let number: u64 = str::from_utf8(id).ok()?.parse().ok()?;
        let is_written_so = number > 0 && number.to_string().as_bytes() == id;
        let missed = self.newest.borrow().checked_sub(number)?;
        (is_written_so && missed <= self.history as u64).then_some(number)
    }

    /// Returns the event with this number, if it is still kept.
    pub(super) fn event(&self, number: u64) -> Option<EncodedFrame> {
        let kept = self.kept();
        let age = usize::try_from(self.newest.borrow().checked_sub(number)?).ok()?;
        let at = kept.frames.len().checked_sub(age.checked_add(1)?)?;
        kept.frames.get(at).cloned()
    }

    fn push(&self, number: u64) {
        let frame = generated(number);
        let mut kept = self.kept();
        // Connected clients need the newest event, even if no history is kept.
        if kept.frames.len() >= self.history.max(1) {
            kept.frames.pop_front();
        }
        kept.frames.push_back(frame);
        self.newest.send_replace(number);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Generates events until the server is dropped.
async fn produce(live: Weak<Live>, every: Duration) {
    let mut clock = interval(every);
    for number in 1.. {
        clock.tick().await;
        let Some(live) = live.upgrade() else { return };
        live.push(number);
    }
}

/// Creates the event with this number. The number is the event's ID and is part of its data. The events vary in their
/// lines, types and comments.
fn generated(number: u64) -> EncodedFrame {
    let id = number.to_string();
    let data = match number % 4 {
        1 => format!("event {number}"),
        2 => format!("event {number}\nof more than one line\n\nand an empty one"),
        _ => format!(r#"{{"event":{number},"text":"Grüße"}}"#),
    };
    let mut frame = Frame::new().data(&data);
    if let Ok(id) = EventId::new(&id) {
        frame = frame.id(id);
    }
    if number.is_multiple_of(3) {
        frame = frame.event_type(single_line!("reading"));
    }
    if number.is_multiple_of(5) {
        frame = frame.comment("all is well");
    }
    frame.into()
}
