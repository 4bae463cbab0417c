//! When to connect, and what was lost. Knows no clock, no socket and no bytes on the wire.

mod backoff;
mod policy;
mod time;

pub use backoff::{Backoff, Jitter, NoJitter, Spread};
pub use policy::Policy;
pub use time::Instant;
