//! Keeps the latest readings of a sensor for several clients, each of which may reconnect later.
//!
//! This module handles events and IDs. It must not depend on HTTP, sockets or a sensor.

use core::cell::{Cell, RefCell};

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::watch::{Receiver, Watch};
use embedded_sse::server::{Cursor, Next, Replay};
use embedded_sse::{EventId, Frame, single_line};

/// The number of clients at the same time.
pub const CLIENTS: usize = 3;

/// Tells a client that it has missed readings: it should discard what it has, and use what follows.
const RESTART: Frame<'static> = Frame::new().event_type(single_line!("restart")).data("");

/// The newest readings, as frames in a ring.
pub struct Readings {
    replay: RefCell<Replay<[u8; 2048]>>,
    /// The number of the newest reading. The first one is 1.
    newest: Cell<u32>,
    changed: Watch<NoopRawMutex, (), CLIENTS>,
    /// The epoch of the IDs, so that IDs from before a restart of the device are recognized as unknown.
    epoch: u32,
}

impl Readings {
    /// Creates an empty ring. `epoch` must differ from start to start.
    #[must_use]
    pub const fn new(epoch: u32) -> Self {
        let replay = RefCell::new(Replay::new([0; _]));
        Self { replay, newest: Cell::new(0), changed: Watch::new(), epoch }
    }

    /// Adds a reading.
    pub fn publish(&self, text: &str) {
        let number = self.newest.get().wrapping_add(1);
        let mut buffer = [0; 41];
        let id = EventId::in_epoch(self.epoch.into(), number.into(), &mut buffer);
        if self.replay.borrow_mut().push(&Frame::new().id(id).data(text)).is_ok() {
            self.newest.set(number);
            self.changed.sender().send(());
        }
    }

    /// Returns a receiver that is notified of each new reading, or `None` if there are [`CLIENTS`] receivers already.
    pub fn changes(&self) -> Option<Receiver<'_, NoopRawMutex, (), CLIENTS>> {
        self.changed.receiver()
    }

    /// Returns the place of a client with this last event ID. A new client receives all readings that are kept.
    pub fn place(&self, last_event_id: &[u8]) -> Cursor {
        let replay = self.replay.borrow();
        replay.resume(last_event_id).unwrap_or(replay.start())
    }

    /// Copies as many whole frames as fit into `room`, and moves the client's place after them. Returns their length in
    /// bytes, or 0 if the client has seen everything.
    pub fn take(&self, place: &mut Cursor, room: &mut [u8]) -> usize {
        let replay = self.replay.borrow();
        let mut length = 0;
        loop {
            let mut after = *place;
            let rest = room.get_mut(length..).unwrap_or_default();
            let written = match replay.next(&mut after) {
                Next::Frame(kept) => rest.get_mut(..kept.frame.len()).map(|free| {
                    free.copy_from_slice(kept.frame);
                    kept.frame.len()
                }),
                Next::Cut => RESTART.encode(rest).ok().map(|restart| restart.len()),
                _ => None,
            };
            let Some(written) = written else { return length };
            length += written;
            *place = after;
        }
    }
}
