//! Attempts, waits and watchdogs.
#![no_std]
#![no_main]

parts::firmware!(parts::reconnect());
