//! Encodes JSON objects, one per line, as an event stream.
//!
//! This file handles arguments, files and JSON. It must not write fields of the stream itself: the library does that.

mod stdio;

use core::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::process::ExitCode;

use clap::Parser;
use embedded_sse::{EventId, Frame, SingleLine};
use serde_json::{Map, Value};
use stdio::Messages;

/// Encode JSON objects, one per line, as Server-Sent Events.
///
/// Keys: "type", "data", "id" and "comment" (strings), "retry" (milliseconds).
/// All keys are optional. The output of decode --all --state is accepted as
/// well: "last_event_id" sets the ID when it changes, and "state" is ignored.
///
/// A line that cannot be encoded is reported and skipped.
///
/// Exit status:
///   0  success, or the reader of the output closed it
///   1  the input could not be read, or a line could not be encoded
///   2  invalid arguments
///   5  standard output or standard error could not be written, whatever else
///      happened
#[derive(Parser)]
#[command(verbatim_doc_comment)]
struct Arguments {
    /// File to read; - means standard input
    #[arg(default_value = "-")]
    file: String,
}

const ENCODED: u8 = 0;
const BAD_INPUT: u8 = 1;

fn main() -> ExitCode {
    let messages = Messages::new("encode");
    let status = match messages.parse(|text| text) {
        Ok(Arguments { file }) => match encode(&file, &messages) {
            Ok(true) => ENCODED,
            Ok(false) => BAD_INPUT,
            Err(Failure::Read(error)) => {
                let name = if file == "-" { "standard input" } else { &file };
                messages.say(format_args!("{name}: {error}"));
                BAD_INPUT
            }
            Err(Failure::Write(error)) => messages.output_failed(&error),
        },
        Err(status) => status,
    };
    messages.exit(status)
}

enum Failure {
    Read(io::Error),
    Write(io::Error),
}

/// Encodes the file and returns whether every line could be encoded.
fn encode(file: &str, messages: &Messages) -> Result<bool, Failure> {
    let mut input: Box<dyn BufRead> = match file {
        "-" => Box::new(io::stdin().lock()),
        path => Box::new(BufReader::new(File::open(path).map_err(Failure::Read)?)),
    };
    let mut output = stdio::output().map_err(Failure::Write)?;
    let mut all_encoded = true;
    let mut last_event_id = String::new();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if input.read_until(b'\n', &mut line).map_err(Failure::Read)? == 0 {
            break;
        }
        match encode_line(&line, &mut last_event_id) {
            // One write for each frame, so that a reader never waits for the rest of it.
            Ok(frame) => output.write_all(frame.as_bytes()).map_err(Failure::Write)?,
            Err(reason) => {
                all_encoded = false;
                messages.say(format_args!("line {number}: {reason}"));
            }
        }
    }
    Ok(all_encoded)
}

/// Returns the frame of a line. It is empty for an empty line and for a line that holds only `state`.
fn encode_line(line: &[u8], last_event_id: &mut String) -> Result<String, Box<dyn Error>> {
    let line = line.trim_ascii_end();
    if line.is_empty() {
        return Ok(String::new());
    }
    let object: Map<String, Value> =
        serde_json::from_slice(line).map_err(|error| error.to_string().replace(" at line 1 column ", " at column "))?;
    if object.len() == 1 && object.contains_key("state") {
        return Ok(String::new());
    }
    let mut frame = Frame::new();
    for (key, value) in &object {
        let text = || value.as_str().ok_or_else(|| format!("`{key}` is not a string"));
        frame = match key.as_str() {
            "type" => frame.event_type(SingleLine::new(text()?).map_err(|error| format!("`type`: {error}"))?),
            "data" => frame.data(text()?),
            "id" => frame.id(id(key, text()?)?),
            "last_event_id" if object.contains_key("id") => return Err("both `id` and `last_event_id`".into()),
            "last_event_id" if text()? == last_event_id.as_str() => frame,
            "last_event_id" => frame.id(id(key, text()?)?),
            "retry" => frame.retry_ms(value.as_u64().ok_or("`retry` is not a number of milliseconds")?),
            "comment" => frame.comment(text()?),
            _ => return Err(format!("unknown key `{key}`").into()),
        };
    }
    // Only after the last error: a line that cannot be encoded must not set the ID.
    if let Some(id) = object.get("id").or(object.get("last_event_id")).and_then(Value::as_str) {
        id.clone_into(last_event_id);
    }
    Ok(frame.to_string())
}

fn id<'a>(key: &str, text: &'a str) -> Result<EventId<'a>, String> {
    EventId::new(text).map_err(|error| format!("`{key}`: {error}"))
}
