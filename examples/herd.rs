//! What a fleet does to a server that comes back: a simulated outage under several policies.
//!
//! All clients lose the server in the same moment, as they do when it or its region fails. Time is virtual; the waits are those
//! of the library.

mod stdio;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use embedded_sse::client::{Action, Backoff, Epoch, Instant, Jitter, Policy, Reconnect, Spread};
use plotters::prelude::*;
use stdio::Messages;

/// Simulates an outage and shows how many clients come back in the same moment.
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
    let mut messages = Messages::new("herd");
    let status = match messages.parse() {
        Ok(arguments) => simulate(&arguments, &mut messages),
        Err(status) => status,
    };
    messages.exit(status)
}

/// The exit status.
fn simulate(arguments: &Arguments, messages: &mut Messages) -> u8 {
    let herds: Vec<_> = RIVALS.iter().map(|rival| rival.simulate(arguments.clients, arguments.outage)).collect();
    let printed = stdio::output().and_then(|output| print(&herds, BufWriter::new(output)));
    let mut status = SHOWN;
    if let Some(file) = &arguments.svg {
        if let Err(error) = draw(&herds, file) {
            messages.say(format_args!("{file}: {error}"));
            status = NO_SVG;
        }
    }
    match printed {
        Ok(()) => status,
        Err(error) => status.max(messages.output_failed(&error)),
    }
}

const SECOND: Duration = Duration::from_secs(1);
const CAP: Duration = Duration::from_secs(60);
const EXPONENTIAL: Backoff = Backoff::exponential(SECOND, CAP);

/// A policy to compare.
struct Rival {
    name: &'static str,
    policy: Policy,
    /// What the server had asked for before it failed.
    retry: Option<Duration>,
}

const RIVALS: [Rival; 7] = [
    Rival::new("fixed 3 s", Policy::new(Backoff::fixed(Duration::from_secs(3)))),
    Rival::new("exponential, no jitter", Policy::new(EXPONENTIAL.spread(Spread::None))),
    Rival::new("equal jitter", Policy::new(EXPONENTIAL.spread(Spread::Equal))),
    Rival::new("full jitter", Policy::new(EXPONENTIAL.spread(Spread::Full))),
    Rival::new("decorrelated jitter", Policy::new(EXPONENTIAL.spread(Spread::Decorrelated))),
    Rival::new("standard", Policy::standard()),
    Rival { retry: Some(Duration::from_secs(3)), ..Rival::new("standard, retry: 3000", Policy::standard()) },
];
const FIXED: usize = 0;
const FULL: usize = 3;
const STANDARD: usize = 5;
const STANDARD_AFTER_RETRY: usize = 6;

/// What came of one policy. Times are in milliseconds since the outage began.
struct Herd {
    name: &'static str,
    clients: u32,
    outage: u64,
    /// Of each client the first.
    first_attempts: Vec<u64>,
    later_attempts: Vec<u64>,
    back: Vec<u64>,
}

impl Rival {
    const fn new(name: &'static str, policy: Policy) -> Self {
        Self { name, policy, retry: None }
    }

    fn simulate(&self, clients: u32, outage: u32) -> Herd {
        let outage = u64::from(outage) * 1000;
        let mut herd = Herd {
            name: self.name,
            clients,
            outage,
            first_attempts: Vec::new(),
            later_attempts: Vec::new(),
            back: Vec::new(),
        };
        let mut machines = Vec::new();
        let mut due = BinaryHeap::new();
        for client in 0..clients {
            let mut machine = Reconnect::new(self.policy, Random(u64::from(client) << 32));
            let begun = begin(&mut machine, LOSS - CONNECTED);
            machine.opened(begun, Instant::from_millis(LOSS - CONNECTED));
            self.retry.into_iter().for_each(|time| machine.set_reconnection_time(time));
            machine.lost(begun, Instant::from_millis(LOSS));
            due.extend(next_attempt(&machine, LOSS).map(|at| Reverse((at, machines.len()))));
            machines.push(machine);
        }
        while let Some(Reverse((at, client))) = due.pop() {
            let Some(machine) = machines.get_mut(client) else { continue };
            let first = machine.failures() == 1;
            let epoch = begin(machine, at);
            let since = at - LOSS;
            if first { &mut herd.first_attempts } else { &mut herd.later_attempts }.push(since);
            if since >= outage {
                machine.opened(epoch, Instant::from_millis(at));
                herd.back.push(since);
            } else {
                machine.lost(epoch, Instant::from_millis(at));
                due.extend(next_attempt(machine, at).map(|at| Reverse((at, client))));
            }
        }
        herd
    }
}

