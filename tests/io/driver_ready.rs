//! Tests of both drivers over a transport that is always ready, with applications that are busy, close, and drop
//! futures.

use core::cell::Cell;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use embedded_io::{ErrorKind, ErrorType};
use embedded_sse::Decoder;
use embedded_sse::client::{
    Backoff, Instant, NoJitter, Policy, Reconnect, Repeat, Response, Session, StopReason, Verdict,
};
use embedded_sse::io::driver::{self, Driver, Exchange, NextError};
use embedded_sse::io::{HeaderError, HeaderList, Request, driver_blocking};

use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);

fn policy() -> Policy {
    Policy::new(Backoff::fixed(SECOND)).liveness(None)
}

fn new_session(policy: Policy) -> Session<Decoder<[u8; 64]>, NoJitter> {
    Session::new(Decoder::new([0; 64]), Reconnect::new(policy, NoJitter))
}

async fn no_headers(_: &mut HeaderList<'_>) -> Result<(), HeaderError> {
    Ok(())
}

/// A server whose bytes are always ready. Each read takes a millisecond.
struct Ready<'w> {
    world: &'w World,
    /// The status of each response.
    status: u16,
    /// The stream, repeated without end, and the number of bytes that one read returns.
    stream: &'static [u8],
    chunk: usize,
    at: usize,
    /// Whether a signal interrupts every third read.
    interrupted: bool,
    counts: &'w Counts,
}

#[derive(Default)]
struct Counts {
    requests: Cell<usize>,
    reads: Cell<usize>,
}

impl<'w> Ready<'w> {
    fn new(world: &'w World, counts: &'w Counts, stream: &'static [u8], chunk: usize) -> Self {
        Self { world, status: 200, stream, chunk, at: 0, interrupted: false, counts }
    }

    fn response(&self) -> Response<'static> {
        let content_type = Some(&b"text/event-stream"[..]);
        Response { status: self.status, content_type, location: Some(b"/round"), ..Response::default() }
    }

    fn requested(&mut self) {
        self.world.pass(1);
        self.at = 0;
        self.counts.requests.set(self.counts.requests.get() + 1);
    }

    fn next(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        self.world.pass(1);
        self.counts.reads.set(self.counts.reads.get() + 1);
        if self.interrupted && self.counts.reads.get().is_multiple_of(3) {
            return Err(ErrorKind::Interrupted);
        }
        let length = self.chunk.min(buffer.len());
        for byte in &mut buffer[..length] {
            *byte = self.stream[self.at % self.stream.len()];
            self.at += 1;
        }
        Ok(length)
    }
}

impl ErrorType for Ready<'_> {
    type Error = ErrorKind;
}

impl embedded_io_async::Read for Ready<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        self.next(buffer)
    }
}

impl driver::Connect for Ready<'_> {
    type Error = ErrorKind;

    async fn open(&mut self, _: &Request<'_>, exchange: Exchange<'_>) -> Result<(), ErrorKind> {
        self.requested();
        match exchange.respond(&self.response()).await {
            Verdict::Accept => exchange.read(self).await,
            _ => Ok(()),
        }
    }
}

/// The body for the blocking driver.
struct Body<'w>(Ready<'w>);

impl ErrorType for Body<'_> {
    type Error = ErrorKind;
}

impl embedded_io::Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        self.0.next(buffer)
    }
}

impl<'w> driver_blocking::Connect for Ready<'w> {
    type Body = Body<'w>;
    type Error = ErrorKind;

    fn open(
        &mut self,
        _: &Request<'_>,
        _: Option<Instant>,
        judge: &mut dyn FnMut(&Response<'_>) -> Verdict,
    ) -> Result<Option<Body<'w>>, ErrorKind> {
        self.requested();
        let accepted = judge(&self.response()) == Verdict::Accept;
        let body = Self { at: 0, ..*self };
        Ok(accepted.then_some(Body(body)))
    }

