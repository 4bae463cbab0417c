//! Follows a stream through a journal on disk: each event is stored before it is printed, and committed after that.
//!
//! This module prints and commits. It must not decide which events are new or missing: the library does.

use core::fmt::{self, Display};
use core::time::Duration;
use std::fs;
use std::path::Path;

use clap::ValueEnum;
use embedded_sse::Event;
use embedded_sse::client::StopReason;
use embedded_sse::delivery::{
    Counts, Decimal, Delivery, EpochDecimal, JournalError, MillisCounter, Position, Sequence,
};
use embedded_sse::io::event_source::{
    EventSource, JournalledNews, JournalledSource, News, StoreError, SyncNeeded, Uncommitted,
};
use embedded_sse::io::{Durable, RedbJournal};
use http::{HeaderMap, StatusCode};
use reqwest::Url;

use crate::failure::Failure;
use crate::follower::{Enough, Follower};
use crate::messages::say;
use crate::shown::shown;

/// How the IDs of a stream count its events.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Numbering {
    /// 41, 42
    Decimal,
    /// a7:41, a7:42: a server that restarts changes the first part and counts again
    Epoch,
    /// 1526919030474-0, as in Redis: in order, but a missing one does not show
    Millis,
}

impl Sequence for Numbering {
    fn position(&self, id: &[u8]) -> Option<Position> {
        match self {
            Self::Decimal => Decimal.position(id),
            Self::Epoch => EpochDecimal.position(id),
            Self::Millis => MillisCounter.position(id),
        }
    }
}

/// Only the source makes changes durable: before it hands over what has arrived, and when it waits. A state that was
/// reported, but not printed before the process died, is then fetched again.
const DURABLE: Durable = Durable::Batch(u32::MAX);

/// The type of the events by which `serve` tells a gap.
const GAP: &str = "cut";

/// The type under which a fetched state is printed.
const STATE: &str = "state";

/// The longest time that the fetch of the state may take.
const FETCH: Duration = Duration::from_secs(30);

/// Puts the journal in this folder between the source and the application. With `is_synced`, a new journal begins with the
/// state.
pub(crate) fn open(
    source: EventSource,
    folder: &Path,
    numbering: Numbering,
    is_synced: bool,
) -> Result<JournalledSource, String> {
    let delivery = Delivery::new(numbering).gap_event(GAP);
    fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    let store = RedbJournal::open(folder.join("journal.redb"), DURABLE).map_err(|error| match error {
        JournalError::Store(error) if matches!(*error, redb::Error::DatabaseAlreadyOpen) => {
            "another tail is using it".into()
        }
        JournalError::Store(error) => error.to_string(),
        error => error.to_string(),
    })?;
    let source = source.journalled(delivery, store).map_err(|error| error.to_string())?;
    if is_synced { source.state_first().map_err(|error| error.to_string()) } else { Ok(source) }
}

/// Fetches the state from a URL.
pub(crate) struct Sync {
    pub(crate) http: reqwest::Client,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
}

impl Sync {
    /// Returns the state, and the ID of the last event in it; an empty one if the server does not say.
    async fn fetch(&self) -> Result<(Vec<u8>, Vec<u8>), String> {
        let request = self.http.get(self.url.clone()).headers(self.headers.clone()).timeout(FETCH);
        let failed = |error: reqwest::Error| Failure::from(error).to_string();
        let response = request.send().await.map_err(failed)?;
        if response.status() != StatusCode::OK {
            return Err(format!("the server answered {}", response.status()));
        }
        let id = response.headers().get("Last-Event-ID").map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        Ok((response.bytes().await.map_err(failed)?.to_vec(), id))
    }
}

impl Follower {
    /// Prints the stream until there is enough of it. Returns why it stopped, if it did.
    pub(crate) async fn keep(
        &mut self,
        source: &mut JournalledSource,
        sync: Option<&Sync>,
    ) -> Option<(StopReason, Option<Failure>)> {
        loop {
            let handled = match source.next().await {
                Ok(None) => return None,
                Ok(Some(JournalledNews::Event(event))) => self.kept(event),
                Ok(Some(JournalledNews::Sync(needed))) => self.missing(needed, sync).await,
                Ok(Some(JournalledNews::Connection(News::Stopped { reason, why }))) => {
                    return Some((reason, why.map(Failure::from)));
                }
                Ok(Some(JournalledNews::Connection(news))) => self.handle(news, None),
                Err(error) => Err(Enough::Journal(error)),
            };
            if let Err(enough) = handled {
                self.enough = Some(enough);
                return None;
            }
        }
    }

    fn kept(&mut self, event: Uncommitted<'_>) -> Result<(), Enough> {
        let printed = self.event(&event.as_event(), false);
        if !matches!(printed, Err(Enough::Output(_))) {
            event.commit().map_err(Enough::Journal)?;
        }
        printed
    }

    async fn missing(&mut self, needed: SyncNeeded<'_>, sync: Option<&Sync>) -> Result<(), Enough> {
        let Some(sync) = sync else {
            say(format_args!("events are missing {}; going on without them", After(needed.since())));
            return needed.synced("").map(drop).map_err(Enough::Journal);
        };
        let (state, id) = match sync.fetch().await {
            Ok(fetched) => fetched,
            Err(why) => {
                say(format_args!("no state: {why}; fetching it again soon"));
                needed.failed();
                return Ok(());
            }
        };
        let after = After(needed.since()).to_string();
        match needed.synced(&id) {
            Ok(true) => {
                say(format_args!("events are missing {after}; the state {} replaces them", After(&id)));
                let state = Event { event_type: STATE.as_bytes(), data: &state, last_event_id: &id };
                self.output.event(&state).map_err(Enough::Output)
            }
            Ok(false) => {
                say(format_args!("the state {} is too old; fetching it again soon", After(&id)));
                Ok(())
            }
            Err(error) => Err(Enough::Journal(error)),
        }
    }
}

/// Names a place in the stream.
struct After<'i>(&'i [u8]);

impl Display for After<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("from the start") } else { write!(f, "after event {:?}", shown(self.0)) }
    }
}

/// Commits what was printed for good, and says what was counted. Without `is_synced`, no state was fetched for any gap.
pub(crate) fn finish(source: &mut JournalledSource, follower: &Follower, is_synced: bool) -> Result<(), StoreError> {
    if !matches!(follower.enough, Some(Enough::Output(_))) {
        source.flush()?;
    }
    let Counts { gaps, syncs, duplicates } = source.counts();
    let (events, reconnects) = (follower.tally.events, follower.opened.saturating_sub(1));
    let syncs = if is_synced { syncs } else { 0 };
    say(format_args!(
        "{events} events, {reconnects} reconnects, gaps {gaps}, full syncs {syncs}, duplicates dropped {duplicates}"
    ));
    Ok(())
}
