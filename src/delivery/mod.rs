//! Between the client and the application: which events are new, what is missing, and what the application is done with.
//!
//! Nothing here does I/O or reads a clock. You report what was received, and get advice.
//!
//! ```text
//! session ------> continuity ------> journal ------> application
//!         event      |        record         event |     |
//!                    |        or gap               |     | token: committed
//!                    v                             v     v
//!                 duplicate:               gap: fetch   where a reconnect
//!                 dropped                  the state    resumes
//! ```
//!
//! # What is lost without it
//!
//! `Last-Event-ID` is the ID of the last event that was *read*. That is not enough:
//!
//! | events are lost or come twice because | remedy | what it costs |
//! |---|---|---|
//! | the process dies after it has read an event and before it has handled it | [`Cursor`]: a reconnect resumes after the last event that was *committed* | two IDs in RAM, and one that you store after each commit and [set](Cursor::set) at the start; the server sends some events again |
//! | the application must work while the server is out of reach, or must resume where it stopped reading | a [`Journal`]: each event is stored before it is handled | `RedbJournal`: a disk write for each event or batch; `FlashJournal`: wear, see there |
//! | the server has dropped what was missed, and says nothing | [`Continuity`]: a number in the ID is missing | IDs that count: [`Decimal`], [`EpochDecimal`] |
//! | the server has dropped what was missed, and says so | [`Delivery::gap_event`], [`Delivery::gap_in_response`] | an event of a type of its own, as at [`Resume::Cut`](crate::server::Resume::Cut), or the header of a Mercure hub |
//! | the server restarts and counts again | [`EpochDecimal`], [`Restart`] | an epoch in the ID |
//! | what is missing cannot be sent again | [`FullSync`]: the application fetches the state, once for all gaps until then | a request that returns the state and the ID of the last event in it |
//! | the state is on its way, and events that it contains come too | [`Synced`]: those are dropped, the others are not | they wait in the journal, or in the connection |
//! | the server sends events again | [`Verdict::Duplicate`]: dropped and counted | nothing |
//! | the application is slower than the stream | the journal is full ([`Kept::Full`]) or the event before is not committed ([`CursorError::Busy`]): stop reading, and TCP makes the server wait. `RedbJournal` is never full: limit the records yourself | nothing; set no timeout that takes this for a silence: [`Session::resumed`](crate::client::Session::resumed) |
//!
//! Four cases remain:
//!
//! - An event that does not fit into the decoder or into an empty journal is skipped and reported. With IDs that count, the next
//!   event shows the gap.
//! - An event without an ID is lost with its connection, and nothing shows that.
//! - With IDs that are only in order ([`MillisCounter`]), you cannot see that the server has dropped events.
//! - An event that was handled, but not committed when the power failed, comes again. Commit it in the same transaction as
//!   what it changes, or make handling it twice harmless.
//!
//! # A program that has all of it
//!
//! On a host, `EventSource::journalled` does the following for you; the page of `io::event_source` has a program of 20 lines. On
//! a device, the drivers do, with `Events::journalled` of `io::driver` and `io::driver_blocking`.
//!
//! With a session of your own, the task that reads calls [`receive`](Journalled::receive), and before each attempt
//! [`resume_from`](Journalled::resume_from). The task that handles does what [`peek`](Journalled::peek) returns. This program has a
//! [`RamRing`], which forgets everything at a loss of power: put a `FlashJournal` in its place, with [`JournalledAsync`], or a
//! `RedbJournal`.
//!
//! ```
//! use embedded_sse::client::{Instant, NoJitter, Policy, Reconnect, Session};
//! use embedded_sse::delivery::{Decimal, Delivery, Journalled, Kept, Next, RamRing, SyncAction};
//! # use embedded_sse::client::{Action, Response};
//! # use embedded_sse::{Decoder, Event};
//! # fn show(event: &Event<'_>) { assert_eq!(event.data, b"on") }
//! # fn fetch_state() -> Option<&'static [u8]> { Some(b"8") }
//! # let now = Instant::ZERO;
//! # let mut bytes = &b"id: 9\ndata: on\n\n"[..];
//!
//! let mut session = Session::new(Decoder::new([0; 256]), Reconnect::new(Policy::standard(), NoJitter));
//! let mut journal = Journalled::new(Delivery::new(Decimal), RamRing::new([0; 1024]), [0; 300])?;
//!
//! // Before each attempt. Once the request is sent, clear the ID, so that a repeated event is recognized.
//! session.set_last_event_id(journal.resume_from()?)?;
//! # let Action::Connect(epoch) = session.poll(now) else { unreachable!() };
//! # session.connecting(epoch, now);
//! # session.responded(epoch, now, &Response { status: 200, content_type: Some(b"text/event-stream"), ..Response::default() });
//! session.set_last_event_id(b"")?;
//! journal.connected(b"");
//!
//! // For each chunk.
//! while let Some(event) = session.next_event(epoch, now, &mut bytes) {
//!     match journal.receive(&event?)? {
//!         Kept::Full => break,      // and report `lost`, or keep a `FixedEvent` of it to pass again after a commit
//!         Kept::Reconnect => break, // and report `lost`
//!         Kept::Stored | Kept::Duplicate | Kept::Announced => {}
//!     }
//! }
//!
//! // In the application.
//! loop {
//!     match journal.peek()? {
//!         Next::Event(event, token) => {
//!             show(&event);
//!             journal.commit(token)?;
//!         }
//!         Next::Sync { .. } => {
//!             if journal.poll(now) != SyncAction::Fetch {
//!                 break;
//!             }
//!             journal.fetching();
//!             let is_synced = match fetch_state() {
//!                 Some(id) => journal.synced(id)?,
//!                 None => false,
//!             };
//!             if !is_synced {
//!                 journal.failed(now, &mut NoJitter); // `poll` says when to fetch it again
//!             }
//!         }
//!         Next::Nothing => break,
//!     }
//! }
//! # assert_eq!(journal.resume_from()?, b"9");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! At the very first start, the application has no state. Fetch it, and call `store.commit(Serial::START, id)` with its ID before
//! you pass the store to [`Journalled::new`]. Without a journal, call [`Cursor::set`].
//!
//! # Between two tasks
//!
//! There is no queue here, because every executor has one: tokio's `mpsc::channel(64)`, or embassy-sync's
//! `Channel<_, FixedEvent<N>, 64>`. *Wait* for room in it. The task that reads then reads nothing, the buffer of the socket
//! fills, and TCP makes the server wait. Between the server and the application are at most 64 events, one in each task, one
//! chunk and the buffers of the sockets, however slow the application is:
//!
//! ```
//! use embassy_sync::blocking_mutex::raw::NoopRawMutex;
//! use embassy_sync::channel::Channel;
//! # use core::convert::Infallible;
//! # use embedded_sse::client::{Jitter, Session};
//! use embedded_sse::io::driver::{Events, NextError, Timer};
//! use embedded_sse::{Decoder, FixedEvent};
//!
//! type Waiting = Channel<NoopRawMutex, FixedEvent<256>, 64>;
//!
//! # type Source<'d, J, W, R> = Events<'d, Session<Decoder<[u8; 512]>, J>, W, R>;
//! # async fn reads<J: Jitter, W: Timer, R: Future<Output = Infallible> + Unpin>(
//! #     events: &mut Source<'_, J, W, R>, waiting: &Waiting,
//! # ) {
//! // In the task that reads.
//! while let Ok(event) = events.next().await {
//!     if let Ok(event) = FixedEvent::new(&event) {
//!         waiting.send(event).await; // for as long as it takes
//!     }
//! }
//! # }
//! # async fn handles(waiting: &Waiting) {
//! // In the task that handles.
//! loop {
//!     let event = waiting.receive().await;
//!     println!("{event:?}");
//! }
//! # }
//! ```
//!
//! A task that waits for room does not take that for a silence of the server: the drivers and the event source count only the
//! time in which they are asked for an event. With a [`Session`](crate::client::Session) of your own, report
//! [`resumed`](crate::client::Session::resumed). The server may have a limit of its own to how long it waits for a
//! client. A reconnect then resumes after the last event that was read, so what is in the channel is not sent again.
//!
//! What is in the channel is lost with the process. A [`Journal`] between the two tasks keeps it.

mod asynchronous;
mod continuity;
mod cursor;
#[allow(clippy::module_inception, reason = "the type that joins the others")]
mod delivery;
mod full_sync;
mod journal;
mod journalled;
mod position;
mod record;
mod ring;

pub use asynchronous::JournalledAsync;
pub use continuity::{Continuity, Verdict};
pub use cursor::{Cursor, CursorError, Token};
pub use delivery::{Advice, Counts, Delivery, Gap, Reading, Restart, Synced};
pub use full_sync::{FullSync, SyncAction};
pub use journal::{AsyncJournal, Journal, JournalError, ReadResult, Serial};
pub use journalled::{Journalled, Kept, Next};
pub use position::{Decimal, EpochDecimal, MillisCounter, Position, Sequence};
pub use record::Record;
pub use ring::RamRing;
