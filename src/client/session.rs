//! A stream that continues over many connections. This is the only module that uses both the codec and the state
//! machine.
//!
//! It chooses the headers to send, and reports to the state machine what a chunk contains. It does not depend on URLs,
//! methods or HTTP.

use core::time::Duration;

use super::open::Heard;
use super::reconnect::{Action, Epoch, Reconnect};
use super::response::{Response, Rules, Verdict};
use super::stop_reason::StopReason;
use crate::codec::{Buffer, Decoder, Event, Field, Found, Item, Lossy, SetIdError, Step, TooLong};
use crate::jitter::Jitter;
use crate::time::Instant;

/// A stream of events that continues over many connections: a [`Decoder`] and a [`Reconnect`] combined.
///
/// A session does no I/O and reads no clock. Your loop calls [`poll`](Self::poll), does what the returned [`Action`]
/// says, and reports the result. It passes the bytes that it read to [`next_event`](Self::next_event). The session
/// keeps the last event ID and the reconnection time, and applies the timeouts of the [`Policy`](super::Policy).
///
/// `D` is the decoder, `J` the source of random numbers.
///
/// # One connection, step by step
///
/// ```
/// use embedded_sse::Decoder;
/// use embedded_sse::client::{Action, Instant, NoJitter, Policy, Reconnect, Response, Session, Verdict};
///
/// let mut session = Session::new(Decoder::new([0; 256]), Reconnect::new(Policy::standard(), NoJitter));
/// let now = Instant::from_millis(5_000);
/// let Action::Connect(epoch) = session.poll(now) else { unreachable!() };
/// session.connecting(epoch, now);
/// for (_name, _value) in session.headers() { /* write the headers of the request */ }
/// let response = Response { status: 200, content_type: Some(b"text/event-stream"), ..Response::default() };
/// assert_eq!(session.responded(epoch, now, &response), Verdict::Accept);
///
/// let mut chunk = &b"id: 7\ndata: light on\n\n"[..];
/// while let Some(event) = session.next_event(epoch, now, &mut chunk) {
///     assert_eq!(event?.data, b"light on");
/// }
/// session.ended(epoch, now);
/// assert_eq!(session.last_event_id(), b"7");
/// assert!(matches!(session.poll(now), Action::WaitUntil(_)));
/// # Ok::<(), embedded_sse::TooLong>(())
/// ```
///
/// # The whole loop
///
/// A complete client over a blocking transport whose calls return at a deadline. With a transport of `embedded-io` or
/// `embedded-io-async` you do not need to write it: the drivers in [`io`](crate::io) contain it.
///
/// ```
/// use embedded_sse::client::{Action, Instant, Jitter, Response, Session, StopReason, Verdict};
/// use embedded_sse::{Buffer, Event, Lossy};
///
/// /// Something failed between the client and the server.
/// struct Failed;
///
/// /// Your clock, and your HTTP client, which has at most one connection.
/// trait Transport {
///     fn now(&self) -> Instant;
///     fn sleep_until(&mut self, at: Instant);
///     fn wait_for_network(&mut self);
///     /// Begins to connect and to send the request with these headers, and others of your own.
///     fn begin<'a>(&mut self, headers: impl Iterator<Item = (&'static str, Lossy<'a>)>) -> Result<(), Failed>;
///     /// Waits until the head of the response is there. Returns `false` at `until`.
///     fn await_head(&mut self, until: Option<Instant>) -> Result<bool, Failed>;
///     /// The head of the response.
///     fn head(&self) -> Response<'_>;
///     /// Makes the next request, or every later one if `permanent`, use the URL in `Location`.
///     fn redirect(&mut self, permanent: bool);
///     /// Reads from the body: `Some(0)` at its end, `None` at `until`.
///     fn read(&mut self, buffer: &mut [u8], until: Option<Instant>) -> Result<Option<usize>, Failed>;
///     fn close(&mut self);
/// }
///
/// fn follow<B: Buffer, I: Buffer, J: Jitter>(
///     session: &mut Session<Decoder<B, I>, J>,
///     net: &mut impl Transport,
///     mut handle: impl FnMut(&Event<'_>),
/// ) -> StopReason {
///     let mut buffer = [0; 512];
///     loop {
///         let now = net.now();
///         let action = session.poll(now);
///         let result = match action {
///             Action::Connect(epoch) => {
///                 session.connecting(epoch, now);
///                 net.begin(session.headers())
///             }
///             Action::AwaitResponse { epoch, until } => match net.await_head(until) {
///                 Ok(true) => match session.responded(epoch, net.now(), &net.head()) {
///                     Verdict::Accept => Ok(()), // `poll` returns `Read` from now on
///                     Verdict::Redirect { permanent } => {
///                         net.redirect(permanent);
///                         net.begin(session.headers())
///                     }
///                     _ => {
///                         net.close(); // `poll` returns `WaitUntil` or `Stop`
///                         Ok(())
///                     }
///                 },
///                 Ok(false) => Ok(()), // timed out: `poll` returns `Disconnect`
///                 Err(error) => Err(error),
///             },
///             Action::Read { epoch, until } => match net.read(&mut buffer, until) {
///                 Ok(Some(0)) => {
///                     net.close();
///                     session.ended(epoch, net.now());
///                     Ok(())
///                 }
///                 Ok(Some(length)) => {
///                     let read_at = net.now();
///                     let mut chunk = &buffer[..length];
///                     while let Some(event) = session.next_event(epoch, read_at, &mut chunk) {
///                         match event {
///                             Ok(event) => handle(&event),
///                             Err(too_long) => eprintln!("{too_long}"), // the stream goes on
///                         }
///                     }
///                     // The time that `handle` took is not a silence of the server.
///                     session.resumed(read_at, net.now());
///                     Ok(())
///                 }
///                 Ok(None) => Ok(()), // silent for too long: `poll` returns `Disconnect`
///                 Err(error) => Err(error),
///             },
///             Action::Disconnect(_) => Err(Failed), // timed out or silent for too long
///             Action::WaitUntil(at) => {
///                 net.sleep_until(at);
///                 Ok(())
///             }
///             Action::WaitForNetwork => {
///                 net.wait_for_network();
///                 session.network_up(net.now());
///                 Ok(())
///             }
///             Action::Stop(reason) => return reason,
///             _ => Ok(()), // added by a later version
///         };
///         if let (Err(Failed), Some(epoch)) = (result, action.epoch()) {
///             net.close();
///             session.lost(epoch, net.now());
///         }
///     }
/// }
/// # use core::time::Duration;
/// # use embedded_sse::Decoder;
/// # use embedded_sse::client::{NoJitter, Policy, Reconnect};
/// #
/// # /// Answers with a stream that ends, a redirect, a stream that falls silent, no connection, and 204.
/// # #[derive(Default)]
/// # struct Stub { now: u64, requests: u32, reads: u32, last_event_id: Option<String>, log: Vec<&'static str> }
/// #
/// # impl Transport for Stub {
/// #     fn now(&self) -> Instant { Instant::from_millis(self.now) }
/// #     fn sleep_until(&mut self, at: Instant) { self.log.push("wait"); self.now = at.as_millis(); }
/// #     fn wait_for_network(&mut self) {}
/// #     fn begin<'a>(&mut self, mut headers: impl Iterator<Item = (&'static str, Lossy<'a>)>) -> Result<(), Failed> {
/// #         self.requests += 1;
/// #         let last_event_id = headers.find(|(name, _)| *name == "Last-Event-ID");
/// #         self.last_event_id = last_event_id.map(|(_, value)| value.to_string());
/// #         self.log.push("request");
/// #         if self.requests == 4 { Err(Failed) } else { Ok(()) }
/// #     }
/// #     fn await_head(&mut self, _: Option<Instant>) -> Result<bool, Failed> { Ok(true) }
/// #     fn head(&self) -> Response<'_> {
/// #         let status = [200, 302, 200, 0, 204][self.requests as usize - 1];
/// #         let (content_type, location) = (Some(&b"text/event-stream"[..]), Some(&b"/there"[..]));
/// #         Response { status, content_type, location, ..Response::default() }
/// #     }
/// #     fn redirect(&mut self, _: bool) { self.log.push("redirect"); }
/// #     fn read(&mut self, buffer: &mut [u8], until: Option<Instant>) -> Result<Option<usize>, Failed> {
/// #         self.reads += 1;
/// #         if self.reads == 3 {
/// #             self.log.push("silent");
/// #             self.now = until.ok_or(Failed)?.as_millis();
/// #             return Ok(None);
/// #         }
/// #         let text: &[u8] = if self.reads == 1 { b"id: 7\ndata: light on\n\n" } else { b"" };
/// #         buffer[..text.len()].copy_from_slice(text);
/// #         Ok(Some(text.len()))
/// #     }
/// #     fn close(&mut self) { self.log.push("close"); }
/// # }
/// #
/// # let policy = Policy::standard().liveness(Some(Duration::from_secs(30)));
/// # let mut session = Session::new(Decoder::new([0; 256]), Reconnect::new(policy, NoJitter));
/// # let mut net = Stub::default();
/// # let mut seen = Vec::new();
/// # let reason = follow(&mut session, &mut net, |event| seen.push(event.data.to_vec()));
/// # assert_eq!(reason, StopReason::NoContent);
/// # assert_eq!(seen, [b"light on"]);
/// # assert_eq!(net.last_event_id.as_deref(), Some("7"));
/// # let log = "request close wait request redirect request silent close wait request close wait request close";
/// # assert_eq!(net.log.join(" "), log);
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Session<D, J> {
    decoder: D,
    reconnect: Reconnect<J>,
    rules: Rules,
    repeat: Repeat,
    /// The progress of the request, over all its attempts.
    stage: Stage,
    /// The number of redirects in the current attempt.
    redirects: u8,
    /// Whether a redirect of the current attempt was not permanent.
    temporary: bool,
}

