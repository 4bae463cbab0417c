//! Runs a session over an HTTP client: connects, sends requests, reads and waits as the session says, and reports what
//! happens.
//!
//! This module handles sockets and headers. It must not decide when to connect or what a response means, and must not
//! print.

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

/// The longest last event ID, in bytes. Servers do not accept longer headers anyway.
const ID: usize = 8 * 1024;

pub(crate) type StreamSession = Session<Decoder<Vec<u8>, Vec<u8>>, fn() -> u32>;

/// Creates a session with room for events of `buffer` bytes.
pub(crate) fn session(policy: Policy, buffer: usize) -> StreamSession {
    Session::new(Decoder::with_id_store(vec![0; buffer], vec![0; 2 * ID]), Reconnect::new(policy, random))
}

/// Follows one stream.
pub(crate) struct Client {
    http: reqwest::Client,
    session: StreamSession,
    /// The target of the first request of each attempt.
    target: Target,
    ids: Ids,
    sockets: Sockets,
    clock: Clock,
}

/// What happens, in order.
#[allow(dead_code, reason = "not every program that includes this uses all of it")]
pub(crate) enum News<'a> {
    /// An attempt starts. It resumes in this way.
    Attempt(Resumption<'a>),
    /// A redirect leads to another server.
    Elsewhere(&'a Target),
    /// A request with these headers is about to be sent.
    Asking(&'a Target, &'a HeaderMap),
    /// The stream is open.
    Opened(Version),
    /// An item arrived. The flag is `true` if it is an event with an ID of its own.
    Item(Item<'a>, bool),
    /// An item was too long, and was skipped.
    TooLong(TooLong),
    /// All items read so far were reported. This is the last event ID now, for you to store.
    Read { last_event_id: &'a [u8] },
    /// The attempt or the connection has ended, and another attempt will follow after `wait`.
    Lost { why: &'a Failure, wait: Duration, failures: u32 },
}

/// Receives the news. Returns `Break` to stop.
pub(crate) type Listener<'l> = dyn FnMut(News<'_>) -> ControlFlow<()> + Send + 'l;

/// Why the client has stopped.
pub(crate) enum End {
    /// The listener stopped it.
    Enough,
    /// The session stopped: there will be no other attempt.
    Stopped { reason: StopReason, why: Option<Failure> },
}

impl Client {
    pub(crate) fn new(http: reqwest::Client, session: StreamSession, target: Target) -> Self {
        let (clock, ids, sockets) = (Clock::new(), Ids::default(), Sockets::default());
        Self { http, session, target, clock, ids, sockets }
    }

    /// Makes the client give up an attempt that keeps a processor busy before a response arrives. Use this only if
    /// nothing else runs in this runtime.
    #[allow(dead_code, reason = "not every program that includes this has a separate runtime")]
    pub(crate) fn has_sockets_in(&mut self, runtime: Handle) {
        self.sockets = Sockets::of(runtime);
    }

    /// Checks whether the request can be built.
    #[allow(dead_code, reason = "not every program that includes this checks its arguments")]
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.request(&self.target).map(drop)
    }

    #[allow(dead_code, reason = "not every program that includes this controls the session")]
    pub(crate) fn session(&mut self) -> &mut StreamSession {
        &mut self.session
    }

    /// Follows the stream until the listener or the session stops.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection. Items that were read are not lost. The next call continues with
    /// another attempt.
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
                // A call that was dropped has left this attempt.
                action => match action.epoch() {
                    Some(epoch) => self.session.lost(epoch, now),
                    None => core::future::pending().await,
                },
            }
        }
    }

    /// Makes one attempt, and reads the stream to its end.
    async fn attempt(&mut self, epoch: Epoch, listener: &mut Listener<'_>) -> Result<(), Over> {
        let mut response = self.open(epoch, listener).await?;
        while let Some(chunk) = self.in_time(epoch, response.chunk()).await?.map_err(Failure::from)? {
            let now = self.clock.now();
            let flow = self.report(epoch, now, &chunk, listener);
            // The time that the listener took must not count as silence of the server.
            self.session.resumed(now, self.clock.now());
            if flow.is_break() {
                return Err(Over::Enough);
            }
        }
        Ok(())
    }

    fn report(&mut self, epoch: Epoch, now: Instant, chunk: &[u8], listener: &mut Listener<'_>) -> ControlFlow<()> {
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

    /// Sends the request and follows redirects until a stream is open.
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
                            // Another attempt would fail in the same way.
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

    /// Builds the request. A header of the application replaces the session's header of the same name.
    fn request(&self, target: &Target) -> Result<Request, Failure> {
        // This moves user name and password from the URL to a header.
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

    /// Runs `work` until the session's deadline.
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

/// Why an attempt has ended before the end of its stream.
enum Over {
    Enough,
    Lost(Failure),
    /// It failed before the request was sent.
    NotSent(Failure),
}

impl From<Failure> for Over {
    fn from(why: Failure) -> Self {
        Self::Lost(why)
    }
}

/// Returns a random number from the seed of `std`'s hash maps, which is good enough for jitter.
fn random() -> u32 {
    RandomState::new().build_hasher().finish() as u32
}
