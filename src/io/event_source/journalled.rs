//! An event source with a journal as the application sees it: each event is stored before it is handed over, and
//! committed when it is handled.
//!
//! This module holds values and hands them over. The order of things is in `reader.rs`.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use super::EventSource;
use super::blocking::wait;
use super::handle::Handle;
use super::link::BoxError;
use super::news::News;
use super::next::Next;
use super::reader::{Due, Reader};
use super::store::{Growing, Store, StoreError};
use crate::codec::{Lossy, OwnedEvent};
use crate::delivery::{Counts, Delivery, Journal, Sequence, Token};

/// An [`EventSource`] that loses no event on the way to the application: [`EventSource::journalled`] creates it.
///
/// - Each event goes to the journal before you get it. After a restart of the process, the events that were not committed
///   come first, also without a connection, and the stream is resumed after the last event in the journal.
/// - Repeated events are dropped. Where events are missing, you are asked to fetch the full state, once for all gaps until
///   then, and again with longer waits if that fails.
/// - A gap is also told by the event that you [named](Delivery::gap_event), by the header `Mercure-Last-Event-ID` or
///   `Last-Event-ID` of a response, and by an event that was too long and was skipped.
/// - When 64 events wait for you, or the journal is full, nothing is read, so that TCP makes the server wait. That is no
///   silence of the server.
///
/// It is `Send`, has no type parameters and borrows nothing, as the source.
///
/// # What it costs
///
/// A journal on a disk blocks the thread while it writes. With [`Durable::Batch`](crate::io::Durable::Batch) there is one
/// write for all events that have arrived together, before you get the first of them, and one when nothing more has
/// arrived. Give the source a task of its own.
///
/// # Example
///
/// ```
/// use embedded_sse::delivery::{Decimal, Delivery, RamRing};
/// use embedded_sse::io::event_source::{EventSource, JournalledNews, StoreError};
///
/// async fn follow(source: EventSource) -> Result<(), StoreError> {
///     let mut events = source.journalled(Delivery::new(Decimal), RamRing::new([0; 1 << 16]))?;
///     while let Some(news) = events.next().await? {
///         match news {
///             JournalledNews::Event(event) => {
///                 println!("{}", event.data_lossy());
///                 event.commit()?;
///             }
///             JournalledNews::Sync(needed) => match fetch_state().await {
///                 Some(id) => _ = needed.synced(id)?,
///                 None => needed.failed(), // you are asked again later
///             },
///             JournalledNews::Connection(news) => eprintln!("{news:?}"),
///         }
///     }
///     Ok(())
/// }
///
/// /// Returns the ID of the last event in the state.
/// async fn fetch_state() -> Option<&'static str> {
///     Some("8")
/// }
/// #
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), embedded_sse::io::event_source::BoxError> {
/// # let mut bodies = ["id: 5\ndata: on\n\n", "id: 8\ndata: off\n\nid: 9\ndata: on\n\n"].into_iter();
/// # let source = EventSource::new(http::Request::get("https://example.org/").body("")?, move |_: http::Request<&str>| {
/// #     let response = http::Response::builder().header("content-type", "text/event-stream");
/// #     let response = match bodies.next() {
/// #         Some(body) => response.body(body.to_owned()),
/// #         None => response.status(204).body(String::new()),
/// #     };
/// #     async { response }
/// # });
/// # let soon = embedded_sse::client::Backoff::fixed(core::time::Duration::ZERO);
/// # follow(source.policy(embedded_sse::client::Policy::new(soon))).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "an event source does nothing unless it is polled"]
pub struct JournalledSource {
    reader: Reader,
}

impl EventSource {
    /// Puts a journal between the source and the application; see [`JournalledSource`].
    ///
    /// Set all options of the source before. The stream starts after the last event in the journal. A journal that has none
    /// yet begins after the source's [last event ID](Self::last_event_id); see also
    /// [`state_first`](JournalledSource::state_first).
    ///
    /// # Errors
    ///
    /// The journal cannot be read, or its last ID cannot be resumed from.
    pub fn journalled<P, S>(self, delivery: Delivery<P>, store: S) -> Result<JournalledSource, StoreError>
    where
        P: Sequence + Send + 'static,
        S: Journal<Error: Into<BoxError>> + Send + 'static,
    {
        let mut store: Box<dyn Store> = Box::new(Growing::new(delivery, store)?);
        store.begin_after(self.current_id())?;
        Ok(JournalledSource { reader: Reader::new(self, store, JournalledSource::AHEAD) })
    }
}

impl JournalledSource {
    /// The number of events that may wait for the application, unless you set [another one](Self::read_ahead): 64.
    pub const AHEAD: usize = 64;

    /// Asks for the full state before anything else if the journal is new. That counts as a gap.
    ///
    /// Without this, a stream that was never followed before begins wherever the server begins it, or after the source's
    /// [last event ID](EventSource::last_event_id).
    ///
    /// # Errors
    ///
    /// The journal failed.
    pub fn state_first(mut self) -> Result<Self, StoreError> {
        let now = self.reader.source.now();
        self.reader.store.begin_with_gap(now)?;
        Ok(self)
    }

    /// Sets how many events may wait in the journal for the application. 0 counts as 1. With more of them there are fewer
    /// disk writes, and more events can arrive while a state cannot be fetched.
    pub fn read_ahead(mut self, events: usize) -> Self {
        self.reader.ahead = events.max(1);
        self
    }

    /// Waits for what the application has to do next. Returns `None` after [`News::Stopped`], once all events are
    /// committed; you may call it again after a [restart](Handle::restart).
    ///
    /// # Errors
    ///
    /// The journal failed. The connection stays open, and nothing is read. What could not be stored is tried again with the
    /// next call.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe, as [`EventSource::next`] is.
    pub async fn next(&mut self) -> Result<Option<JournalledNews<'_>>, StoreError> {
        let due = Next(&mut self.reader).await.transpose()?;
        Ok(due.map(|due| self.news(due)))
    }

    /// Blocks this thread until there is something to do; otherwise like [`next`](Self::next). See [`EventSource::wait`].
    ///
    /// # Errors
    ///
    /// See [`next`](Self::next).
    pub fn wait(&mut self) -> Result<Option<JournalledNews<'_>>, StoreError> {
        let is_reading = self.reader.source.is_reading.clone();
        let due = wait(&mut self.reader, is_reading.as_deref()).transpose()?;
        Ok(due.map(|due| self.news(due)))
    }

    fn news(&mut self, due: Due) -> JournalledNews<'_> {
        let reader = &mut self.reader;
        match due {
            Due::Event(event, token) => JournalledNews::Event(Uncommitted { event, token, reader }),
            Due::Sync(since) => {
                reader.store.fetching();
                JournalledNews::Sync(SyncNeeded { since, is_synced: false, reader })
            }
            Due::News(news) => JournalledNews::Connection(news),
        }
    }

    /// Returns once all commits so far are safe, for a journal that writes in batches: none of these events comes again
    /// after a crash. The source does that itself when nothing more has arrived.
    ///
    /// # Errors
    ///
    /// The journal failed. Which commits are safe is not known.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        self.reader.store.flush()
    }

    /// Returns what has been counted so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.reader.store.counts()
    }

    /// Returns a handle for other tasks. When you close the stream with it, the events in the journal still come.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.reader.source.handle()
    }
}

