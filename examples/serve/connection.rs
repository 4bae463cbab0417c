//! Produces the events for one client of the stream, until its connection is cut.
//!
//! This module determines the order and the pace. It must not depend on HTTP.

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

/// The position of one client in the events.
pub(super) struct Connection {
    /// A frame that is sent before all events, and is not counted as an event.
    hello: Option<EncodedFrame>,
    place: Place,
    /// How many events are sent before the cut.
    left: Option<u64>,
    /// A number that varies from connection to connection.
    salt: usize,
    is_cut: bool,
}

/// The next event.
enum Place {
    /// The event at the index `next`, at the next tick of the clock.
    Recorded { events: Arc<Recorded>, next: usize, clock: Interval },
    /// The event with the number `next`, as soon as it exists.
    Live { live: Arc<Live>, next: u64, newest: watch::Receiver<u64> },
}

impl Connection {
    /// Creates the connection of a client with this last event ID. Returns `None` if the client has seen everything.
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
                    // A new client gets the events from now on, and the reconnection time once.
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
            // Gives the server time to send the last piece.
            sleep(Duration::from_millis(1)).await;
            return Err(CutOnPurpose);
        }
        let Some(frame) = self.next_event().await else { return Ok(None) };
        match &mut self.left {
            Some(0) => {
                self.is_cut = true;
                // At least one byte, and never the whole frame.
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

/// The reconnection time for clients.
const RETRY_MS: u64 = 300;

/// Returns the event that reports missing events. The events after it are complete.
fn cut() -> EncodedFrame {
    let text = "some events are no longer available: reload the whole state";
    Frame::new().event_type(single_line!("cut")).data(text).into()
}

/// The connection was cut as configured.
#[derive(Clone, Copy, Debug)]
pub(super) struct CutOnPurpose;

impl fmt::Display for CutOnPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cut on purpose")
    }
}

impl core::error::Error for CutOnPurpose {}
