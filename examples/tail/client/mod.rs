//! A session over an HTTP client: connects, asks, reads and waits as the session says, and tells what happens.
//!
//! Knows sockets and headers; decides nothing about when to connect and what a response means, and prints nothing.

pub(crate) mod failure;
pub(crate) mod target;

use core::ops::ControlFlow;
use core::time::Duration;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

use embedded_sse::client::{Action, Epoch, Instant, Policy, Reconnect, Response, Session, StopReason, Verdict};
use embedded_sse::io::tokio::Clock;
use embedded_sse::{Decoder, Item, TooLong};
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Request, Version, redirect, retry};

use failure::Failure;
use target::Target;

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
    clock: Clock,
}

/// What happens, in its order.
#[allow(dead_code, reason = "not every program that includes this wants to know all")]
pub(crate) enum News<'a> {
    /// A request is sent, with these headers.
    Asking(&'a Target, &'a HeaderMap),
    /// The stream is open.
    Opened(Version),
    /// It said something.
    Item(Item<'a>),
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
        Self { http, session, target, clock: Clock::new() }
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

    fn tell(&mut self, epoch: Epoch, now: Instant, mut chunk: &[u8], listener: &mut Listener<'_>) -> ControlFlow<()> {
        while let Some(item) = self.session.next_item(epoch, now, &mut chunk) {
            listener(item.map_or_else(News::TooLong, News::Item))?;
        }
        listener(News::Read { last_event_id: self.session.last_event_id() })
    }

    /// Sends the request, wherever it is redirected, until there is a stream.
    async fn open(&mut self, epoch: Epoch, listener: &mut Listener<'_>) -> Result<reqwest::Response, Over> {
        let mut target = self.target.clone();
        let mut redirected = false;
        loop {
            let request = self.request(&target)?;
            if listener(News::Asking(&target, request.headers())).is_break() {
                return Err(Over::Enough);
            }
            let response = self.in_time(epoch, self.http.execute(request)).await?.map_err(|error| {
                let not_sent = error.is_connect() && !redirected;
                let why = Failure::from(error);
                if not_sent { Over::NotSent(why) } else { Over::Lost(why) }
            })?;
            let status = response.status();
            let header = |name| joined(response.headers(), &name);
            let (content_type, location) = (header(CONTENT_TYPE), header(LOCATION));
            let encoding =
                header(CONTENT_ENCODING).filter(|value| status == 200 && !value.eq_ignore_ascii_case(b"identity"));
            let now = self.clock.now();
            let verdict = match encoding {
                Some(_) => self.session.judged(epoch, now, Verdict::Stop(StopReason::ContentType)),
                None => self.session.responded(
                    epoch,
                    now,
                    &Response {
                        status: status.as_u16(),
                        content_type: content_type.as_deref(),
                        location: location.as_deref(),
                        retry_after: header(RETRY_AFTER).as_deref(),
                        date: header(DATE).as_deref(),
                        unix_time: SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs()),
                    },
                ),
            };
            match verdict {
                Verdict::Accept => {
                    if listener(News::Opened(response.version())).is_break() {
                        return Err(Over::Enough);
                    }
                    return Ok(response);
                }
                Verdict::Redirect { permanent } => {
                    target = target.redirected(status.as_u16(), &location.unwrap_or_default())?;
                    redirected = true;
                    if permanent {
                        self.target = target.clone();
                    }
                }
                _ => {
                    return Err(Over::Lost(match (status.as_u16(), encoding) {
                        (_, Some(encoding)) => Failure::Encoded(lossy(&encoding)),
                        (200, None) => Failure::ContentType(lossy(&content_type.unwrap_or_default())),
                        _ => Failure::Status(status),
                    }));
                }
            }
        }
    }

    /// The application's headers, and those of the session where it has not said otherwise.
    fn request(&self, target: &Target) -> Result<Request, Failure> {
        let mut request = Request::new(target.method.clone(), target.url.clone());
        *request.body_mut() = target.body.clone().map(Into::into);
        let headers = request.headers_mut();
        *headers = target.headers.clone();
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
        let (until, late): (_, fn(Duration) -> Failure) = match self.session.poll(begun) {
            Action::AwaitResponse { epoch: of, until } if of == epoch => (until, Failure::NoResponse),
            Action::Read { epoch: of, until } if of == epoch => (until, Failure::Silent),
            _ => return Err(Failure::NoResponse(Duration::ZERO)),
        };
        let Some(until) = until else { return Ok(work.await) };
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = self.clock.sleep_until(until) => Err(late(until.saturating_duration_since(begun))),
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

/// An HTTP client that leaves all decisions to the session: no redirects, no attempts of its own, and a connection is never
/// used twice. It notices when the machine at the other end is gone, in HTTP/2 also when the server there hangs.
pub(crate) fn http(proxies: bool) -> Result<reqwest::Client, reqwest::Error> {
    // Fails only when there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        let builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .pool_max_idle_per_host(0)
            .tcp_keepalive(KEEP_ALIVE)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .http2_keep_alive_timeout(KEEP_ALIVE);
        if proxies { builder } else { builder.no_proxy() }
    };
    // A machine without certificates can still speak HTTP. What it says of HTTPS then is that it trusts nobody.
    builder().build().or_else(|_| builder().tls_certs_only([]).build())
}

const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// Several lines of one header are one value.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<u8>> {
    let values: Vec<_> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
    (!values.is_empty()).then(|| values.join(&b", "[..]))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Random enough for a jitter: `std` seeds its hash maps with it.
fn random() -> u32 {
    RandomState::new().build_hasher().finish() as u32
}
