//! Decoders over an array and over a slice, whose stores for IDs differ too.
#![no_std]
#![no_main]

parts::firmware!(parts::two_buffers(&mut [0; 256]));
