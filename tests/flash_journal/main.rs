//! The journal in flash, whose power is lost at every write and every erase.

extern crate alloc;

mod flash;
mod power_cuts;
mod run;
