//! Firmware in QEMU, for minutes, against everything that goes wrong: every event once, or the exit status says no.
//!
//! ```text
//! main      the four rehearsals, and what has to come out of each
//! device    a firmware in QEMU: its log, its link, its power
//! script    what a client has to live through, connection by connection
//! server    plays a script
//! events    the numbered events, as the device checks them
//! http      just enough of it for the other side of `sse-serve`
//! random    numbers that are the same each time
//! ```

mod device;
mod events;
mod http;
mod random;
mod rehearsals;
mod script;
mod server;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let Some(directory) = std::env::args_os().nth(1) else {
        eprintln!("usage: soak DIRECTORY: where `sse-client` and the other firmwares were built");
        return ExitCode::from(2);
    };
    let mut failed = 0;
    for (name, rehearse) in rehearsals::ALL {
        let start = Instant::now();
        let verdict = rehearse(&Path::new(&directory).join(name));
        let seconds = start.elapsed().as_secs();
        match verdict {
            Ok(summary) => println!("ok      {seconds:3} s  {name}: {summary}"),
            Err(why) => {
                failed += 1;
                println!("FAILED  {seconds:3} s  {name}: {why}");
            }
        }
    }
    println!("{} passed, {failed} failed", rehearsals::ALL.len() - failed);
    ExitCode::from(u8::from(failed > 0))
}
