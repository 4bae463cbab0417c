//! The client of the model: a decoder, and delivery with and without a journal. A power cut sets the application back to
//! what it has saved.

use embedded_sse::client::Instant;
use embedded_sse::delivery::{
    Advice, Counts, Cursor, Delivery, Journal, Journalled, Kept, Next, RamRing, Serial, SyncAction,
};
use embedded_sse::{Decoder, FixedEvent};

use crate::application::{Application, Policy, delivery};
use crate::server::{Kind, Random, Server};

/// What is between the session and the application.
#[allow(clippy::large_enum_variant, reason = "there is one of them")]
enum Between {
    Direct { delivery: Delivery<Policy>, cursor: Cursor },
    Journalled(Option<Journalled<Policy, RamRing<[u8; 192]>, [u8; 128]>>),
}

/// A state that is on its way.
struct Fetch {
    events: usize,
    id: String,
}

pub(crate) struct Client {
    kind: Kind,
    between: Between,
    decoder: Decoder<[u8; 128]>,
    /// An event for which there was no room, or before which something is missing.
    held: Option<FixedEvent<32, 16, 32>>,
    pub(crate) application: Application,
    saved: (Application, Vec<u8>),
    fetch: Option<Fetch>,
    pub(crate) counts: Counts,
    /// How often there was no room for an event.
    pub(crate) refused: u32,
    /// The power fails between handling and committing.
    pub(crate) is_cut: bool,
}

impl Client {
    /// Begins with the state of the server.
    pub(crate) fn new(kind: Kind, has_journal: bool, server: &Server) -> Self {
        let events = (0..server.events()).collect();
        let application = Application { events, ..Application::default() };
        let id = server.id_after(server.events()).into_bytes();
        let between = if has_journal {
            let mut ring = RamRing::new([0; 192]);
            ring.commit(Serial::START, &id).expect("it fits");
            Between::Journalled(Some(Journalled::new(delivery(kind), ring, [0; 128]).expect("it fits")))
        } else {
            Between::Direct { delivery: delivery(kind), cursor: Cursor::new([0; 128]) }
        };
        let saved = (application.clone(), id);
        let (counts, decoder) = (Counts::default(), Decoder::new([0; 128]));
        let mut this = Self {
            kind,
            between,
            decoder,
            held: None,
            application,
            saved,
            fetch: None,
            counts,
            refused: 0,
            is_cut: false,
        };
        this.restore();
        this
    }

    fn restore(&mut self) {
        if let Between::Direct { delivery, cursor } = &mut self.between {
            cursor.set(&self.saved.1).expect("it fits");
            delivery.resume(&self.saved.1);
        }
    }

    /// The memory is lost, except for the journal and what the application has saved.
    pub(crate) fn power_fails(&mut self, server: &mut Server) {
        server.connection = None;
        self.is_cut = false;
        let counts = self.counts();
        self.application = self.saved.0.clone();
        (self.held, self.fetch) = (None, None);
        match &mut self.between {
            Between::Direct { delivery: old, cursor } => (*old, *cursor) = (delivery(self.kind), Cursor::new([0; 128])),
            Between::Journalled(journal) => {
                let ring = journal.take().expect("a journal").into_store();
                *journal = Some(Journalled::new(delivery(self.kind), ring, [0; 128]).expect("it fits"));
            }
        }
        self.restore();
        self.counts = counts;
    }

    /// What was counted over all power cuts.
    pub(crate) fn counts(&self) -> Counts {
        let now = match &self.between {
            Between::Direct { delivery, .. } => delivery.counts(),
            Between::Journalled(journal) => journal.as_ref().expect("a journal").counts(),
        };
        let Counts { gaps, syncs, duplicates } = self.counts;
        Counts { gaps: gaps + now.gaps, syncs: syncs + now.syncs, duplicates: duplicates + now.duplicates }
    }

    pub(crate) fn connects(&mut self, server: &mut Server) {
        self.decoder.reset();
        self.held = None;
        let id = match &mut self.between {
            Between::Direct { delivery, cursor } => {
                cursor.abandon();
                delivery.resume(cursor.resume_from());
                delivery.connected(b"");
                cursor.resume_from().to_vec()
            }
            Between::Journalled(journal) => {
                let journal = journal.as_mut().expect("a journal");
                journal.connected(b"");
                journal.resume_from().expect("it fits").to_vec()
            }
        };
        server.connects(&id);
        // The header is sent. What comes has an ID of its own, or none.
        self.decoder.set_last_event_id(b"").expect("it fits");
    }

