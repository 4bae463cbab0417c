//! Tests of the decoder, the tokenizer, the encoder and the events.

#[cfg(feature = "nom")]
#[path = "../common/bounded.rs"]
mod bounded;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/frames.rs"]
mod frames;
#[cfg(feature = "nom")]
mod model;
mod streams;
#[path = "../common/vectors.rs"]
mod the_vectors;

mod encode;
mod fixed_event;
mod last_event_id;
mod messages;
mod round_trip;
mod round_trip_table;
mod too_long;
mod vectors;

// These compare the decoder with the grammar.
#[cfg(feature = "nom")]
mod exhaustive;
#[cfg(feature = "nom")]
mod interleaved;
#[cfg(feature = "nom")]
mod properties;
#[cfg(feature = "nom")]
mod recorded;
