//! The scenarios over the blocking driver, and those that it cannot express.

use core::cell::Cell;
use core::panic::AssertUnwindSafe;
use core::task::Poll;
use std::panic::{catch_unwind, resume_unwind};
use std::thread;

use embedded_io::{ErrorKind, ErrorType};
use embedded_sse::client::{Instant, Response, Verdict};
use embedded_sse::io::driver_blocking::{Connect, Driver, News, Timer};
use embedded_sse::io::{HeaderList, Request};

use crate::reference::{Client, Does, LONGEST_ID, Order};
use crate::world::{Connected, Drive, Stage, moved};

/// What the scenarios need.
mod harness {
    pub(crate) use crate::reference::{Does, LONGEST_ID, Order, STREAM, Seen, content_type, redirect, status, stream};

    pub(crate) type World = crate::world::World<super::Blocking>;
}

#[path = "../client/scenarios.rs"]
mod scenarios;

/// The scenarios that the blocking driver cannot express, and what blocks the thread when their order comes. Nobody else can
/// reach the driver then.
const INEXPRESSIBLE: [(&str, &str); 8] = [
    ("closing_is_immediate_and_final", "the wait for the next attempt, or a read"),
    ("closing_before_the_response_means_no_open_and_no_event", "the request"),
    ("a_closed_client_can_be_restarted_and_resumes_from_its_id", "a read"),
    ("a_slow_first_response_is_waited_for", "the wait for the next attempt"),
    ("the_application_can_end_a_wait", "the wait for the next attempt"),
    ("a_post_is_not_repeated_after_its_network_was_lost", "a read"),
    ("restart_does_not_repeat_what_may_not_be_repeated", "a read"),
    ("a_terminal_event_stops_the_client_before_the_server_closes", "a read"),
];

pub(crate) struct Blocking;

/// Ends a call that blocks, by unwinding: the time of the test is over, or an order comes that nobody can give.
enum Unwind {
    TimeIsUp,
    Blocked,
}

thread_local! {
    /// When the test ends.
    static END: Cell<u64> = const { Cell::new(0) };
    /// The scenario that is tested for being inexpressible.
    static TESTED: Cell<Option<&'static str>> = const { Cell::new(None) };
}

#[test]
fn the_list_of_inexpressible_scenarios_is_exact() {
    let cannot = |&&(name, scenario): &&(&'static str, fn())| {
        TESTED.set(Some(name));
        let ended = catch_unwind(AssertUnwindSafe(scenario));
        TESTED.set(None);
        match ended.map_err(|payload| payload.downcast::<Unwind>()) {
            Ok(()) => false,
            Err(Ok(_)) => true,
            Err(Err(payload)) => resume_unwind(payload),
        }
    };
    let found: Vec<_> = scenarios::TABLE.iter().filter(cannot).map(|(name, _)| *name).collect();
    assert_eq!(found, INEXPRESSIBLE.map(|(name, _)| name));
}

