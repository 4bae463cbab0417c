//! Decodes and encodes `text/event-stream`: bytes to events, and events to bytes.
//!
//! This module does no I/O and uses neither a clock nor a connection. [`Decoder`] reads, [`Frame`] writes, and
//! [`Tokenizer`] reads values that no buffer can hold.
//!
//! The format, as section 9.2.5 of the HTML Standard defines it:
//!
//! ```text
//! stream  = [ U+FEFF ] *event
//! event   = *( comment / field ) end-of-line      a blank line dispatches the event
//! comment = ":" *any-char end-of-line             ignored; keeps the connection alive
//! field   = 1*name-char [ ":" [ " " ] *any-char ] end-of-line
//! end-of-line = CR LF / LF / CR
//! ```
//!
//! | field | effect of its value |
//! |---|---|
//! | `data` | one line of the event's data; lines are joined by LF |
//! | `event` | the event's type; `message` if there is none |
//! | `id` | becomes the last event ID at the blank line, unless it contains NUL |
//! | `retry` | if it is all ASCII digits: sets the reconnection time in milliseconds, immediately |
//! | anything else | ignored |

// Reading is layered, and each layer calls only the next one: decoder, walk (`pace`: `wide/` or `small.rs`), machine,
// then block and last event ID. Writing: frame, segments, wire.
//
// To add a field, see ARCHITECTURE.md.

mod buffer;
mod decoder;
mod digits;
mod event;
mod field;
mod fixed_event;
#[cfg(feature = "nom")]
#[cfg_attr(docsrs, doc(cfg(feature = "nom")))]
pub mod grammar;
mod line_end;
#[cfg(feature = "alloc")]
mod owned_event;
// Selects the wide or the small variant. No other file asks for the width: both variants offer the same names.
#[cfg_attr(all(target_pointer_width = "64", not(embedded_sse_small)), path = "wide/mod.rs")]
#[cfg_attr(not(all(target_pointer_width = "64", not(embedded_sse_small))), path = "small.rs")]
mod pace;
mod read;
mod text;
#[cfg(test)]
mod work;
mod write;

pub use buffer::Buffer;
pub use decoder::{Decoder, SetIdError};
pub use event::{Event, Item, Lossy, TooLong};
pub use field::Field;
pub use fixed_event::FixedEvent;
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub use owned_event::OwnedEvent;
pub(crate) use pace::copy;
pub use read::step::{Found, Step};
pub use read::tokenizer::{Token, Tokenizer};
pub use text::{EventId, InvalidEventId, LineBreak, SingleLine};
pub use write::data_writer::DataWriter;
pub use write::frame::Frame;
pub use write::output::BufferFull;
pub use write::relay::InvalidEvent;
pub use write::segments::{FrameBytes, Segments};
