//! When to connect, and what was lost. Knows no clock, no socket and no bytes on the wire.
//!
//! [`Reconnect`] is a machine of five states. The caller asks what to do ([`Reconnect::poll`]), does it, and reports facts;
//! [`Session`] is the same with a decoder in it.
//!
//! ```text
//!    new, and restart from every state
//!            |
//!            v       network_down
//!      +-----------+ ------------------> +-----------+
//! +--> |  Waiting  |                     |  Offline  | <--+
//! |    +-----------+ <------------------ +-----------+    |
//! |          |        network_up,             ^           |
//! |          |        network_changed         |           |
//! |          | connecting, when due           |           |
//! |          v                                |           |
//! |    +-----------+                          |           |
//! +--- | Connecting| -------------------------+           |
//! |    +-----------+  network_down                        |
//! |          |                                            |
//! |          | opened                                     |
//! |          v                                            |
//! |    +-----------+                                      |
//! +--- |   Open    | -------------------------------------+
//!      +-----------+  network_down
//!
//! lost, ended, rejected, network_changed: from Connecting and Open to Waiting
//! refused: from Connecting and Open to Stopped, and so are
//!     the losses for which the policy has no attempt or no time left, and the end of a stream if it says so
//! close: from every state to Stopped
//! ```
//!
//! | state | what `poll` answers | and when its time is over |
//! |---|---|---|
//! | Waiting | `WaitUntil` | `Connect` |
//! | Offline | `WaitForNetwork` | |
//! | Connecting | `AwaitResponse` | `Disconnect` |
//! | Open | `Read` | `Disconnect` |
//! | Stopped | `Stop` | |
//!
//! Who owns which fact: delays are computed in `backoff.rs`, transitions are made in `reconnect.rs`, status codes mean what
//! `response.rs` says, and a header is read in `header.rs`.

mod backoff;
mod header;
mod open;
mod policy;
mod reconnect;
mod response;
mod session;
mod stop_reason;

pub use backoff::{Backoff, Spread};
#[cfg(feature = "embedded-io")]
pub(crate) use header::is_token;
pub use open::Heard;
pub use policy::Policy;
pub use reconnect::{Action, Epoch, Reconnect};
pub use response::{Response, Rules, Verdict};
pub use session::{Repeat, Resumption, Session};
pub use stop_reason::StopReason;

pub use crate::jitter::{Jitter, NoJitter};
pub use crate::time::Instant;
