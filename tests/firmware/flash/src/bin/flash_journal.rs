//! A journal over that queue.
#![no_std]
#![no_main]

parts::firmware!(parts::flash_journal());
