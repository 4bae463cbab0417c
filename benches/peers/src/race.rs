//! Measures the contenders in turn, in several rounds, so that other load on the machine affects all of them. The
//! result is the median.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::contender::{Contender, Kind, Run};
use crate::inputs::Input;

/// How long one contender runs before the next. It is short compared to changes of the machine's speed, and long
/// compared to the resolution of the clock.
const TURN: Duration = Duration::from_millis(2);

/// A contender that needs longer than this for one run is only run once.
const TOO_SLOW: Duration = Duration::from_millis(30);

/// All contenders on one input.
pub struct Race {
    pub input: &'static Input,
    /// The chunk size in bytes. `usize::MAX` means the whole input.
    pub chunk: usize,
    pub entrants: Vec<Entrant>,
}

pub struct Entrant {
    pub name: &'static str,
    pub kind: Kind,
    /// Whether the result is correct. Otherwise its time is not counted.
    pub right: bool,
    run: Run,
    /// The seconds for one run over the whole input, in each round.
    seconds: Vec<f64>,
}

impl Race {
    pub fn new(contenders: &[Contender], input: &'static Input, chunk: usize) -> Self {
        let entrants = contenders.iter().map(|contender| Entrant {
            name: contender.name,
            kind: contender.kind,
            right: (contender.is_right)(input, chunk),
            run: (contender.prepare)(input, chunk),
            seconds: Vec::new(),
        });
        Self { input, chunk, entrants: entrants.collect() }
    }

    pub fn round(&mut self) {
        self.entrants.iter_mut().for_each(Entrant::turn);
    }

    /// Returns the bytes of the stream per event.
    pub fn bytes_per_event(&self) -> f64 {
        self.input.bytes.len() as f64 / self.input.messages.len() as f64
    }

    /// Returns the speed in millions of stream bytes per second.
    pub fn megabytes_per_second(&self, entrant: &Entrant) -> f64 {
        self.input.bytes.len() as f64 / entrant.seconds() / 1e6
    }

    /// Returns the nanoseconds per event.
    pub fn nanoseconds(&self, entrant: &Entrant) -> f64 {
        entrant.seconds() * 1e9 / self.input.messages.len() as f64
    }

    pub fn find(&self, name: &str) -> Option<&Entrant> {
        self.entrants.iter().find(|entrant| entrant.name == name)
    }

    /// Returns the fastest peer with a correct result.
    pub fn fastest_peer(&self) -> Option<&Entrant> {
        let peers = self.entrants.iter().filter(|entrant| entrant.kind == Kind::Peer && entrant.right);
        peers.min_by(|a, b| a.seconds().total_cmp(&b.seconds()))
    }
}

impl Entrant {
    /// Returns the seconds for one run over the whole input: the median of the rounds.
    pub fn seconds(&self) -> f64 {
        let mut seconds = self.seconds.clone();
        seconds.sort_by(f64::total_cmp);
        seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
    }

    fn turn(&mut self) {
        if self.seconds.last().is_some_and(|&last| last > TOO_SLOW.as_secs_f64()) {
            return;
        }
        // One run to warm the caches, and to find out how many runs fill the turn.
        let once = self.time(1);
        let runs = (TURN.as_secs_f64() / once).ceil() as u32;
        let seconds = if once > TOO_SLOW.as_secs_f64() { once } else { self.time(runs) };
        self.seconds.push(seconds);
    }

    /// Returns the seconds per run.
    fn time(&mut self, runs: u32) -> f64 {
        let start = Instant::now();
        for _ in 0..runs {
            black_box((self.run)());
        }
        start.elapsed().as_secs_f64() / f64::from(runs)
    }
}
