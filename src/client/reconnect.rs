//! The machine: facts in, one action out. Every transition is in [`Reconnect::take`]; what happens within a state is not.
//!
//! Knows no clock, no socket and no byte of a stream. Time and randomness are arguments; delays come from `backoff.rs`, and
//! when a connection is to be given up from `open.rs`.

use core::num::NonZeroU32;
use core::time::Duration;

use super::backoff::Backoff;
use super::open::{Heard, Open};
use super::policy::Policy;
use super::stop_reason::StopReason;
use crate::jitter::{Jitter, NoJitter};
use crate::time::{Instant, millis};

/// Which attempt to connect a fact is about. What an old connection still reports changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Epoch(u32);

/// What to do now.
///
/// At most one connection may exist: the one whose epoch the action names. Close any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
#[non_exhaustive]
pub enum Action {
    /// Report [`connecting`](Reconnect::connecting), then begin to connect.
    Connect(Epoch),
    /// Go on connecting. Poll again after the next fact, or at `until`.
    AwaitResponse {
        /// The attempt that is going on.
        epoch: Epoch,
        /// When it has taken too long.
        until: Option<Instant>,
    },
    /// Read from the connection. Poll again after the next fact, or at `until`.
    Read {
        /// The connection that is open.
        epoch: Epoch,
        /// When it has been silent for too long.
        until: Option<Instant>,
    },
    /// Close this connection, which took too long or was silent for too long, and report it [`lost`](Reconnect::lost).
    Disconnect(Epoch),
    /// Stay unconnected, and poll again at this time or after the next fact.
    WaitUntil(Instant),
    /// Stay unconnected until the network is reported [up](Reconnect::network_up).
    WaitForNetwork,
    /// Stay unconnected for good, or until [`restart`](Reconnect::restart).
    Stop(StopReason),
}

impl Action {
    /// The only connection that may exist now.
    #[must_use]
    pub const fn epoch(self) -> Option<Epoch> {
        match self {
            Self::Connect(epoch)
            | Self::AwaitResponse { epoch, .. }
            | Self::Read { epoch, .. }
            | Self::Disconnect(epoch) => Some(epoch),
            Self::WaitUntil(_) | Self::WaitForNetwork | Self::Stop(_) => None,
        }
    }
}

/// Decides when to connect.
///
/// Ask [`poll`](Self::poll) what to do; report what happened, in the past tense. `poll` changes nothing, however often it is
/// asked. A fact about a connection carries the epoch of its attempt, and changes nothing when that is not the present one or
/// when it makes no sense in the present state.
///
/// ```
/// use embedded_sse::client::{Action, Instant, NoJitter, Policy, Reconnect};
///
/// let mut reconnect = Reconnect::new(Policy::standard(), NoJitter);
/// let now = Instant::from_millis(5_000);
/// let Action::Connect(epoch) = reconnect.poll(now) else { unreachable!() };
/// reconnect.connecting(epoch, now);
/// reconnect.lost(epoch, now); // connection refused
/// assert!(matches!(reconnect.poll(now), Action::WaitUntil(_)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Reconnect<J> {
    policy: Policy,
    jitter: J,
    state: State,
    /// Of the last attempt.
    epoch: Epoch,
    /// In a row, without a stable connection among them.
    failures: u32,
    /// When the row of failures began. Moved on by the time without a network.
    begun: Instant,
    /// What decorrelated jitter remembers.
    last_wait: u32,
    /// The reconnection time that the server set (R30). Outlives the connection (R62).
    asked: Option<NonZeroU32>,
}

