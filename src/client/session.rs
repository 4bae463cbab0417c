//! A stream that outlives its connections: the only file that knows both the codec and the machine.
//!
//! Knows what to send and what a chunk means for the watchdogs; knows no URL, no method and no HTTP.

use super::open::Heard;
use super::reconnect::{Action, Epoch, Reconnect};
use super::response::{Response, Rules, Verdict};
use super::stop_reason::StopReason;
use crate::codec::{Decoder, Event, Field, Found, Item, Lossy, SetIdError, Step, TooLong};
use crate::jitter::Jitter;
use crate::time::Instant;

/// A decoder and a machine that keep each other informed.
///
/// Used like [`Reconnect`], with the same facts; what was read is given to [`next_event`](Self::next_event), which is also how
/// the machine hears of it.
///
/// ```
/// use embedded_sse::Decoder;
/// use embedded_sse::client::{Action, Instant, NoJitter, Policy, Reconnect, Response, Session, Verdict};
///
/// let mut session = Session::new(Decoder::new([0; 256]), Reconnect::new(Policy::standard(), NoJitter));
/// let now = Instant::from_millis(5_000);
/// let Action::Connect(epoch) = session.poll(now) else { unreachable!() };
/// session.connecting(epoch, now);
/// for (_name, _value) in session.headers() { /* write the request */ }
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
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Session<B, J, const ID: usize = 64> {
    decoder: Decoder<B, ID>,
    reconnect: Reconnect<J>,
    rules: Rules,
    repeat: Repeat,
    /// How far the request has come.
    stage: Stage,
    /// In the present attempt.
    redirects: u8,
    /// All redirects of the present attempt were.
    permanent: bool,
}

/// Whether a request may be sent again after it failed or its stream ended.
///
/// Whatever you choose, a stream that gave an event ID is resumed: if the very answer that broke off gave an ID that
/// `Last-Event-ID` can carry, the request goes out again with it.
///
/// ```
/// use embedded_sse::Decoder;
/// use embedded_sse::client::{NoJitter, Policy, Reconnect, Repeat, Session};
///
/// // A POST that is paid for, or that calls a tool.
/// let mut session = Session::new(Decoder::new([0; 256]), Reconnect::new(Policy::standard(), NoJitter));
/// session.set_repeat(Repeat::Never);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Repeat {
    /// As often as the policy allows: right for GET and HEAD.
    #[default]
    Always,
    /// Until a response was accepted as the stream. A connection that fails, an attempt without a response and a status that
    /// asks to come again ([`Verdict::Retry`]) lead to another attempt.
    UntilAnswered,
    /// Not at all, unless the application reports that the request was [not sent](Session::not_sent): right for requests of any
    /// other method than GET and HEAD, which may have been carried out although no response came.
    Never,
}

/// How far the request has come, in all its attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum Stage {
    Unsent,
    Sent,
    Answered,
}

