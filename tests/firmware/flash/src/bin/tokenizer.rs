//! Values in pieces.
#![no_std]
#![no_main]

parts::firmware!(parts::tokenizer());
