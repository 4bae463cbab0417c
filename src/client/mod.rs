//! The client side: when to connect, when to give up a connection, and where to resume.
//!
//! Nothing here does I/O or reads a clock: you pass the time in, and report what happened on the network.
//!
//! [`Session`] is what most applications use: a decoder and the reconnection logic in one. [`Reconnect`] is the
//! reconnection logic alone, a state machine with five states. With both, you ask what to do with `poll`, do it, and
//! report the result.
//!
//! ```text
//!    new; restart, from every state
//!            |
//!            v       network_down
//!      +-----------+ ------------------> +-----------+
//! +--> |  Waiting  |                     |  Offline  | <--+
//! |    +-----------+ <------------------ +-----------+    |
//! |          |        network_up,             ^           |
//! |          |        network_changed         |           |
//! |          | connecting, once due           |           |
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
//! lost, ended, rejected, once the policy allows no more attempts or time: from Connecting and Open to Stopped
//! ended, if the policy stops at the end of the stream: from Open to Stopped
//! refused: from Connecting and Open to Stopped
//! close: from every state to Stopped
//! start_within: in Waiting and Offline, a later attempt
//! ```
//!
//! | state | `poll` returns | after the deadline |
//! |---|---|---|
//! | Waiting | `WaitUntil` | `Connect` |
//! | Offline | `WaitForNetwork` | |
//! | Connecting | `AwaitResponse` | `Disconnect` |
//! | Open | `Read` | `Disconnect` |
//! | Stopped | `Stop` | |
//!
//! | to decide | there is |
//! |---|---|
//! | how long to wait before the next attempt | [`Backoff`] and [`Spread`], with random numbers from a [`Jitter`] |
//! | all other limits: timeouts, number of attempts | [`Policy`] |
//! | what a response means | [`Response`], [`Rules`] and [`Verdict`] |
//! | whether a request may be sent again | [`Repeat`] |
//! | where a reconnect resumes | [`Resumption`] |
//!
//! ```
//! use core::time::Duration;
//! use embedded_sse::Decoder;
//! use embedded_sse::client::{Action, Instant, NoJitter, Policy, Reconnect, Session};
//!
//! let policy = Policy::standard().connect_timeout(Some(Duration::from_secs(10)));
//! let mut session = Session::new(Decoder::new([0; 256]), Reconnect::new(policy, NoJitter));
//! let now = Instant::from_millis(0);
//! assert!(matches!(session.poll(now), Action::Connect(_)));
//! ```

mod backoff;
mod header;
mod open;
mod policy;
mod reconnect;
mod response;
mod session;
mod setting;
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
