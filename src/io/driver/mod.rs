//! Drives a [`Session`] over any asynchronous transport: yields events from one connection after another, and reconnects
//! when the session says so.
//!
//! 1. Implement [`Connect`] for your HTTP client, or copy `examples/connect`, which has it for `reqwless` and `edge-http`.
//! 2. Provide a [`Timer`], such as `EmbassyTimer` or `tokio::Clock`.
//! 3. Create a [`Driver`], pin what [`run`](Driver::run) returns, and wait for [`events`](Driver::events).
//!
//! A session repeats any request. If yours must not be sent twice, such as a POST, call
//! [`set_repeat`](Session::set_repeat). To spread the first attempts of many devices after a power cut, call
//! [`start_within`](Session::start_within) before you create the driver.
//!
//! # How it works
//!
//! The driver has two halves. [`Driver::run`] returns the transport's half: one future that connects, waits and reads,
//! and that owns the connection, even one that borrows from its client. [`Events`] is the application's half: it polls
//! that future while you wait for an event, and never drops it. You can therefore cancel a wait for an event at any
//! time: the connection, a connection attempt or a read in progress continues with the next wait. The session and the
//! chunk are borrowed by the [`Driver`], and the half that needs one of them takes it and puts it back. Nothing is locked
//! while a half waits, so the futures are `Send` with the feature `std` if their parts are.
//!
//! Before each read and each request, the transport's half checks with the session that it is still wanted. The session decides
//! when to connect, what a response means and how long a connection may be silent; the transport knows the URL.
//!
//! # No event lost
//!
//! By itself, a driver forgets the event that you were handling when the power fails, and it cannot tell what the server has
//! not sent. With [`Events::journalled`], each event is stored before you get it, and you commit it when it is handled. You
//! are told where events are missing, so that you can fetch the state. [`JournalledEvents`] has a program, and the module
//! [`delivery`](crate::delivery) explains which losses there are.
//!
//! For blocking transports, see [`driver_blocking`](super::driver_blocking).

#[cfg(feature = "embedded-io-async")]
mod asynchronous;
pub mod blocking;
#[cfg(feature = "embedded-io-async")]
mod desk;
#[cfg(feature = "embedded-io-async")]
mod events;
#[cfg(feature = "embedded-io-async")]
mod exchange;
mod failure;
#[cfg(feature = "embedded-io-async")]
mod journalled;
mod journalled_blocking;
mod journalled_news;
mod news;
mod next_error;
mod reports;
pub(super) mod request;
mod slot;

#[cfg(feature = "embedded-io-async")]
#[cfg_attr(docsrs, doc(cfg(feature = "embedded-io-async")))]
pub use asynchronous::{Connect, Driver, Timer};
#[cfg(feature = "embedded-io-async")]
#[cfg_attr(docsrs, doc(cfg(feature = "embedded-io-async")))]
pub use events::Events;
#[cfg(feature = "embedded-io-async")]
#[cfg_attr(docsrs, doc(cfg(feature = "embedded-io-async")))]
pub use exchange::Exchange;
pub use failure::Failure;
#[cfg(feature = "embedded-io-async")]
#[cfg_attr(docsrs, doc(cfg(feature = "embedded-io-async")))]
pub use journalled::JournalledEvents;
pub use journalled_news::JournalledNews;
pub use news::News;
pub use next_error::NextError;
pub use reports::{AllNews, EventsOnly};

use crate::client::{Action, Epoch, Instant, Jitter, Session};
use crate::codec::{Buffer, Decoder, Step};

/// A session over any memory.
type AnySession<B, I, J> = Session<Decoder<B, I>, J>;

/// [`Session::step`] or [`Session::step_item`].
type StepWith<S> = fn(&mut S, Epoch, Instant, &[u8]) -> Step;

/// Returns whether the session gives up what takes too long.
const fn is_late(action: Action) -> bool {
    matches!(action, Action::Disconnect(_))
}

/// Reports that the event returned last was the last one of the stream.
fn finish<B: Buffer, I: Buffer, J: Jitter>(session: &mut AnySession<B, I, J>, now: Instant) {
    match session.poll(now) {
        Action::Read { epoch, .. } | Action::Disconnect(epoch) => session.finished(epoch, now),
        _ => session.close(),
    }
}