/// Whether a request may be sent again after it failed or its stream ended.
///
/// In every case, a stream with event IDs is resumed: if the response that broke off contained an ID that
/// `Last-Event-ID` can carry, the request is sent again with that ID.
///
/// ```
/// use embedded_sse::Decoder;
/// use embedded_sse::client::{NoJitter, Policy, Reconnect, Repeat, Session};
///
/// // A POST that must not be carried out twice, such as a paid request or a tool call.
/// let mut session = Session::new(Decoder::new([0; 256]), Reconnect::new(Policy::standard(), NoJitter));
/// session.set_repeat(Repeat::Never);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Repeat {
    /// The request may be repeated as often as the policy allows. Use this for GET and HEAD. The default.
    #[default]
    Always,
    /// The request may be repeated until a response is accepted as the stream. A failed connection, an attempt without
    /// a response and a [`Verdict::Retry`] lead to another attempt.
    UntilAnswered,
    /// The request must not be repeated, unless you report that it was [not sent](Session::not_sent). Use this for
    /// methods other than GET and HEAD: the server may have carried out such a request although no response arrived.
    ///
    /// A [`Verdict::Retry`] as the first answer, such as for status 429 or 503, stops the session too. If you know that the
    /// server has not carried out the request, start it anew with [`set_repeat`](Session::set_repeat) and
    /// [`restart`](Session::restart). First wait as long as the server asked: `restart` connects at once.
    ///
    /// ```
    /// use core::time::Duration;
    /// use embedded_sse::Decoder;
    /// use embedded_sse::client::{
    ///     Action, Instant, NoJitter, Policy, Reconnect, Repeat, Response, Session, StopReason, Verdict,
    /// };
    ///
    /// let mut session = Session::new(Decoder::new([0; 256]), Reconnect::new(Policy::standard(), NoJitter));
    /// session.set_repeat(Repeat::Never);
    /// let now = Instant::from_millis(0);
    /// let Action::Connect(epoch) = session.poll(now) else { unreachable!() };
    /// session.connecting(epoch, now);
    /// let busy = Response { status: 429, retry_after: Some(b"20"), ..Response::default() };
    /// let Verdict::Retry { after } = session.responded(epoch, now, &busy) else { unreachable!() };
    /// assert_eq!(session.poll(now), Action::Stop(StopReason::CannotResume));
    ///
    /// let now = now.saturating_add(after.unwrap_or(Duration::from_secs(3)));
    /// session.set_repeat(Repeat::Never);
    /// session.restart();
    /// assert!(matches!(session.poll(now), Action::Connect(_)));
    /// ```
    Never,
}

