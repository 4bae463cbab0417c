//! An index that nobody checks: what must not be linked where panics are forbidden.
#![no_std]
#![no_main]

parts::firmware!(|received: parts::Received<'_>| parts::used(received.chunk[received.now as usize]));