    /// Reads from the connection, as long as nothing has to be done first. Returns whether an event was taken.
    pub(crate) fn reads(&mut self, server: &mut Server) -> bool {
        let Some(connection) = &mut server.connection else { return false };
        while self.held.is_none() {
            let Some(byte) = connection.pop_front() else { return false };
            if let Some(event) = self.decoder.next_event(&mut &[byte][..]) {
                self.held = Some(FixedEvent::new(&event.expect("it fits")).expect("it fits"));
            }
        }
        let event = self.held.take().expect("an event");
        let is_done = match &mut self.between {
            Between::Direct { delivery, cursor } => {
                if delivery.poll(Instant::ZERO) != SyncAction::Deliver {
                    false
                } else {
                    let event = event.as_event();
                    match delivery.received(&event) {
                        Advice::Deliver { id } => {
                            let token = cursor.received(id).expect("one at a time");
                            delivery.kept(&event);
                            self.application.handles(&event);
                            cursor.commit(token);
                            self.saved = (self.application.clone(), cursor.resume_from().to_vec());
                            true
                        }
                        Advice::Drop => true,
                        Advice::Reconnect => {
                            server.connection = None;
                            return true;
                        }
                        Advice::Gap(gap) => {
                            delivery.sync_needed(&gap);
                            gap.announced
                        }
                    }
                }
            }
            Between::Journalled(journal) => {
                let kept = journal.as_mut().expect("a journal").receive(&event.as_event()).expect("it fits");
                self.refused += u32::from(kept == Kept::Full);
                if kept == Kept::Reconnect {
                    server.connection = None;
                    return true;
                }
                kept != Kept::Full
            }
        };
        if !is_done {
            self.held = Some(event);
        }
        is_done
    }

    /// The application does one thing: it handles an event, asks for a state, or gets one. Returns whether it did anything.
    pub(crate) fn acts(&mut self, now: Instant, server: &Server, random: &mut Random) -> bool {
        if self.fetch.is_some() {
            return self.fetched(now, random);
        }
        if let Between::Journalled(journal) = &mut self.between {
            let journal = journal.as_mut().expect("a journal");
            match journal.peek().expect("it fits") {
                Next::Nothing => return false,
                Next::Sync { .. } => {}
                Next::Event(event, token) => {
                    self.application.handles(&event);
                    if random.one_in(40) {
                        self.is_cut = true;
                        return true;
                    }
                    journal.commit(token).expect("it fits");
                    self.saved.0 = self.application.clone();
                    return true;
                }
            }
        }
        if self.poll(now) != SyncAction::Fetch {
            return false;
        }
        match &mut self.between {
            Between::Direct { delivery, .. } => delivery.fetching(),
            Between::Journalled(journal) => journal.as_mut().expect("a journal").fetching(),
        }
        // A replica may be behind, but not behind a restart. What it lacks cannot be told if the server names no ID.
        let lag = if self.kind.tells && !self.kind.tells_id { 0 } else { random.below(3) };
        let events = server.events().saturating_sub(lag).max(server.epoch_from());
        self.fetch = Some(Fetch { events, id: server.id_after(events) });
        true
    }

    pub(crate) fn poll(&self, now: Instant) -> SyncAction {
        match &self.between {
            Between::Direct { delivery, .. } => delivery.poll(now),
            Between::Journalled(journal) => journal.as_ref().expect("a journal").poll(now),
        }
    }

    /// The state is there, or could not be fetched.
    fn fetched(&mut self, now: Instant, random: &mut Random) -> bool {
        let Some(Fetch { events, id }) = self.fetch.take() else { return false };
        let fails = random.one_in(5);
        let mut jitter = || 7;
        let id = id.as_bytes();
        match &mut self.between {
            Between::Direct { delivery, cursor } => {
                let Some(state) = (if fails { None } else { delivery.synced(id) }) else {
                    delivery.failed(now, &mut jitter);
                    return true;
                };
                delivery.resume_after(&state);
                cursor.set(id).expect("it fits");
                self.application.events = (0..events).collect();
                self.saved = (self.application.clone(), id.to_vec());
            }
            Between::Journalled(journal) => {
                let journal = journal.as_mut().expect("a journal");
                if fails || !journal.synced(id).expect("it fits") {
                    journal.failed(now, &mut jitter);
                    return true;
                }
                self.application.events = (0..events).collect();
                self.saved.0 = self.application.clone();
            }
        }
        true
    }

    /// Nothing waits to be read, handled or fetched.
    pub(crate) fn is_idle(&mut self, server: &Server) -> bool {
        let is_synced = self.poll(Instant::ZERO) == SyncAction::Deliver;
        let is_empty = match &mut self.between {
            Between::Direct { .. } => true,
            Between::Journalled(journal) => {
                journal.as_mut().expect("a journal").peek().expect("it fits") == Next::Nothing
            }
        };
        is_synced && is_empty && self.held.is_none() && server.connection.as_ref().is_some_and(|left| left.is_empty())
    }
}
