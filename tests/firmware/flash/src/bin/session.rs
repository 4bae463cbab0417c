//! A stream that outlives its connections.
#![no_std]
#![no_main]

flash::firmware!(flash::parts::session());
