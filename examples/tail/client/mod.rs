//! A session over an HTTP client: connects, asks, reads and waits as the session says, and tells what happens.
//!
//! Knows sockets and headers; decides nothing about when to connect and what a response means, and prints nothing.

pub(crate) mod failure;
mod http;
mod ids;
pub(crate) mod shown;
mod sockets;
pub(crate) mod target;

use core::ops::ControlFlow;
use core::time::Duration;
use std::hash::{BuildHasher, Hasher, RandomState};

use embedded_sse::client::{Action, Epoch, Instant, Policy, Reconnect, Resumption, Session, StopReason, Verdict};
use embedded_sse::io::tokio::Clock;
use embedded_sse::{Decoder, Item, TooLong};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Request, Version};
use tokio::runtime::Handle;

use failure::Failure;
use http::Answer;
use ids::Ids;
use sockets::Sockets;
use target::Target;

pub(crate) use http::http;

/// The longest last event ID: more than servers take in a header.
const ID: usize = 8 * 1024;

pub(crate) type StreamSession = Session<Vec<u8>, fn() -> u32, ID>;

/// A session with room for events of `buffer` bytes.
pub(crate) fn session(policy: Policy, buffer: usize) -> StreamSession {
    Session::new(Decoder::with_id_capacity(vec![0; buffer]), Reconnect::new(policy, random))
}

/// Follows one stream for as long as it is told to.
pub(crate) struct Client {
    http: reqwest::Client,
    session: StreamSession,
    /// Where attempts begin.
    target: Target,
    ids: Ids,
    sockets: Sockets,
    clock: Clock,
}

