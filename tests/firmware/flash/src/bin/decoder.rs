//! Events, and the id that a reconnect sends.
#![no_std]
#![no_main]

flash::firmware!(flash::parts::decoder());
