//! What one client of the stream is sent, piece by piece, until its connection is cut.
//!
//! Knows the order and the pace, nothing of HTTP.

use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use embedded_sse::io::http_body::EncodedFrame;
use embedded_sse::{Frame, single_line};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};

use super::{Server, copied, produce};

/// One client's way through the events.
pub(super) struct Connection {
    server: Arc<Server>,
    /// Before all events; is none, and does not count as one.
    hello: Option<EncodedFrame>,
    waiting: VecDeque<EncodedFrame>,
    source: Source,
    /// How many events go out whole.
    left: Option<u64>,
    /// Something that varies from connection to connection.
    salt: usize,
    is_cut: bool,
}

/// Where more comes from.
enum Source {
    /// Nowhere: what waits is all, one piece at a time.
    Recording(Interval),
    /// The producer. `seen` is the newest event that waited.
    Producer { newest: watch::Receiver<u64>, seen: u64 },
}

impl Connection {
    /// `None`: there is nothing more for this client.
    pub(super) fn new(server: &Arc<Server>, last_event_id: &[u8]) -> Option<Self> {
        let mut feed = server.feed();
        let missed = feed.missed(last_event_id);
        if feed.is_recording && missed.as_ref().is_some_and(VecDeque::is_empty) {
            return None;
        }
        if !feed.is_running && !feed.is_recording {
            feed.is_running = true;
            tokio::spawn(produce(Arc::downgrade(server), server.every));
        }
        feed.connections += 1;
        let (hello, waiting) = match missed {
            // A new client hears what comes from now on, and once how soon it may come back.
            _ if last_event_id.is_empty() && !feed.is_recording => {
                (Some(Frame::new().retry_ms(RETRY_MS).into()), VecDeque::new())
            }
            Some(missed) => (None, missed),
            None if feed.is_recording => (Some(cut()), copied(feed.replay.all())),
            None => (Some(cut()), VecDeque::new()),
        };
        let source = if feed.is_recording {
            let mut clock = interval(server.every);
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
            Source::Recording(clock)
        } else {
            let newest = server.newest.subscribe();
            let seen = *newest.borrow();
            Source::Producer { newest, seen }
        };
        let salt = (feed.connections as usize).wrapping_mul(0x9E37_79B9);
        Some(Self { server: server.clone(), hello, waiting, source, left: server.cut_after, salt, is_cut: false })
    }

    pub(super) async fn next(&mut self) -> Result<Option<EncodedFrame>, CutOnPurpose> {
        if let Some(hello) = self.hello.take() {
            return Ok(Some(hello));
        }
        if self.is_cut {
            // So that the piece before it is on its way.
            sleep(Duration::from_millis(1)).await;
            return Err(CutOnPurpose);
        }
        let Some(frame) = self.next_event().await else { return Ok(None) };
        match &mut self.left {
            Some(0) => {
                self.is_cut = true;
                // At least a byte, and never the whole.
                let end = 1 + self.salt % frame.as_bytes().len().saturating_sub(1).max(1);
                return Ok(Some(EncodedFrame::from_bytes(frame.as_bytes().slice(..end))));
            }
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(Some(frame))
    }

    async fn next_event(&mut self) -> Option<EncodedFrame> {
        match &mut self.source {
            Source::Recording(clock) => {
                if !self.waiting.is_empty() {
                    clock.tick().await;
                }
            }
            Source::Producer { newest, seen } => {
                while self.waiting.is_empty() {
                    newest.changed().await.ok()?;
                    let feed = self.server.feed();
                    // Nothing stands before the first event.
                    let last = if *seen == 0 { String::new() } else { seen.to_string() };
                    self.waiting = feed.missed(last.as_bytes()).unwrap_or_else(|| [cut()].into());
                    *seen = *newest.borrow_and_update();
                }
            }
        }
        self.waiting.pop_front()
    }
}

/// How soon a client may come back.
const RETRY_MS: u64 = 300;

/// Tells that something is missing; what comes next is new.
fn cut() -> EncodedFrame {
    let text = "what came in between is no longer here: fetch the whole state anew";
    Frame::new().event_type(single_line!("cut")).data(text).into()
}

/// The connection was cut because that was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct CutOnPurpose;

impl fmt::Display for CutOnPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cut on purpose")
    }
}

impl core::error::Error for CutOnPurpose {}
