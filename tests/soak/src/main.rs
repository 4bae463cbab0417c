//! Firmware in QEMU, for minutes, against everything that goes wrong, and against a server where nothing does: every event once,
//! or the exit status says no.
//!
//! ```text
//! main        which rehearsals there are, and how they went
//! rehearsals  what goes wrong for each firmware, and what has to come out of it
//! healthy     what has to come out where nothing goes wrong
//! checks      what a device has said of itself
//! device      a firmware in QEMU: its log, its link, its power
//! script      what a client has to live through, connection by connection
//! server      plays a script
//! events      the numbered events, as the device checks them
//! http        just enough of it for the other side of `sse-serve`
//! random      numbers that are the same each time
//! ```

mod checks;
mod device;
mod events;
mod healthy;
mod http;
mod random;
mod rehearsals;
mod script;
mod server;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use checks::Verdict;

const USAGE: &str = "usage: soak DIRECTORY [SECONDS]
  DIRECTORY  where `sse-client` and the other firmwares were built
  SECONDS    how long the clients follow a server that does nothing wrong";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (directory, length) = (arguments.next(), length(arguments.next()));
    let (Some(directory), Some(length), None) = (directory, length, arguments.next()) else {
        eprintln!("{USAGE}: a whole number, {} if there is none", healthy::SECONDS);
        return ExitCode::from(2);
    };
    let directory = Path::new(&directory);
    let mut passed = Vec::new();
    for (name, rehearse) in rehearsals::ALL {
        passed.push(run(name, || rehearse(&directory.join(name))));
    }
    thread::scope(|scope| {
        let rehearse = |name| move || run(name, || healthy::one_connection(&directory.join(name), length));
        let clients = healthy::CLIENTS.map(|name| scope.spawn(rehearse(name)));
        passed.extend(clients.map(|client| client.join().unwrap_or(false)));
    });
    let failed = passed.iter().filter(|passed| !**passed).count();
    println!("{} passed, {failed} failed", passed.len() - failed);
    ExitCode::from(u8::from(failed > 0))
}

fn length(seconds: Option<OsString>) -> Option<Duration> {
    let seconds = seconds.map_or(Some(healthy::SECONDS), |seconds| seconds.to_str()?.parse().ok());
    seconds.filter(|seconds| *seconds > 0).map(|seconds| Duration::from_secs(seconds.into()))
}

/// Runs a rehearsal and prints how it went.
fn run(name: &str, rehearse: impl FnOnce() -> Verdict) -> bool {
    let start = Instant::now();
    let verdict = rehearse();
    let seconds = start.elapsed().as_secs();
    match &verdict {
        Ok(summary) => println!("ok      {seconds:3} s  {name}: {summary}"),
        Err(why) => println!("FAILED  {seconds:3} s  {name}: {why}"),
    }
    verdict.is_ok()
}
