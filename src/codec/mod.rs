//! Bytes to events and events to bytes: the wire format of `text/event-stream`.
//!
//! This room must not know I/O, time or connections. Reading goes one way, and each calls only what stands behind it: decoder,
//! walk (`pace`: `wide/` or `small.rs`), machine, block and last event ID. Writing: frame, segments, wire.
//!
//! The whole format, as the Standard's section 9.2.5 has it:
//!
//! ```text
//! stream  = [ U+FEFF ] *event
//! event   = *( comment / field ) end-of-line      a blank line dispatches
//! comment = ":" *any-char end-of-line             ignored, keeps the line alive
//! field   = 1*name-char [ ":" [ " " ] *any-char ] end-of-line
//! end-of-line = CR LF / LF / CR
//! ```
//!
//! | field | what its value does |
//! |---|---|
//! | `data` | a line of the event's data; lines are joined by LF |
//! | `event` | the event's type; `message` when there is none |
//! | `id` | becomes the last event ID at the blank line, unless it holds NUL |
//! | `retry` | ASCII digits: the reconnection time in milliseconds, at once |
//! | anything else | ignored |

mod decoder;
mod event;
mod field;
mod fixed_event;
#[cfg(feature = "nom")]
#[cfg_attr(docsrs, doc(cfg(feature = "nom")))]
pub mod grammar;
mod line_end;
#[cfg(feature = "alloc")]
mod owned_event;
// Wide or small? Asked here and nowhere else: both files offer the same names.
#[cfg_attr(all(target_pointer_width = "64", not(embedded_sse_small)), path = "wide/mod.rs")]
#[cfg_attr(not(all(target_pointer_width = "64", not(embedded_sse_small))), path = "small.rs")]
mod pace;
mod read;
mod text;
#[cfg(test)]
mod work;
mod write;

pub use decoder::{Decoder, SetIdError};
pub use event::{Event, Item, Lossy, TooLong};
pub use field::Field;
pub use fixed_event::FixedEvent;
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub use owned_event::OwnedEvent;
pub use read::step::{Found, Step};
pub use read::tokenizer::{Token, Tokenizer};
pub use text::{EventId, InvalidEventId, LineBreak, SingleLine};
pub use write::data_writer::DataWriter;
pub use write::frame::Frame;
pub use write::output::BufferFull;
pub use write::segments::{Encoder, Segments};