    fn set_deadline(&mut self, _: &mut Body<'w>, _: Option<Instant>) {}
}

/// A comment without an end: there is always something to read and never something to report.
const ENDLESS: &[u8] = b": all is well\n";

#[test]
fn one_poll_does_a_bounded_amount_of_work_and_wakes_itself() {
    let (world, counts) = (World::new(1), Counts::default());
    let (mut session, mut buffer) = (new_session(policy()), [0; 64]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(Ready::new(&world, &counts, ENDLESS, 64), [0; 128], no_headers));
    let mut events = driver.events(run);
    let mut next = pin!(events.next());
    for polls in 1..100 {
        // `World` panics if a future neither waits for a time nor wakes itself.
        assert!(world.poll(next.as_mut()).is_pending());
        assert!(counts.reads.get() <= 16 * polls, "{} reads in {polls} polls", counts.reads.get());
    }
    assert!(counts.reads.get() > 500, "{} reads", counts.reads.get());
}

#[test]
fn a_flood_of_events_lets_other_tasks_run() {
    let (world, counts) = (World::new(1), Counts::default());
    let (mut session, mut buffer) = (new_session(policy()), [0; 64]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(Ready::new(&world, &counts, b"data: 1\n\n", 9), [0; 128], no_headers));
    let mut events = driver.events(run);
    let (mut ready, mut pending) = (0, 0);
    while ready < 1000 {
        match world.poll(pin!(events.next())) {
            Poll::Ready(event) => ready += usize::from(event.is_ok()),
            Poll::Pending => pending += 1,
        }
    }
    assert!(pending >= 1000 / 17, "{pending} times");
}

#[test]
fn close_takes_effect_before_the_next_read() {
    let (world, counts) = (World::new(1), Counts::default());
    let (mut session, mut buffer) = (new_session(policy()), [0; 64]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(Ready::new(&world, &counts, ENDLESS, 64), [0; 128], no_headers));
    let mut events = driver.events(run);
    for _ in 0..10 {
        assert!(world.poll(pin!(events.next())).is_pending());
    }
    let reads = counts.reads.get();
    assert!(reads > 10);
    events.close();
    assert_eq!(world.block_on(events.next()), Err(NextError::Stopped(StopReason::Closed)));
    assert_eq!((counts.reads.get(), counts.requests.get()), (reads, 1));
}

#[test]
fn a_pending_read_is_not_polled_after_close() {
    struct Late<'w>(&'w World, &'w Cell<bool>);

    impl ErrorType for Late<'_> {
        type Error = ErrorKind;
    }

    impl embedded_io_async::Read for Late<'_> {
        async fn read(&mut self, _: &mut [u8]) -> Result<usize, ErrorKind> {
            self.0.wait_until(self.0.now().as_millis() + 1_000).await;
            self.1.set(true);
            Ok(1)
        }
    }

    impl driver::Connect for Late<'_> {
        type Error = ErrorKind;

        async fn open(&mut self, _: &Request<'_>, exchange: Exchange<'_>) -> Result<(), ErrorKind> {
            let content_type = Some(&b"text/event-stream"[..]);
            exchange.respond(&Response { status: 200, content_type, ..Response::default() }).await;
            exchange.read(self).await
        }
    }

    let (world, was_read) = (World::new(1), Cell::new(false));
    let (mut session, mut buffer) = (new_session(policy()), [0; 64]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(Late(&world, &was_read), [0; 128], no_headers));
    let mut events = driver.events(run);
    assert!(world.poll(pin!(events.next())).is_pending());
    events.close();
    assert_eq!(world.block_on(events.next()), Err(NextError::Stopped(StopReason::Closed)));
    assert!(!was_read.get());
}

#[test]
fn close_takes_effect_before_the_next_request() {
    let (world, counts) = (World::new(1), Counts::default());
    let (mut session, mut buffer) = (new_session(policy()), [0; 64]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let connect = Ready { status: 302, ..Ready::new(&world, &counts, ENDLESS, 64) };
    // The headers of each request take some time.
    let headers = async |_: &mut HeaderList<'_>| {
        world.wait_until(world.now().as_millis() + 5).await;
        Ok(())
    };
    let run = pin!(driver.run(connect, [0; 128], headers));
    let mut events = driver.events(run);
    while counts.requests.get() == 0 {
        assert!(world.poll(pin!(events.next())).is_pending());
    }
    events.close();
    assert_eq!(world.block_on(events.next()), Err(NextError::Stopped(StopReason::Closed)));
    assert_eq!(counts.requests.get(), 1);
}