impl Drive for Blocking {
    fn drive(client: &mut Client, stage: &Stage, end: u64) -> bool {
        END.set(end);
        let mut driver = Driver::with_news(client.clone(), [0; 16], Clock(stage));
        let mut is_blocked = false;
        {
            let (mut room, mut headers) = ([0; HeaderList::room_for(LONGEST_ID)], |_: &mut HeaderList<'_>| Ok(()));
            let mut events = driver.events(Transport(stage), &mut room, &mut headers);
            loop {
                match stage.take_order() {
                    Some(Order::Close) => events.close(),
                    Some(Order::Restart) => events.restart(),
                    Some(Order::Finished) => events.finished(),
                    Some(Order::NetworkDown) => events.network_down(),
                    Some(Order::NetworkUp) => events.network_up(),
                    Some(Order::NetworkChanged) => events.network_changed(),
                    None => {}
                }
                let next = catch_unwind(AssertUnwindSafe(|| match events.next() {
                    Some(News::Offline) | None => true,
                    Some(news) => {
                        stage.hear(news);
                        false
                    }
                }));
                match next.map_err(|payload| payload.downcast::<Unwind>().map(|unwind| *unwind)) {
                    Ok(false) => {}
                    // The application has the thread, and waits for its next order.
                    Ok(true) => match stage.ordered().filter(|at| *at <= end) {
                        Some(at) => stage.now.set(at.max(stage.now.get())),
                        None => break,
                    },
                    Err(Ok(Unwind::TimeIsUp)) => break,
                    Err(Ok(Unwind::Blocked)) => {
                        is_blocked = true;
                        break;
                    }
                    Err(Err(payload)) => resume_unwind(payload),
                }
            }
        }
        *client = driver.into_session();
        !is_blocked
    }

    fn cannot() {
        if TESTED.get().is_some() {
            resume_unwind(Box::new(Unwind::Blocked));
        }
        let thread = thread::current();
        let name = thread.name().and_then(|path| path.rsplit("::").next()).expect("the name of a test");
        assert!(INEXPRESSIBLE.iter().any(|(other, _)| *other == name), "the driver blocks while an order comes");
    }
}

impl Stage {
    /// Lets the time pass while a call blocks.
    fn block_until(&self, at: u64) {
        let unwind = match self.ordered() {
            Some(ordered) if ordered <= at.min(END.get()) => Unwind::Blocked,
            _ if at > END.get() => Unwind::TimeIsUp,
            _ => return self.now.set(at),
        };
        resume_unwind(Box::new(unwind));
    }

    /// Blocks until the server does something, until `until` at most.
    fn block(&self, until: Option<Instant>) -> Result<Does, ErrorKind> {
        loop {
            self.next.set(None);
            if let Poll::Ready(does) = self.does() {
                return Ok(does);
            }
            match (self.next.get(), until.map(Instant::as_millis)) {
                (Some(next), until) if until.is_none_or(|until| next <= until) => self.block_until(next),
                (_, Some(until)) => {
                    self.block_until(until);
                    return Err(ErrorKind::TimedOut);
                }
                _ => self.block_until(u64::MAX),
            }
        }
    }
}

struct Clock<'s>(&'s Stage);

impl Timer for Clock<'_> {
    fn now(&self) -> Instant {
        self.0.instant()
    }

    fn wait_until(&mut self, at: Instant) {
        self.0.block_until(at.as_millis());
    }
}

struct Transport<'s>(&'s Stage);

impl<'s> Connect for Transport<'s> {
    type Body = Body<'s>;
    type Error = ErrorKind;

    fn open(
        &mut self,
        request: &Request<'_>,
        until: Option<Instant>,
        judge: &mut dyn FnMut(&Response<'_>) -> Verdict,
    ) -> Result<Option<Body<'s>>, ErrorKind> {
        let connected = self.0.connect(request);
        let response = loop {
            if let Some(answer) = self.0.answer(self.0.block(until)?) {
                break answer?;
            }
        };
        let verdict = judge(&response);
        self.0.redirect(&response, verdict);
        Ok((verdict == Verdict::Accept).then_some(Body { connected, bytes: vec![], until: None }))
    }

    fn not_sent(&self, error: &ErrorKind) -> bool {
        *error == ErrorKind::ConnectionRefused
    }

    fn set_deadline(&mut self, body: &mut Body<'s>, until: Option<Instant>) {
        body.until = until;
    }
}

struct Body<'s> {
    connected: Connected<'s>,
    /// What has arrived and was not read.
    bytes: Vec<u8>,
    until: Option<Instant>,
}

impl ErrorType for Body<'_> {
    type Error = ErrorKind;
}

impl embedded_io::Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        while self.bytes.is_empty() {
            let does = self.connected.0.block(self.until)?;
            if let Some(bytes) = self.connected.0.bytes(does) {
                self.bytes = bytes?;
                break;
            }
        }
        Ok(moved(&mut self.bytes, buffer))
    }
}
