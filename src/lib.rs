//! Server-Sent Events (`text/event-stream`) without a heap, without I/O and without `unsafe`.
//!
//! This page walks from bytes to events, from events to connections that last, and from there to serving. Every part can be used
//! without the others. Features add bridges to other crates; none is on by default.
//!
//! # Bytes to events
//!
//! A [`Decoder`] takes the bytes that your transport received, in chunks of any size, cut anywhere. Call
//! [`next_event`](Decoder::next_event) until it returns `None`, then go on with the next chunk.
//!
//! ```
//! use embedded_sse::Decoder;
//!
//! let mut decoder = Decoder::new([0; 256]);
//! let mut seen = Vec::new();
//! for mut chunk in [&b"data: ligh"[..], b"t on\n\nevent: temperature\nda", b"ta: 21.5\n\n"] {
//!     while let Some(event) = decoder.next_event(&mut chunk) {
//!         let event = event?;
//!         seen.push((event.event_type_lossy().to_string(), event.data_lossy().to_string()));
//!     }
//! }
//! assert_eq!(seen[0], ("message".into(), "light on".into()));
//! assert_eq!(seen[1], ("temperature".into(), "21.5".into()));
//! # Ok::<(), embedded_sse::TooLong>(())
//! ```
//!
//! The event borrows from the chunk if it lies there as a whole, and from the decoder's buffer otherwise. The buffer has to hold the
//! longest event that two chunks share; an event that does not fit is reported once as [`TooLong`], and decoding goes on. To keep an
//! event, copy it to a [`FixedEvent`], or with the feature `alloc` to an `OwnedEvent`. If no buffer is large enough for your values,
//! a [`Tokenizer`] passes them on in pieces.
//!
//! # Events to bytes
//!
//! A [`Frame`] is built from values that cannot break the format: a type or an ID with a line break in it is an error when you make
//! it, at compile time with [`single_line!`] and [`event_id!`].
//!
//! ```
//! use embedded_sse::{Frame, event_id, single_line};
//!
//! let frame = Frame::new().event_type(single_line!("reading")).id(event_id!("8")).data("21.5");
//! let mut buffer = [0; 64];
//! assert_eq!(frame.encode(&mut buffer)?, b"event: reading\nid: 8\ndata: 21.5\n\n");
//! # Ok::<(), embedded_sse::BufferFull>(())
//! ```
//!
//! # Connections that last
//!
//! A [`client::Session`] is a decoder that also decides when to connect. You ask it what to do with [`poll`](client::Session::poll), do it, and report
//! what happened. It has no clock and no socket: time is an argument, and random numbers come from your [`client::Jitter`].
//!
//! ```
//! use embedded_sse::Decoder;
//! use embedded_sse::client::{Action, Instant, NoJitter, Policy, Reconnect, Response, Session, Verdict};
//!
//! let mut session = Session::new(Decoder::new([0; 256]), Reconnect::new(Policy::standard(), NoJitter));
//! let now = Instant::from_millis(0); // of your clock
//!
//! let Action::Connect(epoch) = session.poll(now) else { unreachable!("the first attempt is due at once") };
//! session.connecting(epoch, now);
//! // Send the request with `session.headers()`, and report the response.
//! let response = Response { status: 200, content_type: Some(b"text/event-stream"), ..Response::default() };
//! assert_eq!(session.responded(epoch, now, &response), Verdict::Accept);
//!
//! let mut chunk = &b"id: 7\ndata: light on\n\n"[..];
//! while let Some(event) = session.next_event(epoch, now, &mut chunk) {
//!     assert_eq!(event?.data, b"light on");
//! }
//!
//! session.lost(epoch, now); // the connection broke
//! let Action::WaitUntil(at) = session.poll(now) else { unreachable!("the policy waits") };
//! assert!(at > now);
//! assert_eq!(session.last_event_id(), b"7"); // which the next request sends
//! # Ok::<(), embedded_sse::TooLong>(())
//! ```
//!
//! With the features `embedded-io` and `embedded-io-async`, the drivers in [`io`] run this loop over any transport. On hosts,
//! `io::event_source::EventSource` does it over reqwest, hyper or ureq, in one call.
//!
//! If you must lose no event when the device restarts or the server has dropped some, add [`delivery`].
//!
//! # Serving
//!
//! A [`server::Replay`] keeps the last frames in a ring of a fixed size, and answers a `Last-Event-ID` with those that came after it.
//! Any number of clients read it at their own pace, each with a [`server::Cursor`]. On hosts, `io::http_body::Feed` does all of this.
//! A [`server::Schedule`] says when to send a heartbeat. [`server::HEADERS`] are the headers of the response.
//!
//! ```
//! use embedded_sse::server::{Replay, Resume};
//! use embedded_sse::{Frame, event_id};
//!
//! let mut replay = Replay::new([0; 256]);
//! replay.push(&Frame::new().id(event_id!("1")).data("on"))?;
//! replay.push(&Frame::new().id(event_id!("2")).data("off"))?;
//!
//! let Resume::Events(mut missed) = replay.after(b"1") else { unreachable!("the ring still holds event 2") };
//! assert_eq!(missed.next().unwrap().frame, b"id: 2\ndata: off\n\n");
//! assert_eq!(missed.next(), None);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # Memory
//!
//! [`sizing`] says how large buffers have to be, and how to build for a small core.
//!
//! # Rules
//!
//! The documentation cites the rules of the HTML Standard by number, such as [R33](crate::rules#r33). [`rules`] lists them, and the
//! points on which browsers disagree with the Standard or with each other.

#![no_std]
#![deny(clippy::alloc_instead_of_core, clippy::std_instead_of_core, clippy::std_instead_of_alloc)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(test, feature = "alloc"))]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod client;
pub mod codec;
pub mod delivery;
pub mod io;
mod jitter;
pub mod rules;
pub mod server;
pub mod sizing;
mod time;

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub use codec::OwnedEvent;
pub use codec::{
    Buffer, BufferFull, DataWriter, Decoder, Event, EventId, Field, FixedEvent, Found, Frame, FrameBytes, InvalidEvent,
    InvalidEventId, Item, LineBreak, Lossy, Segments, SetIdError, SingleLine, Step, Token, Tokenizer, TooLong,
};

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
