//! A session over any asynchronous transport: events for ever, one connection at a time.
//!
//! Does what the session says, and races it against the timer. Decides nothing: when to connect, what a response means and how
//! long a connection may be silent, the session knows; a URL, the transport.
//!
//! There are two halves. [`Driver::run`] is the transport's: one future that connects, waits and reads, and that owns whatever
//! connection there is, also one that borrows from its client. [`Events`] is the application's: it polls that future as long as
//! an event is waited for, and never drops it. So a wait for an event can be cancelled at any time; the connection, an attempt
//! to connect and a read that has begun are still there when it is waited for again. What the halves share lies in the
//! [`Driver`], the chunk that was read last too, in cells that no half holds while the other one runs.
//!
//! Before each read and each request the transport's half asks the session whether it is still wanted.

#[cfg(feature = "embedded-io-async")]
mod asynchronous;
pub mod blocking;
#[cfg(feature = "embedded-io-async")]
mod events;
#[cfg(feature = "embedded-io-async")]
mod exchange;
mod next_error;
pub(super) mod request;

#[cfg(feature = "embedded-io-async")]
#[cfg_attr(docsrs, doc(cfg(feature = "embedded-io-async")))]
pub use asynchronous::{Connect, Driver, Timer};
#[cfg(feature = "embedded-io-async")]
#[cfg_attr(docsrs, doc(cfg(feature = "embedded-io-async")))]
pub use events::Events;
#[cfg(feature = "embedded-io-async")]
#[cfg_attr(docsrs, doc(cfg(feature = "embedded-io-async")))]
pub use exchange::Exchange;
pub use next_error::NextError;
