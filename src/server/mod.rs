//! The server side: response headers, keep-alive, the end of a response, and replay for clients that reconnect.
//!
//! Nothing here does I/O or reads a clock: you pass the time in. [`Frame`](crate::Frame) encodes the events.
//!
//! 1. Begin the response with [`HEADERS`].
//! 2. Look up the client's `Last-Event-ID` header with [`Replay::resume`], which returns the client's [`Cursor`].
//! 3. Write what [`Replay::next`] returns: first what the client missed, then each new event when it happens. Between
//!    events, do what the [`Schedule`] of the connection returns.
//!
//! ```
//! use core::time::Duration;
//! use embedded_sse::client::Instant;
//! use embedded_sse::server::{HEADERS, Next, Replay, Schedule, Turn};
//! use embedded_sse::{Frame, event_id, single_line};
//!
//! let mut replay = Replay::new([0; 1024]); // one for all clients
//! replay.push(&Frame::new().id(event_id!("1")).data("light on"))?;
//! replay.push(&Frame::new().id(event_id!("2")).data("light off"))?;
//!
//! // A client reconnects with `Last-Event-ID: 1`.
//! let mut response = Vec::from("HTTP/1.1 200 OK\r\n");
//! for (name, value) in HEADERS {
//!     response.extend(format!("{name}: {value}\r\n").bytes());
//! }
//! response.extend(b"connection: close\r\n\r\n");
//! let mut cursor = replay.resume(b"1").unwrap_or(replay.end());
//! loop {
//!     match replay.next(&mut cursor) {
//!         Next::Frame(kept) => response.extend(kept.frame),
//!         // Some events are gone. An event without an ID says so.
//!         Next::Cut => response.extend_from_slice(Frame::new().event_type(single_line!("cut")).data("").encode(&mut [0; 32])?),
//!         _ => break, // wait for the next event
//!     }
//! }
//! assert!(response.ends_with(b"id: 2\ndata: light off\n\n"));
//!
//! let mut schedule = Schedule::new(Instant::from_millis(0)).keep_alive(Duration::from_secs(15));
//! let now = Instant::from_millis(15_000);
//! if schedule.poll(now) == Turn::KeepAlive {
//!     response.extend_from_slice(Frame::KEEP_ALIVE.encode(&mut [0; 8])?);
//!     schedule.wrote(now);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Restarts
//!
//! After a restart the history is empty, and a server that counts from 1 again uses IDs a second time. Let each ID begin
//! with an *epoch*, a number that no other start has, as [`EventId::in_epoch`](crate::EventId::in_epoch) does. An ID from
//! before the restart is then not found, and the client gets [`Resume::Cut`]. A client that compares IDs notices the new epoch
//! by itself, and fetches the full state once: [`delivery::EpochDecimal`](crate::delivery::EpochDecimal).
//!
//! | epoch | it is new at each start if |
//! |---|---|
//! | a boot counter in flash or in a file | it is written before the first event |
//! | the time of the start, in milliseconds since 1970 | the clock is set before the first event, and is never set back |
//! | a random number of 64 bits | the generator is seeded from a source that differs from start to start |
//!
//! The time since the start, the version of the firmware or a serial number are the same again after a restart.
//!
//! ```
//! use embedded_sse::delivery::{Advice, Delivery, EpochDecimal};
//! use embedded_sse::{Event, EventId};
//!
//! let mut client = Delivery::new(EpochDecimal);
//! let mut gaps = 0;
//! for (boot, number) in [(41, 1), (41, 2), (42, 1), (42, 2)] { // the boot counter is 42 after the restart
//!     let mut text = [0; 41];
//!     let last_event_id = EventId::in_epoch(boot, number, &mut text).as_str().as_bytes();
//!     let event = Event { event_type: b"message", data: b"", last_event_id };
//!     if let Advice::Gap(gap) = client.received(&event) {
//!         gaps += 1;
//!         client.sync_needed(&gap); // fetch the state, which is that after event 1
//!         let state = client.synced(last_event_id).unwrap();
//!         client.resume_after(&state);
//!     } else {
//!         client.kept(&event);
//!     }
//! }
//! assert_eq!(gaps, 1);
//! ```
//!
//! # A history that outlives a restart
//!
//! Keep the frames in a [`Journal`](crate::delivery::Journal) too, and fill the [`Replay`] from it at the start. The numbers
//! then continue after the last ID of the journal, and no epoch is needed.
//!
//! ```
//! use embedded_sse::delivery::{Journal, JournalError, RamRing, Record, Serial};
//! use embedded_sse::server::{Replay, Resume};
//! use embedded_sse::{Event, Frame};
//!
//! /// Call this for each event, before it is sent. The oldest ones make room.
//! fn keep<J: Journal>(journal: &mut J, event: Event<'_>) -> Result<(), JournalError<J::Error>> {
//!     while let Err(error) = journal.append(&Record::Event { event, has_id: true }) {
//!         match (error, journal.read(Serial::START, &mut [0; 256])?) {
//!             (JournalError::Full, Some((oldest, _))) => journal.commit(oldest, b"")?,
//!             (error, _) => return Err(error),
//!         }
//!     }
//!     Ok(())
//! }
//!
//! /// Call this at the start.
//! fn restore<J: Journal>(journal: &mut J, replay: &mut Replay<[u8; 512]>) -> Result<(), JournalError<J::Error>> {
//!     let (mut after, mut buffer) = (Serial::START, [0; 256]);
//!     while let Some((serial, record)) = journal.read(after, &mut buffer)? {
//!         if let Record::Event { event, .. } = record {
//!             if let Ok(frame) = Frame::try_from(&event) {
//!                 let _ = replay.push(&frame); // a frame that is too long leads to `Resume::Cut`
//!             }
//!         }
//!         after = serial;
//!     }
//!     Ok(())
//! }
//!
//! let mut journal = RamRing::new([0; 128]); // `FlashJournal` or `RedbJournal` outlive the restart
//! for id in 1..=9 {
//!     let id = id.to_string();
//!     keep(&mut journal, Event { event_type: b"message", data: b"light on", last_event_id: id.as_bytes() })?;
//! }
//! let mut replay = Replay::new([0; 512]);
//! restore(&mut journal, &mut replay)?;
//! assert_eq!(replay.newest_id(), Some(&b"9"[..]));
//! assert!(matches!(replay.after(b"8"), Resume::Events(_)));
//! # Ok::<(), JournalError<core::convert::Infallible>>(())
//! ```

mod replay;
mod schedule;

pub use replay::{Cursor, Frames, Kept, Next, PushError, Replay, Resume};
pub use schedule::{Schedule, Turn};

/// The names and values of the headers that a response with events needs. The names are in lower case, as HTTP/2
/// requires.
///
/// | header | value | effect |
/// |---|---|---|
/// | `content-type` | `text/event-stream` | Clients only accept this type. |
/// | `cache-control` | `no-cache` | Caches do not store the stream. |
/// | `x-accel-buffering` | `no` | nginx forwards each event at once. |
///
/// ```
/// use embedded_sse::server::HEADERS;
///
/// let mut head = String::from("HTTP/1.1 200 OK\r\n");
/// for (name, value) in HEADERS {
///     head += &format!("{name}: {value}\r\n");
/// }
/// head += "\r\n";
/// assert!(head.contains("content-type: text/event-stream\r\n"));
/// ```
pub const HEADERS: [(&str, &str); 3] =
    [("content-type", "text/event-stream"), ("cache-control", "no-cache"), ("x-accel-buffering", "no")];
