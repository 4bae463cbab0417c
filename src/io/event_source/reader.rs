//! Takes events from a source, puts them into a journal, and says what the application has to do next.
//!
//! This module moves events from one to the other. It must not decide which events are new and when a state is needed: the
//! delivery does.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::mem::take;
use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::Stream;
use http::Response;

use super::EventSource;
use super::failure::Failure;
use super::link::Boxed;
use super::news::News;
use super::next::Leave;
use super::run::Done;
use super::store::{Held, Store, StoreError, Todo};
use crate::client::Instant;
use crate::codec::{Decoder, Field, OwnedEvent, TooLong};
use crate::delivery::{Decimal, Delivery, Kept, Token};

/// A source and its journal.
pub(super) struct Reader {
    pub(super) source: EventSource,
    pub(super) store: Box<dyn Store>,
    /// What has to go to the journal before anything else is read.
    held: Option<Held>,
    /// What has happened to the connection after all that is in the journal.
    news: Option<News>,
    /// How many records were stored and not committed.
    waiting: usize,
    /// The most of them before reading stops.
    pub(super) ahead: usize,
    /// Whether the store has to be flushed before the application gets an event.
    is_dirty: bool,
    /// The ID that the attempt in progress resumes from.
    sent: Vec<u8>,
    /// The wait for the next attempt to fetch the state.
    sleep: Option<(Instant, Boxed<()>)>,
}

/// What the application has to do next.
pub(super) enum Due {
    Event(OwnedEvent, Token),
    /// Fetch the state: events after the one with this ID are missing.
    Sync(Vec<u8>),
    News(News),
}

/// Why nothing more is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pause {
    /// There is something new for the application.
    News,
    /// Nothing has arrived.
    Pending,
    /// There is no room.
    Full,
    /// The source has stopped.
    Stopped,
}

