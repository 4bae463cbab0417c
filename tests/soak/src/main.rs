//! Runs firmware in QEMU for minutes, against servers and connections that fail in many ways, and against a server that does
//! not fail. The exit status is 0 if every firmware received every event once.
//!
//! ```text
//! main         runs all rehearsals
//! rehearsals   the rehearsals with failures, and their expected results
//! healthy      the rehearsal without failures
//! checks       what the log of a device has to contain
//! device       a firmware in QEMU: its log, its link, its power
//! script       the failures of a server, connection by connection
//! server       plays a script
//! events       the numbered events, as the device checks them
//! http         just enough HTTP for a rehearsal
//! random       reproducible random numbers
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
