//! The application of the model, which knows what it has handled, and how it reads the IDs of the server.

use std::collections::BTreeSet;

use embedded_sse::Event;
use embedded_sse::delivery::{Decimal, Delivery, EpochDecimal, MillisCounter, Position, Restart, Sequence};

use super::server::{Ids, Kind};

/// The policy of the server's IDs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy(Ids);

impl Sequence for Policy {
    fn position(&self, id: &[u8]) -> Option<Position> {
        match self.0 {
            Ids::Decimal => Decimal.position(id),
            Ids::Epoch => EpochDecimal.position(id),
            Ids::Millis => MillisCounter.position(id),
        }
    }
}

/// The events that the application has handled, or that were in a state that it fetched. It is saved with each commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Application {
    pub(crate) events: BTreeSet<usize>,
    pub(crate) notes: BTreeSet<usize>,
}

impl Application {
    pub(crate) fn handles(&mut self, event: &Event<'_>) {
        let number: usize = event.data_str().expect("text").parse().expect("a number");
        if event.event_type == b"note" {
            assert!(self.notes.insert(number), "note {number} is handled twice");
        } else {
            assert!(self.events.last().is_none_or(|last| *last < number), "{number} after {:?}", self.events.last());
            assert!(self.events.insert(number), "event {number} is handled twice");
        }
    }
}

pub(crate) fn delivery(kind: Kind) -> Delivery<Policy> {
    // A server that says nothing leaves it open what it still had of the old epoch.
    let restart = if kind.tells { Restart::Continue } else { Restart::Sync };
    Delivery::new(Policy(kind.ids)).gap_event("cut").restart(restart)
}
