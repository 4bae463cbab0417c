//! Handles the news of the stream: prints and counts events, stores the last event ID, reports problems, and decides
//! when to stop.
//!
//! This module uses the output and the state file. It must not depend on connections: the client reports what happens
//! to them.

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
}

impl Follower {
    pub(crate) fn new(output: Output, state: Option<StateFile>, wanted: Option<u64>, verbose: bool) -> Self {
        Self { output, state, wanted, verbose, tally: Tally::default(), opened: 0, enough: None }
    }

    pub(crate) fn listener(&mut self) -> Box<Listener<'_>> {
        Box::new(|news| match self.handle(news) {
            Ok(()) => ControlFlow::Continue(()),
            Err(enough) => {
                self.enough = Some(enough);
                ControlFlow::Break(())
            }
        })
    }

    fn handle(&mut self, news: News<'_>) -> Result<(), Enough> {
        match news {
            News::Item(Item::Event(event), has_id) => self.event(&event, has_id)?,
            News::TooLong(TooLong { field: Field::Comment, .. }) => {}
            News::TooLong(too_long) => say(format_args!("{too_long}; skipped")),
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
                let after = last_event_id.map_or(String::new(), |id| format!(" after event {id}"));
                say(format_args!("{target}{after}"));
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
