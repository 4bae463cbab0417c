//! A client in virtual time: a session, a scripted server, a scripted network and a seeded generator. Nothing sleeps.
//!
//! The client acts as an application does: it polls for an action, performs it, and reports the result. A script
//! defines what the server does on each connection, and a log records what happened. Boards run this module too, so it
//! needs no more than `alloc`.

#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod operations;
mod script;

use core::ops::Deref;
use std::collections::VecDeque;

use embedded_sse::Decoder;
use embedded_sse::client::{Action, Epoch, Instant, Policy, Reconnect, Rules, Session, Verdict};

#[cfg(target_os = "none")]
use board::prelude::*;

pub(crate) use script::{Does, Log, Order, STREAM, Seen, content_type, redirect, status, stream};

/// The length of the longest last event ID that the client keeps.
pub(crate) const LONGEST_ID: usize = 64;

pub(crate) type Client = Session<Decoder<[u8; 256]>, Random>;

/// Splitmix64: sufficient for spread, and the same on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Random(pub(crate) u64);

impl embedded_sse::client::Jitter for Random {
    fn next_u32(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed >> 32) as u32
    }
}

pub(crate) struct World {
    pub(crate) client: Client,
    pub(crate) now: u64,
    log: Log,
    /// What the server does on each further connection. The last entry applies to all connections after it.
    script: VecDeque<Vec<Does>>,
    orders: VecDeque<(u64, Order)>,
    connection: Option<Connection>,
    url: &'static str,
}

struct Connection {
    epoch: Epoch,
    next: VecDeque<Does>,
    at: u64,
    url: &'static str,
    last_event_id: Option<String>,
}

impl World {
    pub(crate) fn new(policy: Policy, script: impl IntoIterator<Item = Vec<Does>>) -> Self {
        Self {
            client: Session::new(Decoder::new([0; 256]), Reconnect::new(policy, Random(7))),
            now: 1_000_000,
            log: Log::default(),
            script: script.into_iter().collect(),
            orders: VecDeque::new(),
            connection: None,
            url: "/",
        }
    }

    pub(crate) fn rules(mut self, rules: Rules) -> Self {
        self.client.set_rules(rules);
        self
    }

    /// Schedules an order `millis` milliseconds from now. Call this in the order of time.
    pub(crate) fn after(mut self, millis: u64, order: Order) -> Self {
        self.orders.push_back((self.now + millis, order));
        self
    }

    /// Runs until the client stops, for at most `millis` milliseconds.
    pub(crate) fn drive_bounded(mut self, millis: u64) -> Self {
        let end = self.now + millis;
        while (self.stopped().is_none() || !self.orders.is_empty()) && self.step(end) {}
        self
    }

    /// Does what is due, or advances the time to what is due next. Returns false if that is after `end`.
    pub(crate) fn step(&mut self, end: u64) -> bool {
        let now = Instant::from_millis(self.now);
        let action = self.client.poll(now);
        assert_eq!(action, self.client.poll(now), "polling changes nothing");
        if self.connection.as_ref().is_some_and(|connection| Some(connection.epoch) != action.epoch()) {
            self.connection = None;
        }
        if let Some(&(_, order)) = self.orders.front().filter(|(at, _)| *at <= self.now) {
            self.orders.pop_front();
            self.obey(order, now);
            return true;
        }
        let until = match action {
            Action::Connect(epoch) => {
                self.connect(epoch, now);
                return true;
            }
            Action::Disconnect(epoch) => {
                self.connection = None;
                self.seen(Seen::Lost);
                self.client.lost(epoch, now);
                return true;
            }
            Action::Stop(reason) => {
                if !matches!(self.log.0.last(), Some((_, Seen::Stop(_)))) {
                    self.seen(Seen::Stop(reason));
                }
                None
            }
            Action::AwaitResponse { until, .. } | Action::Read { until, .. } => {
                if self.serve(now) {
                    return true;
                }
                until
            }
            Action::WaitUntil(until) => Some(until),
            _ => None,
        };
        let until = until.map(|until| {
            assert!(until > now, "a deadline is in the future");
            until.as_millis()
        });
        let served = self.connection.as_ref().filter(|connection| !connection.next.is_empty()).map(|c| c.at);
        let ordered = self.orders.front().map(|(at, _)| *at);
        match [until, served, ordered].into_iter().flatten().min() {
            Some(next) if next <= end => {
                self.now = next;
                true
            }
            _ => {
                self.now = end;
                false
            }
        }
    }

