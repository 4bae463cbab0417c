//! Continuity, full sync and cursor, without a journal.
#![no_std]
#![no_main]

parts::firmware!(parts::delivery());
