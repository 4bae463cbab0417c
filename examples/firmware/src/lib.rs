//! The modules that the firmwares in `bin/` share.
//!
//! ```text
//! board/     the chips: network, flash, serial port, clock, seed. Replaced for another board; must not use events
//! network    the TCP stack on the board's network
//! blocking   a TCP stack without an executor
//! follow     the application of both asynchronous clients: handles each event
//! logged     a transport that logs the result of each attempt
//! measuring  publishes the readings of the sensor
//! tally      counts missing and repeated events by their numbers
//! readings   the latest readings of a sensor, for clients that reconnect
//! receiver   receives events of any size in 256 bytes
//! random     random numbers from a seed
//! saved      the ID of the last event that was handled, in flash
//! ```

#![no_std]

pub mod blocking;
pub mod board;
pub mod follow;
pub mod logged;
pub mod measuring;
pub mod network;
pub mod random;
pub mod readings;
pub mod receiver;
pub mod saved;
pub mod tally;

// Every line of the log starts with the time since power-on.
defmt::timestamp!("{=u64:ms}", embassy_time::Instant::now().as_millis());
