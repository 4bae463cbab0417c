//! All that a decoder can do.
#![no_std]
#![no_main]

flash::firmware!(flash::parts::whole_decoder());
