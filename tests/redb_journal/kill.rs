//! A process that is killed while it writes.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use embedded_sse::Event;
use embedded_sse::delivery::{Decimal, Delivery, Journal, Journalled, Kept, Next, Record, Serial};
use embedded_sse::io::{Durable, RedbJournal};

use crate::TemporaryFile;

const FILE: &str = "EMBEDDED_SSE_TEST_JOURNAL";
const BATCH: &str = "EMBEDDED_SSE_TEST_BATCH";

/// Tells the parent what is certain. What it wrote before it is killed, the parent can read.
fn tell(what: char, number: u64) {
    let mut out = std::io::stdout();
    out.write_all(format!("{what} {number}\n").as_bytes()).and_then(|()| out.flush()).expect("the parent reads");
}

/// The number that an ID is.
fn number(id: &[u8]) -> u64 {
    if id.is_empty() { 0 } else { str::from_utf8(id).expect("text").parse().expect("a number") }
}

/// The process that is killed. 2,000 events a second arrive, unless the disk is slower.
#[test]
#[ignore = "runs in a process of its own, which the other test starts"]
fn writes_until_it_is_killed() {
    let Ok(path) = std::env::var(FILE) else { return };
    let batch: u32 = std::env::var(BATCH).expect("a size").parse().expect("a number");
    let durable = if batch == 1 { Durable::Each } else { Durable::Batch(u32::MAX) };
    let store = RedbJournal::open(path, durable).expect("it opens");
    let mut journal = Journalled::new(Delivery::new(Decimal), store, vec![0; 4096]).expect("it fits");
    let mut arrived = number(journal.resume_from().expect("it fits"));
    tell('l', arrived);
    let (mut after, mut buffer) = (Serial::START, [0; 4096]);
    while let Some((serial, record)) = journal.store_mut().read(after, &mut buffer).expect("it can be read") {
        if let Record::Event { event, .. } = record {
            tell('u', number(event.last_event_id));
        }
        after = serial;
    }
    tell('r', 0);
    let start = Instant::now();
    for turn in 1.. {
        for _ in 0..batch {
            arrived += if arrived % 97 == 96 { 3 } else { 1 };
            let (id, data) = (arrived.to_string(), format!("event {arrived}, {}", "x".repeat(40)));
            let event = Event { event_type: b"message", data: data.as_bytes(), last_event_id: id.as_bytes() };
            assert_eq!(journal.receive(&event).expect("it is stored"), Kept::Stored);
        }
        journal.store_mut().flush().expect("the disk works");
        tell('s', arrived);
        // The application is a little behind.
        let mut last = 0;
        for _ in 0..batch {
            match journal.peek().expect("it can be read") {
                Next::Event(event, token) => {
                    last = number(event.last_event_id);
                    tell('h', last);
                    journal.commit(token).expect("the disk works");
                }
                Next::Sync { since } => {
                    last = number(since) + 2;
                    journal.fetching();
                    assert!(journal.synced(last.to_string().as_bytes()).expect("the disk works"));
                }
                Next::Nothing => break,
            }
        }
        journal.store_mut().flush().expect("the disk works");
        tell('c', last);
        let due = Duration::from_micros(500 * u64::from(batch * turn));
        thread::sleep(due.saturating_sub(start.elapsed()));
    }
}

/// What is known after the processes so far.
#[derive(Default)]
struct Known {
    stored: BTreeSet<u64>,
    handled: BTreeSet<u64>,
    committed: u64,
    last: u64,
    lives: u32,
    events: u64,
}

impl Known {
    /// One process, from its start to its end.
    fn live(&mut self, path: &Path, batch: u32, life: Duration) {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "kill::writes_until_it_is_killed", "--ignored", "--nocapture"])
            .env(FILE, path)
            .env(BATCH, batch.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let out = child.stdout.take().expect("a pipe");
        let (ready, is_ready) = mpsc::channel();
        let reader = thread::spawn(move || {
            let (mut out, mut said) = (BufReader::new(out), String::new());
            while out.read_line(&mut said).expect("text") > 0 {
                if said.ends_with("r 0\n") {
                    let _ = ready.send(()); // the parent may not wait
                }
            }
            said
        });
        // Some die before they have opened the file.
        if !life.as_millis().is_multiple_of(10) {
            is_ready.recv_timeout(Duration::from_secs(20)).expect("it opens");
        }
        thread::sleep(life);
        child.kill().expect("SIGKILL");
        child.wait().expect("it is dead");
        self.judge(&reader.join().expect("it ended"), batch);
    }

    fn judge(&mut self, said: &str, batch: u32) {
        let mut uncommitted = BTreeSet::new();
        // A line without its end was not said.
        for line in said.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            let Some((what, number)) = line.split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "l" => {
                    assert!(number >= self.last, "{} was stored, and the journal ends at {number}", self.last);
                    self.last = number;
                }
                "u" => {
                    assert!(number > self.committed, "{number} comes again, and {} is committed", self.committed);
                    assert!(uncommitted.last().is_none_or(|last| *last < number), "the order");
                    uncommitted.insert(number);
                }
                "r" => {
                    let committed = self.committed;
                    let is_lost = |number: &&u64| {
                        **number > committed && !uncommitted.contains(number) && !self.handled.contains(number)
                    };
                    assert_eq!(self.stored.iter().find(is_lost), None, "stored, not handled, and not there");
                    self.stored = uncommitted.clone();
                    self.lives += 1;
                }
                "s" => {
                    self.events += u64::from(batch);
                    self.stored.extend((self.last + 1..=number).filter(|number| !matches!(number % 97, 0 | 1)));
                    self.last = number;
                }
                "h" => {
                    assert!(number > self.committed, "{number} is handled again");
                    self.handled.insert(number);
                }
                "c" => self.committed = self.committed.max(number),
                _ => {}
            }
        }
    }
}

#[test]
fn nothing_is_lost_and_nothing_comes_twice_if_the_process_is_killed_200_times() {
    let start = Instant::now();
    let mut lives = 0;
    for (batch, times) in [(1, 100), (32, 100)] {
        let file = TemporaryFile::new(&format!("kill-{batch}"));
        let mut known = Known::default();
        for time in 0..times {
            known.live(&file.0, batch, Duration::from_millis(1 + time * 37 % 60));
        }
        println!(
            "batches of {batch}: killed {times} times, {} of them after it was ready, {} events stored, {} s",
            known.lives,
            known.events,
            start.elapsed().as_secs()
        );
        lives += known.lives;
        assert!(known.events > 50, "{}", known.events);
    }
    assert!(lives > 150, "{lives}");
}

/// What the durability costs here. The figures are only shown.
#[test]
#[ignore = "measures time"]
fn what_durability_costs() {
    for (durable, count) in [(Durable::Each, 500), (Durable::Batch(16), 8_000), (Durable::Batch(256), 25_600)] {
        let file = TemporaryFile::new("rate");
        let mut journal = RedbJournal::open(&file.0, durable).expect("it opens");
        let event = Event { event_type: b"message", data: &[b'x'; 60], last_event_id: b"12345678" };
        let start = Instant::now();
        for _ in 0..count {
            journal.append(&Record::Event { event, has_id: true }).expect("the disk works");
        }
        assert_eq!(journal.flush().map_err(|error| error.to_string()), Ok(()));
        println!("{durable:?}: {:.0} events a second", f64::from(count) / start.elapsed().as_secs_f64());
    }
}