    fn obey(&mut self, order: Order, now: Instant) {
        match order {
            Order::Close => self.client.close(),
            Order::Restart => {
                self.client.restart();
                if !matches!(self.client.poll(now), Action::Stop(_)) {
                    self.log.0.retain(|(_, seen)| !matches!(seen, Seen::Stop(_)));
                }
            }
            Order::Finished => {
                if let Some(epoch) = self.client.poll(now).epoch() {
                    self.client.finished(epoch, now);
                }
            }
            Order::NetworkDown => self.client.network_down(now),
            Order::NetworkUp => self.client.network_up(now),
            Order::NetworkChanged => self.client.network_changed(now),
        }
    }

    fn connect(&mut self, epoch: Epoch, now: Instant) {
        assert!(self.connection.is_none(), "one connection at a time");
        let next = if self.script.len() > 1 { self.script.pop_front() } else { self.script.front().cloned() };
        let header = |name| self.client.headers().find(|(other, _)| *other == name).map(|(_, value)| value.to_string());
        assert_eq!(header("Accept").as_deref(), Some("text/event-stream"));
        assert_eq!(header("Cache-Control").as_deref(), Some("no-cache"));
        let last_event_id = header("Last-Event-ID");
        self.seen(Seen::Attempt { url: self.url, last_event_id: last_event_id.clone() });
        self.client.connecting(epoch, now);
        let next = next.unwrap_or_default().into();
        self.connection = Some(Connection { epoch, next, at: self.now, url: self.url, last_event_id });
    }

    /// Lets the server do what is due. Returns false if there is nothing.
    fn serve(&mut self, now: Instant) -> bool {
        let Some(mut connection) = self.connection.take() else { return false };
        if connection.at > self.now {
            self.connection = Some(connection);
            return false;
        }
        let Some(does) = connection.next.pop_front() else {
            self.connection = Some(connection);
            return false;
        };
        let epoch = connection.epoch;
        match does {
            Does::Wait(millis) => connection.at = self.now + millis,
            Does::Respond(response) => match self.client.responded(epoch, now, &response) {
                Verdict::Accept => self.seen(Seen::Open),
                Verdict::Redirect { permanent } => {
                    connection.url = text(response.location.unwrap_or_default());
                    if permanent {
                        self.url = connection.url;
                    }
                    let last_event_id = connection.last_event_id.clone();
                    self.seen(Seen::Attempt { url: connection.url, last_event_id });
                }
                Verdict::Retry { .. } => self.seen(Seen::Lost),
                _ => {}
            },
            Does::Send(bytes) => self.read(epoch, now, bytes),
            Does::Echo => {
                let echo = format!("data: {}\n\n", connection.last_event_id.as_deref().unwrap_or("(none)"));
                self.read(epoch, now, echo.as_bytes());
            }
            Does::End => {
                self.seen(Seen::Lost);
                self.client.ended(epoch, now);
                return true;
            }
            Does::Break => {
                self.seen(Seen::Lost);
                self.client.lost(epoch, now);
                return true;
            }
            Does::Refuse => {
                self.seen(Seen::Lost);
                self.client.not_sent(epoch, now);
                return true;
            }
        }
        self.connection = Some(connection);
        true
    }

    fn read(&mut self, epoch: Epoch, now: Instant, mut bytes: &[u8]) {
        while let Some(event) = self.client.next_event(epoch, now, &mut bytes) {
            let Ok(event) = event else { continue };
            let seen =
                Seen::Event { data: event.data_lossy().to_string(), id: event.last_event_id_lossy().to_string() };
            self.log.0.push((self.now, seen));
        }
    }

    fn seen(&mut self, seen: Seen) {
        self.log.0.push((self.now, seen));
    }
}

impl Deref for World {
    type Target = Log;

    fn deref(&self) -> &Log {
        &self.log
    }
}

fn text(bytes: &'static [u8]) -> &'static str {
    str::from_utf8(bytes).unwrap()
}
