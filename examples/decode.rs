//! Decodes event streams and prints their contents, one JSON object per line.
//!
//! This file handles arguments, files and JSON. It must not interpret the stream itself: the library does that.

mod stdio;

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Read, Write};
use std::num::ParseIntError;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use embedded_sse::{Decoder, Field, Item, Lossy, TooLong};
use indicatif::ProgressBar;
use serde_json::Value;
use stdio::Messages;

/// Decode Server-Sent Events to JSON, one object per line.
///
/// Each FILE is decoded as a separate connection. The last event ID and the
/// reconnection time carry over from one FILE to the next. An unfinished event
/// at the end of a FILE is dropped.
///
/// Exit status:
///   0  success, or the reader of the output closed it
///   1  a file could not be read
///   2  invalid arguments
///   3  an event, a comment or an ID was too long
///   5  standard output or standard error could not be written, whatever else
///      happened
#[derive(Parser)]
#[command(verbatim_doc_comment)]
struct Arguments {
    /// Decode in chunks of at most N bytes
    #[arg(long, value_name = "N", default_value_t = 16 * 1024, value_parser = at_least_one)]
    chunk: usize,
    /// Size of the buffer for events that are split across chunks
    #[arg(long, value_name = "BYTES", default_value_t = 1024 * 1024, value_parser = size)]
    buffer: usize,
    /// Also print comments and reconnection times, in stream order
    #[arg(long)]
    all: bool,
    /// Print the last event ID and the reconnection time at the end
    #[arg(long)]
    state: bool,
    /// Print the number of bytes and events and the decoding speed to standard error
    #[arg(long)]
    stats: bool,
    /// Start with this last event ID
    #[arg(long, value_name = "ID")]
    last_event_id: Option<String>,
    /// Files to decode; - means standard input
    #[arg(value_name = "FILE", default_value = "-")]
    files: Vec<String>,
}

/// Parses a size, and checks that this much memory can be allocated.
fn size(text: &str) -> Result<usize, String> {
    let size = text.parse().map_err(|error: ParseIntError| error.to_string())?;
    Vec::<u8>::new().try_reserve_exact(size).map_err(|error| error.to_string())?;
    Ok(size)
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match size(text)? {
        0 => Err("a chunk has at least 1 byte".into()),
        size => Ok(size),
    }
}

/// The longest event ID, in bytes. Servers do not accept longer request headers anyway.
const ID: usize = 64 * 1024;
type StreamDecoder = Decoder<Vec<u8>, Vec<u8>>;

/// The size in bytes from which a file gets a progress bar.
const LARGE: u64 = 16 * 1024 * 1024;

const DECODED: u8 = 0;
const UNREADABLE: u8 = 1;
const WRONG: u8 = 2;
const TOO_LONG: u8 = 3;

fn main() -> ExitCode {
    let messages = Messages::new("decode");
    let status = match messages.parse(|text| text) {
        Ok(arguments) => match decode(&arguments, &messages) {
            Ok(status) => status,
            Err(error) => messages.output_failed(&error),
        },
        Err(status) => status,
    };
    messages.exit(status)
}

/// Decodes all files and returns the exit status. Errors are those of standard output.
fn decode(arguments: &Arguments, messages: &Messages) -> io::Result<u8> {
    let mut decoder = StreamDecoder::with_id_store(vec![0; arguments.buffer], vec![0; 2 * ID]);
    if let Some(id) = &arguments.last_event_id {
        if let Err(error) = decoder.set_last_event_id(id.as_bytes()) {
            messages.say(format_args!("--last-event-id: {error}"));
            return Ok(WRONG);
        }
    }
    let mut run = Run {
        all: arguments.all,
        stopwatch: arguments.stats.then(|| Stopwatch { decoder: decoder.clone(), spent: Duration::ZERO }),
        decoder,
        chunk: vec![0; arguments.chunk],
        out: BufWriter::new(stdio::output()?),
        bytes: 0,
        events: 0,
        too_long: false,
    };
    let mut unreadable = false;
    for name in &arguments.files {
        match run.file(name) {
            Ok(()) => {}
            Err(Failure::Read(error)) => {
                let name = if name == "-" { "standard input" } else { name };
                messages.say(format_args!("{name}: {error}"));
                unreadable = true;
            }
            Err(Failure::Write(error)) => return Err(error),
        }
    }
    if arguments.state {
        run.print_state()?;
    }
    if let Some(stats) = run.stats() {
        messages.write(&stats);
    }
    Ok(match (unreadable, run.too_long) {
        (true, _) => UNREADABLE,
        (false, true) => TOO_LONG,
        (false, false) => DECODED,
    })
}

