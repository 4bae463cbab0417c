//! Prints events on standard output, as text or as JSON.
//!
//! This module handles terminals and JSON. It must not depend on connections.

use core::fmt::{self, Display};
use std::env;
use std::io::{self, IsTerminal, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use embedded_sse::{Event, Lossy};
use serde_json::Value;

use crate::stdio;
use crate::text::{Escaped, escaped_json};
use crate::torn_line::follows_half_a_line;

/// Prints events.
pub(crate) struct Output {
    out: Box<dyn Write + Send>,
    /// One event. It is written in one piece, so that a `kill` between two events leaves no half event.
    lines: Vec<u8>,
    json: bool,
    terminal: bool,
    colours: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> io::Result<Self> {
        let terminal = io::stdout().is_terminal();
        // Ends half a line that an earlier run left when it was killed.
        let lines = if follows_half_a_line() { b"\n".to_vec() } else { Vec::new() };
        Ok(Self { out: Box::new(stdio::output()?), lines, json, terminal, colours: terminal && allowed() })
    }

    pub(crate) fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if self.json { self.add_json(event) } else { self.add_text(event) }?;
        let written = self.out.write_all(&self.lines);
        self.lines.clear();
        written
    }

    fn add_json(&mut self, event: &Event<'_>) -> io::Result<()> {
        let text = |bytes| {
            let text = Value::String(Lossy(bytes).to_string()).to_string();
            if self.terminal { escaped_json(&text) } else { text }
        };
        let (event_type, data, id) = (text(event.event_type), text(event.data), text(event.last_event_id));
        writeln!(self.lines, r#"{{"type":{event_type},"data":{data},"last_event_id":{id}}}"#)
    }

    fn add_text(&mut self, event: &Event<'_>) -> io::Result<()> {
        let (event_type, data, id) = (event.event_type, event.data, event.last_event_id);
        let (dim, bold, plain) = if self.colours { ("\x1b[2m", "\x1b[1m", "\x1b[0m") } else { ("", "", "") };
        write!(
            self.lines,
            "{dim}{}{plain} {bold}{}{plain} ",
            TimeOfDay::now(),
            Escaped { bytes: event_type, indent: "" }
        )?;
        if !id.is_empty() {
            write!(self.lines, "{dim}[{}]{plain} ", Escaped { bytes: id, indent: "" })?;
        }
        writeln!(self.lines, "{}", Escaped { bytes: data, indent: INDENT })
    }
}

/// Aligns the further lines of an event after the time.
const INDENT: &str = "             ";

fn allowed() -> bool {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty());
    set("NO_COLOR").is_none() && set("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// The time of day in UTC, in milliseconds since midnight or any earlier day. `std` has no time zones.
struct TimeOfDay(u128);

impl TimeOfDay {
    fn now() -> Self {
        Self(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis())
    }
}

impl Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (millis, seconds) = (self.0 % 1000, self.0 / 1000);
        write!(f, "{:02}:{:02}:{:02}.{millis:03}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
    }
}