/// What a reconnect can tell the server about where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Resumption<'a> {
    /// Nothing: there is no last event ID (R60).
    None,
    /// This, as `Last-Event-ID`, in UTF-8: what is not UTF-8 in it is sent as U+FFFD, as browsers do.
    From(Lossy<'a>),
    /// This as well, but HTTP takes away the blanks at its ends (R61): the server sees another id.
    FromTrimmed(Lossy<'a>),
    /// Nothing, because no header can carry this id: it has a control character other than tab in it, or is only blanks. A
    /// request with such a header would fail for ever. Events may come twice or be missing after a reconnect.
    Unsendable(&'a [u8]),
}

impl<B, J, const ID: usize> Session<B, J, ID> {
    /// A session of a request that may always be repeated, such as a GET, with [`Rules::Resilient`]. For another method than GET
    /// and HEAD see [`set_repeat`](Self::set_repeat).
    #[must_use]
    pub const fn new(decoder: Decoder<B, ID>, reconnect: Reconnect<J>) -> Self {
        Self {
            decoder,
            reconnect,
            rules: Rules::Resilient,
            repeat: Repeat::Always,
            stage: Stage::Unsent,
            redirects: 0,
            permanent: true,
        }
    }

    /// The rules by which responses are judged from now on.
    pub const fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// A new request begins, which may be repeated in this way. Nothing has been sent of it yet: after a stop,
    /// [`restart`](Self::restart) sends it.
    pub const fn set_repeat(&mut self, repeat: Repeat) {
        self.repeat = repeat;
        self.stage = Stage::Unsent;
    }

    /// The last event ID string, also what the unfinished stream has said of it so far (R34). For storage, look at it after
    /// each chunk: an id may change without an event.
    #[must_use]
    pub fn last_event_id(&self) -> &[u8] {
        self.decoder.last_event_id()
    }

    /// Sets the last event ID string, from storage. Empty forgets it.
    ///
    /// # Errors
    ///
    /// See [`Decoder::set_last_event_id`].
    pub fn set_last_event_id(&mut self, id: &[u8]) -> Result<(), SetIdError> {
        self.decoder.set_last_event_id(id)
    }

    /// Where the next attempt would go on.
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

    /// Names and values of the headers to send with each attempt: `Accept`, `Cache-Control` (R46) and, if there is something
    /// to resume from, `Last-Event-ID` (R60). Whatever else a request needs, fresh credentials too, the application adds.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, Lossy<'_>)> {
        let last_event_id = match self.resumption() {
            Resumption::From(id) | Resumption::FromTrimmed(id) => Some(("Last-Event-ID", id)),
            Resumption::None | Resumption::Unsendable(_) => None,
        };
        [("Accept", Lossy(b"text/event-stream")), ("Cache-Control", Lossy(b"no-cache"))]
            .into_iter()
            .chain(last_event_id)
    }

    /// Whether the stream, if it ended here, would lose an event or an id that has begun (R41).
    #[must_use]
    pub fn is_mid_event(&self) -> bool {
        self.decoder.is_mid_event()
    }

    /// Whether another attempt may be made, by the rule of [`Repeat`].
    fn may_repeat(&self) -> bool {
        let repeats_until = match self.repeat {
            Repeat::Always => return true,
            Repeat::UntilAnswered => Stage::Answered,
            Repeat::Never => Stage::Sent,
        };
        let resumes = self.decoder.gave_id() && matches!(self.resumption(), Resumption::From(_));
        self.stage < repeats_until || (self.stage == Stage::Answered && resumes)
    }

    /// The decoder, to look at what a [`step`](Self::step) has found.
    #[must_use]
    pub const fn decoder(&self) -> &Decoder<B, ID> {
        &self.decoder
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>, J: Jitter, const ID: usize> Session<B, J, ID> {
    /// Redirects in a row that an attempt follows (R55).
    pub const MAX_REDIRECTS: u8 = 20;

    /// What to do now: [`Reconnect::poll`].
    pub fn poll(&self, now: Instant) -> Action {
        self.reconnect.poll(now)
    }

    /// The failures in a row: [`Reconnect::failures`].
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.reconnect.failures()
    }

    /// The attempt that [`poll`](Self::poll) told to begin was begun.
    pub fn connecting(&mut self, epoch: Epoch, now: Instant) {
        self.reconnect.connecting(epoch, now);
        if self.reconnect.is_connecting(epoch) {
            self.redirects = 0;
            self.permanent = true;
            self.stage = self.stage.max(Stage::Sent);
        }
    }

    /// The attempt failed before anything of the request was sent: the name was not found, the connection refused, TLS not
    /// agreed upon. Like [`lost`](Self::lost), but also a request that may never be repeated is tried again.
    pub fn not_sent(&mut self, epoch: Epoch, now: Instant) {
        if self.stage == Stage::Sent && self.reconnect.is_connecting(epoch) {
            self.stage = Stage::Unsent;
        }
        self.lost(epoch, now);
    }

    /// A response came. Says what it means, and lets the machine know unless the attempt is over.
    ///
    /// At [`Verdict::Redirect`] the attempt goes on: send the request to the new URL. If that has another origin, leave out what
    /// was meant for the old one alone, such as `Authorization` and `Cookie`; whether its server may see the body and the last
    /// event ID is your choice (browsers send both). The redirect is `permanent` when all redirects of this attempt were: then later attempts begin at the new URL
    /// (D7). The one after [`MAX_REDIRECTS`](Self::MAX_REDIRECTS) becomes a [`Verdict::Retry`]. A URL that cannot be used is
    /// reported as [`lost`](Self::lost).
    pub fn responded(&mut self, epoch: Epoch, now: Instant, response: &Response<'_>) -> Verdict {
        self.judged(epoch, now, self.rules.judge(response))
    }

    /// A response came, and the application has judged it itself. See [`responded`](Self::responded).
    pub fn judged(&mut self, epoch: Epoch, now: Instant, verdict: Verdict) -> Verdict {
        let verdict = match verdict {
            Verdict::Redirect { permanent } if self.redirects < Self::MAX_REDIRECTS => {
                Verdict::Redirect { permanent: permanent && self.permanent }
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
                self.permanent = permanent;
            }
            Verdict::Retry { after } => {
                self.before_loss(epoch, now);
                self.reconnect.rejected(epoch, now, after);
            }
            Verdict::Stop(reason) => self.reconnect.refused(epoch, now, reason),
        }
        verdict
    }

    /// Takes the next event from the front of what was read, like [`Decoder::next_event`]. `now` is when it was read. Nothing is
    /// taken from a connection that is not the present one or not open (R64): all of `input` is dropped then.
    ///
    /// # Errors
    ///
    /// As for [`Decoder::next_event`].
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

    /// Like [`next_event`](Self::next_event), but with comments and `retry` lines; see [`Decoder::next_item`].
    ///
    /// # Errors
    ///
    /// As for [`Decoder::next_item`].
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

    /// One step of [`next_event`](Self::next_event) that lends nothing: [`Decoder::step`]. What it has found, the
    /// [`decoder`](Self::decoder) shows.
    #[must_use = "what was not consumed has to be given again"]
    pub fn step(&mut self, epoch: Epoch, now: Instant, chunk: &[u8]) -> Step {
        self.advance(epoch, now, chunk, Decoder::step)
    }

    /// One step of [`next_item`](Self::next_item) that lends nothing: [`Decoder::step_item`].
    #[must_use = "what was not consumed has to be given again"]
    pub fn step_item(&mut self, epoch: Epoch, now: Instant, chunk: &[u8]) -> Step {
        self.advance(epoch, now, chunk, Decoder::step_item)
    }

    /// The application listens again after it was busy from `since` to `now`: [`Reconnect::resumed`].
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
    ///     let _ = event; // handled in ten minutes
    /// }
    /// let now = Instant::from_millis(605_000);
    /// session.resumed(read_at, now);
    /// assert!(matches!(session.poll(now), Action::Read { .. })); // not given up as silent
    /// ```
    pub fn resumed(&mut self, since: Instant, now: Instant) {
        self.reconnect.resumed(since, now);
    }

    /// The stream ended well (R52). An unfinished event is dropped (R41).
    pub fn ended(&mut self, epoch: Epoch, now: Instant) {
        if !self.reconnect.stops_at_end() {
            self.before_loss(epoch, now);
        }
        self.reconnect.ended(epoch, now);
    }

    /// There is no connection, or no longer: [`Reconnect::lost`].
    pub fn lost(&mut self, epoch: Epoch, now: Instant) {
        self.before_loss(epoch, now);
        self.reconnect.lost(epoch, now);
    }

    /// The application saw the event after which there are no more, such as `[DONE]`.
    pub fn finished(&mut self, epoch: Epoch, now: Instant) {
        self.reconnect.refused(epoch, now, StopReason::Finished);
    }

    /// The network is gone: [`Reconnect::network_down`].
    pub fn network_down(&mut self, now: Instant) {
        self.before_giving_up(now);
        self.reconnect.network_down(now);
    }

    /// The network is back: [`Reconnect::network_up`].
    pub fn network_up(&mut self, now: Instant) {
        self.reconnect.network_up(now);
    }

    /// The device is on another network: [`Reconnect::network_changed`].
    pub fn network_changed(&mut self, now: Instant) {
        self.before_giving_up(now);
        self.reconnect.network_changed(now);
    }

    /// The application wants no more (R64). No event comes out any more, also not from a chunk that is half done with.
    pub fn close(&mut self) {
        self.reconnect.close();
    }

    /// The application wants a connection now: [`Reconnect::restart`]. The last event ID stays. A request that may not be
    /// [repeated](Repeat) is not: then nothing changes, unless a new one begins by [`set_repeat`](Self::set_repeat).
    pub fn restart(&mut self) {
        if self.may_repeat() {
            self.reconnect.restart();
        }
    }

    /// One step of the decoder, and what it says of the connection.
    fn advance(
        &mut self,
        epoch: Epoch,
        now: Instant,
        chunk: &[u8],
        step: fn(&mut Decoder<B, ID>, &[u8]) -> Step,
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

    fn before_giving_up(&mut self, now: Instant) {
        if let Some(epoch) = self.poll(now).epoch() {
            self.before_loss(epoch, now);
        }
    }

    /// What the machine has to know before it plans another attempt.
    fn before_loss(&mut self, epoch: Epoch, now: Instant) {
        if let Some(millis) = self.decoder.reconnection_millis() {
            self.reconnect.set_reconnection_millis(millis);
        }
        if !self.may_repeat() {
            self.reconnect.refused(epoch, now, StopReason::CannotResume);
        }
    }
}
