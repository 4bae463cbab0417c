//! Bytes to events and events to bytes: the wire format of `text/event-stream`.
//!
//! This room knows no I/O, no time and no connection.
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

mod block;
#[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
mod copy;
mod data_writer;
mod decoder;
mod encode;
mod encoder;
mod event;
#[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
mod fast;
mod field;
mod fixed_event;
mod frame;
#[cfg(feature = "nom")]
#[cfg_attr(docsrs, doc(cfg(feature = "nom")))]
pub mod grammar;
#[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
mod head;
#[cfg(test)]
mod heartbeat;
mod last_event_id;
#[cfg(test)]
mod linear_work;
mod machine;
#[cfg(feature = "alloc")]
mod owned_event;
#[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
mod plain;
mod scan;
mod span;
mod step;
#[cfg(all(target_pointer_width = "64", not(embedded_sse_small)))]
mod straight;
mod tokenizer;

pub use data_writer::DataWriter;
pub use decoder::{Decoder, SetIdError};
pub use encode::BufferFull;
pub use encoder::{Encoder, Segments};
pub use event::{Event, Item, Lossy, TooLong};
pub use field::{EventId, Field, InvalidEventId, LineBreak, SingleLine};
pub use fixed_event::FixedEvent;
pub use frame::Frame;
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub use owned_event::OwnedEvent;
pub use step::{Found, Step};
pub use tokenizer::{Token, Tokenizer};