/// Besides the policy and the jitter's own state.
const _: () = assert!(size_of::<Reconnect<NoJitter>>() - size_of::<Policy>() < 64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum State {
    /// No connection. `not_before` is what the server asked for, and binds also when the wait is cut short.
    Waiting { due: Instant, not_before: Instant },
    /// No connection, and no network.
    Offline { since: Instant, not_before: Instant },
    /// An attempt is going on.
    Connecting { since: Instant },
    /// A response was accepted.
    Open(Open),
    /// Nothing more is to be done.
    Stopped(StopReason),
}

/// What can happen. The application's own orders are facts too.
#[derive(Clone, Copy)]
enum Fact {
    Connecting,
    Opened,
    Ended,
    Lost { retry_after: Option<NonZeroU32> },
    Refused(StopReason),
    NetworkDown,
    NetworkUp,
    NetworkChanged,
    Closed,
    Restarted,
}

impl<J: Jitter> Reconnect<J> {
    /// A machine that wants to connect at once.
    #[must_use]
    pub const fn new(policy: Policy, jitter: J) -> Self {
        Self {
            policy,
            jitter,
            state: State::Waiting { due: Instant::ZERO, not_before: Instant::ZERO },
            epoch: Epoch(0),
            failures: 0,
            begun: Instant::ZERO,
            last_wait: 0,
            asked: None,
        }
    }

    /// What to do now. Each time in the answer lies after `now`.
    pub fn poll(&self, now: Instant) -> Action {
        let epoch = self.epoch;
        let (since, limit) = match self.state {
            State::Waiting { due, .. } if due <= now => return Action::Connect(epoch.next()),
            State::Waiting { due, .. } => return Action::WaitUntil(due),
            State::Offline { .. } => return Action::WaitForNetwork,
            State::Stopped(reason) => return Action::Stop(reason),
            State::Connecting { since } => (since, self.policy.connect_timeout),
            State::Open(ref open) => (open.heard, open.window(&self.policy)),
        };
        let until = limit.after(since);
        match self.state {
            _ if until.is_some_and(|until| until <= now) => Action::Disconnect(epoch),
            State::Open(_) => Action::Read { epoch, until },
            _ => Action::AwaitResponse { epoch, until },
        }
    }

    /// The failures in a row, without a stable connection among them.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// The attempt that [`poll`](Self::poll) told to begin was begun. Changes nothing before that one is due.
    pub fn connecting(&mut self, epoch: Epoch, now: Instant) {
        if epoch == self.epoch.next() {
            self.apply(now, Fact::Connecting);
        }
    }

    /// The response was accepted (R51): the first good moment of the connection.
    pub fn opened(&mut self, epoch: Epoch, now: Instant) {
        self.apply_to(epoch, now, Fact::Opened);
    }

    /// Something came on the open connection.
    pub fn heard(&mut self, epoch: Epoch, now: Instant, what: Heard) {
        if let State::Open(open) = &mut self.state {
            if epoch == self.epoch {
                open.heard(now, what);
            }
        }
    }

    /// The application listens again: from `since` to `now` it was busy, and nobody asked for the response or for more bytes.
    /// That time counts for no watchdog, and neither does the sum of many such times.
    ///
    /// Report it before you wait for bytes again, if you handle events in the same task that reads. Without it a busy
    /// application looks like a silent server.
    pub fn resumed(&mut self, since: Instant, now: Instant) {
        let counted_from = match &mut self.state {
            State::Connecting { since } => since,
            State::Open(open) => &mut open.heard,
            _ => return,
        };
        *counted_from = counted_from.after(now.millis_since(since.max(*counted_from)));
    }

    /// The stream ended well (R52).
    pub fn ended(&mut self, epoch: Epoch, now: Instant) {
        self.apply_to(epoch, now, Fact::Ended);
    }

    /// There is no connection, or no longer: name not found, refused, cut, timed out, [disconnected](Action::Disconnect)
    /// (R48, R53).
    pub fn lost(&mut self, epoch: Epoch, now: Instant) {
        self.apply_to(epoch, now, Fact::Lost { retry_after: None });
    }

    /// The server turned this attempt away for now, and may have said for how long.
    pub fn rejected(&mut self, epoch: Epoch, now: Instant, retry_after: Option<Duration>) {
        let retry_after = retry_after.map(|time| self.policy.backoff.retry_after(time));
        self.apply_to(epoch, now, Fact::Lost { retry_after });
    }

    /// Another attempt would be in vain, for this reason (R63).
    pub fn refused(&mut self, epoch: Epoch, now: Instant, reason: StopReason) {
        self.apply_to(epoch, now, Fact::Refused(reason));
    }

    /// The server set the reconnection time (R30). Counts from the next loss on, for all that follow (R62).
    pub fn set_reconnection_time(&mut self, time: Duration) {
        self.set_reconnection_millis(millis(time).into());
    }

    /// [`set_reconnection_time`](Self::set_reconnection_time) as the wire has it, without a division.
    pub(super) fn set_reconnection_millis(&mut self, millis: u64) {
        self.asked = Some(self.policy.backoff.asked(millis));
    }

    /// The network is gone, and any connection with it. Until it is back no attempt is made and none is counted.
    pub fn network_down(&mut self, now: Instant) {
        self.apply(now, Fact::NetworkDown);
    }

    /// The network is back: one attempt soon, within a second, but not before the server's time is over. Then on from the
    /// failures there were. Changes nothing while the network was not [down](Self::network_down).
    pub fn network_up(&mut self, now: Instant) {
        self.apply(now, Fact::NetworkUp);
    }

    /// The device is on another network: any connection on the old one is given up, and for the rest as with
    /// [`network_up`](Self::network_up).
    pub fn network_changed(&mut self, now: Instant) {
        self.apply(now, Fact::NetworkChanged);
    }

    /// The application wants no more (R64).
    pub fn close(&mut self) {
        self.apply(Instant::ZERO, Fact::Closed);
    }

    /// The application wants a connection now, from whatever state: any present connection is given up, the failures are
    /// forgotten, and the wait is over, even one that the server asked for.
    pub fn restart(&mut self) {
        self.apply(Instant::ZERO, Fact::Restarted);
    }

    pub(super) fn is_connecting(&self, epoch: Epoch) -> bool {
        epoch == self.epoch && matches!(self.state, State::Connecting { .. })
    }

    pub(super) fn is_open(&self, epoch: Epoch) -> bool {
        epoch == self.epoch && matches!(self.state, State::Open(_))
    }

    pub(super) const fn stops_at_end(&self) -> bool {
        self.policy.stops_at_end
    }

    fn apply_to(&mut self, epoch: Epoch, now: Instant, fact: Fact) {
        if self.is_connecting(epoch) || self.is_open(epoch) {
            self.apply(now, fact);
        }
    }

    /// All transitions, in the order of the diagram in `mod.rs`.
    fn apply(&mut self, now: Instant, fact: Fact) {
        use State::{Connecting, Offline, Stopped, Waiting};
        self.state = match (self.state, fact) {
            (_, Fact::Restarted) => {
                self.forget_failures();
                Waiting { due: Instant::ZERO, not_before: Instant::ZERO }
            }
            (Stopped(reason), _) => Stopped(reason),
            (_, Fact::Closed) => Stopped(StopReason::Closed),

            (Waiting { due, .. }, Fact::Connecting) if due <= now => {
                self.epoch = self.epoch.next();
                Connecting { since: now }
            }
            (Connecting { .. }, Fact::Opened) => State::Open(Open::new(now)),

            (Connecting { .. } | State::Open(_), Fact::Refused(reason)) => Stopped(reason),
            (State::Open(_), Fact::Ended) if self.policy.stops_at_end => Stopped(StopReason::Ended),
            (Connecting { .. } | State::Open(_), Fact::Ended) => self.failed(now, None),
            (Connecting { .. } | State::Open(_), Fact::Lost { retry_after }) => self.failed(now, retry_after),

            (Offline { since, not_before }, Fact::NetworkUp | Fact::NetworkChanged) => {
                self.begun = self.begun.after(now.millis_since(since));
                self.prompt(now, not_before)
            }
            (Waiting { .. } | Connecting { .. } | State::Open(_), Fact::NetworkDown) => {
                Offline { since: now, not_before: self.gave_up(now) }
            }
            (Waiting { .. } | Connecting { .. } | State::Open(_), Fact::NetworkChanged) => {
                let not_before = self.gave_up(now);
                self.prompt(now, not_before)
            }
            (unchanged, _) => unchanged,
        };
    }

    /// One more failure in the row, or the first of a new one.
    fn failed(&mut self, now: Instant, retry_after: Option<NonZeroU32>) -> State {
        self.forget_failures_if_stable(now);
        let delivered = matches!(self.state, State::Open(open) if open.has_delivered());
        if self.failures == 0 || delivered {
            self.begun = now;
        }
        let asked = self.asked.max(retry_after);
        // What the server asks for is not counted.
        self.begun = self.begun.after(asked.map_or(0, NonZeroU32::get));
        let backoff = &self.policy.backoff;
        let wait = backoff.wait(self.failures, asked, &mut self.last_wait, &mut self.jitter);
        let due = now.after(wait);
        self.failures = self.failures.saturating_add(1);
        if self.policy.max_attempts.is_exceeded_by(self.failures) {
            State::Stopped(StopReason::MaxAttempts)
        } else if self.policy.max_elapsed.is_exceeded_by(due.millis_since(self.begun)) {
            State::Stopped(StopReason::MaxElapsed)
        } else {
            State::Waiting { due, not_before: now.after(backoff.at_least(asked)) }
        }
    }

    /// No failure of the server's. The time before which it is still not to be bothered.
    fn gave_up(&mut self, now: Instant) -> Instant {
        self.forget_failures_if_stable(now);
        match self.state {
            State::Waiting { not_before, .. } | State::Offline { not_before, .. } => not_before,
            _ => now.after(self.policy.backoff.at_least(self.asked)),
        }
    }

    fn prompt(&mut self, now: Instant, not_before: Instant) -> State {
        let due = now.max(not_before).after(Backoff::prompt(&mut self.jitter));
        match self.state {
            // A wait that is nearly over is not made longer.
            State::Waiting { due: before, .. } => State::Waiting { due: due.min(before), not_before },
            _ => State::Waiting { due, not_before },
        }
    }

    fn forget_failures_if_stable(&mut self, now: Instant) {
        if let State::Open(open) = self.state {
            if open.is_stable(now, &self.policy) {
                self.forget_failures();
            }
        }
    }

    const fn forget_failures(&mut self) {
        self.failures = 0;
        self.last_wait = 0;
    }
}

impl Epoch {
    const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}
