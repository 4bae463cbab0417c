//! The result of one step of the machine.

use crate::codec::event::TooLong;

/// Reports what one call of [`Decoder::step`](crate::Decoder::step) or [`step_item`](crate::Decoder::step_item) did.
///
/// ```
/// use embedded_sse::{Decoder, Found};
///
/// let mut decoder = Decoder::new([0; 64]);
/// let chunk = b"data: x\n\ndata: y";
/// let step = decoder.step(chunk);
/// assert_eq!((step.consumed, step.found), (9, Some(Found::Event)));
/// assert_eq!(decoder.event(chunk).data, b"x");
///
/// let step = decoder.step(&chunk[step.consumed..]);
/// assert_eq!((step.consumed, step.found), (7, None)); // give it the next chunk
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Step {
    /// The number of bytes of the chunk that were consumed: all of them if nothing was found.
    pub consumed: usize,
    /// What the consumed bytes completed, if anything.
    pub found: Option<Found>,
}

/// Identifies what a [`Step`] completed.
///
/// ```
/// use embedded_sse::{Decoder, Found};
///
/// let mut decoder = Decoder::new([0; 64]);
/// let mut rest = &b": hi\nretry: 5000\ndata: x\n\n"[..];
/// let mut found = Vec::new();
/// loop {
///     let step = decoder.step_item(rest);
///     let Some(what) = step.found else { break };
///     found.push(what);
///     rest = &rest[step.consumed..];
/// }
/// assert_eq!(found, [Found::Comment, Found::Retry, Found::Event]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Found {
    /// An event. [`Decoder::event`](crate::Decoder::event) returns it.
    Event,
    /// A comment. [`Decoder::comment`](crate::Decoder::comment) returns it.
    Comment,
    /// A reconnection time. [`Decoder::reconnection_time`](crate::Decoder::reconnection_time) returns it.
    Retry,
    /// Something did not fit into the memory of the decoder and was left out.
    TooLong(TooLong),
}
