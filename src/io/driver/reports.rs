//! What a driver notes beside events, and what it returns to the application: events and errors alone, or all news.
//!
//! A driver calls the same methods in both cases. Without news they do next to nothing, so that a firmware that does not
//! ask for news does not pay for them. This module must not depend on transports.

use core::fmt;
use core::mem::replace;
use core::time::Duration;

use super::failure::Failure;
use super::news::News;
use super::next_error::NextError;
use super::request::HeaderError;
use super::slot::Slot;
use crate::client::{Action, Instant, StopReason, Verdict};
use crate::codec::{Field, Found, TooLong};

/// What a driver notes, and what it makes of it.
pub(super) trait Reports {
    /// What the application is told instead of an event.
    type News;

    /// An attempt begins.
    fn connecting(&self) {}

    /// A response has this verdict.
    fn judged(&self, _status: impl FnOnce() -> u16, _verdict: Verdict) {}

    /// The body has ended.
    fn ended(&self, _is_mid_event: impl FnOnce() -> bool) {}

    /// The headers of the request could not be written. Returns what to tell at once.
    fn refused(&self, error: HeaderError) -> Option<Self::News>;

    /// The attempt or the connection broke, or took too long.
    fn broken(&self, _is_late: impl FnOnce() -> bool) {}

    /// Returns until when the transport's half may rest: until then, or until the application's half wants to be woken. With
    /// `None`, it rests until it is polled.
    #[cfg(feature = "embedded-io-async")]
    fn sooner(&self, until: Option<Instant>, _now: impl FnOnce() -> Instant) -> Option<Instant> {
        until
    }

    /// The session orders this. If it is not part of the attempt, the attempt is over.
    fn ordered(&self, _action: Action, _now: Instant, _failures: impl FnOnce() -> u32) {}

    /// Returns what waits to be told.
    fn take(&self, _now: impl FnOnce() -> Instant) -> Option<Self::News> {
        None
    }

    /// Returns what to tell while the session is stopped. `None`: wait for the alarm.
    fn stopped(&self, reason: StopReason) -> Option<Self::News>;

    /// Returns what to tell while the network is down.
    fn offline(&self) -> Self::News;
}

/// Marks a driver that reports events and errors. `Driver::new` creates it.
///
/// ```
/// use embedded_sse::io::driver_blocking::{Driver, EventsOnly};
///
/// struct Client<S, W> {
///     driver: Driver<S, [u8; 512], W, EventsOnly>, // the default
/// }
/// ```
pub struct EventsOnly(());

impl EventsOnly {
    pub(super) const fn new() -> Self {
        Self(())
    }
}

impl Reports for EventsOnly {
    type News = NextError;

    fn refused(&self, error: HeaderError) -> Option<NextError> {
        (error != HeaderError::Unavailable).then_some(NextError::Headers(error))
    }

    fn stopped(&self, reason: StopReason) -> Option<NextError> {
        Some(NextError::Stopped(reason))
    }

    fn offline(&self) -> NextError {
        NextError::Offline
    }
}

/// Marks a driver that reports all [`News`]. `Driver::with_news` creates it.
///
/// ```
/// use embedded_sse::io::driver_blocking::{AllNews, Driver};
///
/// struct Client<S, W> {
///     driver: Driver<S, [u8; 512], W, AllNews>,
/// }
/// ```
pub struct AllNews {
    pub(super) comments: bool,
    pub(super) reconnection_times: bool,
    notes: Slot<Notes>,
}