/// What happens, in its order.
#[allow(dead_code, reason = "not every program that includes this wants to know all")]
pub(crate) enum News<'a> {
    /// An attempt begins, which can tell the server this of where it was.
    Attempt(Resumption<'a>),
    /// A redirect leads to another server.
    Elsewhere(&'a Target),
    /// A request is sent, with these headers.
    Asking(&'a Target, &'a HeaderMap),
    /// The stream is open.
    Opened(Version),
    /// It said something. An event either has an id of its own, or the one of the event before it.
    Item(Item<'a>, bool),
    /// It said something too long, which is left out.
    TooLong(TooLong),
    /// Everything was told that had been read. This is the last event ID now: time to store it.
    Read { last_event_id: &'a [u8] },
    /// The attempt or the connection is over, and there will be another attempt.
    Lost { why: &'a Failure, wait: Duration, failures: u32 },
}

/// Hears the news, and says whether it wants more.
pub(crate) type Listener<'l> = dyn FnMut(News<'_>) -> ControlFlow<()> + Send + 'l;

/// Why there is no more news.
pub(crate) enum End {
    /// The listener wanted no more.
    Enough,
    /// There will be no other attempt.
    Stopped { reason: StopReason, why: Option<Failure> },
}

impl Client {
    pub(crate) fn new(http: reqwest::Client, session: StreamSession, target: Target) -> Self {
        let (clock, ids, sockets) = (Clock::new(), Ids::default(), Sockets::default());
        Self { http, session, target, clock, ids, sockets }
    }

    /// Gives up what comes before a response when it keeps a processor busy. Of use when nothing else runs in this runtime.
    #[allow(dead_code, reason = "not every program that includes this has a runtime for it alone")]
    pub(crate) fn has_sockets_in(&mut self, runtime: Handle) {
        self.sockets = Sockets::of(runtime);
    }

    /// Whether the request can be sent at all.
    #[allow(dead_code, reason = "not every program that includes this has somebody to correct it")]
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.request(&self.target).map(drop)
    }

    #[allow(dead_code, reason = "not every program that includes this gives orders")]
    pub(crate) fn session(&mut self) -> &mut StreamSession {
        &mut self.session
    }

    /// Goes on until the listener wants no more or the session stops.
    ///
    /// # Cancel safety
    ///
    /// Dropping it closes the connection; nothing that was read is lost. Called again, it goes on with another attempt.
    pub(crate) async fn follow(&mut self, listener: &mut Listener<'_>) -> End {
        let mut last = None;
        loop {
            let now = self.clock.now();
            match self.session.poll(now) {
                Action::Connect(epoch) => {
                    self.session.connecting(epoch, now);
                    let why = match self.attempt(epoch, listener).await {
                        Ok(()) => {
                            self.session.ended(epoch, self.clock.now());
                            Failure::Ended
                        }
                        Err(Over::Lost(why)) => {
                            self.session.lost(epoch, self.clock.now());
                            why
                        }
                        Err(Over::NotSent(why)) => {
                            self.session.not_sent(epoch, self.clock.now());
                            why
                        }
                        Err(Over::Enough) => return End::Enough,
                    };
                    let now = self.clock.now();
                    let wait = match self.session.poll(now) {
                        Action::Stop(_) => None,
                        Action::WaitUntil(at) => Some(at.saturating_duration_since(now)),
                        _ => Some(Duration::ZERO),
                    };
                    if let Some(wait) = wait {
                        if listener(News::Lost { why: &why, wait, failures: self.session.failures() }).is_break() {
                            return End::Enough;
                        }
                    }
                    last = Some(why);
                }
                Action::WaitUntil(at) => self.clock.sleep_until(at).await,
                Action::Stop(reason) => return End::Stopped { reason, why: last },
                // Left from a call that was dropped.
                action => match action.epoch() {
                    Some(epoch) => self.session.lost(epoch, now),
                    None => core::future::pending().await,
                },
            }
        }
    }

    /// One attempt, and the connection that comes of it, to the stream's end.
    async fn attempt(&mut self, epoch: Epoch, listener: &mut Listener<'_>) -> Result<(), Over> {
        let mut response = self.open(epoch, listener).await?;
        while let Some(chunk) = self.in_time(epoch, response.chunk()).await?.map_err(Failure::from)? {
            let now = self.clock.now();
            let told = self.tell(epoch, now, &chunk, listener);
            // A listener that was busy is no silent server.
            self.session.resumed(now, self.clock.now());
            if told.is_break() {
                return Err(Over::Enough);
            }
        }
        Ok(())
    }

    fn tell(&mut self, epoch: Epoch, now: Instant, chunk: &[u8], listener: &mut Listener<'_>) -> ControlFlow<()> {
        let mut rest = chunk;
        loop {
            let before = rest;
            let item = self.session.next_item(epoch, now, &mut rest);
            let has_id = self.ids.read(&before[..before.len() - rest.len()]);
            let Some(item) = item else { break };
            listener(item.map_or_else(News::TooLong, |item| News::Item(item, has_id)))?;
        }
        listener(News::Read { last_event_id: self.session.last_event_id() })
    }

    /// Sends the request, wherever it is redirected, until there is a stream.
    async fn open(&mut self, epoch: Epoch, listener: &mut Listener<'_>) -> Result<reqwest::Response, Over> {
        let enough = |wants_more: ControlFlow<()>| if wants_more.is_break() { Err(Over::Enough) } else { Ok(()) };
        enough(listener(News::Attempt(self.session.resumption())))?;
        let mut target = self.target.clone();
        let mut redirected = false;
        loop {
            let request = self.request(&target)?;
            enough(listener(News::Asking(&target, request.headers())))?;
            let response = self.in_time(epoch, self.http.execute(request)).await?.map_err(|error| {
                let not_sent = error.is_connect() && !redirected;
                let why = Failure::from(error);
                if not_sent { Over::NotSent(why) } else { Over::Lost(why) }
            })?;
            let answer = Answer::of(&response);
            let now = self.clock.now();
            let verdict = match answer.response() {
                Some(response) => self.session.responded(epoch, now, &response),
                None => self.session.judged(epoch, now, Verdict::Stop(StopReason::ContentType)),
            };
            match verdict {
                Verdict::Accept => {
                    self.ids = Ids::default();
                    enough(listener(News::Opened(response.version())))?;
                    return Ok(response);
                }
                Verdict::Redirect { permanent } => {
                    let next = match target.redirected(answer.status(), answer.location()) {
                        Err(why @ Failure::Untrusted(_)) => {
                            // Another attempt would end here too.
                            self.session.judged(epoch, now, Verdict::Stop(StopReason::Status(answer.status())));
                            return Err(Over::Lost(why));
                        }
                        next => next?,
                    };
                    if next.url.origin() != target.url.origin() {
                        enough(listener(News::Elsewhere(&next)))?;
                    }
                    if permanent {
                        self.target = next.clone();
                    }
                    (target, redirected) = (next, true);
                }
                _ => return Err(Over::Lost(answer.failure())),
            }
        }
    }

    /// The application's headers, and those of the session where it has not said otherwise.
    fn request(&self, target: &Target) -> Result<Request, Failure> {
        // Takes user name and password out of the URL.
        let mut request = self.http.request(target.method.clone(), target.url.clone()).build()?;
        if !request.url().username().is_empty() || request.url().password().is_some() {
            return Err(Failure::Request("user name and password in the URL are not UTF-8".into()));
        }
        *request.body_mut() = target.body.clone().map(Into::into);
        let headers = request.headers_mut();
        let credentials = headers.remove(AUTHORIZATION);
        *headers = target.headers.clone();
        if let Some(credentials) = credentials {
            headers.entry(AUTHORIZATION).or_insert(credentials);
        }
        for (name, value) in self.session.headers() {
            let wrong = |error: &dyn core::fmt::Display| Failure::Request(format!("{name}: {error}"));
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| wrong(&error))?;
            let value =
                HeaderValue::from_maybe_shared(value.to_string().into_bytes()).map_err(|error| wrong(&error))?;
            headers.entry(name).or_insert(value);
        }
        Ok(request)
    }

    /// What comes of `work`, unless the session loses patience.
    async fn in_time<T>(&self, epoch: Epoch, work: impl Future<Output = T>) -> Result<T, Failure> {
        let begun = self.clock.now();
        let (until, late, awaits_response): (_, fn(Duration) -> Failure, _) = match self.session.poll(begun) {
            Action::AwaitResponse { epoch: of, until } if of == epoch => (until, Failure::NoResponse, true),
            Action::Read { epoch: of, until } if of == epoch => (until, Failure::Silent, false),
            _ => return Err(Failure::NoResponse(Duration::ZERO)),
        };
        let Some(until) = until else { return Ok(work.await) };
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = self.clock.sleep_until(until) => Err(late(until.saturating_duration_since(begun))),
            () = self.sockets.overworked(), if awaits_response => Err(Failure::Informational),
        }
    }
}

/// Why an attempt is over before its stream has ended.
enum Over {
    Enough,
    Lost(Failure),
    /// Before the request was sent.
    NotSent(Failure),
}

impl From<Failure> for Over {
    fn from(why: Failure) -> Self {
        Self::Lost(why)
    }
}

/// Random enough for a jitter: `std` seeds its hash maps with it.
fn random() -> u32 {
    RandomState::new().build_hasher().finish() as u32
}