/// What the application has to do next, as returned by [`JournalledSource::next`].
///
/// ```
/// use embedded_sse::io::event_source::{JournalledNews, StoreError};
///
/// fn skip_all(news: JournalledNews<'_>) -> Result<(), StoreError> {
///     match news {
///         JournalledNews::Event(event) => event.commit(),
///         JournalledNews::Sync(needed) => needed.synced("").map(drop),
///         JournalledNews::Connection(_) => Ok(()),
///     }
/// }
/// ```
#[derive(Debug)]
pub enum JournalledNews<'s> {
    /// Handle this event, and then commit it.
    Event(Uncommitted<'s>),
    /// Events are missing: fetch the full state.
    Sync(SyncNeeded<'s>),
    /// Something has happened to the connection, after all events before. Never [`News::Event`].
    Connection(News),
}

/// An event that is in the journal and was not committed. It dereferences to the event.
///
/// There is one at a time, so that events cannot be committed out of order. If you drop it, the same event comes again.
///
/// ```
/// use embedded_sse::io::event_source::{StoreError, Uncommitted};
///
/// fn handle(event: Uncommitted<'_>) -> Result<(), StoreError> {
///     println!("{}: {}", event.event_type_lossy(), event.data_lossy());
///     event.commit()
/// }
/// ```
#[must_use = "an event that is not committed comes again"]
pub struct Uncommitted<'s> {
    event: OwnedEvent,
    token: Token,
    reader: &'s mut Reader,
}

