//! The journal in flash, whose power is lost at every write and every erase.

mod flash;
mod power_cuts;
mod run;
