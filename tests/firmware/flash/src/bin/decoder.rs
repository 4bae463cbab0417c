//! Events, and the id that a reconnect sends.
#![no_std]
#![no_main]

parts::firmware!(parts::decoder());
