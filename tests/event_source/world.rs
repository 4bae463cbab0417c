//! An event source in virtual time, a scripted server and a scripted application: what `tests/harness/mod.rs` is for a
//! session, with the same names. Nothing sleeps.

use core::ops::Deref;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll};
use std::collections::VecDeque;
use std::io::{Error, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

use bytes::Bytes;
use embedded_sse::client::{Instant, Policy, Repeat, Resumption, Rules, StopReason};
use embedded_sse::io::event_source::{EventSource, Failure, News};
use embedded_sse::io::http_body::Sleeper;
use embedded_sse::{Lossy, SetIdError};
use futures_util::Stream;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame};

pub(crate) use crate::script::{Does, Log, Order, STREAM, Seen, content_type, redirect, status, stream};

/// The length of the longest last event ID that the client keeps.
pub(crate) const LONGEST_ID: usize = EventSource::MAX_ID;

pub(crate) struct World {
    pub(crate) client: Client,
    pub(crate) now: u64,
    log: Log,
    net: Arc<Mutex<Net>>,
    orders: VecDeque<(u64, Order)>,
}

/// The event source, with the names of a session.
pub(crate) struct Client {
    source: Option<EventSource>,
    /// Whether the request was started anew.
    anew: bool,
    started: bool,
}

impl Client {
    fn source(&mut self) -> &mut EventSource {
        self.source.as_mut().expect("the source is only missing while an option is set")
    }

    fn set(&mut self, set: impl FnOnce(EventSource) -> EventSource) {
        self.source = self.source.take().map(set);
    }

    pub(crate) fn set_repeat(&mut self, repeat: Repeat) {
        if self.started {
            self.anew = true;
        } else {
            self.set(|source| source.repeat(repeat));
        }
    }

    pub(crate) fn set_last_event_id(&mut self, id: &[u8]) -> Result<(), SetIdError> {
        self.source = self.source.take().map(|source| source.last_event_id(id)).transpose()?;
        Ok(())
    }

    pub(crate) fn last_event_id(&self) -> &[u8] {
        self.source.as_ref().map_or(b"", EventSource::current_id)
    }

    pub(crate) fn resumption(&self) -> Resumption<'_> {
        self.source.as_ref().map_or(Resumption::None, EventSource::resumption)
    }
}

/// The server and the clock.
#[derive(Default)]
struct Net {
    now: u64,
    /// The earliest time that a future waits for.
    next: Option<u64>,
    /// What the server does on each further connection. The last entry applies to all connections after it.
    script: VecDeque<Vec<Does>>,
    does: VecDeque<Does>,
    /// When the server does the next of them.
    at: u64,
    last_event_id: Option<String>,
    /// Whether the last response was a redirect, which continues the script of the connection.
    is_redirected: bool,
    is_connected: bool,
    attempts: Vec<(u64, Seen)>,
}

impl Net {
    fn wait_until(&mut self, at: u64) {
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }

    /// Returns what the server does now. Pending until then, or forever at the end of the script.
    fn poll(&mut self) -> Poll<Does> {
        loop {
            if self.does.is_empty() {
                return Poll::Pending;
            }
            if self.at > self.now {
                self.wait_until(self.at);
                return Poll::Pending;
            }
            match self.does.pop_front() {
                Some(Does::Wait(millis)) => self.at = self.now + millis,
                Some(does) => return Poll::Ready(does),
                None => {}
            }
        }
    }
}

/// The connection of a request, which ends when it is dropped.
struct Connected(Arc<Mutex<Net>>);

impl Connected {
    fn new(net: &Arc<Mutex<Net>>) -> Self {
        let mut locked = lock(net);
        assert!(!locked.is_connected, "one connection at a time");
        locked.is_connected = true;
        Self(Arc::clone(net))
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        lock(&self.0).is_connected = false;
    }
}

struct Stub {
    connected: Connected,
}

impl Body for Stub {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut net = lock(&self.connected.0);
        loop {
            let chunk = match core::task::ready!(net.poll()) {
                Does::Send(bytes) => Bytes::from_static(bytes),
                Does::Echo => format!("data: {}\n\n", net.last_event_id.as_deref().unwrap_or("(none)")).into(),
                Does::End => return Poll::Ready(None),
                Does::Break | Does::Refuse => return Poll::Ready(Some(Err(ErrorKind::ConnectionReset.into()))),
                Does::Wait(_) | Does::Respond(_) => continue,
            };
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
    }
}

/// Takes a request.
fn asked(net: &Arc<Mutex<Net>>, request: &Request<String>) {
    let mut net = lock(net);
    let header = |name| request.headers().get(name).map(|value| Lossy(value.as_bytes()).to_string());
    assert_eq!(header("Accept").as_deref(), Some("text/event-stream"));
    assert_eq!(header("Cache-Control").as_deref(), Some("no-cache"));
    assert_eq!(request.uri().host(), Some("server.test"));
    if !core::mem::take(&mut net.is_redirected) {
        let next = if net.script.len() > 1 { net.script.pop_front() } else { net.script.front().cloned() };
        net.does = next.unwrap_or_default().into();
        net.at = net.now;
        net.last_event_id = header("Last-Event-ID");
    }
    let url = request.uri().path_and_query().map_or("", |url| url.as_str()).to_owned().leak();
    let seen = Seen::Attempt { url, last_event_id: net.last_event_id.clone() };
    let now = net.now;
    net.attempts.push((now, seen));
}

