//! Frames with every field, into a slice.
#![no_std]
#![no_main]

flash::firmware!(flash::parts::encoder());
