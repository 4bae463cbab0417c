//! Attempts, waits and watchdogs.
#![no_std]
#![no_main]

flash::firmware!(flash::parts::reconnect());
