//! A run of events through the journal, and what must be in it.

use std::collections::VecDeque;

use embedded_sse::Event;
use embedded_sse::delivery::{
    AsyncJournal, Decimal, Delivery, JournalError, JournalledAsync, Kept, Next, Record, Serial,
};
use embedded_sse::io::FlashJournal;

use crate::flash::{Flash, PAGE, PAGES, PowerLost, now};

pub(crate) type Store<const WORD: usize> = FlashJournal<Flash<WORD>, [u8; 160]>;
type Journal<const WORD: usize> = JournalledAsync<Decimal, Store<WORD>, [u8; 160]>;

/// A record that has to be in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Event(u32),
    /// Events up to before this one are missing.
    Gap(u32),
}

/// What was begun and not seen to end when the power was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Begun {
    Nothing,
    Append(Vec<Entry>),
    /// So many records from the front, and the last ID from then on.
    Commit(usize, u32),
}

/// What is known of the journal.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    entries: VecDeque<Entry>,
    last: u32,
    begun: Begun,
    /// Committed, and not written to flash yet.
    unwritten: Vec<Entry>,
    /// The next event that the server sends, and how many turns there were.
    next: u32,
    turn: u32,
    pub(crate) events: u32,
    pub(crate) syncs: u32,
    pub(crate) refused: u32,
    pub(crate) batch: u32,
}

pub(crate) fn open<const WORD: usize>(flash: &Flash<WORD>, batch: u32) -> Result<Store<WORD>, JournalError<PowerLost>> {
    Ok(now(FlashJournal::open(flash.clone(), 0..(PAGE * PAGES) as u32, [0; 160]))?.commit_every(batch))
}

impl Run {
    pub(crate) fn new(batch: u32) -> Self {
        let (entries, begun) = (VecDeque::new(), Begun::Nothing);
        Self {
            entries,
            last: 0,
            begun,
            unwritten: Vec::new(),
            next: 1,
            turn: 0,
            events: 0,
            syncs: 0,
            refused: 0,
            batch,
        }
    }

    /// One turn of the loop: events arrive, and the application handles some. Returns `false` if the power is lost.
    pub(crate) fn turn<const WORD: usize>(&mut self, flash: &Flash<WORD>) -> bool {
        let result = self.journal(flash).and_then(|mut journal| self.play(&mut journal));
        match result {
            Ok(()) => true,
            Err(JournalError::Store(PowerLost)) => false,
            Err(error) => panic!("{error}: {self:?}"),
        }
    }

    fn journal<const WORD: usize>(&self, flash: &Flash<WORD>) -> Result<Journal<WORD>, JournalError<PowerLost>> {
        now(JournalledAsync::new(Delivery::new(Decimal), open(flash, self.batch)?, [0; 160]))
    }

    fn play<const WORD: usize>(&mut self, journal: &mut Journal<WORD>) -> Result<(), JournalError<PowerLost>> {
        self.turn += 1;
        for _ in 0..7 {
            self.receive(journal)?;
        }
        // Sometimes the application does nothing, and sometimes it catches up.
        let handles = match self.turn % 8 {
            0 => 1000,
            1..=4 => 0,
            turn => turn,
        };
        self.handle(journal, handles)?;
        now(journal.store_mut().flush())?;
        self.unwritten.clear();
        Ok(())
    }

    /// An event arrives. In each tenth place, two are missing.
    fn receive<const WORD: usize>(&mut self, journal: &mut Journal<WORD>) -> Result<(), JournalError<PowerLost>> {
        if self.next.is_multiple_of(23) && self.next > self.last {
            self.next += 2;
        }
        let (number, id) = (self.next, self.next.to_string());
        let data = data(number);
        let event = Event { event_type: b"message", data: data.as_bytes(), last_event_id: id.as_bytes() };
        let mut entries = vec![Entry::Event(number)];
        if self.last > 0 && number > self.last + 1 {
            entries.insert(0, Entry::Gap(number));
        }
        if number <= self.last {
            assert_eq!(now(journal.receive(&event))?, Kept::Duplicate);
        } else {
            self.begun = Begun::Append(entries.clone());
            match now(journal.receive(&event))? {
                Kept::Stored => {
                    self.entries.extend(entries);
                    self.last = number;
                    self.events += 1;
                }
                Kept::Full => {
                    // The gap may have found room.
                    self.refused += 1;
                    self.begun = Begun::Nothing;
                    if entries.len() > 1 && read_all(journal).len() > self.entries.len() {
                        self.entries.push_back(entries[0]);
                    }
                    return Ok(());
                }
                other => panic!("{other:?}: {self:?}"),
            }
            self.begun = Begun::Nothing;
        }
        self.next += 1;
        Ok(())
    }

