//! Handles the news of the stream: prints and counts events, stores the last event ID, reports problems, and decides
//! when to stop.
//!
//! This module uses the output and the state file. It must not depend on connections: the event source reports what
//! happens to them.

use core::future::poll_fn;
use core::pin::Pin;
use core::task::Poll;
use core::time::Duration;
use std::io;

use embedded_sse::client::{Resumption, StopReason};
use embedded_sse::io::event_source::{EventSource, News, StoreError};
use embedded_sse::{Event, Field, TooLong};
use futures_util::Stream;

use crate::failure::Failure;
use crate::link::Progress;
use crate::messages::say;
use crate::output::Output;
use crate::shown::shown;
use crate::state::StateFile;
use crate::tally::Tally;

/// The number of attempts that may fail before the stream was ever open. After that, the URL is probably wrong.
pub(crate) const FIRST_ATTEMPTS: u32 = 3;

/// Prints the stream.
pub(crate) struct Follower {
    pub(crate) output: Output,
    pub(crate) state: Option<StateFile>,
    /// The number of events after which to stop.
    pub(crate) wanted: Option<u64>,
    pub(crate) verbose: bool,
    pub(crate) tally: Tally,
    pub(crate) opened: u64,
    progress: Progress,
    /// Why the follower has stopped.
    pub(crate) enough: Option<Enough>,
}

/// Why the follower has stopped.
pub(crate) enum Enough {
    /// All requested events were printed.
    Events,
    /// The first attempts have failed.
    NeverOpened(Failure),
    Output(io::Error),
    State(io::Error),
    Journal(StoreError),
}

impl Follower {
    pub(crate) fn new(
        output: Output,
        state: Option<StateFile>,
        wanted: Option<u64>,
        verbose: bool,
        progress: Progress,
    ) -> Self {
        Self { output, state, wanted, verbose, tally: Tally::default(), opened: 0, progress, enough: None }
    }

    /// Follows the stream until there is enough of it. Returns why it stopped, if it did.
    pub(crate) async fn follow(&mut self, source: &mut EventSource) -> Option<(StopReason, Option<Failure>)> {
        warn(source.resumption());
        loop {
            let news = poll_fn(|context| {
                let polled = Pin::new(&mut *source).poll_next(context);
                // All items read so far were reported.
                match (polled, self.settle(source.current_id())) {
                    (Poll::Pending, Ok(())) => Poll::Pending,
                    (Poll::Pending, Err(enough)) => Poll::Ready(Err(enough)),
                    (Poll::Ready(news), _) => Poll::Ready(Ok(news)),
                }
            });
            let handled = match news.await {
                Ok(Some(News::Stopped { reason, why })) => return Some((reason, why.map(Failure::from))),
                Ok(Some(news)) => self.handle(news, Some(source)),
                Ok(None) => return None,
                Err(enough) => Err(enough),
            };
            if let Err(enough) = handled {
                self.enough = Some(enough);
                return None;
            }
        }
    }

    /// Handles what has happened. With a journal, there is no source to ask about the last event ID.
    pub(crate) fn handle(&mut self, news: News, source: Option<&EventSource>) -> Result<(), Enough> {
        match news {
            News::Event(event) => {
                let has_id = self.progress.next_event();
                self.event(&event.as_event(), has_id)?;
            }
            News::TooLong(TooLong { field: Field::Comment, .. }) => {}
            News::TooLong(too_long) => {
                if matches!(too_long.field, Field::Data | Field::Event) {
                    self.progress.next_event();
                }
                say(format_args!("{too_long}; skipped"));
            }
            News::Lost { why, wait, failures } => {
                self.progress.over();
                if let Some(source) = source {
                    self.settle(source.current_id())?;
                }
                self.lost(&why.into(), wait.unwrap_or_default(), failures)?;
                if let Some(source) = source {
                    warn(source.resumption());
                }
            }
            News::Opened(response) => {
                self.progress.over();
                self.opened += 1;
                if self.verbose {
                    say(format_args!("the stream is open, {:?}", response.version()));
                }
            }
            News::Comment(text) => say(format_args!("comment:{}", shown(&text))),
            News::Retry(time) => say(format_args!("reconnection time: {time:?}")),
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn event(&mut self, event: &Event<'_>, has_id: bool) -> Result<(), Enough> {
        self.output.event(event).map_err(Enough::Output)?;
        self.tally.count(event.last_event_id, has_id, &mut |text| say(text));
        if self.wanted.is_some_and(|wanted| self.tally.events >= wanted) {
            self.settle(event.last_event_id)?;
            return Err(Enough::Events);
        }
        Ok(())
    }

    /// Stores the ID of the last printed event.
    fn settle(&mut self, last_event_id: &[u8]) -> Result<(), Enough> {
        self.state.as_mut().map_or(Ok(()), |state| state.store(last_event_id)).map_err(Enough::State)
    }

    fn lost(&mut self, why: &Failure, wait: Duration, failures: u32) -> Result<(), Enough> {
        if self.opened == 0 && failures >= FIRST_ATTEMPTS {
            return Err(Enough::NeverOpened(why.clone()));
        }
        self.tally.lost(&mut |text| say(text));
        say(format_args!("{why}; next attempt in {}.{} s", wait.as_secs(), wait.subsec_millis() / 100));
        Ok(())
    }
}

/// Warns if the server does not get the last event ID as it is.
fn warn(resumption: Resumption<'_>) {
    match resumption {
        Resumption::Unsendable(id) => say(format_args!(
            "the last event ID {:?} cannot be sent in a header: events may be missing or repeated",
            shown(id)
        )),
        Resumption::FromTrimmed(id) => say(format_args!(
            "HTTP strips the spaces around the last event ID {:?}: the server gets a different ID",
            shown(id.0)
        )),
        _ => {}
    }
}
