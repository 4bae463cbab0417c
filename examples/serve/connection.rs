//! What one client of the stream is sent, piece by piece, until its connection is cut.
//!
//! Knows the order and the pace, nothing of HTTP.

use core::fmt;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;

use embedded_sse::io::http_body::EncodedFrame;
use embedded_sse::{Frame, single_line};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};

use super::live::Live;
use super::{Events, Recorded, Server};

/// One client's way through the events.
pub(super) struct Connection {
    /// Before all events; is none, and does not count as one.
    hello: Option<EncodedFrame>,
    place: Place,
    /// How many events go out whole.
    left: Option<u64>,
    /// Something that varies from connection to connection.
    salt: usize,
    is_cut: bool,
}

/// What comes next.
enum Place {
    /// The event at this index, one at a time.
    Recorded { events: Arc<Recorded>, next: usize, clock: Interval },
    /// The event with this number, as soon as it is there.
    Live { live: Arc<Live>, next: u64, newest: watch::Receiver<u64> },
}

impl Connection {
    /// `None`: there is nothing more for this client.
    pub(super) fn new(server: &Server, last_event_id: &[u8]) -> Option<Self> {
        let (hello, place) = match &server.events {
            Events::Recorded(events) => {
                let last = str::from_utf8(last_event_id).ok().and_then(|id| events.index.get(id));
                let next = last.map_or(0, |last| last + 1);
                if next == events.frames.len() {
                    return None;
                }
                let is_unknown = last.is_none() && !last_event_id.is_empty();
                let mut clock = interval(server.every);
                clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
                (is_unknown.then(cut), Place::Recorded { events: events.clone(), next, clock })
            }
            Events::Live(live) => {
                let newest = live.follow();
                let now = *newest.borrow();
                let (hello, last) = match live.number(last_event_id) {
                    Some(last) => (None, last),
                    // A new client hears what comes from now on, and once how soon it may come back.
                    None if last_event_id.is_empty() => (Some(Frame::new().retry_ms(RETRY_MS).into()), now),
                    None => (Some(cut()), now),
                };
                (hello, Place::Live { live: live.clone(), next: last + 1, newest })
            }
        };
        let salt = (server.connections.fetch_add(1, Ordering::Relaxed) + 1).wrapping_mul(0x9E37_79B9);
        Some(Self { hello, place, left: server.cut_after, salt, is_cut: false })
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
        match &mut self.place {
            Place::Recorded { events, next, clock } => {
                let frame = events.frames.get(*next)?;
                clock.tick().await;
                *next += 1;
                Some(frame.clone())
            }
            Place::Live { live, next, newest } => {
                let now = *newest.wait_for(|newest| newest >= next).await.ok()?;
                let (at, frame) = live.event(*next).map_or_else(|| (now, cut()), |frame| (*next, frame));
                *next = at + 1;
                Some(frame)
            }
        }
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
