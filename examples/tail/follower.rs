//! What `tail` does with the news of its stream: shows it, counts it, stores how far it came, and has enough at some point.
//!
//! Knows the output and the state file; knows nothing of connections but what it is told.

use core::ops::ControlFlow;
use core::time::Duration;
use std::io;

use embedded_sse::{Event, Field, Item, Lossy, TooLong};

use crate::client::failure::Failure;
use crate::client::{Listener, News};
use crate::output::{Output, say};
use crate::state::StateFile;

/// So many attempts in a row may fail before there was any stream: what was never there may be a mistake in the URL.
pub(crate) const FIRST_ATTEMPTS: u32 = 3;

/// Shows the stream.
pub(crate) struct Follower {
    pub(crate) output: Output,
    pub(crate) state: Option<StateFile>,
    /// How many events are wanted.
    pub(crate) wanted: Option<u64>,
    pub(crate) verbose: bool,
    pub(crate) tally: Tally,
    pub(crate) opened: u64,
    /// Why it wants no more.
    pub(crate) enough: Option<Enough>,
}

/// Why the follower wants no more.
pub(crate) enum Enough {
    /// It has the events that were wanted.
    Events,
    /// There was no stream to begin with.
    NeverOpened(Failure),
    Output(io::Error),
    State(io::Error),
}

impl Follower {
    pub(crate) fn new(output: Output, state: Option<StateFile>, wanted: Option<u64>, verbose: bool) -> Self {
        Self { output, state, wanted, verbose, tally: Tally::default(), opened: 0, enough: None }
    }

    pub(crate) fn listener(&mut self) -> Box<Listener<'_>> {
        Box::new(|news| match self.hear(news) {
            Ok(()) => ControlFlow::Continue(()),
            Err(enough) => {
                self.enough = Some(enough);
                ControlFlow::Break(())
            }
        })
    }

    fn hear(&mut self, news: News<'_>) -> Result<(), Enough> {
        match news {
            News::Item(Item::Event(event)) => self.event(&event)?,
            News::TooLong(TooLong { field: Field::Comment, .. }) => {}
            News::TooLong(too_long) => say(format_args!("{too_long}; it is left out")),
            News::Read { last_event_id } => self.settle(last_event_id)?,
            News::Lost { why, wait, failures } => self.lost(why, wait, failures)?,
            News::Opened(version) => {
                self.opened += 1;
                if self.verbose {
                    say(format_args!("the stream is open, {version:?}"));
                }
            }
            News::Asking(target, headers) if self.verbose => {
                let last_event_id = headers.get("Last-Event-ID").map(|id| Lossy(id.as_bytes()).to_string());
                let from = last_event_id.map_or(String::new(), |id| format!(" from event {id} on"));
                say(format_args!("{target}{from}"));
            }
            News::Item(Item::Comment(text)) if self.verbose => say(format_args!("comment:{}", Lossy(text))),
            News::Item(Item::Retry(time)) if self.verbose => say(format_args!("reconnection time: {time:?}")),
            _ => {}
        }
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>) -> Result<(), Enough> {
        self.output.event(event).map_err(Enough::Output)?;
        self.tally.count(event.last_event_id);
        if self.wanted.is_some_and(|wanted| self.tally.events >= wanted) {
            self.settle(event.last_event_id)?;
            return Err(Enough::Events);
        }
        Ok(())
    }

    /// What was shown must be seen before it counts as seen.
    fn settle(&mut self, last_event_id: &[u8]) -> Result<(), Enough> {
        self.output.flush().map_err(Enough::Output)?;
        self.state.as_mut().map_or(Ok(()), |state| state.store(last_event_id)).map_err(Enough::State)
    }

    fn lost(&mut self, why: &Failure, wait: Duration, failures: u32) -> Result<(), Enough> {
        if self.opened == 0 && failures >= FIRST_ATTEMPTS {
            return Err(Enough::NeverOpened(why.clone()));
        }
        say(format_args!("{why}; next attempt in {}.{} s", wait.as_secs(), wait.subsec_millis() / 100));
        Ok(())
    }
}

/// How many events came, and whether ids that are numbers came in order.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) events: u64,
    /// Numbers that were left out.
    pub(crate) gaps: u64,
    /// Numbers that came again.
    pub(crate) duplicates: u64,
    last: Option<u64>,
}

impl Tally {
    fn count(&mut self, id: &[u8]) {
        self.events += 1;
        let Some(number) = str::from_utf8(id).ok().and_then(|id| id.parse::<u64>().ok()) else { return };
        match self.last {
            Some(last) if number <= last => self.duplicates += 1,
            Some(last) => self.gaps += number - last - 1,
            None => {}
        }
        self.last = self.last.max(Some(number));
    }
}
