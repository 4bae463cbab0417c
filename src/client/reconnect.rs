//! The state machine: you report facts, and it returns the next action. Every transition is in [`Reconnect::apply`].
//!
//! This module does not read a clock, use a socket or look at the bytes of a stream. Time and randomness are arguments.
//! The waits come from `backoff.rs`, and `open.rs` computes when an open connection is given up.

use core::num::NonZeroU32;
use core::time::Duration;

use super::backoff::Backoff;
use super::open::{Heard, Open};
use super::policy::Policy;
use super::stop_reason::StopReason;
use crate::jitter::{Jitter, NoJitter, below};
use crate::time::{Instant, millis};

/// Identifies an attempt to connect, and the connection that results from it.
///
/// Every [`Action`] that concerns a connection carries its epoch. Pass it back when you report what happened on that
/// connection. A report with the epoch of an earlier connection is ignored, so that a late error cannot end its
/// successor.
///
/// ```
/// use embedded_sse::client::{Action, Instant, NoJitter, Policy, Reconnect};
///
/// let mut reconnect = Reconnect::new(Policy::standard(), NoJitter);
/// let now = Instant::from_millis(0);
/// let Action::Connect(first) = reconnect.poll(now) else { unreachable!() };
/// reconnect.connecting(first, now);
/// reconnect.network_changed(now);
/// let later = Instant::from_millis(60_000);
/// let Action::Connect(second) = reconnect.poll(later) else { unreachable!() };
/// reconnect.connecting(second, later);
/// reconnect.lost(first, later); // ignored
/// assert_eq!(reconnect.poll(later).epoch(), Some(second));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Epoch(u32);

/// What to do now, as returned by [`Reconnect::poll`] and [`Session::poll`](super::Session::poll).
///
/// At most one connection may exist at any time: the one with the [`epoch`](Self::epoch) of the action. Close every
/// other one. [`Session`](super::Session) has an example that handles every action.
///
/// ```
/// use embedded_sse::client::{Action, Instant, NoJitter, Policy, Reconnect};
///
/// let mut reconnect = Reconnect::new(Policy::standard(), NoJitter);
/// let now = Instant::from_millis(5_000);
/// let Action::Connect(epoch) = reconnect.poll(now) else { unreachable!() };
/// reconnect.connecting(epoch, now);
/// let Action::AwaitResponse { until: Some(until), .. } = reconnect.poll(now) else { unreachable!() };
/// assert_eq!(until, Instant::from_millis(35_000)); // `Policy::connect_timeout`
/// assert_eq!(reconnect.poll(until), Action::Disconnect(epoch));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
#[non_exhaustive]
pub enum Action {
    /// Report [`connecting`](Reconnect::connecting), then connect and send the request.
    Connect(Epoch),
    /// Continue to connect, or wait for the response. Poll again after the next report, or at `until`.
    AwaitResponse {
        /// The attempt in progress.
        epoch: Epoch,
        /// When the attempt times out.
        until: Option<Instant>,
    },
    /// Read from the connection. Poll again after the next report, or at `until`.
    Read {
        /// The open connection.
        epoch: Epoch,
        /// When the connection has been silent for too long.
        until: Option<Instant>,
    },
    /// Close this connection, which has timed out or was silent for too long. Then report it [`lost`](Reconnect::lost).
    Disconnect(Epoch),
    /// Stay disconnected. Poll again at this time or after the next report.
    WaitUntil(Instant),
    /// Stay disconnected until you report the network as [up](Reconnect::network_up).
    WaitForNetwork,
    /// Stay disconnected, for this reason. Only [`restart`](Reconnect::restart) leads to another attempt.
    Stop(StopReason),
}

impl Action {
    /// Returns the epoch of the only connection that may exist now, or `None` if there must be none.
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

/// Decides when to connect and when to give up a connection.
///
/// Most applications use a [`Session`](super::Session), which combines a `Reconnect` with a decoder. Use `Reconnect` by
/// itself if something else decodes the stream.
///
/// Call [`poll`](Self::poll) to learn what to do, and report what happened with the other methods, which are named in
/// the past tense. `poll` changes nothing and can be called at any time. A report about a connection takes the
/// [`Epoch`] of its attempt. It is ignored if the epoch is not the current one, or if the report makes no sense in the
/// current state.
///
/// ```
/// use embedded_sse::client::{Action, Instant, NoJitter, Policy, Reconnect};
///
/// let mut reconnect = Reconnect::new(Policy::standard(), NoJitter);
/// let now = Instant::from_millis(5_000);
/// let Action::Connect(epoch) = reconnect.poll(now) else { unreachable!() };
/// reconnect.connecting(epoch, now);
/// reconnect.lost(epoch, now); // for example "connection refused"
/// assert!(matches!(reconnect.poll(now), Action::WaitUntil(_)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Reconnect<J> {
    policy: Policy,
    jitter: J,
    state: State,
    /// The epoch of the latest attempt.
    epoch: Epoch,
    /// The number of consecutive failures, without a stable connection between them.
    failures: u32,
    /// When the first of the consecutive failures happened. Moved later by the time without a network.
    begun: Instant,
    /// The previous wait, for decorrelated jitter.
    last_wait: u32,
    /// The reconnection time that the server set ([R30]). It stays in force for later connections ([R62]).
    ///
    /// [R30]: crate::rules#r30
    /// [R62]: crate::rules#r62
    asked: Option<NonZeroU32>,
}

