//! Values in pieces.
#![no_std]
#![no_main]

flash::firmware!(flash::parts::tokenizer());