/// The progress of a request, over all its attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum Stage {
    Unsent,
    Sent,
    Answered,
}

/// From where the next attempt resumes the stream, as returned by [`Session::resumption`].
///
/// ```
/// use embedded_sse::client::{NoJitter, Policy, Reconnect, Resumption, Session};
/// use embedded_sse::{Decoder, Lossy};
///
/// let mut session = Session::new(Decoder::new([0; 256]), Reconnect::new(Policy::standard(), NoJitter));
/// assert_eq!(session.resumption(), Resumption::None);
/// session.set_last_event_id(b"7")?; // from storage
/// assert_eq!(session.resumption(), Resumption::From(Lossy(b"7")));
/// session.set_last_event_id(b"bell \x07")?;
/// if let Resumption::Unsendable(id) = session.resumption() {
///     eprintln!("no header can carry the event ID {}", id.escape_ascii()); // fetch the state anew
/// }
/// # Ok::<(), embedded_sse::SetIdError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Resumption<'a> {
    /// There is no last event ID, and the request has no `Last-Event-ID` header ([R60](crate::rules#r60)).
    None,
    /// The request has this `Last-Event-ID`. Bytes that are not UTF-8 are sent as U+FFFD, as browsers do.
    From(Lossy<'a>),
    /// The request has this `Last-Event-ID`, but HTTP removes the spaces and tabs at its ends ([R61]), so that the server
    /// receives a different ID.
    ///
    /// [R61]: crate::rules#r61
    FromTrimmed(Lossy<'a>),
    /// The request has no `Last-Event-ID` header, because no header can carry this ID: it contains a control character
    /// other than tab, or only spaces and tabs. A request with it would always fail. After a reconnect, events may be
    /// repeated or missing.
    Unsendable(&'a [u8]),
}

impl<B: Buffer, I: Buffer, J> Session<Decoder<B, I>, J> {
    /// Creates a session that connects at once, with [`Rules::Resilient`] and [`Repeat::Always`].
    ///
    /// For a method other than GET and HEAD, change the latter with [`set_repeat`](Self::set_repeat).
    #[must_use]
    pub const fn new(decoder: Decoder<B, I>, reconnect: Reconnect<J>) -> Self {
        Self {
            decoder,
            reconnect,
            rules: Rules::Resilient,
            repeat: Repeat::Always,
            stage: Stage::Unsent,
            redirects: 0,
            temporary: false,
        }
    }

    /// Sets the rules for judging responses, from the next response on.
    pub const fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }

    #[cfg(feature = "embedded-io-async")]
    pub(crate) const fn rules(&self) -> Rules {
        self.rules
    }

    /// Sets whether the request may be repeated, and starts a new request, of which nothing has been sent yet.
    ///
    /// After the session has stopped, [`restart`](Self::restart) sends the new request.
    pub const fn set_repeat(&mut self, repeat: Repeat) {
        self.repeat = repeat;
        self.stage = Stage::Unsent;
    }

    /// Returns the last event ID, including that of blocks without an event ([R34]). Empty if there is none.
    ///
    /// To store it, check it after each chunk, because it can change without an event.
    ///
    /// [R34]: crate::rules#r34
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        self.decoder.last_event_id()
    }

    /// Sets the last event ID, for example from storage. An empty one removes it.
    ///
    /// # Errors
    ///
    /// See [`Decoder::set_last_event_id`].
    pub fn set_last_event_id(&mut self, id: &[u8]) -> Result<(), SetIdError> {
        self.decoder.set_last_event_id(id)
    }

    /// Returns from where the next attempt resumes the stream.
    #[must_use]
    pub fn resumption(&self) -> Resumption<'_> {
        let id = self.decoder.last_event_id();
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        if id.is_empty() {
            Resumption::None
        } else if id.iter().all(blank) || id.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
            Resumption::Unsendable(id)
        } else if id.first().is_some_and(blank) || id.last().is_some_and(blank) {
            Resumption::FromTrimmed(Lossy(id))
        } else {
            Resumption::From(Lossy(id))
        }
    }

    /// Returns the names and values of the headers to send with each request: `Accept`, `Cache-Control` ([R46]) and, if
    /// there is an ID to resume from, `Last-Event-ID` ([R60]).
    ///
    /// Add whatever else the request needs, such as `Host` and fresh credentials.
    ///
    /// ```
    /// use embedded_sse::Decoder;
    /// use embedded_sse::client::{NoJitter, Policy, Reconnect, Session};
    ///
    /// let mut session = Session::new(Decoder::new([0; 256]), Reconnect::new(Policy::standard(), NoJitter));
    /// session.set_last_event_id(b"7")?;
    /// let mut request = String::from("GET /events HTTP/1.1\r\nHost: example.org\r\n");
    /// for (name, value) in session.headers() {
    ///     request += &format!("{name}: {value}\r\n");
    /// }
    /// assert!(request.ends_with("Last-Event-ID: 7\r\n"));
    /// # Ok::<(), embedded_sse::SetIdError>(())
    /// ```
    ///
    /// [R46]: crate::rules#r46
    /// [R60]: crate::rules#r60
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, Lossy<'_>)> {
        let last_event_id = match self.resumption() {
            Resumption::From(id) | Resumption::FromTrimmed(id) => Some(("Last-Event-ID", id)),
            Resumption::None | Resumption::Unsendable(_) => None,
        };
        [("Accept", Lossy(b"text/event-stream")), ("Cache-Control", Lossy(b"no-cache"))]
            .into_iter()
            .chain(last_event_id)
    }

    /// Returns whether an event or an ID is incomplete and would be lost if the stream ended now ([R41]).
    ///
    /// [R41]: crate::rules#r41
    #[must_use]
    pub fn is_mid_event(&self) -> bool {
        self.decoder.is_mid_event()
    }

    /// Returns whether [`Repeat`] allows another attempt.
    fn may_repeat(&self) -> bool {
        let repeats_until = match self.repeat {
            Repeat::Always => return true,
            Repeat::UntilAnswered => Stage::Answered,
            Repeat::Never => Stage::Sent,
        };
        let resumes = self.decoder.gave_id() && matches!(self.resumption(), Resumption::From(_));
        self.stage < repeats_until || (self.stage == Stage::Answered && resumes)
    }

    /// Returns the decoder, which holds the item that a [`step`](Self::step) has found.
    #[must_use]
    pub const fn decoder(&self) -> &Decoder<B, I> {
        &self.decoder
    }
}