impl Reader {
    pub(super) const fn new(source: EventSource, store: Box<dyn Store>, ahead: usize) -> Self {
        Self {
            source,
            store,
            held: None,
            news: None,
            waiting: 0,
            ahead,
            is_dirty: false,
            sent: Vec::new(),
            sleep: None,
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Result<Poll<Option<Due>>, StoreError> {
        loop {
            self.source.obey_all();
            if take(&mut self.is_dirty) {
                self.store.flush().inspect_err(|_| self.is_dirty = true)?;
            }
            let until = match self.store.next(self.source.now())? {
                Todo::Event(event, token) => return Ok(Poll::Ready(Some(Due::Event(event, token)))),
                Todo::Fetch(since) => return Ok(Poll::Ready(Some(Due::Sync(since)))),
                Todo::WaitUntil(at) => Some(at),
                Todo::Nothing => {
                    self.waiting = 0;
                    None
                }
            };
            if let Some(news) = self.news.take() {
                return Ok(Poll::Ready(Some(Due::News(news))));
            }
            match self.read(context)? {
                Pause::News => continue,
                Pause::Stopped if until.is_none() => return Ok(Poll::Ready(None)),
                // There is no room for an event, but there was for the gap before it.
                Pause::Full if until.is_none() && !self.is_empty()? => continue,
                Pause::Full if until.is_none() => return Err(StoreError::Full),
                Pause::Full | Pause::Stopped if !self.source.orders.wake(context.waker()) => continue,
                Pause::Full | Pause::Stopped | Pause::Pending => {}
            }
            // What was committed since the last time.
            self.store.flush()?;
            match until {
                Some(at) if self.poll_sleep(at, context).is_ready() => {}
                _ => return Ok(Poll::Pending),
            }
        }
    }

    fn is_empty(&mut self) -> Result<bool, StoreError> {
        Ok(matches!(self.store.next(self.source.now())?, Todo::Nothing))
    }

    /// Moves what arrives to the journal, until nothing more is there or enough waits for the application.
    fn read(&mut self, context: &mut Context<'_>) -> Result<Pause, StoreError> {
        loop {
            if let Some(held) = &self.held {
                match self.store.keep(held)? {
                    Kept::Full => return Ok(if self.is_dirty { Pause::News } else { Pause::Full }),
                    Kept::Reconnect => self.give_up(),
                    Kept::Stored | Kept::Announced => {
                        self.waiting += 1;
                        self.is_dirty = true;
                    }
                    Kept::Duplicate => {}
                }
                self.held = None;
            }
            if self.news.is_some() {
                return Ok(Pause::News);
            }
            if self.waiting >= self.ahead && !self.source.is_given_up() {
                return Ok(if self.is_dirty { Pause::News } else { Pause::Full });
            }
            if self.source.attempt.is_none() {
                self.sent = self.store.resume_from()?;
                self.source.session.set_last_event_id(&self.sent).map_err(StoreError::Id)?;
            }
            match Pin::new(&mut self.source).poll_next(context) {
                Poll::Ready(Some(news)) => self.hear(news)?,
                _ if self.is_dirty => return Ok(Pause::News),
                Poll::Ready(None) => return Ok(Pause::Stopped),
                Poll::Pending => return Ok(Pause::Pending),
            }
        }
    }

    fn hear(&mut self, news: News) -> Result<(), StoreError> {
        match &news {
            News::Opened(response) => return self.opened(response.clone()),
            News::TooLong(TooLong { field: Field::Data | Field::Event }) => self.held = Some(Held::Gap),
            _ => {}
        }
        match news {
            News::Event(event) => self.held = Some(Held::Event(event)),
            news => self.news = Some(news),
        }
        Ok(())
    }

    fn opened(&mut self, response: Box<Response<()>>) -> Result<(), StoreError> {
        let resumes_from = self.store.resume_from().inspect_err(|_| self.give_up())?;
        if resumes_from != self.sent {
            // The application has fetched a state meanwhile, from which the next attempt resumes.
            self.give_up();
            return Ok(());
        }
        // A hub of Mercure; those before version 1.0 use the other name.
        let headers = response.headers();
        let from = headers.get("Mercure-Last-Event-ID").or(headers.get("Last-Event-ID"));
        let gap = Delivery::<Decimal>::gap_in_response(&self.sent, from.map(|from| from.as_bytes()));
        self.held = gap.map(|_| Held::Gap);
        self.store.connected();
        // The request is sent. An event with this ID again is a repeated one, and not one without an ID.
        self.source.session.set_last_event_id(b"").map_err(StoreError::Id)?;
        self.news = Some(News::Opened(response));
        Ok(())
    }

    /// Closes the connection, for another attempt that resumes from elsewhere.
    fn give_up(&mut self) {
        self.news = self.source.give_up();
    }

    pub(super) fn commit(&mut self, token: Token) -> Result<(), StoreError> {
        self.store.commit(token)?;
        self.waiting = self.waiting.saturating_sub(1);
        Ok(())
    }

    pub(super) fn synced(&mut self, id: &[u8]) -> Result<bool, StoreError> {
        // Before it is stored: the stream has to be resumed from it.
        let mut decoder = Decoder::with_id_store([], vec![0; 2 * EventSource::MAX_ID]);
        decoder.set_last_event_id(id).map_err(StoreError::Id)?;
        self.store.synced(id)
    }

    pub(super) fn failed(&mut self) {
        let now = self.source.now();
        self.store.failed(now, &mut self.source.settings.random);
    }

    fn poll_sleep(&mut self, at: Instant, context: &mut Context<'_>) -> Poll<()> {
        let sleep = match &mut self.sleep {
            Some((until, sleep)) if *until == at => sleep,
            sleep => &mut sleep.insert((at, self.source.alarm.sleep_until(at))).1,
        };
        let polled = sleep.as_mut().poll(context);
        if polled.is_ready() {
            self.sleep = None;
        }
        polled
    }
}

impl Stream for Reader {
    type Item = Result<Due, StoreError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.get_mut().poll(context) {
            Ok(polled) => polled.map(|due| due.map(Ok)),
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }
}

impl Leave for Reader {
    fn leave(&mut self) {
        self.source.leave();
    }
}

impl EventSource {
    fn obey_all(&mut self) {
        for order in self.orders.take() {
            self.obey(order);
        }
    }

    /// Returns whether the attempt in progress has been given up, and is to be dropped.
    fn is_given_up(&self) -> bool {
        let now = self.now();
        self.attempt.as_ref().is_some_and(|attempt| self.session.poll(now).epoch() != Some(attempt.epoch))
    }

    /// Closes the connection, which is behind the state. Another attempt follows if the policy allows it.
    fn give_up(&mut self) -> Option<News> {
        let (epoch, now) = (self.attempt.as_ref()?.epoch, self.now());
        self.session.lost(epoch, now);
        match self.over(Failure::Behind, now) {
            Done::News(news) => Some(news),
            Done::Step | Done::Stopped => None,
        }
    }
}
