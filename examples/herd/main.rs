//! What a fleet does to a server that comes back, and to one that closes its connections every minute, under several policies.
//!
//! Time is virtual; the waits are those of the library.

mod closing;
mod fleet;
mod outage;
mod show;
#[path = "../stdio/mod.rs"]
mod stdio;

use std::io::BufWriter;
use std::process::ExitCode;

use clap::Parser;
use outage::RIVALS;
use stdio::Messages;

/// Simulates an outage and an hour of short connections, and shows how many clients come back in the same moment.
///
/// Exit status: 0, also when nobody reads the output any more, 1 when the SVG could not be written, 2 for wrong arguments, 5 when
/// standard output or standard error could not be written.
#[derive(Parser)]
struct Arguments {
    /// How many clients lose the server
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    clients: u32,
    /// For how many seconds the server is away
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=86_400))]
    outage: u32,
    /// Draw the attempts over time into this file too
    #[arg(long, value_name = "FILE")]
    svg: Option<String>,
}

const SHOWN: u8 = 0;
const NO_SVG: u8 = 1;

fn main() -> ExitCode {
    let messages = Messages::new("herd");
    let status = match messages.parse(|text| text) {
        Ok(arguments) => simulate(&arguments, &messages),
        Err(status) => status,
    };
    messages.exit(status)
}

/// The exit status.
fn simulate(arguments: &Arguments, messages: &Messages) -> u8 {
    let herds: Vec<_> = RIVALS.iter().map(|rival| rival.simulate(arguments.clients, arguments.outage)).collect();
    let minutes = closing::simulate(arguments.clients);
    let printed = stdio::output().and_then(|output| show::print(&herds, &minutes, BufWriter::new(output)));
    let mut status = SHOWN;
    if let Some(file) = &arguments.svg {
        if let Err(error) = show::draw(&herds, file) {
            messages.say(format_args!("{file}: {error}"));
            status = NO_SVG;
        }
    }
    match printed {
        Ok(()) => status,
        Err(error) => status.max(messages.output_failed(&error)),
    }
}
