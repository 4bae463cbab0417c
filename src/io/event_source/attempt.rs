//! One attempt and its connection: sends requests, follows redirects and reads the body.
//!
//! This module must not decide what a response means: the session does.

use alloc::boxed::Box;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, Response};

use super::EventSource;
use super::failure::{Failure, is_refused};
use super::head::{Head, refusal};
use super::link::{BoxError, Boxed, Chunks, SendError, Sent};
use super::news::News;
use super::run::Done;
use super::target::Target;
use crate::client::{Epoch, Instant, StopReason, Verdict};

/// An attempt, and the connection that results from it.
pub(super) struct Attempt {
    pub(super) epoch: Epoch,
    /// When the server was heard last, moved later by the time in which the application was busy, and when the silence is
    /// too long.
    pub(super) since: Instant,
    pub(super) until: Option<Instant>,
    /// The first request, or that of the last redirect.
    target: Target,
    /// The headers of the application's function.
    more: HeaderMap,
}

/// What an attempt waits for.
pub(super) enum Connection {
    None,
    /// The headers of the application's function.
    Preparing(Boxed<Result<HeaderMap, BoxError>>),
    Sending(Sent),
    Open(Open),
}

/// An open stream.
pub(super) struct Open {
    body: Pin<Box<dyn Chunks>>,
    /// The current chunk, and how many of its bytes were decoded.
    pub(super) chunk: Option<Bytes>,
    pub(super) consumed: usize,
    /// When the chunk was read.
    pub(super) read_at: Instant,
    /// Since when the application handles news instead of waiting.
    pub(super) busy_since: Option<Instant>,
    /// When the last poll was pending.
    pub(super) pending_since: Option<Instant>,
}

impl EventSource {
    pub(super) fn connect(&mut self, epoch: Epoch, now: Instant) {
        self.session.connecting(epoch, now);
        self.why = None;
        let target = self.target.clone();
        self.attempt = Some(Attempt { epoch, since: now, until: None, target, more: HeaderMap::new() });
        match &mut self.headers {
            Some(headers) => self.connection = Connection::Preparing(headers()),
            None => self.send(),
        }
    }

    fn send(&mut self) {
        if let Some(Attempt { target, more, .. }) = &self.attempt {
            let head = target.request(self.session.headers(), more);
            self.connection = Connection::Sending((self.link)(head, target.has_body));
        }
    }

    /// Goes on with what the attempt waits for.
    pub(super) fn work(&mut self, context: &mut Context<'_>, now: Instant) -> Poll<Done> {
        let Some(attempt) = &mut self.attempt else { return Poll::Pending };
        let epoch = attempt.epoch;
        let why = match &mut self.connection {
            Connection::None => return Poll::Pending,
            Connection::Preparing(headers) => match ready!(headers.as_mut().poll(context)) {
                Ok(more) => {
                    attempt.more = more;
                    self.send();
                    return Poll::Ready(Done::Step);
                }
                Err(error) => {
                    self.session.not_sent(epoch, now);
                    Failure::Headers(error)
                }
            },
            Connection::Sending(sent) => match ready!(sent.as_mut().poll(context)) {
                Ok(response) => {
                    let (head, body) = response.into_parts();
                    return Poll::Ready(self.answered(Response::from_parts(head, ()), body, now));
                }
                Err(SendError::Request(error)) => {
                    self.session.not_sent(epoch, now);
                    Failure::Request(error)
                }
                Err(SendError::Client(error)) => {
                    if is_refused(&*error) || self.not_sent.as_mut().is_some_and(|not_sent| not_sent(&*error)) {
                        self.session.not_sent(epoch, now);
                    } else {
                        self.session.lost(epoch, now);
                    }
                    Failure::Client(error)
                }
            },
            Connection::Open(open) => match ready!(open.body.as_mut().poll_chunk(context)) {
                Some(Ok(chunk)) => {
                    self.reads += 1;
                    attempt.since = now;
                    (open.chunk, open.consumed, open.read_at, open.busy_since) = (Some(chunk), 0, now, Some(now));
                    return Poll::Ready(Done::Step);
                }
                Some(Err(error)) => {
                    self.session.lost(epoch, now);
                    Failure::Body(error)
                }
                None => {
                    let mid_event = self.session.is_mid_event();
                    self.session.ended(epoch, now);
                    Failure::Ended { mid_event }
                }
            },
        };
        Poll::Ready(self.over(why, now))
    }

    fn answered(&mut self, response: Response<()>, body: Pin<Box<dyn Chunks>>, now: Instant) -> Done {
        let Some(attempt) = &mut self.attempt else { return Done::Step };
        let epoch = attempt.epoch;
        let head = Head::of(&response);
        let verdict = if head.is_encoded() {
            self.session.judged(epoch, now, Verdict::Stop(StopReason::ContentType))
        } else {
            self.session.responded(epoch, now, &head.response())
        };
        match verdict {
            Verdict::Accept => {
                attempt.since = now;
                self.connection = Connection::Open(Open {
                    body,
                    chunk: None,
                    consumed: 0,
                    read_at: now,
                    busy_since: Some(now),
                    pending_since: None,
                });
                Done::News(News::Opened(Box::new(response)))
            }
            Verdict::Redirect { permanent } => {
                // There is one connection at a time.
                drop(body);
                self.connection = Connection::None;
                let location = response.headers().get(LOCATION).cloned().unwrap_or(HeaderValue::from_static(""));
                match attempt.target.redirected(response.status(), &location, self.settings.trusts_redirects) {
                    Ok(target) => {
                        if permanent {
                            self.target = target.clone();
                        }
                        attempt.target = target;
                        self.send();
                        Done::Step
                    }
                    Err(why) => {
                        match why {
                            // Another attempt would end in the same way.
                            Failure::Untrusted(_) => {
                                let reason = StopReason::Status(response.status().as_u16());
                                self.session.judged(epoch, now, Verdict::Stop(reason));
                            }
                            _ => self.session.lost(epoch, now),
                        }
                        self.over(why, now)
                    }
                }
            }
            Verdict::Retry { .. } | Verdict::Stop(_) => self.over(refusal(response), now),
        }
    }

    /// Returns why an attempt is given up that took too long.
    pub(super) fn too_late(&self) -> Failure {
        let passed = |attempt: &Attempt| Some(attempt.until?.saturating_duration_since(attempt.since));
        let passed = self.attempt.as_ref().and_then(passed).unwrap_or_default();
        match self.connection {
            Connection::Open(_) => Failure::Silent(passed),
            _ => Failure::TimedOut(passed),
        }
    }
}