/// When the outage begins, and how long all had been connected by then.
const LOSS: u64 = 1_000_000;
const CONNECTED: u64 = 900_000;

fn begin(machine: &mut Reconnect<Random>, at: u64) -> Epoch {
    let at = Instant::from_millis(at);
    let Action::Connect(epoch) = machine.poll(at) else { panic!("no attempt is due") };
    machine.connecting(epoch, at);
    epoch
}

fn next_attempt(machine: &Reconnect<Random>, now: u64) -> Option<u64> {
    match machine.poll(Instant::from_millis(now)) {
        Action::WaitUntil(due) => Some(due.as_millis()),
        Action::Connect(_) => Some(now),
        _ => None,
    }
}

/// Splitmix64, each client from a seed of its own.
struct Random(u64);

impl Jitter for Random {
    fn next_u32(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed >> 32) as u32
    }
}

impl Herd {
    /// How long it takes from the end of the outage until 99 of 100 clients are back, in seconds.
    fn recovery(&self) -> f64 {
        let almost_all = self.back.len() * 99 / 100;
        self.back.get(almost_all).map_or(f64::NAN, |at| (at - self.outage) as f64 / 1000.0)
    }

    fn wasted(&self) -> f64 {
        let attempts = self.first_attempts.len() + self.later_attempts.len();
        (attempts - self.back.len()) as f64 / f64::from(self.clients)
    }

    /// The attempts in each 100 ms.
    fn histogram(&self) -> Vec<u32> {
        let mut bins = Vec::new();
        for at in self.first_attempts.iter().chain(&self.later_attempts) {
            let bin = (at / 100) as usize;
            bins.resize(bins.len().max(bin + 1), 0);
            bins[bin] += 1;
        }
        bins
    }
}

/// The most of these times, which are sorted, that lie within any 100 ms.
fn peak(times: &[u64]) -> usize {
    let within = |(first, begin): (usize, &u64)| times.partition_point(|at| *at < begin + 100) - first;
    times.iter().enumerate().map(within).max().unwrap_or(0)
}

fn print(herds: &[Herd], mut out: impl Write) -> io::Result<()> {
    print_table(herds, &mut out)?;
    print_claims(herds, &mut out)?;
    print_plot(herds, &mut out)?;
    out.flush()
}

fn print_table(herds: &[Herd], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{:22}  peak connections in 100 ms             99 % back  attempts wasted", "")?;
    writeln!(
        out,
        "{:22}  {:>10} {:>10} {:>15}  {:>9}  {:>15}",
        "policy", "1st tries", "later ones", "server is back", "after", "per client"
    )?;
    for herd in herds {
        let (first, later, back) = (peak(&herd.first_attempts), peak(&herd.later_attempts), peak(&herd.back));
        let (recovery, wasted) = (herd.recovery(), herd.wasted());
        writeln!(out, "{:22}  {first:>10} {later:>10} {back:>15}  {recovery:>7.1} s  {wasted:>15.1}", herd.name)?;
    }
    Ok(())
}

/// How many times lower than with a fixed wait the peaks are: full jitter when the server is back, the standard policy from
/// the second attempt on, and on the first one after the server had set a reconnection time.
fn claims(herds: &[Herd]) -> [f64; 3] {
    let fixed = peak(&herds[FIXED].first_attempts) as f64;
    let times_lower = |times: &[u64]| fixed / peak(times).max(1) as f64;
    let standard = [STANDARD, STANDARD_AFTER_RETRY].map(|herd| times_lower(&herds[herd].later_attempts));
    [
        times_lower(&herds[FULL].back),
        standard[0].min(standard[1]),
        times_lower(&herds[STANDARD_AFTER_RETRY].first_attempts),
    ]
}

fn print_claims(herds: &[Herd], out: &mut impl Write) -> io::Result<()> {
    let [full, later, first] = claims(herds);
    writeln!(out, "\nPeaks lower than with fixed 3 s:")?;
    writeln!(out, "{full:6.0} times  full jitter, when the server is back")?;
    writeln!(out, "{later:6.0} times  standard, from the second attempt on")?;
    writeln!(out, "{first:6.0} times  standard, first attempt after retry: 3000")
}

