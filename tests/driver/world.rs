//! A scripted server, a scripted application and a clock, which both drivers share. Nothing sleeps.

use core::cell::{Cell, RefCell};
use core::marker::PhantomData;
use core::ops::Deref;
use core::task::Poll;
use std::collections::VecDeque;

use embedded_io::ErrorKind;
use embedded_sse::client::{Instant, Policy, Response, Rules, StopReason, Verdict};
use embedded_sse::io::Request;
use embedded_sse::io::driver::{Failure, News};

use crate::reference::{self, Client, Does, Log, Order, Seen};

/// How a driver runs through a script.
pub(crate) trait Drive {
    /// Runs until the session stops and there are no more orders, until `end` at most. Returns `false` if the driver could
    /// not be given an order in time.
    fn drive(client: &mut Client, stage: &Stage, end: u64) -> bool;

    /// Is called when an order could not be given. If it returns, the outcome without a driver stands in for this one.
    fn cannot();
}

/// What `reference::World` is for a session without a driver, with the same names.
pub(crate) struct World<D> {
    pub(crate) client: Client,
    pub(crate) now: u64,
    log: Log,
    stage: Stage,
    reference: reference::World,
    driver: PhantomData<D>,
}

impl<D: Drive> World<D> {
    pub(crate) fn new(policy: Policy, script: impl IntoIterator<Item = Vec<Does>>) -> Self {
        let script: Vec<_> = script.into_iter().collect();
        let reference = reference::World::new(policy, script.clone());
        Self {
            client: reference.client.clone(),
            now: reference.now,
            log: Log::default(),
            stage: Stage::new(reference.now, script.into()),
            reference,
            driver: PhantomData,
        }
    }

    pub(crate) fn rules(mut self, rules: Rules) -> Self {
        self.client.set_rules(rules);
        self
    }

    /// Schedules an order `millis` milliseconds from now. Call this in the order of time.
    pub(crate) fn after(mut self, millis: u64, order: Order) -> Self {
        self.stage.orders.get_mut().push_back((self.now + millis, order));
        self.reference = self.reference.after(millis, order);
        self
    }

    /// Runs until the client stops, for at most `millis` milliseconds, and compares what happened.
    pub(crate) fn drive_bounded(mut self, millis: u64) -> Self {
        self.reference.client = self.client.clone();
        self.reference = self.reference.drive_bounded(millis);
        if D::drive(&mut self.client, &self.stage, self.now + millis) {
            assert_eq!(self.stage.log.get_mut().0, self.reference.0, "with a driver, and without one");
            assert_eq!(self.client.last_event_id(), self.reference.client.last_event_id());
        } else {
            D::cannot();
            self.client = self.reference.client.clone();
            self.stage.log.get_mut().0.clone_from(&self.reference.0);
        }
        self.now = self.reference.now;
        self.stage.now.set(self.now);
        self.log.0.clone_from(&self.stage.log.get_mut().0);
        self
    }
}

impl<D> Deref for World<D> {
    type Target = Log;

    fn deref(&self) -> &Log {
        &self.log
    }
}

/// The clock, the server, the network and the log.
pub(crate) struct Stage {
    pub(crate) now: Cell<u64>,
    /// The earliest time that a future waits for.
    pub(crate) next: Cell<Option<u64>>,
    pub(crate) orders: RefCell<VecDeque<(u64, Order)>>,
    log: RefCell<Log>,
    /// What the server does on each further connection. The last entry applies to all connections after it.
    script: RefCell<VecDeque<Vec<Does>>>,
    does: RefCell<VecDeque<Does>>,
    /// When the server does the next of them.
    at: Cell<u64>,
    /// The URL of the stream, and that of the last redirect.
    url: Cell<&'static str>,
    there: Cell<&'static str>,
    last_event_id: RefCell<Option<String>>,
    is_connected: Cell<bool>,
}

impl Stage {
    fn new(now: u64, script: VecDeque<Vec<Does>>) -> Self {
        Self {
            now: Cell::new(now),
            next: Cell::new(None),
            orders: RefCell::default(),
            log: RefCell::default(),
            script: RefCell::new(script),
            does: RefCell::default(),
            at: Cell::new(now),
            url: Cell::new("/"),
            there: Cell::new("/"),
            last_event_id: RefCell::default(),
            is_connected: Cell::new(false),
        }
    }

    pub(crate) fn instant(&self) -> Instant {
        Instant::from_millis(self.now.get())
    }

    pub(crate) fn wait_until(&self, at: u64) {
        self.next.set(Some(self.next.get().map_or(at, |next| next.min(at))));
    }

    /// Returns when the next order is due.
    pub(crate) fn ordered(&self) -> Option<u64> {
        self.orders.borrow().front().map(|(at, _)| *at)
    }

    /// Takes an order that is due.
    pub(crate) fn take_order(&self) -> Option<Order> {
        self.ordered().filter(|at| *at <= self.now.get())?;
        self.orders.borrow_mut().pop_front().map(|(_, order)| order)
    }