impl<B: Buffer, I: Buffer, J: Jitter> Session<Decoder<B, I>, J> {
    /// The number of consecutive redirects that an attempt follows ([R55](crate::rules#r55)).
    pub const MAX_REDIRECTS: u8 = 20;

    /// Returns what to do now. Changes nothing; see [`Reconnect::poll`].
    pub fn poll(&self, now: Instant) -> Action {
        self.reconnect.poll(now)
    }

    /// Returns the random numbers, for waits that the session does not decide.
    #[cfg(feature = "embedded-io")]
    pub(crate) const fn jitter(&mut self) -> &mut J {
        self.reconnect.jitter()
    }

    /// Returns the number of consecutive failures; see [`Reconnect::failures`].
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.reconnect.failures()
    }

    /// Reports that you start the attempt of [`Action::Connect`].
    pub fn connecting(&mut self, epoch: Epoch, now: Instant) {
        self.reconnect.connecting(epoch, now);
        if self.reconnect.is_connecting(epoch) {
            self.redirects = 0;
            self.temporary = false;
            self.stage = self.stage.max(Stage::Sent);
        }
    }

    /// Reports that the attempt failed before any part of the request was sent: the name was not found, the connection
    /// was refused, or the TLS handshake failed.
    ///
    /// This is like [`lost`](Self::lost), but a request with [`Repeat::Never`] is tried again too. After a redirect it is
    /// not, because the first server has received the request.
    pub fn not_sent(&mut self, epoch: Epoch, now: Instant) {
        if self.stage == Stage::Sent && self.redirects == 0 && self.reconnect.is_connecting(epoch) {
            self.stage = Stage::Unsent;
        }
        self.lost(epoch, now);
    }

    /// Reports a response, and returns what to do with it. If the attempt is already over, the session does not change.
    ///
    /// At [`Verdict::Redirect`] the attempt continues: send the request to the new URL.
    ///
    /// - If the new URL has another origin, leave out headers that were meant for the old one, such as `Authorization`
    ///   and `Cookie`. You decide whether its server may see the body and the last event ID; browsers send both.
    /// - The redirect is `permanent` if all redirects of this attempt were. Later attempts then start at the new URL
    ///   ([D7](crate::rules#d7)).
    /// - After [`MAX_REDIRECTS`](Self::MAX_REDIRECTS), the next redirect becomes a [`Verdict::Retry`].
    /// - If you cannot use the URL, report the attempt as [`lost`](Self::lost).
    pub fn responded(&mut self, epoch: Epoch, now: Instant, response: &Response<'_>) -> Verdict {
        self.judged(epoch, now, self.rules.judge(response))
    }

    /// Reports a response that you judged yourself; see [`Rules`]. Returns what to do, like
    /// [`responded`](Self::responded).
    pub fn judged(&mut self, epoch: Epoch, now: Instant, verdict: Verdict) -> Verdict {
        let verdict = match verdict {
            Verdict::Redirect { permanent } if self.redirects < Self::MAX_REDIRECTS => {
                Verdict::Redirect { permanent: permanent && !self.temporary }
            }
            Verdict::Redirect { .. } => Verdict::Retry { after: None },
            verdict => verdict,
        };
        if !self.reconnect.is_connecting(epoch) {
            return verdict;
        }
        match verdict {
            Verdict::Accept => {
                self.decoder.reset();
                self.stage = Stage::Answered;
                self.reconnect.opened(epoch, now);
            }
            Verdict::Redirect { permanent } => {
                self.redirects += 1;
                self.temporary = !permanent;
            }
            Verdict::Retry { after } => {
                self.before_loss(epoch, now);
                self.reconnect.rejected(epoch, now, after);
            }
            Verdict::Stop(reason) => self.reconnect.refused(epoch, now, reason),
        }
        verdict
    }

    /// Decodes the next event, and removes the bytes that it used from the front of `input`. Returns `None` once
    /// `input` is empty.
    ///
    /// This is [`Decoder::next_event`] for the open connection. `now` is the time at which `input` was read. If `epoch`
    /// is not the current connection, or the connection is not open, all of `input` is dropped ([R64]).
    ///
    /// # Errors
    ///
    /// See [`Decoder::next_event`].
    ///
    /// [R64]: crate::rules#r64
    pub fn next_event<'a, 'c: 'a>(
        &'a mut self,
        epoch: Epoch,
        now: Instant,
        input: &mut &'c [u8],
    ) -> Option<Result<Event<'a>, TooLong>> {
        let chunk = *input;
        let step = self.step(epoch, now, chunk);
        *input = chunk.get(step.consumed..).unwrap_or_default();
        Some(match step.found? {
            Found::TooLong(too_long) => Err(too_long),
            _ => Ok(self.decoder.event(chunk)),
        })
    }

    /// Like [`next_event`](Self::next_event), but also returns comments and `retry` lines; see [`Decoder::next_item`].
    ///
    /// # Errors
    ///
    /// See [`Decoder::next_item`].
    pub fn next_item<'a, 'c: 'a>(
        &'a mut self,
        epoch: Epoch,
        now: Instant,
        input: &mut &'c [u8],
    ) -> Option<Result<Item<'a>, TooLong>> {
        let chunk = *input;
        let step = self.step_item(epoch, now, chunk);
        *input = chunk.get(step.consumed..).unwrap_or_default();
        Some(match step.found? {
            Found::TooLong(too_long) => Err(too_long),
            found => Ok(self.decoder.item(found, chunk)),
        })
    }

    /// Runs one step of [`next_event`](Self::next_event) without borrowing the result; see [`Decoder::step`]. Read what
    /// it found from the [`decoder`](Self::decoder).
    #[must_use = "what was not consumed has to be given again"]
    pub fn step(&mut self, epoch: Epoch, now: Instant, chunk: &[u8]) -> Step {
        self.advance(epoch, now, chunk, Decoder::step)
    }

    /// Runs one step of [`next_item`](Self::next_item) without borrowing the result; see [`Decoder::step_item`].
    #[must_use = "what was not consumed has to be given again"]
    pub fn step_item(&mut self, epoch: Epoch, now: Instant, chunk: &[u8]) -> Step {
        self.advance(epoch, now, chunk, Decoder::step_item)
    }

    /// Reports that the application was busy from `since` to `now` and did not read in that time. The timeouts do not
    /// count it.
    ///
    /// Call this after you have handled the events of a chunk, before you read again. Otherwise a busy application
    /// looks like a silent server, and a healthy connection is given up.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use embedded_sse::Decoder;
    /// # use embedded_sse::client::{Action, Instant, NoJitter, Policy, Reconnect, Response, Session};
    /// # let policy = Policy::standard().liveness(Some(Duration::from_secs(30)));
    /// # let mut session = Session::new(Decoder::new([0; 256]), Reconnect::new(policy, NoJitter));
    /// # let read_at = Instant::from_millis(5_000);
    /// # let Action::Connect(epoch) = session.poll(read_at) else { unreachable!() };
    /// # session.connecting(epoch, read_at);
    /// # let response = Response { status: 200, content_type: Some(b"text/event-stream"), ..Response::default() };
    /// # session.responded(epoch, read_at, &response);
    /// let mut chunk = &b"data: a long job\n\n"[..]; // read at `read_at`
    /// while let Some(event) = session.next_event(epoch, read_at, &mut chunk) {
    ///     let _ = event; // takes ten minutes to handle
    /// }
    /// let now = Instant::from_millis(605_000);
    /// session.resumed(read_at, now);
    /// assert!(matches!(session.poll(now), Action::Read { .. })); // not given up as silent
    /// ```
    pub fn resumed(&mut self, since: Instant, now: Instant) {
        self.reconnect.resumed(since, now);
    }

    /// Reports that the stream ended without an error ([R52]). An incomplete event is dropped ([R41]).
    ///
    /// [R52]: crate::rules#r52
    /// [R41]: crate::rules#r41
    pub fn ended(&mut self, epoch: Epoch, now: Instant) {
        if !(self.reconnect.stops_at_end() && self.reconnect.is_open(epoch)) {
            self.before_loss(epoch, now);
        }
        self.reconnect.ended(epoch, now);
    }

    /// Reports that the attempt failed or that the connection was lost; see [`Reconnect::lost`]. An incomplete event is
    /// dropped.
    pub fn lost(&mut self, epoch: Epoch, now: Instant) {
        self.before_loss(epoch, now);
        self.reconnect.lost(epoch, now);
    }

    /// Reports that the application received the last event of the stream, such as `[DONE]`. The session stops.
    pub fn finished(&mut self, epoch: Epoch, now: Instant) {
        self.reconnect.refused(epoch, now, StopReason::Finished);
    }

    /// Reports that the network is down; see [`Reconnect::network_down`].
    pub fn network_down(&mut self, now: Instant) {
        self.before_giving_up(now);
        self.reconnect.network_down(now);
    }

    /// Reports that the network is up again; see [`Reconnect::network_up`].
    pub fn network_up(&mut self, now: Instant) {
        self.reconnect.network_up(now);
    }

    /// Reports that the device has moved to another network; see [`Reconnect::network_changed`].
    pub fn network_changed(&mut self, now: Instant) {
        self.before_giving_up(now);
        self.reconnect.network_changed(now);
    }

    /// Stops the session ([R64]). No more events are returned, not even from a chunk of which some were returned already.
    ///
    /// [R64]: crate::rules#r64
    pub fn close(&mut self) {
        self.reconnect.close();
    }

    /// Delays the next attempt by a random time up to `limit`, so that the devices of a fleet do not all connect at the same
    /// moment after a power cut; see [`Reconnect::start_within`].
    pub fn start_within(&mut self, now: Instant, limit: Duration) {
        self.reconnect.start_within(now, limit);
    }

    /// Connects now, from any state; see [`Reconnect::restart`]. The last event ID is kept.
    ///
    /// If the request must not be [repeated](Repeat), nothing changes. Call [`set_repeat`](Self::set_repeat) first to
    /// start a new request.
    pub fn restart(&mut self) {
        if self.may_repeat() {
            self.reconnect.restart();
        }
    }

    /// Runs one step of the decoder, and reports to the state machine what was received.
    fn advance(
        &mut self,
        epoch: Epoch,
        now: Instant,
        chunk: &[u8],
        step: fn(&mut Decoder<B, I>, &[u8]) -> Step,
    ) -> Step {
        if !self.reconnect.is_open(epoch) {
            return Step { consumed: chunk.len(), found: None };
        }
        let step = step(&mut self.decoder, chunk);
        let heartbeat = self.decoder.take_heartbeat();
        let heard = match step.found {
            Some(Found::Event | Found::TooLong(TooLong { field: Field::Data | Field::Event })) => Heard::Event,
            _ if heartbeat => Heard::Heartbeat,
            _ => Heard::Bytes,
        };
        if step.consumed > 0 {
            self.reconnect.heard(epoch, now, heard);
        }
        step
    }

    /// Prepares the loss of any current connection.
    fn before_giving_up(&mut self, now: Instant) {
        if let Some(epoch) = self.poll(now).epoch() {
            self.before_loss(epoch, now);
        }
    }

    /// Updates the state machine before it plans another attempt.
    fn before_loss(&mut self, epoch: Epoch, now: Instant) {
        if let Some(millis) = self.decoder.reconnection_millis() {
            self.reconnect.set_reconnection_millis(millis);
        }
        if !self.may_repeat() {
            self.reconnect.refused(epoch, now, StopReason::CannotResume);
        }
    }
}
