//! The table: what each server took, and the ratio to the first one.

use core::fmt::Write;

use crate::round::{Load, Round};
use crate::server::{Contender, DATA};

/// One of the figures of a round.
type Figure = fn(&Round) -> f64;

/// Returns the sentence that says how it was measured.
pub fn origin(today: &str, cpu: Option<&str>, load: &Load, rounds: u32) -> String {
    let Load { clients, events, rate } = load;
    let cpu = cpu.map_or_else(String::new, |cpu| format!(" on this CPU: {cpu}"));
    format!(
        "Measured on {today}{cpu}. {clients} clients on loopback, {events} events of {DATA} bytes, {rate} a second. Each \
         figure is the median of {rounds} rounds, and in parentheses its ratio to the first row."
    )
}

/// Returns the table in Markdown.
pub fn table(measured: &[(Contender, Vec<Round>)]) -> String {
    let figures: [(Figure, &str, f64); 4] = [
        (|round| round.cpu, "µs", 1.0),
        (|round| round.memory, "KiB", 1024.0),
        (|round| round.median, "ms", 1.0),
        (|round| round.p99, "ms", 1.0),
    ];
    let mut table = String::from(
        "| server | CPU for a delivery | memory for a client | delivery, median | delivery, 99 % |\n|---|--:|--:|--:|--:|\n",
    );
    let first = measured.first().map_or(&[][..], |(_, rounds)| rounds);
    for (contender, rounds) in measured {
        table += "| ";
        table += contender.name();
        for (figure, unit, scale) in figures {
            let (value, reference) = (median(rounds, figure), median(first, figure));
            // Writing to text does not fail.
            let _ = write!(table, " | {:.1} {unit} ({:.2})", value / scale, value / reference);
        }
        table += " |\n";
    }
    table
}

fn median(rounds: &[Round], figure: Figure) -> f64 {
    let mut values: Vec<_> = rounds.iter().map(figure).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_shows_medians_and_their_ratios_to_the_first_row() {
        let round = |cpu| Round { cpu, memory: 2048.0 * cpu, median: cpu, p99: 10.0 * cpu };
        let rounds = |cpus: [f64; 3]| cpus.map(round).to_vec();
        let table = table(&[(Contender::Ours, rounds([9.0, 1.0, 2.0])), (Contender::Axum, rounds([3.0, 3.0, 1.0]))]);
        let rows: Vec<_> = table.lines().skip(2).collect();
        assert_eq!(
            rows,
            [
                "| `Feed` in axum | 2.0 µs (1.00) | 4.0 KiB (1.00) | 2.0 ms (1.00) | 20.0 ms (1.00) |",
                "| axum's `Sse` over `broadcast` | 3.0 µs (1.50) | 6.0 KiB (1.50) | 3.0 ms (1.50) | 30.0 ms (1.50) |",
            ]
        );
    }
}
