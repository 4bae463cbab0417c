//! When to fetch the full state.
#![no_std]
#![no_main]

parts::firmware!(parts::full_sync());
