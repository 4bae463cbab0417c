//! Events on standard output, for people or for programs, and everything else on standard error, one line each.
//!
//! Knows terminals and JSON; decides nothing.

use core::fmt::{self, Display, Write as _};
use std::env;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use embedded_sse::{Event, Lossy};
use serde_json::Value;

/// Standard output.
pub(crate) struct Output {
    out: BufWriter<io::Stdout>,
    json: bool,
    colours: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        let out = io::stdout();
        let colours = out.is_terminal() && allowed();
        Self { out: BufWriter::new(out), json, colours }
    }

    pub(crate) fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        let (event_type, data, id) = (event.event_type, event.data, event.last_event_id);
        if self.json {
            let text = |bytes| Value::String(Lossy(bytes).to_string());
            let (event_type, data, id) = (text(event_type), text(data), text(id));
            return writeln!(self.out, r#"{{"type":{event_type},"data":{data},"last_event_id":{id}}}"#);
        }
        let (dim, bold, plain) = if self.colours { ("\x1b[2m", "\x1b[1m", "\x1b[0m") } else { ("", "", "") };
        write!(self.out, "{dim}{}{plain} {bold}{}{plain} ", TimeOfDay::now(), Tame { bytes: event_type, indent: "" })?;
        if !id.is_empty() {
            write!(self.out, "{dim}[{}]{plain} ", Tame { bytes: id, indent: "" })?;
        }
        writeln!(self.out, "{}", Tame { bytes: data, indent: INDENT })
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Says something on standard error. When nobody is there to read it, that is no reason to stop.
pub(crate) fn say(text: impl Display) {
    let mut line = format!("tail: {}", Tame { bytes: text.to_string().as_bytes(), indent: " " });
    line.push('\n');
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// Below the time.
const INDENT: &str = "             ";

fn allowed() -> bool {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty());
    set("NO_COLOR").is_none() && set("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// A stranger's text, without what a terminal would obey.
struct Tame<'t> {
    bytes: &'t [u8],
    /// Stands before each line but the first.
    indent: &'t str,
}

impl Display for Tame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in Lossy(self.bytes).to_string().chars() {
            match character {
                '\n' => write!(f, "\n{}", self.indent)?,
                '\t' => f.write_char('\t')?,
                _ if character.is_control() => write!(f, "{}", character.escape_default())?,
                _ => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// In UTC, the only one that `std` knows.
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
