//! Simulates an hour with healthy servers that close every connection after a while, as many proxies do.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use embedded_sse::client::{Heard, Instant, Policy, Reconnect};

use crate::fleet::{Random, begin, next_attempt, peak};

/// When a server closes a connection. Every connection delivers one event first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closes {
    /// 55 s after it was opened, as many proxies do.
    Each,
    /// All connections together, at each full minute.
    All,
    /// 50 ms after it was opened.
    AtOnce,
}

impl Closes {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Each => "each after 55 s",
            Self::All => "all together, every minute",
            Self::AtOnce => "right after the first event",
        }
    }

    /// Returns when a connection that was opened at this time is closed, in milliseconds.
    const fn end(self, opened: u64) -> u64 {
        match self {
            Self::Each => opened + 55_000,
            Self::All => (opened / MINUTE + 1) * MINUTE,
            Self::AtOnce => opened + 50,
        }
    }
}

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// The library's policy, and the same policy without the rule that an event makes a connection stable sooner.
const POLICIES: [(&str, Policy); 2] = [
    ("standard", Policy::standard()),
    ("standard, stable after 60 s", Policy::standard().stable_after_event(Duration::from_secs(60))),
];

/// The result of an hour of a fleet with such a server.
#[derive(Debug)]
pub(crate) struct Minutes {
    pub(crate) policy: &'static str,
    pub(crate) closes: Closes,
    clients: u32,
    attempts: usize,
    /// The sum over all clients, in milliseconds.
    connected: u64,
    pub(crate) peak: usize,
}

/// Simulates every kind of server under each policy.
pub(crate) fn simulate(clients: u32) -> Vec<Minutes> {
    let closes = [Closes::Each, Closes::All, Closes::AtOnce];
    closes.iter().flat_map(|closes| POLICIES.map(|(name, policy)| hour(clients, name, policy, *closes))).collect()
}

fn hour(clients: u32, name: &'static str, policy: Policy, closes: Closes) -> Minutes {
    // The clients connect one after another during the minute before the measured hour.
    let start = |client| MINUTE * u64::from(client) / u64::from(clients);
    let mut machines: Vec<_> =
        (0..clients).map(|client| Reconnect::new(policy, Random(u64::from(client) << 32))).collect();
    let mut due: BinaryHeap<_> = (0..clients).map(|client| Reverse((start(client), client as usize))).collect();
    let (mut attempts, mut connected) = (Vec::new(), 0);
    while let Some(Reverse((at, client))) = due.pop() {
        let Some(machine) = machines.get_mut(client).filter(|_| at < MINUTE + HOUR) else { continue };
        let (epoch, end) = (begin(machine, at), closes.end(at));
        if at >= MINUTE {
            attempts.push(at);
        }
        connected += end.min(MINUTE + HOUR).saturating_sub(at.max(MINUTE));
        machine.opened(epoch, Instant::from_millis(at));
        machine.heard(epoch, Instant::from_millis(at), Heard::Event);
        machine.ended(epoch, Instant::from_millis(end));
        due.extend(next_attempt(machine, end).map(|at| Reverse((at, client))));
    }
    Minutes { policy: name, closes, clients, attempts: attempts.len(), connected, peak: peak(&attempts) }
}

impl Minutes {
    /// Returns the share of the time during which a client is connected, in per cent.
    pub(crate) fn connected(&self) -> f64 {
        self.connected as f64 * 100.0 / (HOUR * u64::from(self.clients)) as f64
    }

    pub(crate) fn attempts_an_hour(&self) -> f64 {
        self.attempts as f64 / f64::from(self.clients)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_closes_every_minute_is_not_backed_off_from_and_one_that_hangs_up_is() {
        let hours = simulate(10_000);
        for [new, old] in hours.as_chunks().0 {
            assert_eq!((new.closes, old.closes), (old.closes, new.closes));
            match new.closes {
                Closes::Each => {
                    assert!(new.connected() > 90.0 && old.connected() < 65.0, "{new:?} {old:?}");
                    // If they are spread evenly, 10,000 clients per minute make 17 attempts per 100 ms.
                    assert!(new.peak < 50, "{new:?}");
                }
                // No denser than the first attempts after an outage.
                Closes::All => assert!(new.connected() > 88.0 && new.peak <= 260, "{new:?}"),
                Closes::AtOnce => {
                    assert_eq!((new.peak, new.attempts), (old.peak, old.attempts), "the rule must not apply here");
                    assert!(new.attempts_an_hour() < 120.0, "{new:?}");
                }
            }
        }
    }
}
