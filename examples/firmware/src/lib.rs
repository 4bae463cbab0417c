//! What the firmwares of `bin/` share.
//!
//! ```text
//! board/     the chips: network, flash, serial port, clock, seed. Knows no event. The part that another board replaces
//! network    the TCP stack on the board's network
//! blocking   the same without an executor
//! cursor     the last event ID, in flash
//! follow     the application of both clients: what is done with each event
//! logged     a transport that tells what becomes of each attempt
//! tally      events by their sequence: what is missing, what came twice
//! readings   what a sensor said last, for clients that come back
//! receiver   events of any size, in 256 bytes
//! random     random numbers from a seed
//! ```

#![no_std]

pub mod blocking;
pub mod board;
pub mod cursor;
pub mod follow;
pub mod logged;
pub mod network;
pub mod random;
pub mod readings;
pub mod receiver;
pub mod tally;

// Every line of the log begins with the time since power-on.
defmt::timestamp!("{=u64:ms}", embassy_time::Instant::now().as_millis());
