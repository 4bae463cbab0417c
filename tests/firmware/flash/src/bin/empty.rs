//! Nothing: what all the others are compared with.
#![no_std]
#![no_main]

parts::firmware!(|received| parts::used(received));
