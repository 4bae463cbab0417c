//! The queue of `sequential-storage` alone.
#![no_std]
#![no_main]

parts::firmware!(parts::flash_queue());
