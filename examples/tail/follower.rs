//! What `tail` does with the news of its stream: shows it, counts it, stores how far it came, and has enough at some point.
//!
//! Knows the output and the state file; knows nothing of connections but what it is told.

use core::ops::ControlFlow;
use core::time::Duration;
use std::io;

use embedded_sse::client::Resumption;
use embedded_sse::{Event, Field, Item, TooLong};

use crate::client::failure::Failure;
use crate::client::shown::shown;
use crate::client::{Listener, News};
use crate::messages::say;
use crate::output::Output;
use crate::state::StateFile;
use crate::tally::Tally;

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
            News::Item(Item::Event(event), has_id) => self.event(&event, has_id)?,
            News::TooLong(TooLong { field: Field::Comment, .. }) => {}
            News::TooLong(too_long) => say(format_args!("{too_long}; it is left out")),
            News::Read { last_event_id } => self.settle(last_event_id)?,
            News::Lost { why, wait, failures } => self.lost(why, wait, failures)?,
            News::Attempt(resumption) => warn(resumption),
            News::Elsewhere(target) => say(format_args!("a redirect leads to another server: {target}")),
            News::Opened(version) => {
                self.opened += 1;
                if self.verbose {
                    say(format_args!("the stream is open, {version:?}"));
                }
            }
            News::Asking(target, headers) if self.verbose => {
                let last_event_id = headers.get("Last-Event-ID").map(|id| shown(id.as_bytes()));
                let from = last_event_id.map_or(String::new(), |id| format!(" from event {id} on"));
                say(format_args!("{target}{from}"));
            }
            News::Item(Item::Comment(text), _) if self.verbose => say(format_args!("comment:{}", shown(text))),
            News::Item(Item::Retry(time), _) if self.verbose => say(format_args!("reconnection time: {time:?}")),
            _ => {}
        }
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>, has_id: bool) -> Result<(), Enough> {
        self.output.event(event).map_err(Enough::Output)?;
        self.tally.count(event.last_event_id, has_id, &mut |text| say(text));
        if self.wanted.is_some_and(|wanted| self.tally.events >= wanted) {
            self.settle(event.last_event_id)?;
            return Err(Enough::Events);
        }
        Ok(())
    }

    /// What was shown is written: it counts as seen.
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

/// Says what the server is not told, though it would have to know.
fn warn(resumption: Resumption<'_>) {
    match resumption {
        Resumption::Unsendable(id) => say(format_args!(
            "no header can carry the last event ID {:?}: the server is not told it, and events may come twice or be missing",
            shown(id)
        )),
        Resumption::FromTrimmed(id) => say(format_args!(
            "HTTP takes away the blanks at the ends of the last event ID {:?}: the server sees another one",
            shown(id.0)
        )),
        _ => {}
    }
}