/// A line for each policy: time from left to right, attempts in 100 ms as height, in powers of ten.
fn print_plot(herds: &[Herd], out: &mut impl Write) -> io::Result<()> {
    const COLUMNS: usize = 80;
    const HEIGHTS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let histograms: Vec<_> = herds.iter().map(Herd::histogram).collect();
    let bins = histograms.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let width = bins.div_ceil(COLUMNS);
    writeln!(out, "\nAttempts in 100 ms, from 1 to {}, over {} s:", herds[0].clients, bins / 10)?;
    for (herd, histogram) in herds.iter().zip(&histograms) {
        let top = f64::from(herd.clients).ln_1p();
        let column = |bins: &[u32]| {
            let most = bins.iter().copied().max().unwrap_or(0);
            HEIGHTS[(f64::from(most).ln_1p() / top * 8.0).ceil() as usize]
        };
        let line: String = histogram.chunks(width).map(column).collect();
        writeln!(out, "{:22} |{line:COLUMNS$}|", herd.name)?;
    }
    Ok(())
}

fn draw(herds: &[Herd], file: &str) -> Result<(), Box<dyn Error>> {
    const ROW: u32 = 110;
    let histograms: Vec<_> = herds.iter().map(Herd::histogram).collect();
    let bins = histograms.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let width = bins.div_ceil(800);
    let root = SVGBackend::new(file, (900, ROW * herds.len() as u32 + 30)).into_drawing_area();
    root.fill(&WHITE)?;
    let title = format!("Connections in 100 ms, {} clients, outage of {} s", herds[0].clients, herds[0].outage / 1000);
    let rows = root.titled(&title, ("sans-serif", 18))?.split_evenly((herds.len(), 1));
    for ((row, herd), histogram) in rows.iter().zip(herds).zip(&histograms) {
        let mut chart = ChartBuilder::on(row)
            .margin_right(15)
            .x_label_area_size(20)
            .y_label_area_size(55)
            .caption(herd.name, ("sans-serif", 14))
            .build_cartesian_2d(0.0..bins as f64 / 10.0, (1.0..f64::from(herd.clients.max(10))).log_scale())?;
        chart
            .configure_mesh()
            .disable_mesh()
            .y_labels(3)
            .x_label_formatter(&|at| format!("{at:.0} s"))
            .y_label_formatter(&|n| format!("{n:.0}"))
            .draw()?;
        let away = Rectangle::new(
            [(0.0, 1.0), (herd.outage as f64 / 1000.0, f64::from(herd.clients))],
            BLACK.mix(0.06).filled(),
        );
        chart.draw_series([away])?;
        // One shape, because a bar for each would be a large file; and steps at least a pixel wide, or some would vanish.
        let steps = histogram.chunks(width).enumerate().flat_map(|(column, attempts)| {
            let (begin, end) = ((column * width) as f64 / 10.0, ((column + 1) * width) as f64 / 10.0);
            let height = f64::from(attempts.iter().copied().max().unwrap_or(0)).max(1.0);
            [(begin, height), (end, height)]
        });
        let end = ((histogram.len().div_ceil(width) * width) as f64 / 10.0, 1.0);
        let outline: Vec<_> = [(0.0, 1.0)].into_iter().chain(steps).chain([end]).collect();
        chart.draw_series([Polygon::new(outline, BLUE.filled())])?;
    }
    root.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn herds(outage: u32) -> Vec<Herd> {
        RIVALS.iter().map(|rival| rival.simulate(10_000, outage)).collect()
    }

    #[test]
    fn the_claims_hold() {
        let [full, later, first] = claims(&herds(60));
        assert!(full >= 150.0, "full jitter: {full}");
        assert!(later >= 100.0, "standard, from the second attempt on: {later}");
        assert!(first >= 25.0, "standard, first attempt after retry: 3000: {first}");
    }

    #[test]
    fn nobody_comes_before_the_server_wants_and_all_are_back_within_the_cap() {
        for outage in [0, 10, 60, 300] {
            for herd in &herds(outage) {
                assert_eq!(herd.back.len(), 10_000);
                assert!(herd.recovery() <= CAP.as_secs_f64(), "{}: {}", herd.name, herd.recovery());
                if herd.name.starts_with("standard") {
                    assert!(herd.first_attempts.iter().all(|at| *at >= 3000));
                }
            }
        }
    }

    #[test]
    fn an_output_that_takes_no_more_is_an_error() {
        let herds = herds(0);
        let mut whole = Vec::new();
        print(&herds, &mut whole).expect("room");
        for room in [0, 1, 80, whole.len() - 1] {
            assert!(print(&herds, &mut vec![0; room][..]).is_err(), "{room}");
        }
    }

    #[test]
    fn a_fixed_wait_brings_all_at_once() {
        let herd = &herds(60)[FIXED];
        assert_eq!(peak(&herd.back), 10_000);
        assert_eq!(herd.wasted(), 19.0);
    }
}
