//! Renders the figures as Markdown. This module must not depend on how they are measured.

use crate::measure::Measured;

/// A curve whose spread is at most this is flat.
const FLAT: f64 = 1.2;

/// Returns the sentence that says where and when the figures were measured.
pub fn origin(date: &str, cpu: Option<&str>, rounds: u16) -> String {
    let cpu = cpu.map_or_else(|| "a CPU without a model name".into(), |cpu| format!("this CPU: {cpu}"));
    format!("Measured on {date} on {cpu}. Each figure is the median of {rounds} rounds.")
}

/// Returns one table for each curve, with nanoseconds per byte.
pub fn tables(curves: &[Measured]) -> String {
    curves.iter().map(table).collect::<Vec<_>>().join("\n")
}

fn table(curve: &Measured) -> String {
    let cells = |cell: &dyn Fn(usize) -> String| (0..curve.points.len()).map(cell).collect::<Vec<_>>().join(" | ");
    let (spread, rise) = (curve.spread(), curve.rise());
    format!(
        "| {} | {} | spread | rise |\n|---|{}--:|--:|\n| ns per byte | {} | {spread:.2}{} | {rise:.2} |\n",
        curve.name,
        cells(&|index| curve.points[index].label.clone()),
        "--:|".repeat(curve.points.len()),
        cells(&|index| format!("{:.3}", curve.points[index].nanoseconds)),
        if spread <= FLAT { ", flat" } else { "" },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Figure;

    fn curve(times: [f64; 2]) -> Measured {
        let point = |(label, nanoseconds): (&str, f64)| Figure { label: label.into(), length: 1, nanoseconds };
        Measured { name: "event", points: ["1 KiB", "1 MiB"].into_iter().zip(times).map(point).collect() }
    }

    #[test]
    fn each_curve_is_a_table_with_its_spread_and_rise() {
        assert_eq!(
            tables(&[curve([0.5, 0.6]), curve([0.5004, 0.25])]),
            "| event | 1 KiB | 1 MiB | spread | rise |\n\
             |---|--:|--:|--:|--:|\n\
             | ns per byte | 0.500 | 0.600 | 1.20, flat | 1.20 |\n\
             \n\
             | event | 1 KiB | 1 MiB | spread | rise |\n\
             |---|--:|--:|--:|--:|\n\
             | ns per byte | 0.500 | 0.250 | 2.00 | 1.00 |\n"
        );
    }

    #[test]
    fn the_origin_names_the_cpu_if_it_is_known() {
        assert_eq!(
            origin("2026-01-05", Some("A CPU"), 3),
            "Measured on 2026-01-05 on this CPU: A CPU. Each figure is the median of 3 rounds."
        );
        assert!(origin("2026-01-05", None, 3).contains("on a CPU without a model name."));
    }
}
