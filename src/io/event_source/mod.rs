//! A stream of events that connects, resumes and reconnects by itself, over reqwest, hyper or any other HTTP client.
//!
//! # A complete program
//!
//! It follows a feed with reqwest, and sends fresh credentials with each attempt:
//!
//! ```no_run
//! use embedded_sse::io::event_source::{BoxError, EventSource, News};
//! use http::HeaderMap;
//! use http::header::AUTHORIZATION;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), BoxError> {
//!     let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
//!     let request = http::Request::get("https://example.org/events").body("")?;
//!     let mut events = EventSource::new(request, move |request| client.execute(request))
//!         .headers(|| async { Ok(HeaderMap::from_iter([(AUTHORIZATION, token().await?.parse()?)])) });
//!     while let Some(news) = events.next().await {
//!         match news {
//!             News::Event(event) => println!("{}: {}", event.event_type_lossy(), event.data_lossy()),
//!             News::Lost { why, .. } => eprintln!("{why}"), // another attempt follows
//!             News::Stopped { reason, .. } => eprintln!("{reason}"),
//!             _ => {}
//!         }
//!     }
//!     Ok(())
//! }
//! # async fn token() -> Result<String, BoxError> { Ok("Bearer 42".into()) }
//! ```
//!
//! With these defaults, the source
//!
//! - resumes after the last event ID, and waits longer with each failure in a row ([`Policy::standard`]);
//! - gives up a connection whose heartbeats stop ([`Policy::learned_liveness`]), and an attempt after 30 s;
//! - tries again after temporary errors, no earlier than `Retry-After` allows, and stops at permanent ones
//!   ([`Rules::Resilient`]);
//! - follows redirects, remembers permanent ones, and sends no credentials to another origin;
//! - refuses a response with a content coding, which would delay events;
//! - skips an event of more than 1 MiB that does not arrive in one chunk, and reports it.
//!
//! It waits for the application: nothing is read while you handle an event.
//!
//! Without regular heartbeats there is no limit to a silence. If your server sends none, set [`Policy::liveness`].
//!
//! After status 401 or 403 the stream stops with [`StopReason::Credentials`]. Get new credentials and call
//! [`restart`](EventSource::restart). It connects at once: wait first if the new ones are refused too.
//!
//! # The streamed answer to one request
//!
//! A POST, such as a question to a language model, is sent once. If its answer breaks off, what you have is not the
//! whole answer: the source stops with an error, unless the answer has event IDs, from which it is resumed. Report the
//! event that marks the end; the source then closes the connection.
//!
//! ```
//! # use embedded_sse::io::event_source::Error;
//! use embedded_sse::io::event_source::EventSource;
//!
//! /// Returns the whole text of an answer that ends with `[DONE]`.
//! async fn text(answer: EventSource) -> Result<String, Error> {
//!     let (mut events, mut text) = (answer.events(), String::new());
//!     while let Some(event) = events.next().await {
//!         let event = event?; // the answer broke off, or the server refused the request
//!         match event.data() {
//!             b"[DONE]" => events.source().finished(),
//!             _ => text += &event.data_lossy().to_string(),
//!         }
//!     }
//!     Ok(text)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), http::Error> {
//! // An HTTP client that has the answer already. `String` is a body.
//! let ask = |answer: &'static str| {
//!     let request = http::Request::post("https://example.org/chat").body(r#"{"stream": true}"#);
//!     request.map(|request| EventSource::new(request, move |_: http::Request<&str>| async move {
//!         http::Response::builder().header("content-type", "text/event-stream").body(answer.to_owned())
//!     }))
//! };
//! let answer = text(ask("data: Hel\n\ndata: lo\n\ndata: [DONE]\n\n")?).await;
//! assert_eq!(answer.unwrap(), "Hello");
//! let error = text(ask("data: Hel\n\ndata: l")?).await.unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "the event stream is over: the request must not be repeated, and its response cannot be resumed: \
//!      the stream ended in the middle of an event"
//! );
//! # Ok(())
//! # }
//! ```
//!
//! If the answer simply ends, without such an event, set [`Policy::stop_at_end`]. Then an end in the middle of an event
//! and a broken connection are still errors, but an answer that a proxy ends between two events looks complete.
//!
//! [`Policy::standard`]: crate::client::Policy::standard
//! [`Policy::learned_liveness`]: crate::client::Policy::learned_liveness
//! [`Policy::liveness`]: crate::client::Policy::liveness
//! [`StopReason::Credentials`]: crate::client::StopReason::Credentials
//! [`Policy::stop_at_end`]: crate::client::Policy::stop_at_end
//! [`Rules::Resilient`]: crate::client::Rules::Resilient
//!
//! # Without a runtime
//!
//! [`EventSource::blocking`] takes a blocking HTTP client, whose bodies are `std::io::Read`, and
//! [`wait`](EventSource::wait) blocks the thread until something happens. The options and the news are the same.
//!
//! # No event lost
//!
//! By itself, a source forgets the events that you have not handled when the process dies, and it cannot tell what the server
//! has not sent. With [`journalled`](EventSource::journalled), each event is stored before you get it, and you commit it
//! when it is handled. You are told where events are missing, so that you can fetch the state. The module
//! [`delivery`](crate::delivery) explains which losses there are. This is a complete program:
//!
//! ```no_run
//! use embedded_sse::delivery::{Delivery, EpochDecimal};
//! use embedded_sse::io::event_source::{BoxError, EventSource, JournalledNews};
//! use embedded_sse::io::{Durable, RedbJournal};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), BoxError> {
//!     let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
//!     let request = http::Request::get("https://example.org/events").body("")?;
//!     let journal = RedbJournal::open("events.redb", Durable::Batch(256))?;
//!     let mut events = EventSource::new(request, move |request| client.execute(request))
//!         .journalled(Delivery::new(EpochDecimal).gap_event("cut"), journal)?
//!         .state_first()?;
//!     while let Some(news) = events.next().await? {
//!         match news {
//!             JournalledNews::Event(event) => {
//!                 handle(&event.data_lossy().to_string())?;
//!                 event.commit()?;
//!             }
//!             JournalledNews::Sync(needed) => match fetch_state().await {
//!                 Ok(id) => _ = needed.synced(id)?,
//!                 Err(error) => eprintln!("{error}; next attempt soon"),
//!             },
//!             JournalledNews::Connection(news) => eprintln!("{news:?}"),
//!         }
//!     }
//!     Ok(())
//! }
//! # fn handle(_: &str) -> Result<(), BoxError> { Ok(()) }
//! # /// Replaces what the application knows, and returns the ID of the last event in it.
//! # async fn fetch_state() -> Result<String, BoxError> { Ok("a7:41".into()) }
//! ```
//!
//! `handle` changes what the application knows, and `fetch_state` replaces it and returns the ID of the last event in it.
//!
//! # What this module does not do
//!
//! It sends requests, reads bodies and waits. It must not decide when to connect, what a response means or how long a
//! connection may be silent: the [`Session`](crate::client::Session) does.

mod attempt;
mod blocking;
mod events;
mod failure;
mod handle;
mod head;
mod journalled;
mod link;
mod location;
mod news;
mod next;
mod reader;
mod run;
mod source;
mod store;
mod target;

pub use events::{Error, Events};
pub use failure::Failure;
pub use handle::Handle;
pub use journalled::{JournalledNews, JournalledSource, SyncNeeded, Uncommitted};
pub use link::BoxError;
pub use news::News;
pub use source::EventSource;
pub use store::StoreError;
