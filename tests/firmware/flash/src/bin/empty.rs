//! Nothing: what all the others are compared with.
#![no_std]
#![no_main]

flash::firmware!(|received| flash::used(received));