#[test]
fn redirects_that_are_always_ready_end_at_their_limit_and_in_time() {
    let (world, counts) = (World::new(1), Counts::default());
    let (mut session, mut buffer) = (new_session(policy().max_attempts(0)), [0; 64]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let connect = Ready { status: 302, ..Ready::new(&world, &counts, ENDLESS, 64) };
    let run = pin!(driver.run(connect, [0; 128], no_headers));
    let mut events = driver.events(run);
    assert_eq!(world.block_on(events.next()), Err(NextError::Stopped(StopReason::MaxAttempts)));
    assert_eq!(counts.requests.get(), 21);

    let (world, counts) = (World::new(1), Counts::default());
    let policy = policy().max_attempts(0).connect_timeout(Some(Duration::from_millis(5)));
    let (mut session, mut buffer) = (new_session(policy), [0; 64]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let connect = Ready { status: 302, ..Ready::new(&world, &counts, ENDLESS, 64) };
    let run = pin!(driver.run(connect, [0; 128], no_headers));
    let mut events = driver.events(run);
    assert_eq!(world.block_on(events.next()), Err(NextError::Stopped(StopReason::MaxAttempts)));
    assert_eq!(counts.requests.get(), 5, "each request takes a millisecond");
}

#[test]
fn watchdogs_fire_while_reads_are_ready() {
    let (world, counts) = (World::new(1), Counts::default());
    let policy = policy().max_attempts(0).progress(Some(SECOND));
    let (mut session, mut buffer) = (new_session(policy), [0; 64]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(Ready::new(&world, &counts, ENDLESS, 14), [0; 128], no_headers));
    let mut events = driver.events(run);
    assert_eq!(world.block_on(events.next()), Err(NextError::Stopped(StopReason::MaxAttempts)));
    assert!((1_000..1_010).contains(&counts.reads.get()), "{} reads of a millisecond", counts.reads.get());

    let (world, counts) = (World::new(1), Counts::default());
    let connect = Ready::new(&world, &counts, ENDLESS, 14);
    let mut driver = driver_blocking::Driver::new(new_session(policy), [0; 64], &world);
    let (mut room, mut headers) = ([0; 128], |_: &mut HeaderList<'_>| Ok(()));
    let mut events = driver.events(connect, &mut room, &mut headers);
    assert_eq!(events.next(), Err(NextError::Stopped(StopReason::MaxAttempts)));
    assert!((1_000..1_010).contains(&counts.reads.get()), "{} reads of a millisecond", counts.reads.get());
}

/// Comments between events are always ready, and the application takes ten minutes for each event.
#[test]
fn a_busy_application_loses_no_connection() {
    let stream = b"data: 1\n\n: 1\n: 2\n: 3\n";
    let policy = policy().liveness(Some(30 * SECOND)).progress(Some(SECOND)).max_attempts(0);
    for chunk in [1, 3, 9, 10, 21, 64] {
        let (world, counts) = (World::new(1), Counts::default());
        let (mut session, mut buffer) = (new_session(policy), [0; 64]);
        let driver = Driver::new(&mut session, &mut buffer, &world);
        let run = pin!(driver.run(Ready::new(&world, &counts, stream, chunk), [0; 128], no_headers));
        let mut events = driver.events(run);
        for _ in 0..100 {
            assert_eq!(world.block_on(events.next()).map(|event| event.data), Ok(&b"1"[..]), "in chunks of {chunk}");
            world.pass(600_000);
            // A future that is polled once and dropped.
            let _ = world.poll(pin!(events.next()));
            world.pass(600_000);
        }
        assert_eq!(counts.requests.get(), 1);

        let (world, counts) = (World::new(1), Counts::default());
        let connect = Ready::new(&world, &counts, stream, chunk);
        let mut driver = driver_blocking::Driver::new(new_session(policy), [0; 64], &world);
        let (mut room, mut headers) = ([0; 128], |_: &mut HeaderList<'_>| Ok(()));
        let mut events = driver.events(connect, &mut room, &mut headers);
        for _ in 0..100 {
            assert_eq!(events.next().map(|event| event.data), Ok(&b"1"[..]), "in chunks of {chunk}");
            world.pass(600_000);
        }
        assert_eq!(counts.requests.get(), 1);
    }
}

/// A silent server is noticed whether the application waits all the time or polls once a second.
#[test]
fn an_application_that_polls_rarely_still_notices_silence() {
    struct Silent<'w>(&'w World);

    impl ErrorType for Silent<'_> {
        type Error = ErrorKind;
    }

    impl embedded_io_async::Read for Silent<'_> {
        async fn read(&mut self, _: &mut [u8]) -> Result<usize, ErrorKind> {
            self.0.wait_until(u64::MAX).await;
            Ok(0)
        }
    }

    impl driver::Connect for Silent<'_> {
        type Error = ErrorKind;

        async fn open(&mut self, _: &Request<'_>, exchange: Exchange<'_>) -> Result<(), ErrorKind> {
            let content_type = Some(&b"text/event-stream"[..]);
            exchange.respond(&Response { status: 200, content_type, ..Response::default() }).await;
            exchange.read(self).await
        }
    }

    let world = World::new(1);
    let policy = policy().liveness(Some(30 * SECOND)).max_attempts(0);
    let (mut session, mut buffer) = (new_session(policy), [0; 64]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(Silent(&world), [0; 128], no_headers));
    let mut events = driver.events(run);
    let begun = world.now();
    let waited = loop {
        let mut next = pin!(events.next());
        let mut tick = pin!(world.wait_until(world.now().as_millis() + 1_000));
        let both = core::future::poll_fn(|context| match tick.as_mut().poll(context) {
            // The tick is first, and the wait for an event is dropped without another poll.
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => next.as_mut().poll(context).map(|next| Some(next.map(|_| ()))),
        });
        if let Some(next) = world.block_on(both) {
            assert_eq!(next, Err(NextError::Stopped(StopReason::MaxAttempts)));
            break world.now().saturating_duration_since(begun);
        }
    };
    assert!((30 * SECOND..=31 * SECOND).contains(&waited), "{waited:?}");
}

