//! A stream that outlives its connections.
#![no_std]
#![no_main]

parts::firmware!(parts::session());