enum Failure {
    Read(io::Error),
    Write(io::Error),
}

struct Run<W: Write> {
    all: bool,
    decoder: StreamDecoder,
    stopwatch: Option<Stopwatch>,
    chunk: Vec<u8>,
    out: W,
    bytes: u64,
    events: u64,
    too_long: bool,
}

/// Times a second decoder that prints nothing, so that only decoding is measured.
struct Stopwatch {
    decoder: StreamDecoder,
    spent: Duration,
}

impl<W: Write> Run<W> {
    fn file(&mut self, name: &str) -> Result<(), Failure> {
        let mut source: Box<dyn Read> = match name {
            "-" => Box::new(io::stdin().lock()),
            path => Box::new(File::open(path).map_err(Failure::Read)?),
        };
        let progress = progress_bar(name);
        self.decoder.reset();
        if let Some(stopwatch) = &mut self.stopwatch {
            stopwatch.decoder.reset();
        }
        let result = loop {
            match source.read(&mut self.chunk) {
                Ok(0) => break Ok(()),
                Ok(length) => {
                    self.bytes += length as u64;
                    progress.inc(length as u64);
                    if let Err(error) = self.decode(length) {
                        break Err(Failure::Write(error));
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break Err(Failure::Read(error)),
            }
        };
        progress.finish_and_clear();
        result
    }

    fn decode(&mut self, length: usize) -> io::Result<()> {
        let chunk = self.chunk.get(..length).unwrap_or_default();
        if let Some(stopwatch) = &mut self.stopwatch {
            let start = Instant::now();
            let mut input = chunk;
            while stopwatch.decoder.next_event(&mut input).is_some() {}
            stopwatch.spent += start.elapsed();
        }
        let mut input = chunk;
        loop {
            let item = if self.all {
                self.decoder.next_item(&mut input)
            } else {
                self.decoder.next_event(&mut input).map(|event| event.map(Item::Event))
            };
            match item {
                Some(Ok(item)) => {
                    self.events += u64::from(matches!(item, Item::Event(_)));
                    print_item(&mut self.out, item)?;
                }
                Some(Err(error)) => {
                    self.too_long = true;
                    print_too_long(&mut self.out, error, self.decoder.last_event_id())?;
                }
                None => break,
            }
        }
        self.out.flush()
    }

    fn print_state(&mut self) -> io::Result<()> {
        let id = json(self.decoder.last_event_id());
        let time = self.decoder.reconnection_time().map_or(Value::Null, |time| Value::from(millis(time)));
        writeln!(self.out, r#"{{"state":{{"last_event_id":{id},"reconnection_time_ms":{time}}}}}"#)?;
        self.out.flush()
    }

    fn stats(&self) -> Option<String> {
        let seconds = self.stopwatch.as_ref()?.spent.as_secs_f64();
        let speed = if seconds > 0.0 { self.bytes as f64 / 1e6 / seconds } else { 0.0 };
        Some(format!("{} bytes, {} events, decoded at {speed:.0} MB/s\n", self.bytes, self.events))
    }
}

fn print_item(out: &mut impl Write, item: Item<'_>) -> io::Result<()> {
    match item {
        Item::Event(event) => {
            let (event_type, data, id) = (json(event.event_type), json(event.data), json(event.last_event_id));
            writeln!(out, r#"{{"type":{event_type},"data":{data},"last_event_id":{id}}}"#)
        }
        Item::Comment(text) => writeln!(out, r#"{{"comment":{}}}"#, json(text)),
        Item::Retry(time) => writeln!(out, r#"{{"retry":{}}}"#, millis(time)),
        _ => Ok(()),
    }
}

fn print_too_long(out: &mut impl Write, error: TooLong, last_event_id: &[u8]) -> io::Result<()> {
    let what = match error.field {
        Field::Id => "event ID",
        Field::Comment => "comment",
        _ => "event",
    };
    let id = json(last_event_id);
    writeln!(out, r#"{{"error":"{what} too long","field":"{}","last_event_id":{id}}}"#, error.field)
}

/// Returns the text as a JSON string, with invalid UTF-8 replaced as in browsers.
fn json(text: &[u8]) -> Value {
    Value::String(Lossy(text).to_string())
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Creates a progress bar for a large file. It is hidden if standard output is a terminal, where it would mix with the
/// output.
fn progress_bar(name: &str) -> ProgressBar {
    let length = std::fs::metadata(name).map_or(0, |file| file.len());
    if length < LARGE || io::stdout().is_terminal() || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    ProgressBar::new(length)
}