/// What the application's half is told beside events.
pub(super) enum Told {
    News(News<'static>),
    /// The session has stopped, as was told.
    Over,
    /// The time of the alarm has come.
    Due,
}

impl Told {
    pub(super) const fn news(self) -> Option<News<'static>> {
        match self {
            Self::News(news) => Some(news),
            Self::Over | Self::Due => None,
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Notes {
    /// Whether an attempt was begun and its end was not noted.
    is_begun: bool,
    /// Whether its response was accepted.
    is_open: bool,
    /// The first reason why it has failed.
    why: Option<Failure>,
    /// Whether the stop of the session was told.
    is_stopped: bool,
    /// What waits to be told, in this order.
    opened: bool,
    lost: Option<Lost>,
    /// When the application's half wants to be woken.
    alarm: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Lost {
    why: Failure,
    wait: Option<Duration>,
    failures: u32,
}

impl AllNews {
    pub(super) const fn new() -> Self {
        let notes = Notes {
            is_begun: false,
            is_open: false,
            why: None,
            is_stopped: false,
            opened: false,
            lost: None,
            alarm: None,
        };
        Self { comments: false, reconnection_times: false, notes: Slot::new(notes) }
    }

    /// Whether comments and reconnection times have to be decoded at all.
    pub(super) const fn wants_items(&self) -> bool {
        self.comments || self.reconnection_times
    }

    pub(super) const fn wants(&self, found: Found) -> bool {
        match found {
            Found::Comment | Found::TooLong(TooLong { field: Field::Comment, .. }) => self.comments,
            Found::Retry => self.reconnection_times,
            Found::Event | Found::TooLong(_) => true,
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Notes) -> T) -> T {
        let mut notes = self.notes.get();
        let result = change(&mut notes);
        self.notes.set(notes);
        result
    }

    /// Wakes the application's half at this time.
    #[cfg(feature = "embedded-io-async")]
    pub(super) fn set_alarm(&self, at: Option<Instant>) {
        self.change(|notes| notes.alarm = at);
    }

    pub(super) fn failed(&self, why: Failure) {
        self.change(|notes| notes.why = notes.why.or(Some(why)));
    }
}

impl Reports for AllNews {
    type News = Told;

    fn connecting(&self) {
        self.change(|notes| *notes = Notes { is_begun: true, alarm: notes.alarm, ..Notes::default() });
    }

    fn judged(&self, status: impl FnOnce() -> u16, verdict: Verdict) {
        match verdict {
            Verdict::Accept => self.change(|notes| (notes.is_open, notes.opened) = (true, true)),
            Verdict::Redirect { .. } => {}
            Verdict::Stop(StopReason::ContentType) => self.failed(Failure::ContentType),
            Verdict::Retry { .. } | Verdict::Stop(_) => self.failed(Failure::Status(status())),
        }
    }

    fn ended(&self, is_mid_event: impl FnOnce() -> bool) {
        self.failed(Failure::Ended { mid_event: is_mid_event() });
    }

    fn refused(&self, error: HeaderError) -> Option<Told> {
        self.failed(Failure::Headers(error));
        None
    }

    fn broken(&self, is_late: impl FnOnce() -> bool) {
        self.failed(match (self.notes.get().is_open, is_late()) {
            (false, false) => Failure::Client,
            (false, true) => Failure::TimedOut,
            (true, false) => Failure::Body,
            (true, true) => Failure::Silent,
        });
    }

    fn ordered(&self, action: Action, now: Instant, failures: impl FnOnce() -> u32) {
        let wait = match action {
            Action::AwaitResponse { .. } | Action::Read { .. } | Action::Disconnect(_) => return,
            // It is told why when the stop is.
            Action::Stop(_) => return self.change(|notes| notes.is_begun = false),
            Action::WaitForNetwork => None,
            Action::WaitUntil(at) => Some(at.saturating_duration_since(now)),
            Action::Connect(_) => Some(Duration::ZERO),
        };
        self.change(|notes| {
            notes.is_stopped = false;
            if replace(&mut notes.is_begun, false) {
                let why = notes.why.take().unwrap_or(Failure::Interrupted);
                notes.lost = Some(Lost { why, wait, failures: failures() });
            }
        });
    }

    #[cfg(feature = "embedded-io-async")]
    fn sooner(&self, until: Option<Instant>, now: impl FnOnce() -> Instant) -> Option<Instant> {
        match self.notes.get().alarm {
            Some(alarm) if alarm <= now() => None,
            alarm => until.into_iter().chain(alarm).min(),
        }
    }

    fn take(&self, now: impl FnOnce() -> Instant) -> Option<Told> {
        self.change(|notes| {
            if replace(&mut notes.opened, false) {
                return Some(Told::News(News::Opened));
            }
            if let Some(Lost { why, wait, failures }) = notes.lost.take() {
                return Some(Told::News(News::Lost { why, wait, failures }));
            }
            let now = now();
            notes.alarm.take_if(|at| *at <= now).map(|_| Told::Due)
        })
    }

    fn stopped(&self, reason: StopReason) -> Option<Told> {
        self.change(|notes| {
            let why = notes.why.take();
            if !replace(&mut notes.is_stopped, true) {
                return Some(Told::News(News::Stopped { reason, why }));
            }
            notes.alarm.is_none().then_some(Told::Over)
        })
    }

    fn offline(&self) -> Self::News {
        Told::News(News::Offline)
    }
}

impl fmt::Debug for EventsOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventsOnly")
    }
}

impl fmt::Debug for AllNews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AllNews")
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for EventsOnly {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "EventsOnly");
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for AllNews {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "AllNews");
    }
}