/// A request that may go out only once, whose headers are not there at first, and a server that cannot be reached at first.
#[test]
fn a_request_that_never_went_out_is_tried_again() {
    struct Refused<'w>(Ready<'w>, usize);

    impl driver::Connect for Refused<'_> {
        type Error = ErrorKind;

        async fn open(&mut self, request: &Request<'_>, exchange: Exchange<'_>) -> Result<(), ErrorKind> {
            if self.1 > 0 {
                self.1 -= 1;
                return Err(ErrorKind::ConnectionRefused);
            }
            driver::Connect::open(&mut self.0, request, exchange).await
        }

        fn not_sent(&self, error: &ErrorKind) -> bool {
            *error == ErrorKind::ConnectionRefused
        }
    }

    impl<'w> driver_blocking::Connect for Refused<'w> {
        type Body = Body<'w>;
        type Error = ErrorKind;

        fn open(
            &mut self,
            request: &Request<'_>,
            until: Option<Instant>,
            judge: &mut dyn FnMut(&Response<'_>) -> Verdict,
        ) -> Result<Option<Body<'w>>, ErrorKind> {
            if self.1 > 0 {
                self.1 -= 1;
                return Err(ErrorKind::ConnectionRefused);
            }
            driver_blocking::Connect::open(&mut self.0, request, until, judge)
        }

        fn set_deadline(&mut self, _: &mut Body<'w>, _: Option<Instant>) {}

        fn not_sent(&self, error: &ErrorKind) -> bool {
            *error == ErrorKind::ConnectionRefused
        }
    }

    let once = || {
        let mut session = new_session(policy());
        session.set_repeat(Repeat::Never);
        session
    };
    let (world, counts) = (World::new(1), Counts::default());
    let mut missing = 2;
    let mut headers = |_: &mut HeaderList<'_>| {
        missing -= i32::from(missing > 0);
        if missing > 0 { Err(HeaderError::Unavailable) } else { Ok(()) }
    };
    let (mut session, mut buffer) = (once(), [0; 64]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let connect = Refused(Ready::new(&world, &counts, b"data: 1\n\n", 9), 2);
    let run = pin!(driver.run(connect, [0; 128], async |list: &mut HeaderList<'_>| headers(list)));
    let mut events = driver.events(run);
    assert_eq!(world.block_on(events.next()).map(|event| event.data), Ok(&b"1"[..]));
    assert_eq!(counts.requests.replace(0), 1);

    let mut missing = 2;
    let headers = |_: &mut HeaderList<'_>| {
        missing -= i32::from(missing > 0);
        if missing > 0 { Err(HeaderError::Unavailable) } else { Ok(()) }
    };
    let connect = Refused(Ready::new(&world, &counts, b"data: 1\n\n", 9), 2);
    let mut driver = driver_blocking::Driver::new(once(), [0; 64], &world);
    let (mut room, mut headers) = ([0; 128], headers);
    let mut events = driver.events(connect, &mut room, &mut headers);
    assert_eq!(events.next().map(|event| event.data), Ok(&b"1"[..]));
    assert_eq!(counts.requests.get(), 1);
}

/// An attempt begins when the driver gets to it, not when it was due.
#[test]
fn an_application_that_is_busy_before_an_attempt_has_time_to_connect() {
    let (world, counts) = (World::new(1), Counts::default());
    let policy = policy().max_attempts(0).connect_timeout(Some(SECOND));
    let (mut session, mut buffer) = (new_session(policy), [0; 64]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let connect = Ready::new(&world, &counts, b"data: 1\n\n", 9);
    let run = pin!(driver.run(connect, [0; 128], no_headers));
    let mut events = driver.events(run);
    assert!(world.poll(pin!(events.next())).is_pending());
    world.pass(600_000);
    assert_eq!(world.block_on(events.next()).map(|event| event.data), Ok(&b"1"[..]));
}

/// A clock that never lets anybody wait, and a server that cannot be reached.
#[test]
fn attempts_that_fail_at_once_make_way_for_other_tasks() {
    struct Hasty(Cell<u64>);

    impl driver::Timer for Hasty {
        fn now(&self) -> Instant {
            Instant::from_millis(self.0.get())
        }

        async fn wait_until(&self, at: Instant) {
            self.0.set(at.as_millis());
        }
    }

    struct Closed<'c>(&'c Cell<usize>);

    impl driver::Connect for Closed<'_> {
        type Error = ErrorKind;

        async fn open(&mut self, _: &Request<'_>, _: Exchange<'_>) -> Result<(), ErrorKind> {
            self.0.set(self.0.get() + 1);
            Err(ErrorKind::ConnectionRefused)
        }
    }

    let (world, attempts) = (World::new(1), Cell::new(0));
    let (mut session, mut buffer) = (new_session(policy()), [0; 64]);
    let driver = Driver::new(&mut session, &mut buffer, Hasty(Cell::new(0)));
    let run = pin!(driver.run(Closed(&attempts), [0; 128], no_headers));
    let mut events = driver.events(run);
    let mut next = pin!(events.next());
    for polls in 1..100 {
        assert!(world.poll(next.as_mut()).is_pending());
        assert!(attempts.get() <= polls, "{} attempts in {polls} polls", attempts.get());
    }
    assert!(attempts.get() > 40);
}