impl Uncommitted<'_> {
    /// Reports that the event is handled.
    ///
    /// With a journal that writes in batches, the event can come again after a crash, until the next
    /// [`flush`](JournalledSource::flush).
    ///
    /// # Errors
    ///
    /// The journal failed. Whether the event is committed is not known.
    pub fn commit(self) -> Result<(), StoreError> {
        self.reader.commit(self.token)
    }
}

impl Deref for Uncommitted<'_> {
    type Target = OwnedEvent;

    fn deref(&self) -> &OwnedEvent {
        &self.event
    }
}

/// Events are missing. Fetch the full state, and report it.
///
/// Nothing is read meanwhile. If you drop this, the fetch counts as [failed](Self::failed).
///
/// ```
/// use embedded_sse::io::event_source::{StoreError, SyncNeeded};
///
/// fn fetched(needed: SyncNeeded<'_>, state: Option<(String, &str)>) -> Result<(), StoreError> {
///     match state {
///         Some((state, id)) => match needed.synced(id)? {
///             true => println!("the state is {state}"),
///             false => eprintln!("the state is too old"),
///         },
///         None => needed.failed(),
///     }
///     Ok(())
/// }
/// ```
#[must_use = "a state that is not reported counts as one that could not be fetched"]
pub struct SyncNeeded<'s> {
    since: Vec<u8>,
    is_synced: bool,
    reader: &'s mut Reader,
}

impl SyncNeeded<'_> {
    /// Returns the ID of the last event before the gap. Empty if there is none.
    #[must_use]
    pub fn since(&self) -> &[u8] {
        &self.since
    }

    /// Reports that the application has the state, which contains all events up to the one with this ID. Those of them that
    /// are in the journal do not come any more. With an empty ID, it is not known which ones the state contains, and none
    /// is dropped.
    ///
    /// Returns `false` if the state is too old to close the gap. You are asked for another one after a wait.
    ///
    /// # Errors
    ///
    /// The journal failed, or a header cannot carry the ID. You are asked for the state again.
    pub fn synced(mut self, id: impl AsRef<[u8]>) -> Result<bool, StoreError> {
        self.is_synced = self.reader.synced(id.as_ref())?;
        Ok(self.is_synced)
    }

    /// Reports that the state could not be fetched. You are asked again after a wait: 1 s at first, and at most 60 s.
    pub fn failed(self) {}
}

impl Drop for SyncNeeded<'_> {
    fn drop(&mut self) {
        if !self.is_synced {
            self.reader.failed();
        }
    }
}

impl fmt::Debug for JournalledSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalledSource").finish_non_exhaustive()
    }
}

impl fmt::Debug for Uncommitted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Uncommitted").field(&self.event).finish()
    }
}

impl fmt::Debug for SyncNeeded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncNeeded").field("since", &Lossy(&self.since)).finish_non_exhaustive()
    }
}
