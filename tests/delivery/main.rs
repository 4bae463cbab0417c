//! Tests of the way from the session to the application: continuity, full sync, cursor and journal.

mod application;
mod client;
mod model;
mod parts;
mod server;
