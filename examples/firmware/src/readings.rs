//! Keeps the latest readings of a sensor for several clients, each of which may reconnect later.
//!
//! This module handles events and IDs. It must not depend on HTTP, sockets or a sensor.

use core::cell::{Cell, RefCell};
use core::fmt::Write;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::watch::{Receiver, Watch};
use embedded_sse::server::{Replay, Resume};
use embedded_sse::{EventId, Frame, single_line};
use heapless::{String, Vec};

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
    /// Part of each ID, so that IDs from before a restart of the device are recognized as unknown.
    run: u32,
}

/// The ID of a reading: at most 8 digits, a dash and 10 digits.
type Id = Vec<u8, 24>;

/// What a client has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing.
    Start,
    /// All readings up to the one with this ID.
    After(Id),
    /// Readings that are no longer kept.
    Unknown,
}

impl Place {
    /// Returns the place after the reading with this ID, which is one of ours.
    fn after(id: &[u8]) -> Self {
        Vec::from_slice(id).map_or(Self::Unknown, Self::After)
    }
}

impl Readings {
    /// Creates an empty ring. `run` must differ from start to start.
    #[must_use]
    pub const fn new(run: u32) -> Self {
        let replay = RefCell::new(Replay::new([0; _]));
        Self { replay, newest: Cell::new(0), changed: Watch::new(), run }
    }

    /// Adds a reading.
    pub fn publish(&self, text: &str) {
        let number = self.newest.get().wrapping_add(1);
        let id = self.id(number);
        let Ok(id) = EventId::new(&id) else { return };
        if self.replay.borrow_mut().push(&Frame::new().id(id).data(text)).is_ok() {
            self.newest.set(number);
            self.changed.sender().send(());
        }
    }

    /// Returns a receiver that is notified of each new reading, or `None` if there are [`CLIENTS`] receivers already.
    pub fn changes(&self) -> Option<Receiver<'_, NoopRawMutex, (), CLIENTS>> {
        self.changed.receiver()
    }

    /// Returns what a client with this last event ID has seen.
    pub fn place(&self, last_event_id: &[u8]) -> Place {
        match self.replay.borrow().after(last_event_id) {
            Resume::New => Place::Start,
            Resume::Events(_) | Resume::UpToDate => Place::after(last_event_id),
            _ => Place::Unknown,
        }
    }

    /// Copies as many whole frames as fit into `room`, and moves the client's place after them. Returns their length in
    /// bytes, or 0 if the client has seen everything.
    pub fn take(&self, place: &mut Place, room: &mut [u8]) -> usize {
        let replay = self.replay.borrow();
        let mut length = 0;
        let frames = match place {
            Place::Start | Place::Unknown => replay.all(),
            Place::After(id) => match replay.after(id) {
                Resume::Events(frames) => frames,
                Resume::UpToDate => return 0,
                _ => {
                    *place = Place::Unknown; // the client is too slow
                    replay.all()
                }
            },
        };
        if *place == Place::Unknown {
            length = RESTART.encode(room).map_or(0, |restart| restart.len());
            *place = Place::Start;
        }
        for kept in frames {
            let Some(free) = room.get_mut(length..length + kept.frame.len()) else { break };
            free.copy_from_slice(kept.frame);
            length += kept.frame.len();
            *place = Place::after(kept.id);
        }
        length
    }

    fn id(&self, number: u32) -> String<24> {
        let mut id = String::new();
        // It always fits.
        let _ = write!(id, "{:08x}-{number}", self.run);
        id
    }
}