    fn handle<const WORD: usize>(
        &mut self,
        journal: &mut Journal<WORD>,
        most: u32,
    ) -> Result<(), JournalError<PowerLost>> {
        for _ in 0..most {
            match (now(journal.peek())?, self.entries.front().copied()) {
                (Next::Nothing, None) => return Ok(()),
                (Next::Event(event, token), Some(Entry::Event(number))) => {
                    assert_eq!(event.last_event_id, number.to_string().as_bytes(), "{self:?}");
                    assert_eq!(event.data, data(number).as_bytes());
                    self.begun = Begun::Commit(1, self.last);
                    now(journal.commit(token))?;
                    self.unwritten.extend(self.entries.pop_front());
                    if self.unwritten.len() >= self.batch as usize {
                        self.unwritten.remove(0);
                    }
                }
                (Next::Sync { .. }, Some(Entry::Gap(until))) => {
                    // The state is a little ahead of the gap, or of all that was received.
                    let state = if until % 2 == 0 { until + 1 } else { self.last.max(until) + 2 };
                    let contained = |entry: &&Entry| match entry {
                        Entry::Event(number) => *number <= state,
                        Entry::Gap(until) => until - 1 <= state,
                    };
                    let count = self.entries.iter().take_while(contained).count();
                    self.begun = Begun::Commit(count, self.last.max(state));
                    journal.fetching();
                    assert!(now(journal.synced(state.to_string().as_bytes()))?);
                    self.entries.drain(..count);
                    self.unwritten.clear();
                    self.last = self.last.max(state);
                    self.syncs += 1;
                }
                (next, front) => panic!("{next:?} instead of {front:?}: {self:?}"),
            }
            self.begun = Begun::Nothing;
        }
        Ok(())
    }

    /// Compares what is in the journal after a restart with what may be there, and goes on from it.
    pub(crate) fn check<const WORD: usize>(&mut self, flash: &Flash<WORD>) {
        let mut store = open(flash, self.batch).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        let all = read_store(&mut store);
        let early = all.iter().take_while(|entry| self.unwritten.contains(entry)).count();
        assert!(early < self.batch as usize, "{early} committed events come again: {self:?}");
        let found = &all[early..];
        let mut buffer = [0; 64];
        let last = now(store.last_id(&mut buffer)).expect("it fits");
        let last: u32 = if last.is_empty() { 0 } else { str::from_utf8(last).unwrap().parse().unwrap() };
        let known: Vec<_> = self.entries.iter().copied().collect();
        let event = |entries: &[Entry]| {
            entries
                .iter()
                .filter_map(|entry| match entry {
                    Entry::Event(number) => Some(*number),
                    Entry::Gap(_) => None,
                })
                .next_back()
        };
        let is_right = match &self.begun {
            Begun::Nothing => found == known && last == self.last,
            // What was begun is there in part, from its beginning.
            Begun::Append(entries) => (0..=entries.len()).any(|count| {
                let with = [&known[..], &entries[..count]].concat();
                found == with && last == event(&entries[..count]).unwrap_or(self.last)
            }),
            // All of it is committed, or what is left begins with the first.
            Begun::Commit(count, then) => {
                let (begun, rest) = known.split_at(*count);
                let is_done = found == rest && last == *then;
                let is_left = (early > 0 || found.first() == begun.first()) && found.ends_with(rest) && {
                    let left = &found[..found.len() - rest.len()];
                    left.iter().all(|entry| begun.contains(entry)) && (last == self.last || last == *then)
                };
                is_done || is_left
            }
        };
        assert!(is_right, "found {found:?}, last {last}\nin place of {known:?}: {self:?}");
        self.entries = all.into();
        self.unwritten.clear();
        self.last = last;
        // The server sends what comes after the last ID.
        self.next = last + 1;
        self.begun = Begun::Nothing;
    }

    /// Each event is handled before the next one arrives.
    pub(crate) fn keep_up<const WORD: usize>(&mut self, flash: &Flash<WORD>, events: u32) {
        let mut journal = self.journal(flash).expect("it opens");
        while self.events < events {
            self.receive(&mut journal).expect("there is power");
            self.handle(&mut journal, 1000).expect("there is power");
        }
        assert_eq!(self.refused, 0);
    }

    /// All is handled in order.
    pub(crate) fn drain<const WORD: usize>(&mut self, flash: &Flash<WORD>) {
        let mut journal = self.journal(flash).expect("it opens");
        self.handle(&mut journal, 1000).expect("there is power");
        assert_eq!(self.entries, []);
        now(journal.store_mut().flush()).expect("there is power");
    }
}

fn data(number: u32) -> String {
    format!("{number} {}", "x".repeat(number as usize * 37 % 61))
}

fn read_all<const WORD: usize>(journal: &mut Journal<WORD>) -> Vec<Entry> {
    read_store(journal.store_mut())
}

fn read_store<const WORD: usize>(store: &mut Store<WORD>) -> Vec<Entry> {
    let (mut found, mut after) = (Vec::new(), Serial::START);
    let mut buffer = [0; 160];
    while let Some((serial, record)) = now(store.read(after, &mut buffer)).expect("it can be read") {
        let number = |id: &[u8]| str::from_utf8(id).expect("text").parse().expect("a number");
        found.push(match record {
            Record::Event { event, .. } => Entry::Event(number(event.last_event_id)),
            Record::Gap { until, .. } => Entry::Gap(number(until)),
        });
        after = serial;
    }
    found
}
