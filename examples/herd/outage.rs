//! Simulates an outage: all clients lose the server at the same moment.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use embedded_sse::client::{Backoff, Instant, Policy, Reconnect, Spread};

use crate::fleet::{Random, begin, next_attempt, peak};

const SECOND: Duration = Duration::from_secs(1);
const CAP: Duration = Duration::from_secs(60);
const EXPONENTIAL: Backoff = Backoff::exponential(SECOND, CAP);

/// A policy to compare.
pub(crate) struct Rival {
    pub(crate) name: &'static str,
    policy: Policy,
    /// The reconnection time that the server sent before the outage.
    retry: Option<Duration>,
}

pub(crate) const RIVALS: [Rival; 7] = [
    Rival::new("fixed 3 s", Policy::new(Backoff::fixed(Duration::from_secs(3)))),
    Rival::new("exponential, no jitter", Policy::new(EXPONENTIAL.spread(Spread::None))),
    Rival::new("equal jitter", Policy::new(EXPONENTIAL.spread(Spread::Equal))),
    Rival::new("full jitter", Policy::new(EXPONENTIAL.spread(Spread::Full))),
    Rival::new("decorrelated jitter", Policy::new(EXPONENTIAL.spread(Spread::Decorrelated))),
    Rival::new("standard", Policy::standard()),
    Rival { retry: Some(Duration::from_secs(3)), ..Rival::new("standard, retry: 3000", Policy::standard()) },
];
const FIXED: usize = 0;
const FULL: usize = 3;
const STANDARD: usize = 5;
const STANDARD_AFTER_RETRY: usize = 6;

/// The result for one policy. Times are in milliseconds since the start of the outage.
pub(crate) struct Herd {
    pub(crate) name: &'static str,
    pub(crate) clients: u32,
    pub(crate) outage: u64,
    /// The first attempt of each client.
    pub(crate) first_attempts: Vec<u64>,
    pub(crate) later_attempts: Vec<u64>,
    pub(crate) back: Vec<u64>,
}

impl Rival {
    const fn new(name: &'static str, policy: Policy) -> Self {
        Self { name, policy, retry: None }
    }

    pub(crate) fn simulate(&self, clients: u32, outage: u32) -> Herd {
        let outage = u64::from(outage) * 1000;
        let mut herd = Herd {
            name: self.name,
            clients,
            outage,
            first_attempts: Vec::new(),
            later_attempts: Vec::new(),
            back: Vec::new(),
        };
        let mut machines = Vec::new();
        let mut due = BinaryHeap::new();
        for client in 0..clients {
            let mut machine = Reconnect::new(self.policy, Random(u64::from(client) << 32));
            let begun = begin(&mut machine, LOSS - CONNECTED);
            machine.opened(begun, Instant::from_millis(LOSS - CONNECTED));
            self.retry.into_iter().for_each(|time| machine.set_reconnection_time(time));
            machine.lost(begun, Instant::from_millis(LOSS));
            due.extend(next_attempt(&machine, LOSS).map(|at| Reverse((at, machines.len()))));
            machines.push(machine);
        }
        while let Some(Reverse((at, client))) = due.pop() {
            let Some(machine) = machines.get_mut(client) else { continue };
            let first = machine.failures() == 1;
            let epoch = begin(machine, at);
            let since = at - LOSS;
            if first { &mut herd.first_attempts } else { &mut herd.later_attempts }.push(since);
            if since >= outage {
                machine.opened(epoch, Instant::from_millis(at));
                herd.back.push(since);
            } else {
                machine.lost(epoch, Instant::from_millis(at));
                due.extend(next_attempt(machine, at).map(|at| Reverse((at, client))));
            }
        }
        herd
    }
}

/// When the outage starts, and how long all clients have been connected at that moment, in milliseconds.
const LOSS: u64 = 1_000_000;
const CONNECTED: u64 = 900_000;

impl Herd {
    /// Returns the time from the end of the outage until 99 % of the clients are back, in seconds.
    pub(crate) fn recovery(&self) -> f64 {
        let almost_all = self.back.len() * 99 / 100;
        self.back.get(almost_all).map_or(f64::NAN, |at| (at - self.outage) as f64 / 1000.0)
    }

    pub(crate) fn wasted(&self) -> f64 {
        let attempts = self.first_attempts.len() + self.later_attempts.len();
        (attempts - self.back.len()) as f64 / f64::from(self.clients)
    }

    /// Returns the number of attempts in each 100 ms.
    pub(crate) fn histogram(&self) -> Vec<u32> {
        let mut bins = Vec::new();
        for at in self.first_attempts.iter().chain(&self.later_attempts) {
            let bin = (at / 100) as usize;
            bins.resize(bins.len().max(bin + 1), 0);
            bins[bin] += 1;
        }
        bins
    }
}

/// Returns how many times lower the peaks are than with a fixed wait: with full jitter once the server is back, with
/// the standard policy from the second attempt on, and with it on the first attempt after the server has set a
/// reconnection time.
pub(crate) fn claims(herds: &[Herd]) -> [f64; 3] {
    let fixed = peak(&herds[FIXED].first_attempts) as f64;
    let times_lower = |times: &[u64]| fixed / peak(times).max(1) as f64;
    let standard = [STANDARD, STANDARD_AFTER_RETRY].map(|herd| times_lower(&herds[herd].later_attempts));
    [
        times_lower(&herds[FULL].back),
        standard[0].min(standard[1]),
        times_lower(&herds[STANDARD_AFTER_RETRY].first_attempts),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn herds(outage: u32) -> Vec<Herd> {
        RIVALS.iter().map(|rival| rival.simulate(10_000, outage)).collect()
    }

    #[test]
    fn the_claims_hold() {
        let [full, later, first] = claims(&herds(60));
        assert!(full >= 150.0, "full jitter: {full}");
        assert!(later >= 100.0, "standard, from the second attempt on: {later}");
        assert!(first >= 25.0, "standard, first attempt after retry: 3000: {first}");
    }

    #[test]
    fn no_client_returns_too_early_and_all_are_back_within_the_cap() {
        for outage in [0, 10, 60, 300] {
            for herd in &herds(outage) {
                assert_eq!(herd.back.len(), 10_000);
                assert!(herd.recovery() <= CAP.as_secs_f64(), "{}: {}", herd.name, herd.recovery());
                if herd.name.starts_with("standard") {
                    assert!(herd.first_attempts.iter().all(|at| *at >= 3000));
                }
            }
        }
    }

    #[test]
    fn with_a_fixed_wait_all_clients_return_at_once() {
        let herd = &herds(60)[FIXED];
        assert_eq!(peak(&herd.back), 10_000);
        assert_eq!(herd.wasted(), 19.0);
    }
}
