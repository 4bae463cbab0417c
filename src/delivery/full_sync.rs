//! Decides when to fetch the full state after events were lost.
//!
//! Time is an argument. This module must not depend on events, on stores, or on how the state is fetched.
//!
//! ```text
//!             needed                fetching
//! +--------+ -------> +---------+ ----------> +----------+
//! | Synced |          | Needed  |             | Fetching |
//! +--------+          +---------+             +----------+
//!     ^                  ^ due                  |    |
//!     |                  |                      |    | failed, or too old a state
//!     |               +---------+ <-------------+----+
//!     |               | Waiting |               |
//!     |               +---------+               |
//!     +-----------------------------------------+ synced
//! ```

use core::time::Duration;

use super::position::Position;
use crate::jitter::{Jitter, below};
use crate::time::{Instant, millis};

/// What to do about the full state now.
///
/// ```
/// use embedded_sse::client::Instant;
/// use embedded_sse::delivery::{FullSync, SyncAction};
///
/// assert_eq!(FullSync::new().poll(Instant::ZERO), SyncAction::Deliver);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use]
pub enum SyncAction {
    /// Nothing is missing: go on with the events.
    Deliver,
    /// Fetch the full state, and report [`fetching`](FullSync::fetching). Handle no event until it is there.
    Fetch,
    /// The state is being fetched.
    AwaitState,
    /// The last attempt failed. Fetch the state again at this time.
    WaitUntil(Instant),
}

/// Decides when to fetch the full state, and whether the state that came is new enough.
///
/// However many gaps are noticed before the state is there, one fetch closes all of them. If the state is too old to
/// contain the last event that is missing, or the fetch failed, the state is asked for again: after 1 s, 2 s, 4 s up to 60 s,
/// of which a half is random.
///
/// [`Delivery`](super::Delivery) contains one, and reports the gaps to it.
///
/// ```
/// use embedded_sse::client::{Instant, NoJitter};
/// use embedded_sse::delivery::{FullSync, SyncAction};
///
/// let mut sync = FullSync::new();
/// let now = Instant::from_millis(5_000);
/// assert!(sync.needed(None, None)); // this gap starts a full sync
/// assert!(!sync.needed(None, None)); // another one joins it
/// assert_eq!(sync.poll(now), SyncAction::Fetch);
///
/// sync.fetching();
/// sync.failed(now, &mut NoJitter);
/// let SyncAction::WaitUntil(at) = sync.poll(now) else { unreachable!() };
/// assert_eq!(sync.poll(at), SyncAction::Fetch);
///
/// sync.fetching();
/// assert!(sync.synced(None));
/// assert_eq!(sync.poll(at), SyncAction::Deliver);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FullSync {
    state: State,
    failures: u8,
    /// The last position before the gap.
    since: Option<Position>,
    /// The state has to contain this position, or something is missing after it.
    until: Option<Position>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum State {
    Synced,
    Needed,
    Fetching,
    Waiting { until: Instant },
}

impl FullSync {
    /// The shortest wait after a failure.
    pub const FIRST_WAIT: Duration = Duration::from_secs(1);

    /// The longest wait after a failure.
    pub const LONGEST_WAIT: Duration = Duration::from_secs(60);

    /// Creates one that needs no state.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::Synced, failures: 0, since: None, until: None }
    }

    /// Returns what to do now. Changes nothing.
    pub fn poll(&self, now: Instant) -> SyncAction {
        match self.state {
            State::Synced => SyncAction::Deliver,
            State::Needed => SyncAction::Fetch,
            State::Fetching => SyncAction::AwaitState,
            State::Waiting { until } if now >= until => SyncAction::Fetch,
            State::Waiting { until } => SyncAction::WaitUntil(until),
        }
    }

    /// Reports a gap after the position `since`, whose last event is the one at `until`; `None` if that is not known. Returns
    /// whether it starts a full sync: if one is needed already, this gap joins it.
    pub fn needed(&mut self, since: Option<Position>, until: Option<Position>) -> bool {
        let starts = self.state == State::Synced;
        if starts {
            *self = Self { state: State::Needed, failures: 0, since, until };
        } else if until.is_some() {
            self.until = until;
        }
        starts
    }

    /// Reports that the application fetches the state.
    pub fn fetching(&mut self) {
        if self.state != State::Synced {
            self.state = State::Fetching;
        }
    }

    /// Reports that the state could not be fetched.
    pub fn failed(&mut self, now: Instant, jitter: &mut impl Jitter) {
        if self.state == State::Synced {
            return;
        }
        let step = (millis(Self::FIRST_WAIT) << self.failures.min(6)).min(millis(Self::LONGEST_WAIT));
        self.failures = self.failures.saturating_add(1);
        self.state = State::Waiting { until: now.after(step / 2 + below(step - step / 2 + 1, jitter)) };
    }

    /// Reports that the application has the state as it was at this position; `None` if the state has no position.
    ///
    /// Returns `false` if the state is too old to close the gap: report [`failed`](Self::failed).
    pub fn synced(&mut self, at: Option<Position>) -> bool {
        if at.is_some_and(|at| self.is_too_old(at)) {
            return false;
        }
        *self = Self::new();
        true
    }

    /// Returns whether a state at this position lacks events that the application has handled, or that are missing.
    fn is_too_old(&self, at: Position) -> bool {
        let began = self.began_in_epoch_of(at);
        let lacks = |other: Position| !at.contains(other);
        // If the server has restarted in the gap, a state of the old epoch is from before.
        let is_before_restart = |until: Position| began && !at.is_comparable(until);
        self.since.is_some_and(|since| began && lacks(since))
            || self.until.is_some_and(|until| lacks(until) || is_before_restart(until))
    }

    /// Returns whether the gap begins after a position of the same epoch.
    pub(super) fn began_in_epoch_of(&self, at: Position) -> bool {
        self.since.is_some_and(|since| since.is_comparable(at))
    }

    /// Returns whether the state is missing.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        self.state != State::Synced
    }
}

impl Default for FullSync {
    fn default() -> Self {
        Self::new()
    }
}
