//! One round: a server, its clients, and what the server took for them.

use core::fmt;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::clients::follow;
use crate::nchan::{self, Nginx};
use crate::process::{self, Killed};
use crate::server::Contender;

/// How much is served.
pub struct Load {
    pub clients: u32,
    pub events: u32,
    /// In a second.
    pub rate: u32,
}

/// What a server took in one round.
#[derive(Clone, Copy)]
pub struct Round {
    /// Processor time for one event to one client, in microseconds.
    pub cpu: f64,
    /// Peak memory per client, without that of the server before they came, in bytes.
    pub memory: f64,
    /// The time from publishing to delivery, in milliseconds: half of them are shorter, and 99 of 100.
    pub median: f64,
    pub p99: f64,
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cpu, memory, median, p99 } = self;
        write!(f, "{cpu:.2} µs a delivery, {:.1} KiB a client, median {median:.1} ms, p99 {p99:.1} ms", memory / 1024.0)
    }
}

/// Starts the server, and measures it.
pub fn run(contender: Contender, load: &Load) -> Result<Round, String> {
    if contender == Contender::Nchan {
        let nginx = Nginx::start()?;
        return measure(nginx.port, &nginx.processes()?, load, || nchan::publish(nginx.port, load));
    }
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.args(["--serve", contender.argument()]);
    for (name, value) in [("--events", load.events), ("--rate", load.rate)] {
        command.args([name, &value.to_string()]);
    }
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut server = Killed(child.map_err(|error| format!("cannot start the server: {error}"))?);
    let output = server.0.stdout.take().ok_or("the server has no output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).map_err(|error| error.to_string())?;
    let port = line.trim().parse().map_err(|error| format!("the server said {line:?}: {error}"))?;
    let mut input = server.0.stdin.take().ok_or("the server has no input")?;
    let start = move || input.write_all(b"\n").map_err(|error| error.to_string());
    measure(port, &[server.0.id()], load, start)
}

/// Connects the clients, starts the events, and waits until all have arrived.
fn measure(
    port: u16,
    server: &[u32],
    load: &Load,
    start: impl FnOnce() -> Result<(), String>,
) -> Result<Round, String> {
    let empty = process::peak(server)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let (sender, mut open) = mpsc::unbounded_channel();
        let mut clients = JoinSet::new();
        for _ in 0..load.clients {
            clients.spawn(follow(port, load.events as usize, sender.clone()));
            // One after another: a server refuses connections that come too fast.
            tokio::select! {
                opened = open.recv() => opened.ok_or("a client has failed")?,
                Some(failed) = clients.join_next() => {
                    failed.map_err(|error| error.to_string())??;
                }
            }
        }
        let before = process::seconds(server)?;
        start()?;
        let mut times = Vec::new();
        while let Some(client) = clients.join_next().await {
            times.extend(client.map_err(|error| error.to_string())??);
        }
        times.sort_unstable();
        let quantile =
            |percent: usize| times.get(times.len() * percent / 100).map_or(0.0, |time| f64::from(*time) / 1e3);
        Ok(Round {
            cpu: (process::seconds(server)? - before) * 1e6 / times.len() as f64,
            memory: process::peak(server)?.saturating_sub(empty) as f64 / f64::from(load.clients),
            median: quantile(50),
            p99: quantile(99),
        })
    })
}