#[test]
fn a_read_that_a_signal_interrupts_is_repeated() {
    let (world, counts) = (World::new(1), Counts::default());
    let connect = || Ready { interrupted: true, ..Ready::new(&world, &counts, b"data: 1\n\n", 2) };
    let mut driver = driver_blocking::Driver::new(new_session(policy()), [0; 64], &world);
    let (mut room, mut headers) = ([0; 128], |_: &mut HeaderList<'_>| Ok(()));
    let mut events = driver.events(connect(), &mut room, &mut headers);
    for _ in 0..100 {
        assert_eq!(events.next().map(|event| event.data), Ok(&b"1"[..]));
    }
    assert_eq!(counts.requests.replace(0), 1);
    let (mut session, mut buffer) = (new_session(policy()), [0; 64]);
    let driver = Driver::new(&mut session, &mut buffer, &world);
    let run = pin!(driver.run(connect(), [0; 128], no_headers));
    let mut events = driver.events(run);
    for _ in 0..100 {
        assert_eq!(world.block_on(events.next()).map(|event| event.data), Ok(&b"1"[..]));
    }
    assert_eq!(counts.requests.get(), 1);
}

/// Six events in one chunk or in many, with a new `Events` before any of them.
#[test]
fn events_may_be_recreated_at_any_time() {
    const STREAM: &[u8] = b"id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nid: 3\ndata: 3\n\nid: 4\ndata: 4\n\n";
    for chunk in 1..=STREAM.len() {
        for seed in 0..32 {
            let (world, counts) = (World::new(seed), Counts::default());
            let (mut session, mut buffer) = (new_session(policy()), [0; 64]);
            let driver = Driver::new(&mut session, &mut buffer, &world);
            let mut run = pin!(driver.run(Ready::new(&world, &counts, STREAM, chunk), [0; 128], no_headers));
            let mut events = driver.events(run.as_mut());
            for number in (1..=4).cycle().take(12) {
                loop {
                    if world.random(2) == 0 {
                        drop(events);
                        events = driver.events(run.as_mut());
                    }
                    if let Poll::Ready(event) = world.poll(pin!(events.next())) {
                        let event = event.unwrap();
                        let number = number.to_string();
                        assert_eq!((event.data, event.last_event_id), (number.as_bytes(), number.as_bytes()));
                        break;
                    }
                }
            }
            assert_eq!(counts.requests.get(), 1);
        }
    }
}
