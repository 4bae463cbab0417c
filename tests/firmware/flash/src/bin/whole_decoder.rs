//! All that a decoder can do.
#![no_std]
#![no_main]

parts::firmware!(parts::whole_decoder());
