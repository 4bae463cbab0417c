//! Operations on `Reconnect` in any order, and the rules that must hold after each. The property tests, the walk
//! through all states and the fuzz target share this module.

use core::time::Duration;

use embedded_sse::client::{Action, Epoch, Heard, Instant, Jitter, Policy, Reconnect, StopReason};

/// A change of the clock, or a call of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// The clock advances, and saturates.
    Later(u64),
    /// The clock goes back.
    Earlier(u64),
    /// The clock advances to the deadline of the last action, if it has one.
    Due,
    Connecting(Which),
    Opened(Which),
    Heard(Which, Heard),
    Ended(Which),
    Lost(Which),
    Rejected(Which, Option<u64>),
    Refused(Which),
    /// The application was busy for this long until now.
    Resumed(u64),
    ReconnectionTime(u64),
    NetworkDown,
    NetworkUp,
    NetworkChanged,
    Close,
    Restart,
    /// The next attempt is delayed by less than this long.
    StartWithin(u64),
}

/// The connection that an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The connection of the last action.
    Present,
    /// The connection before it.
    Old,
}

/// A machine, a clock, and what an observer knows about the machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Checked<J> {
    pub(crate) machine: Reconnect<J>,
    pub(crate) now: Instant,
    bounds: Bounds,
    /// The reconnection time that the server set, in milliseconds.
    asked: Option<u64>,
    /// The server does not want an attempt before this.
    floor: Instant,
    /// The last attempt that was started, and the one before it.
    begun: Option<Epoch>,
    old: Option<Epoch>,
}

/// The bounds of the policy, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bounds {
    pub(crate) least: u64,
    pub(crate) most_asked: u64,
    pub(crate) most_retry_after: u64,
    pub(crate) max_attempts: Option<u32>,
}

impl<J: Jitter + Clone + PartialEq + core::fmt::Debug> Checked<J> {
    pub(crate) fn new(policy: Policy, bounds: Bounds, jitter: J) -> Self {
        Self {
            machine: Reconnect::new(policy, jitter),
            now: Instant::from_millis(1000),
            bounds,
            asked: None,
            floor: Instant::ZERO,
            begun: None,
            old: None,
        }
    }

    /// Applies an operation and checks all rules.
    pub(crate) fn apply(&mut self, operation: Operation) {
        let (before, now) = (self.machine.poll(self.now), self.now);
        let live = match before {
            Action::AwaitResponse { epoch, .. } | Action::Read { epoch, .. } | Action::Disconnect(epoch) => Some(epoch),
            _ => None,
        };
        let which = |which| match which {
            Which::Present => before.epoch().or(self.begun),
            Which::Old => self.old,
        };
        let about = match operation {
            Operation::Connecting(about)
            | Operation::Opened(about)
            | Operation::Heard(about, _)
            | Operation::Ended(about)
            | Operation::Lost(about)
            | Operation::Rejected(about, _)
            | Operation::Refused(about) => which(about),
            _ => None,
        };
        let unchanged = self.machine.clone();
        match (operation, about) {
            (Operation::Later(millis), _) => self.now = now.saturating_add(Duration::from_millis(millis)),
            (Operation::Earlier(millis), _) => {
                self.now = Instant::from_millis(now.as_millis().saturating_sub(millis));
            }
            (Operation::Due, _) => self.now = due(before).unwrap_or(now),
            (Operation::Connecting(_), Some(epoch)) => {
                self.machine.connecting(epoch, now);
                if before == Action::Connect(epoch) {
                    assert_ne!(self.begun, Some(epoch), "an epoch is used once");
                    (self.old, self.begun) = (self.begun, Some(epoch));
                    assert_eq!(self.machine.poll(now).epoch(), Some(epoch));
                    assert_ne!(self.machine.poll(now), before, "each attempt is requested once");
                } else {
                    assert_eq!(self.machine, unchanged, "an attempt cannot start before it is due");
                }
            }
            (Operation::Opened(_), Some(epoch)) => self.machine.opened(epoch, now),
            (Operation::Heard(_, what), Some(epoch)) => self.machine.heard(epoch, now, what),
            (Operation::Ended(_), Some(epoch)) => self.machine.ended(epoch, now),
            (Operation::Lost(_), Some(epoch)) => self.machine.lost(epoch, now),
            (Operation::Rejected(_, after), Some(epoch)) => {
                self.machine.rejected(epoch, now, after.map(Duration::from_millis));
            }
            (Operation::Refused(_), Some(epoch)) => self.machine.refused(epoch, now, StopReason::ContentType),
            (Operation::Resumed(millis), _) => {
                let since = Instant::from_millis(now.as_millis().saturating_sub(millis));
                self.machine.resumed(since, now);
                assert_eq!(
                    due(self.machine.poll(now)).max(due(before)),
                    due(self.machine.poll(now)),
                    "a deadline is only extended"
                );
            }
            (Operation::ReconnectionTime(millis), _) => {
                self.machine.set_reconnection_time(Duration::from_millis(millis));
                self.asked = Some(self.clamp(millis, self.bounds.most_asked));
            }
            (Operation::NetworkDown, _) => self.machine.network_down(now),
            (Operation::NetworkUp, _) => self.machine.network_up(now),
            (Operation::NetworkChanged, _) => self.machine.network_changed(now),
            (Operation::Close, _) => self.machine.close(),
            (Operation::Restart, _) => self.machine.restart(),
            (Operation::StartWithin(millis), _) => {
                let limit = Duration::from_millis(millis);
                self.machine.start_within(now, limit);
                self.check_delay(before, now.saturating_add(limit));
            }
            (_, None) => {}
        }
        if about.is_some() && about != live && !matches!(operation, Operation::Connecting(_)) {
            assert_eq!(self.machine, unchanged, "a report about another connection changes nothing");
        }
        let network = matches!(operation, Operation::NetworkDown | Operation::NetworkChanged);
        self.move_floor(operation, now, live.is_some() && (network || about == live));
        if matches!(before, Action::Stop(_)) && operation != Operation::Restart {
            let mut stopped = unchanged;
            if let Operation::ReconnectionTime(millis) = operation {
                stopped.set_reconnection_time(Duration::from_millis(millis));
            }
            assert_eq!(self.machine, stopped, "a stop is permanent");
        }
        self.check();
    }