async fn answer(connected: Connected) -> Result<Response<Stub>, Error> {
    let does = core::future::poll_fn(|_| {
        let mut net = lock(&connected.0);
        loop {
            let does = core::task::ready!(net.poll());
            if !matches!(does, Does::Send(_) | Does::Echo) {
                return Poll::Ready(does);
            }
        }
    });
    let answer = match does.await {
        Does::Respond(answer) => answer,
        Does::Refuse => return Err(ErrorKind::ConnectionRefused.into()),
        _ => return Err(ErrorKind::ConnectionReset.into()),
    };
    let located = answer.location.is_some_and(|location| !location.is_empty());
    lock(&connected.0).is_redirected = located && (300..400).contains(&answer.status);
    let mut response = Response::new(Stub { connected });
    *response.status_mut() = StatusCode::from_u16(answer.status).expect("a status");
    let headers = [
        ("content-type", answer.content_type),
        ("location", answer.location),
        ("retry-after", answer.retry_after),
        ("date", answer.date),
    ];
    for (name, value) in headers {
        if let Some(value) = value {
            response.headers_mut().insert(name, HeaderValue::from_bytes(value).expect("a value"));
        }
    }
    Ok(response)
}

fn lock(net: &Mutex<Net>) -> MutexGuard<'_, Net> {
    net.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The clock of the world as a timer.
struct Clock(Arc<Mutex<Net>>);

struct Sleep(Arc<Mutex<Net>>, u64);

impl Sleeper for Clock {
    type Sleep = Sleep;

    fn now(&self) -> Instant {
        Instant::from_millis(lock(&self.0).now)
    }

    fn sleep_until(&self, at: Instant) -> Sleep {
        Sleep(Arc::clone(&self.0), at.as_millis())
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let mut net = lock(&self.0);
        if net.now >= self.1 {
            return Poll::Ready(());
        }
        net.wait_until(self.1);
        Poll::Pending
    }
}

/// Whether a future has woken itself.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl World {
    pub(crate) fn new(policy: Policy, script: impl IntoIterator<Item = Vec<Does>>) -> Self {
        let script = script.into_iter().collect();
        let net = Arc::new(Mutex::new(Net { script, ..Net::default() }));
        let server = Arc::clone(&net);
        let request = Request::get("http://server.test/").body(String::new()).expect("a request");
        let send = move |request: Request<String>| {
            asked(&server, &request);
            answer(Connected::new(&server))
        };
        let mut random = 7_u64;
        let source = EventSource::with_timer(request, send, Clock(Arc::clone(&net))).policy(policy).jitter(move || {
            random = random.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
            (random >> 32) as u32
        });
        let client = Client { source: Some(source), anew: false, started: false };
        Self { client, now: 1_000_000, log: Log::default(), net, orders: VecDeque::new() }
    }

    pub(crate) fn rules(mut self, rules: Rules) -> Self {
        self.client.set(|source| source.rules(rules));
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
        self.client.started = true;
        lock(&self.net).now = self.now;
        loop {
            while let Some(&(_, order)) = self.orders.front().filter(|(at, _)| *at <= self.now) {
                self.orders.pop_front();
                self.obey(order);
            }
            let (polled, is_woken, next) = self.poll();
            match polled {
                Poll::Ready(Some(news)) => self.hear(news),
                Poll::Ready(None) if self.orders.is_empty() => return self,
                Poll::Pending if is_woken => {}
                _ => {
                    let ordered = self.orders.front().map(|(at, _)| *at);
                    let next = [next, ordered].into_iter().flatten().min().filter(|next| *next <= end);
                    self.now = next.unwrap_or(end);
                    lock(&self.net).now = self.now;
                    if next.is_none() {
                        return self;
                    }
                }
            }
        }
    }

    /// Polls once, and notes the attempts that this has made.
    fn poll(&mut self) -> (Poll<Option<News>>, bool, Option<u64>) {
        lock(&self.net).next = None;
        let woken = Arc::new(Woken::default());
        let waker = woken.clone().into();
        let mut context = Context::from_waker(&waker);
        let polled = Pin::new(self.client.source()).poll_next(&mut context);
        let mut net = lock(&self.net);
        for attempt in net.attempts.drain(..) {
            // A restart follows a stop.
            self.log.0.retain(|(_, seen)| !matches!(seen, Seen::Stop(_)));
            self.log.0.push(attempt);
        }
        (polled, woken.0.load(Ordering::Relaxed), net.next)
    }

    fn hear(&mut self, news: News) {
        let seen = match news {
            News::Opened(_) => Seen::Open,
            News::Event(event) => {
                Seen::Event { data: event.data_lossy().to_string(), id: event.last_event_id_lossy().to_string() }
            }
            News::Lost { why: Failure::Interrupted, .. } => return,
            News::Lost { .. } => {
                // A redirect that was not followed ends the connection.
                lock(&self.net).is_redirected = false;
                Seen::Lost
            }
            News::Stopped { reason, why } => {
                let is_answer = matches!(
                    reason,
                    StopReason::Status(_)
                        | StopReason::Credentials(_)
                        | StopReason::ContentType
                        | StopReason::NoContent
                );
                if why.is_some() && !is_answer {
                    self.log.0.push((self.now, Seen::Lost));
                }
                assert!(!lock(&self.net).is_connected, "no connection is left after a stop");
                Seen::Stop(reason)
            }
            _ => return,
        };
        self.log.0.push((self.now, seen));
    }

    fn obey(&mut self, order: Order) {
        let anew = core::mem::take(&mut self.client.anew);
        let source = self.client.source();
        match order {
            Order::Close => source.close(),
            Order::Restart if anew => source.send_again(),
            Order::Restart => source.restart(),
            Order::Finished => source.finished(),
            Order::NetworkDown => source.network_down(),
            Order::NetworkUp => source.network_up(),
            Order::NetworkChanged => source.network_changed(),
        }
    }
}

impl Deref for World {
    type Target = Log;

    fn deref(&self) -> &Log {
        &self.log
    }
}