    /// Takes a request.
    pub(crate) fn connect(&self, request: &Request<'_>) -> Connected<'_> {
        assert!(!self.is_connected.replace(true), "one connection at a time");
        let header = |name| request.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.to_owned());
        assert_eq!(header("Accept").as_deref(), Some("text/event-stream"));
        assert_eq!(header("Cache-Control").as_deref(), Some("no-cache"));
        let last_event_id = header("Last-Event-ID");
        if request.redirected {
            assert_eq!(last_event_id, *self.last_event_id.borrow(), "a redirect changes no ID");
        } else {
            let mut script = self.script.borrow_mut();
            let next = if script.len() > 1 { script.pop_front() } else { script.front().cloned() };
            self.does.replace(next.unwrap_or_default().into());
            self.at.set(self.now.get());
            self.last_event_id.replace(last_event_id.clone());
            self.there.set(self.url.get());
        }
        // A restart follows a stop.
        self.log.borrow_mut().0.retain(|(_, seen)| !matches!(seen, Seen::Stop(_)));
        self.seen(Seen::Attempt { url: self.there.get(), last_event_id });
        Connected(self)
    }

    /// Returns what the server does now. Pending until then, or forever at the end of the script.
    pub(crate) fn does(&self) -> Poll<Does> {
        let mut does = self.does.borrow_mut();
        while !does.is_empty() {
            if self.at.get() > self.now.get() {
                self.wait_until(self.at.get());
                break;
            }
            match does.pop_front() {
                Some(Does::Wait(millis)) => self.at.set(self.now.get() + millis),
                Some(does) => return Poll::Ready(does),
                None => {}
            }
        }
        Poll::Pending
    }

    /// Returns the answer to a request, if this is one.
    pub(crate) fn answer(&self, does: Does) -> Option<Result<Response<'static>, ErrorKind>> {
        match does {
            Does::Respond(response) => Some(Ok(response)),
            Does::Refuse => Some(Err(ErrorKind::ConnectionRefused)),
            Does::End | Does::Break => Some(Err(ErrorKind::ConnectionReset)),
            Does::Wait(_) | Does::Send(_) | Does::Echo => None,
        }
    }

    /// Remembers where a redirect leads.
    pub(crate) fn redirect(&self, response: &Response<'static>, verdict: Verdict) {
        if let Verdict::Redirect { permanent } = verdict {
            self.there.set(str::from_utf8(response.location.unwrap_or_default()).expect("a URL"));
            if permanent {
                self.url.set(self.there.get());
            }
        }
    }

    /// Returns bytes of the body, if these are some. Empty at its end.
    pub(crate) fn bytes(&self, does: Does) -> Option<Result<Vec<u8>, ErrorKind>> {
        let id = self.last_event_id.borrow();
        match does {
            Does::Send(bytes) => Some(Ok(bytes.to_vec())),
            Does::Echo => Some(Ok(format!("data: {}\n\n", id.as_deref().unwrap_or("(none)")).into_bytes())),
            Does::End => Some(Ok(vec![])),
            Does::Break | Does::Refuse => Some(Err(ErrorKind::ConnectionReset)),
            Does::Wait(_) | Does::Respond(_) => None,
        }
    }

    /// Notes what a driver reports.
    pub(crate) fn hear(&self, news: News<'_>) {
        assert!(!self.is_connected.get() || !matches!(news, News::Lost { .. } | News::Stopped { .. }), "{news:?}");
        match news {
            News::Opened => self.seen(Seen::Open),
            News::Event(event) => {
                let (data, id) = (event.data_lossy().to_string(), event.last_event_id_lossy().to_string());
                self.seen(Seen::Event { data, id });
            }
            News::Lost { why: Failure::Interrupted, .. } => {}
            News::Lost { .. } => self.seen(Seen::Lost),
            News::Stopped { reason, why, .. } => {
                let is_answer = matches!(
                    reason,
                    StopReason::Status(_)
                        | StopReason::Credentials(_)
                        | StopReason::ContentType
                        | StopReason::NoContent
                );
                if why.is_some() && !is_answer {
                    self.seen(Seen::Lost);
                }
                self.seen(Seen::Stop(reason));
            }
            _ => {}
        }
    }

    fn seen(&self, seen: Seen) {
        self.log.borrow_mut().0.push((self.now.get(), seen));
    }
}

/// The connection of a request, which ends when it is dropped.
pub(crate) struct Connected<'s>(pub(crate) &'s Stage);

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        self.0.is_connected.set(false);
    }
}

/// Moves the bytes that fit to the start of `buffer`, and returns their number.
pub(crate) fn moved(bytes: &mut Vec<u8>, buffer: &mut [u8]) -> usize {
    let length = bytes.len().min(buffer.len());
    buffer[..length].copy_from_slice(&bytes[..length]);
    bytes.drain(..length);
    length
}