    /// Checks how the next attempt was delayed. It must not begin before the end of the delay, whatever the network does.
    fn check_delay(&mut self, before: Action, end: Instant) {
        let after = self.machine.poll(self.now);
        match (before, after) {
            (Action::Connect(_) | Action::WaitUntil(_), Action::WaitUntil(until)) if due(before) != Some(until) => {
                // They are equal only where the clock saturates.
                let within = until < end || end == Instant::from_millis(u64::MAX);
                assert!(due(before) < Some(until) && within, "a delay within its limit: {before:?}, {after:?}");
                self.floor = self.floor.max(until);
            }
            _ => assert_eq!(after, before, "only a wait is delayed"),
        }
    }

    fn clamp(&self, millis: u64, most: u64) -> u64 {
        millis.min(most).max(self.bounds.least)
    }

    fn move_floor(&mut self, operation: Operation, now: Instant, of_live: bool) {
        let asked = match operation {
            Operation::Restart => {
                self.floor = Instant::ZERO;
                return;
            }
            Operation::Rejected(_, after) if of_live => {
                after.map(|after| self.clamp(after, self.bounds.most_retry_after)).max(self.asked)
            }
            Operation::Ended(_) | Operation::Lost(_) if of_live => self.asked,
            Operation::NetworkDown | Operation::NetworkChanged if of_live => self.asked,
            _ => return,
        };
        // A `Retry-After` applies once.
        self.floor = now.saturating_add(Duration::from_millis(asked.unwrap_or(self.bounds.least)));
    }

    fn check(&self) {
        let action = self.machine.poll(self.now);
        assert_eq!(action, self.machine.poll(self.now), "polling changes nothing");
        assert!(due(action).is_none_or(|due| due > self.now), "a deadline is in the future: {action:?}");
        match action {
            Action::Connect(epoch) => {
                assert!(self.now >= self.floor, "an attempt before the server allows one");
                assert_ne!(Some(epoch), self.begun);
            }
            Action::WaitUntil(due) => assert!(due >= self.floor, "a wait shorter than the server asked for"),
            Action::AwaitResponse { epoch, .. } | Action::Read { epoch, .. } | Action::Disconnect(epoch) => {
                assert_eq!(Some(epoch), self.begun, "only the last started connection is alive");
            }
            _ => {}
        }
        if let Some(most) = self.bounds.max_attempts {
            let stopped = matches!(action, Action::Stop(_));
            assert!(self.machine.failures() <= most || stopped, "more attempts than allowed");
        }
        self.check_way_out();
    }

    /// Checks that a few operations lead from every state to an attempt or to a stop.
    fn check_way_out(&self) {
        let mut machine = self.machine.clone();
        let mut now = self.now;
        for _ in 0..4 {
            match machine.poll(now) {
                Action::Connect(_) | Action::Stop(_) => return,
                Action::WaitUntil(due) => now = due,
                Action::WaitForNetwork => machine.network_up(now),
                Action::AwaitResponse { epoch, .. } | Action::Read { epoch, .. } | Action::Disconnect(epoch) => {
                    machine.lost(epoch, now);
                }
                other => panic!("{other:?}"),
            }
        }
        // The clock is at its last instant, and a deadline there never passes.
        assert_eq!(now, Instant::from_millis(u64::MAX), "no way out of {:?}", self.machine);
    }
}

fn due(action: Action) -> Option<Instant> {
    match action {
        Action::WaitUntil(due) => Some(due),
        Action::AwaitResponse { until, .. } | Action::Read { until, .. } => until,
        _ => None,
    }
}
