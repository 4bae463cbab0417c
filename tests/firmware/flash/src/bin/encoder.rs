//! Frames with every field, into a slice.
#![no_std]
#![no_main]

parts::firmware!(parts::encoder());
