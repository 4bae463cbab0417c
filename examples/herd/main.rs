//! Simulates how a fleet of clients reconnects after an outage and to a server that closes connections, under several
//! policies.
//!
//! Time is virtual. The waits must come from the library, not from this program.

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

/// Simulate how many clients reconnect at the same moment.
///
/// Two scenarios: an outage that hits all clients at once, and an hour with a
/// server that closes every connection after a while.
///
/// Exit status:
///   0  success, or the reader of the output closed it
///   1  the SVG file could not be written
///   2  invalid arguments
///   5  standard output or standard error could not be written, whatever else
///      happened
#[derive(Parser)]
#[command(verbatim_doc_comment)]
struct Arguments {
    /// Number of clients
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    clients: u32,
    /// Length of the outage
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=86_400))]
    outage: u32,
    /// Also draw the attempts over time to this SVG file
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

/// Runs the simulations, prints the results and returns the exit status.
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
