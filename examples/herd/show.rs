//! Prints the results of the simulations as tables and as a plot of characters, and draws them as an SVG file.

use std::error::Error;
use std::io::{self, Write};

use plotters::prelude::*;

use crate::closing::Minutes;
use crate::fleet::peak;
use crate::outage::{Herd, claims};

pub(crate) fn print(herds: &[Herd], minutes: &[Minutes], mut out: impl Write) -> io::Result<()> {
    print_table(herds, &mut out)?;
    print_minutes(minutes, &mut out)?;
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

/// Prints the table of the servers that close every connection after a while.
fn print_minutes(rows: &[Minutes], out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "\n{:30}  {:26}  connected  attempts an hour  peak in 100 ms",
        "server closes a connection", "policy"
    )?;
    for row in rows {
        let (closes, policy, connected) = (row.closes.name(), row.policy, row.connected());
        let attempts = row.attempts_an_hour();
        writeln!(out, "{closes:30}  {policy:26}  {connected:>7.1} %  {attempts:>16.1}  {:>14}", row.peak)?;
    }
    Ok(())
}

fn print_claims(herds: &[Herd], out: &mut impl Write) -> io::Result<()> {
    let [full, later, first] = claims(herds);
    writeln!(out, "\nPeaks lower than with fixed 3 s:")?;
    writeln!(out, "{full:6.0} times  full jitter, when the server is back")?;
    writeln!(out, "{later:6.0} times  standard, from the second attempt on")?;
    writeln!(out, "{first:6.0} times  standard, first attempt after retry: 3000")
}

/// Prints a line for each policy: time from left to right, the number of attempts in 100 ms as height, on a logarithmic
/// scale.
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

pub(crate) fn draw(herds: &[Herd], file: &str) -> Result<(), Box<dyn Error>> {
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
        // One shape, because a bar for each step would make a large file. Steps are at least a pixel wide, or some
        // would vanish.
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
    use crate::closing;
    use crate::outage::RIVALS;

    #[test]
    fn a_full_output_is_an_error() {
        let herds: Vec<_> = RIVALS.iter().map(|rival| rival.simulate(100, 0)).collect();
        let minutes = closing::simulate(10);
        let mut whole = Vec::new();
        print(&herds, &minutes, &mut whole).expect("room");
        for room in [0, 1, 80, whole.len() - 1] {
            assert!(print(&herds, &minutes, &mut vec![0; room][..]).is_err(), "{room}");
        }
    }
}
