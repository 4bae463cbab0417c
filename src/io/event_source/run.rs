//! Performs the session's actions, and reports what happens.
//!
//! Everything in progress is a field of the source, so that a caller who stops polling loses nothing. This module must
//! not decide when to connect, what a response means or how long a connection may be silent: the session does.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use futures_core::Stream;

use super::EventSource;
use super::attempt::Connection;
use super::failure::Failure;
use super::handle::Order;
use super::news::News;
use crate::client::{Action, Instant, Session};
use crate::codec::{Field, Found, OwnedEvent, TooLong};

/// How many reads in a row may be ready at once before the task yields to others.
const MOST_READS: u8 = 16;

/// A poll that comes this much later than its deadline was not woken by it: the application was busy.
const LATE: Duration = Duration::from_secs(1);

/// The result of one step.
pub(super) enum Done {
    /// Go on with the next step.
    Step,
    News(News),
    /// The session has stopped, as was reported.
    Stopped,
}

impl Stream for EventSource {
    type Item = News;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<News>> {
        let this = self.get_mut();
        loop {
            for order in this.orders.take() {
                this.obey(order);
            }
            if let Some(news) = this.decode() {
                return Poll::Ready(Some(news));
            }
            match this.step(context) {
                Poll::Ready(Done::Step) => {}
                Poll::Ready(Done::News(news)) => return Poll::Ready(Some(news)),
                Poll::Ready(Done::Stopped) => return Poll::Ready(None),
                Poll::Pending if this.orders.wake(context.waker()) => return Poll::Pending,
                Poll::Pending => {}
            }
        }
    }
}

impl EventSource {
    pub(super) fn obey(&mut self, order: Order) {
        let now = self.now();
        let session = &mut self.session;
        match order {
            Order::Close => session.close(),
            Order::Restart => session.restart(),
            Order::SendAgain => {
                session.set_repeat(self.settings.repeat);
                session.restart();
            }
            Order::Finished => match self.attempt.as_ref() {
                Some(attempt) if session.poll(now).epoch() == Some(attempt.epoch) => {
                    session.finished(attempt.epoch, now);
                }
                _ => session.close(),
            },
            Order::NetworkDown => session.network_down(now),
            Order::NetworkUp => session.network_up(now),
            Order::NetworkChanged => session.network_changed(now),
        }
    }

    /// Decodes the next item of the current chunk.
    fn decode(&mut self) -> Option<News> {
        let (Connection::Open(open), Some(attempt)) = (&mut self.connection, &self.attempt) else { return None };
        let (comments, times) = (self.settings.comments, self.settings.reconnection_times);
        let step = if comments || times { Session::step_item } else { Session::step };
        loop {
            let chunk = open.chunk.as_ref()?;
            let rest = chunk.get(open.consumed..).unwrap_or_default();
            let step = step(&mut self.session, attempt.epoch, open.read_at, rest);
            open.consumed += step.consumed;
            let decoder = self.session.decoder();
            match step.found {
                Some(Found::Event) => return Some(News::Event(OwnedEvent::sharing(decoder.event(rest), chunk))),
                Some(Found::Comment) if comments => return Some(News::Comment(decoder.comment(rest).into())),
                Some(Found::Retry) if times => {
                    return Some(News::Retry(decoder.reconnection_time().unwrap_or_default()));
                }
                Some(Found::TooLong(TooLong { field: Field::Comment })) if !comments => {}
                Some(Found::TooLong(too_long)) => return Some(News::TooLong(too_long)),
                Some(Found::Comment | Found::Retry) => {}
                None => open.chunk = None,
            }
        }
    }

    /// Does what the session says.
    fn step(&mut self, context: &mut Context<'_>) -> Poll<Done> {
        let now = self.now();
        self.resume(now);
        let action = self.session.poll(now);
        if let Some(attempt) = self.attempt.take_if(|attempt| action.epoch() != Some(attempt.epoch)) {
            drop(attempt);
            self.connection = Connection::None;
            return Poll::Ready(match action {
                Action::Stop(_) => Done::Step,
                _ => self.over(Failure::Interrupted, now),
            });
        }
        self.stopped &= matches!(action, Action::Stop(_));
        match action {
            Action::Connect(epoch) => self.connect(epoch, now),
            Action::AwaitResponse { until, .. } | Action::Read { until, .. } => {
                if let Some(attempt) = &mut self.attempt {
                    attempt.until = until;
                }
                if self.reads >= MOST_READS {
                    self.reads = 0;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                if let Poll::Ready(done) = self.work(context, now) {
                    return Poll::Ready(done);
                }
                self.reads = 0;
                if let Connection::Open(open) = &mut self.connection {
                    open.pending_since = Some(self.alarm.now());
                }
                match until {
                    Some(until) => ready!(self.alarm.poll(until, context)),
                    None => return Poll::Pending,
                }
            }
            // What has arrived counts, even if it is late.
            Action::Disconnect(epoch) => match self.work(context, now) {
                Poll::Ready(done) => return Poll::Ready(done),
                Poll::Pending => {
                    let why = self.too_late();
                    self.session.lost(epoch, now);
                    return Poll::Ready(self.over(why, now));
                }
            },
            Action::WaitUntil(at) => ready!(self.alarm.poll(at, context)),
            Action::WaitForNetwork => return Poll::Pending,
            Action::Stop(_) if self.stopped => return Poll::Ready(Done::Stopped),
            Action::Stop(reason) => {
                self.stopped = true;
                return Poll::Ready(Done::News(News::Stopped { reason, why: self.why.take() }));
            }
        }
        Poll::Ready(Done::Step)
    }

    /// Tells the session how long the application did not wait for news.
    fn resume(&mut self, now: Instant) {
        let (Connection::Open(open), Some(attempt)) = (&mut self.connection, &mut self.attempt) else { return };
        let is_late = |until| now.saturating_duration_since(until) > LATE;
        let abandoned = open.pending_since.take().filter(|_| attempt.until.is_some_and(is_late));
        if let Some(since) = open.busy_since.take().or(abandoned) {
            self.session.resumed(since, now);
            attempt.since = attempt.since.saturating_add(now.saturating_duration_since(since));
        }
    }

    /// Drops what is left of an attempt, and reports why it has ended.
    pub(super) fn over(&mut self, why: Failure, now: Instant) -> Done {
        self.attempt = None;
        self.connection = Connection::None;
        let wait = match self.session.poll(now) {
            Action::Stop(_) => {
                self.why = Some(why);
                return Done::Step;
            }
            Action::WaitUntil(at) => Some(at.saturating_duration_since(now)),
            Action::WaitForNetwork => None,
            _ => Some(Duration::ZERO),
        };
        Done::News(News::Lost { why, wait, failures: self.session.failures() })
    }
}
