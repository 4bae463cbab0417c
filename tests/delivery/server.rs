//! A server that keeps a history, forgets, restarts and repeats, and knows what it has sent.

use std::collections::VecDeque;
use std::ops::Range;

/// Random numbers: splitmix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    pub(crate) fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub(crate) fn range(&mut self, range: Range<usize>) -> usize {
        range.start + self.below(range.end - range.start)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ids {
    /// `7`; the server never restarts.
    Decimal,
    /// `3:7`
    Epoch,
    /// `1700000000123-0`
    Millis,
}

/// How the server behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) ids: Ids,
    /// A restart keeps the history, so that IDs of older epochs are known.
    pub(crate) keeps: bool,
    /// A client whose ID is not known is told so, with an event.
    pub(crate) tells: bool,
    /// That event has the ID of the newest one.
    pub(crate) tells_id: bool,
    /// To a client whose ID is not known, all that is left is sent, and otherwise only what is new.
    pub(crate) sends_rest: bool,
    /// A client that resumes gets up to so many events again.
    pub(crate) repeats: usize,
}

impl Kind {
    pub(crate) fn random(random: &mut Random) -> Self {
        let tells_id = !random.one_in(3);
        let ids = [Ids::Decimal, Ids::Epoch, Ids::Millis][random.below(3)];
        Self {
            ids,
            keeps: random.one_in(2),
            tells: ids == Ids::Millis || random.one_in(2),
            tells_id,
            sends_rest: random.one_in(2) && !tells_id,
            repeats: random.below(3),
        }
    }
}

pub(crate) struct Server {
    pub(crate) kind: Kind,
    /// The IDs of all events that were ever sent. What has happened is the number of them.
    log: Vec<String>,
    /// The first event in the history.
    kept_from: usize,
    /// The first event of each epoch.
    epochs: Vec<usize>,
    millis: u64,
    notes: usize,
    pub(crate) connection: Option<VecDeque<u8>>,
    /// The events that were left out of the connection, although it was open.
    pub(crate) cuts_told: usize,
}

impl Server {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            log: Vec::new(),
            kept_from: 0,
            epochs: vec![0],
            millis: 1_700_000_000_000,
            notes: 0,
            connection: None,
            cuts_told: 0,
        }
    }

    pub(crate) fn events(&self) -> usize {
        self.log.len()
    }

    /// The ID of the state that contains the first `events` events. Those are all, or end in this epoch.
    pub(crate) fn id_after(&self, events: usize) -> String {
        match self.kind.ids {
            Ids::Millis if events == 0 => "1-0".into(),
            Ids::Millis => self.log[events - 1].clone(),
            _ => self.counted(events),
        }
    }

    /// The first event of this epoch.
    pub(crate) fn epoch_from(&self) -> usize {
        self.epochs[self.epochs.len() - 1]
    }

    fn counted(&self, events: usize) -> String {
        match self.kind.ids {
            Ids::Decimal => events.to_string(),
            _ => format!("{}:{}", self.epochs.len(), events - self.epoch_from()),
        }
    }

    /// Something happens. `hole`: it is not sent to the client, and nothing is said.
    pub(crate) fn happens(&mut self, hole: bool, random: &mut Random) {
        let id = if self.kind.ids == Ids::Millis {
            let pause = random.below(3) as u64;
            let last = self.log.last().and_then(|id| id.split_once('-')).map(|(_, count)| count.parse::<u64>());
            self.millis += pause;
            let count = if pause == 0 { last.map_or(0, |count| count.expect("a number") + 1) } else { 0 };
            format!("{}-{count}", self.millis)
        } else {
            self.counted(self.log.len() + 1)
        };
        self.log.push(id);
        if !hole {
            let frame = self.frame(self.log.len() - 1);
            self.send(&frame);
        }
    }

    /// Something without an ID, which no history has.
    pub(crate) fn notes(&mut self) {
        self.notes += 1;
        let frame = format!("event: note\ndata: {}\n\n", self.notes);
        self.send(&frame);
    }

    fn send(&mut self, frame: &str) {
        if let Some(connection) = &mut self.connection {
            connection.extend(frame.bytes());
        }
    }

    fn frame(&self, event: usize) -> String {
        format!("id: {}\ndata: {event}\n\n", self.log[event])
    }

    /// Forgets all but the last few events.
    pub(crate) fn evicts(&mut self, random: &mut Random) {
        self.kept_from = self.kept_from.max(self.log.len().saturating_sub(random.below(6)));
    }

    pub(crate) fn restarts(&mut self) {
        self.connection = None;
        self.epochs.push(self.log.len());
        if !self.kind.keeps {
            self.kept_from = self.log.len();
        }
    }

    pub(crate) fn connects(&mut self, last_event_id: &[u8]) {
        self.connection = Some(VecDeque::new());
        let id = str::from_utf8(last_event_id).expect("text");
        let known = self.first_missed(id);
        let from = match known {
            Some(from) => {
                // What is repeated is of the epoch that the client knows.
                let epoch_from = self.epochs.iter().rev().find(|start| **start <= from).copied().unwrap_or(from);
                from.saturating_sub(self.kind.repeats).max(self.kept_from).max(epoch_from).min(from)
            }
            None => {
                if self.kind.tells {
                    self.cuts_told += 1;
                    let newest = self.id_after(self.log.len());
                    let id = if self.kind.tells_id { format!("id: {newest}\n") } else { String::new() };
                    self.send(&format!("event: cut\n{id}data\n\n"));
                }
                if self.kind.sends_rest { self.kept_from.max(self.epoch_from()) } else { self.log.len() }
            }
        };
        for event in from..self.log.len() {
            let frame = self.frame(event);
            self.send(&frame);
        }
    }

    /// The first event after the one with this ID, if the history has that one, or its epoch begins there.
    fn first_missed(&self, id: &str) -> Option<usize> {
        if let Some(event) = (self.kept_from..self.log.len()).find(|event| self.log[*event] == id) {
            return Some(event + 1);
        }
        let (epoch, start) = match (self.kind.ids, id.split_once(':')) {
            (Ids::Epoch, Some((epoch, "0"))) => {
                (epoch.parse().expect("a number"), self.epochs[epoch.parse::<usize>().expect("a number") - 1])
            }
            (Ids::Decimal, _) if id == "0" => (1, 0),
            _ => return (id == self.id_after(self.log.len())).then_some(self.log.len()),
        };
        ((self.kind.keeps || epoch == self.epochs.len()) && start >= self.kept_from).then_some(start)
    }
}