/// The size without the policy and the state of the jitter.
const _: () = assert!(size_of::<Reconnect<NoJitter>>() - size_of::<Policy>() < 64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum State {
    /// No connection. `not_before` is the time that the server or [`Reconnect::start_within`] asked for. It applies even
    /// if the wait is cut short.
    Waiting { due: Instant, not_before: Instant },
    /// No connection, because there is no network.
    Offline { since: Instant, not_before: Instant },
    /// An attempt is in progress.
    Connecting { since: Instant },
    /// A response was accepted. `heard` is when bytes last arrived, or when the response was accepted. Moved later by the
    /// time in which the application did not read.
    Open { heard: Instant, open: Open },
    /// There is nothing more to do.
    Stopped(StopReason),
}

/// What can happen, including the application's own requests.
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
    /// Creates a client that connects at once. A fleet of devices should also call [`start_within`](Self::start_within).
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

    /// Returns what to do now. A time in the returned action is later than `now`.
    pub fn poll(&self, now: Instant) -> Action {
        let epoch = self.epoch;
        let (since, limit) = match self.state {
            State::Waiting { due, .. } if due <= now => return Action::Connect(epoch.next()),
            State::Waiting { due, .. } => return Action::WaitUntil(due),
            State::Offline { .. } => return Action::WaitForNetwork,
            State::Stopped(reason) => return Action::Stop(reason),
            State::Connecting { since } => (since, self.policy.connect_timeout.limit()),
            State::Open { heard, ref open } => (heard, open.window(&self.policy)),
        };
        let until = limit.after(since);
        match self.state {
            _ if until.is_some_and(|until| until <= now) => Action::Disconnect(epoch),
            State::Open { .. } => Action::Read { epoch, until },
            _ => Action::AwaitResponse { epoch, until },
        }
    }

    /// Returns the random numbers.
    #[cfg(feature = "embedded-io")]
    pub(super) const fn jitter(&mut self) -> &mut J {
        &mut self.jitter
    }

    /// Returns the number of consecutive failures. A stable connection resets it when it is lost; see
    /// [`Policy::stable_after`].
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// Reports that you start the attempt of [`Action::Connect`]. Ignored if that attempt is not due yet.
    pub fn connecting(&mut self, epoch: Epoch, now: Instant) {
        if epoch == self.epoch.next() {
            self.apply(now, Fact::Connecting);
        }
    }

    /// Reports that the response was accepted as the stream ([R51](crate::rules#r51)).
    pub fn opened(&mut self, epoch: Epoch, now: Instant) {
        self.apply_to(epoch, now, Fact::Opened);
    }

    /// Reports what was received on the open connection.
    pub fn heard(&mut self, epoch: Epoch, now: Instant, what: Heard) {
        if let State::Open { heard, open } = &mut self.state {
            if epoch == self.epoch {
                open.heard(now.millis_since(*heard), what);
                // A chunk that was read before the application was busy, and is decoded now, does not end a silence.
                *heard = now.max(*heard);
            }
        }
    }

    /// Reports that the application was busy from `since` to `now` and did not wait for the response or for bytes in
    /// that time. The timeouts do not count it.
    ///
    /// If you handle events in the same task that reads, report this before you wait for bytes again. Otherwise a busy
    /// application looks like a silent server, and a healthy connection is given up.
    pub fn resumed(&mut self, since: Instant, now: Instant) {
        let counted_from = match &mut self.state {
            State::Connecting { since } => since,
            State::Open { heard, .. } => heard,
            _ => return,
        };
        let away = now.millis_since(since.max(*counted_from));
        *counted_from = counted_from.after(away);
        if let State::Open { open, .. } = &mut self.state {
            open.resumed(away);
        }
    }

    /// Reports that the stream ended without an error ([R52](crate::rules#r52)).
    pub fn ended(&mut self, epoch: Epoch, now: Instant) {
        self.apply_to(epoch, now, Fact::Ended);
    }

    /// Reports that the attempt failed or that the connection was lost: the name was not found, the connection was
    /// refused, cut or timed out, or you closed it after [`Action::Disconnect`] ([R48], [R53]).
    ///
    /// [R48]: crate::rules#r48
    /// [R53]: crate::rules#r53
    pub fn lost(&mut self, epoch: Epoch, now: Instant) {
        self.apply_to(epoch, now, Fact::Lost { retry_after: None });
    }

    /// Reports that the server rejected this attempt for now, and for how long, if it said so in a `Retry-After`.
    pub fn rejected(&mut self, epoch: Epoch, now: Instant, retry_after: Option<Duration>) {
        let retry_after = retry_after.map(|time| self.policy.backoff.retry_after(time));
        self.apply_to(epoch, now, Fact::Lost { retry_after });
    }

    /// Reports that another attempt is useless, for this reason ([R63](crate::rules#r63)). The client stops.
    pub fn refused(&mut self, epoch: Epoch, now: Instant, reason: StopReason) {
        self.apply_to(epoch, now, Fact::Refused(reason));
    }

    /// Sets the reconnection time that the server sent ([R30]). It applies from the next loss on, also on later
    /// connections ([R62]).
    ///
    /// [R30]: crate::rules#r30
    /// [R62]: crate::rules#r62
    pub fn set_reconnection_time(&mut self, time: Duration) {
        self.set_reconnection_millis(millis(time).into());
    }

    /// [`set_reconnection_time`](Self::set_reconnection_time) in milliseconds, as on the wire, which avoids a division.
    pub(super) fn set_reconnection_millis(&mut self, millis: u64) {
        self.asked = Some(self.policy.backoff.asked(millis));
    }

    /// Reports that the network is down, and any connection with it. There is no attempt until you report
    /// [`network_up`](Self::network_up), and this loss does not count as a failure.
    pub fn network_down(&mut self, now: Instant) {
        self.apply(now, Fact::NetworkDown);
    }

    /// Reports that the network is up again. The next attempt follows within a second, but not before the time that the
    /// server asked for. The number of failures is kept. Ignored unless the network was reported
    /// [down](Self::network_down).
    pub fn network_up(&mut self, now: Instant) {
        self.apply(now, Fact::NetworkUp);
    }

    /// Reports that the device has moved to another network. Any connection on the old one is given up, and the next
    /// attempt follows as after [`network_up`](Self::network_up).
    pub fn network_changed(&mut self, now: Instant) {
        self.apply(now, Fact::NetworkChanged);
    }

    /// Stops the client ([R64]). Any connection must be closed; [`poll`](Self::poll) returns [`StopReason::Closed`].
    ///
    /// [R64]: crate::rules#r64
    pub fn close(&mut self) {
        self.apply(Instant::ZERO, Fact::Closed);
    }

    /// Connects now, from any state. A current connection is given up, the failures are forgotten, and the wait ends,
    /// even one that the server asked for.
    pub fn restart(&mut self) {
        self.apply(Instant::ZERO, Fact::Restarted);
    }

    /// Delays the next attempt until a random time between `now` and `limit` later. Call it once when a device starts,
    /// and the devices of a fleet do not all connect at the same moment after a power cut.
    ///
    /// Without it, the first attempt is immediate, and the random waits of the policy begin only after a failure. Choose
    /// `limit` by the load that the server can take: of 10,000 devices, about 170 per second connect with 60 s.
    ///
    /// A longer wait stays as it is, and so does the delay if the network is reported down or up. If the network appears
    /// for many devices at the same moment, for example with their router, call this when it appears. A
    /// [`restart`](Self::restart) ends the delay. Ignored if an attempt is in progress, if a connection is open, and after
    /// a stop.
    ///
    /// ```
    /// use core::time::Duration;
    /// use embedded_sse::client::{Action, Instant, Policy, Reconnect};
    ///
    /// let random = || 1 << 31; // half of the range; yours is different on each device
    /// let mut reconnect = Reconnect::new(Policy::standard(), random);
    /// reconnect.start_within(Instant::from_millis(200), Duration::from_secs(60));
    /// assert_eq!(reconnect.poll(Instant::ZERO), Action::WaitUntil(Instant::from_millis(30_200)));
    /// ```
    pub fn start_within(&mut self, now: Instant, limit: Duration) {
        let (State::Waiting { not_before, .. } | State::Offline { not_before, .. }) = &mut self.state else { return };
        *not_before = now.after(below(millis(limit), &mut self.jitter)).max(*not_before);
        if let State::Waiting { due, not_before } = &mut self.state {
            *due = (*due).max(*not_before);
        }
    }

    pub(super) fn is_connecting(&self, epoch: Epoch) -> bool {
        epoch == self.epoch && matches!(self.state, State::Connecting { .. })
    }

    pub(super) fn is_open(&self, epoch: Epoch) -> bool {
        epoch == self.epoch && matches!(self.state, State::Open { .. })
    }

    pub(super) const fn stops_at_end(&self) -> bool {
        self.policy.stops_at_end
    }

    fn apply_to(&mut self, epoch: Epoch, now: Instant, fact: Fact) {
        if self.is_connecting(epoch) || self.is_open(epoch) {
            self.apply(now, fact);
        }
    }

    /// Applies a fact to the state. These are all transitions, in the order of the diagram in `mod.rs`.
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
            (Connecting { .. }, Fact::Opened) => State::Open { heard: now, open: Open::NEW },

            (Connecting { .. } | State::Open { .. }, Fact::Refused(reason)) => Stopped(reason),
            (State::Open { .. }, Fact::Ended) if self.policy.stops_at_end => Stopped(StopReason::Ended),
            (Connecting { .. } | State::Open { .. }, Fact::Ended) => self.failed(now, None),
            (Connecting { .. } | State::Open { .. }, Fact::Lost { retry_after }) => self.failed(now, retry_after),

            (Offline { since, not_before }, Fact::NetworkUp | Fact::NetworkChanged) => {
                self.begun = self.begun.after(now.millis_since(since));
                self.prompt(now, not_before)
            }
            (Waiting { .. } | Connecting { .. } | State::Open { .. }, Fact::NetworkDown) => {
                Offline { since: now, not_before: self.gave_up(now) }
            }
            (Waiting { .. } | Connecting { .. } | State::Open { .. }, Fact::NetworkChanged) => {
                let not_before = self.gave_up(now);
                self.prompt(now, not_before)
            }
            (unchanged, _) => unchanged,
        };
    }

    /// Counts a failure, and returns the state after it.
    fn failed(&mut self, now: Instant, retry_after: Option<NonZeroU32>) -> State {
        self.forget_failures_if_stable(now);
        let delivered = matches!(self.state, State::Open { open, .. } if open.has_delivered());
        if self.failures == 0 || delivered {
            self.begun = now;
        }
        let asked = self.asked.max(retry_after);
        let backoff = &self.policy.backoff;
        // The time that the server asks for does not count towards `max_elapsed`, and neither does the wider spread that
        // comes with it.
        self.begun = self.begun.after(backoff.uncounted(asked.map_or(0, NonZeroU32::get)));
        let wait = backoff.wait(self.failures, asked, &mut self.last_wait, &mut self.jitter);
        let due = now.after(wait);
        self.failures = self.failures.saturating_add(1);
        if self.policy.max_attempts.limit().is_exceeded_by(self.failures) {
            State::Stopped(StopReason::MaxAttempts)
        } else if self.policy.max_elapsed.limit().is_exceeded_by(due.millis_since(self.begun)) {
            State::Stopped(StopReason::MaxElapsed)
        } else {
            State::Waiting { due, not_before: now.after(backoff.shortest(asked)) }
        }
    }

    /// Gives up the connection because of the network, which is not a failure of the server. Returns the time before
    /// which the next attempt must not start.
    fn gave_up(&mut self, now: Instant) -> Instant {
        self.forget_failures_if_stable(now);
        match self.state {
            State::Waiting { not_before, .. } | State::Offline { not_before, .. } => not_before,
            _ => now.after(self.policy.backoff.shortest(self.asked)),
        }
    }

    /// Returns a short wait, after the network has come back.
    fn prompt(&mut self, now: Instant, not_before: Instant) -> State {
        let due = now.max(not_before).after(Backoff::prompt(&mut self.jitter));
        match self.state {
            // Do not make a wait longer that is nearly over.
            State::Waiting { due: before, .. } => State::Waiting { due: due.min(before), not_before },
            _ => State::Waiting { due, not_before },
        }
    }

    /// Forgets the failures if the connection was stable.
    fn forget_failures_if_stable(&mut self, now: Instant) {
        if let State::Open { heard, open } = self.state {
            if open.is_stable(now.millis_since(heard), &self.policy) {
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
