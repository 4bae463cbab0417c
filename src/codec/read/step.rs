//! What one step of the machine did: the word between the machine and those who lend it memory.

use crate::codec::event::TooLong;

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Step {
    /// How many bytes of the chunk are done with. All of them when nothing was found.
    pub consumed: usize,
    /// What stands at the end of them.
    pub found: Option<Found>,
}

/// What a step has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Found {
    /// An event: [`Decoder::event`](crate::Decoder::event) lends it.
    Event,
    /// A comment: [`Decoder::comment`](crate::Decoder::comment) lends it.
    Comment,
    /// A reconnection time, which is now [`Decoder::reconnection_time`](crate::Decoder::reconnection_time).
    Retry,
    /// Something had no room.
    TooLong(TooLong),
}
