//! Renders the figures as the blocks of the pages. This module must not depend on files or on the measurement.

use crate::closest;
use crate::error::Error;
use crate::figures::{Figures, Spread, table};
use crate::verdict::STREAMS;

/// The inputs and their names in the tables, in this order.
pub const INPUTS: [(&str, &str); 10] = [
    ("tokens", "tokens"),
    ("named", "named"),
    ("tiny", "tiny"),
    ("64k-line", "64 KiB line"),
    ("20-lines", "20 lines"),
    ("tokens-crlf", "CRLF"),
    ("tokens-cr", "CR"),
    ("comments", "comments"),
    ("changes", "change feed"),
    ("tokens-utf8", "UTF-8"),
];

/// The inputs that are written.
const WRITTEN: [&str; 6] = ["tokens", "named", "tiny", "64k-line", "20-lines", "changes"];

/// The chunk sizes in the file, in the table and in a sentence.
pub const CHUNKS: [(&str, &str, &str); 4] = [
    ("whole", "whole", "whole inputs"),
    ("16384", "16 KiB", "chunks of 16 KiB"),
    ("1460", "1460", "chunks of 1460 bytes"),
    ("64", "64", "chunks of 64 bytes"),
];

const EVENTS: [&str; 2] = ["bytes", "text"];

/// Renders the block of `benches/README.md`.
pub fn tables(figures: &Figures) -> Result<String, Error> {
    let mut paragraphs = vec![measured(figures), decoding(figures)?];
    if figures.runs > 1 {
        paragraphs.push(ranges(figures)?);
    }
    paragraphs.push(closest::sentence(figures)?);
    paragraphs.push(format!(
        "Decoding throughput as bytes, relative to a bare `memchr2` scan from line end to line end over the whole input: {}.\n",
        list(figures, table::LIMIT, INPUTS.map(|(input, _)| input))?
    ));
    paragraphs.push(format!(
        "Writing, relative to `russe`, the fastest other crate that refuses line breaks in types and IDs: {}.\n",
        list(figures, table::WRITING, WRITTEN)?
    ));
    paragraphs.push(streams(figures)?);
    Ok(paragraphs.join("\n"))
}

/// Renders the block of `README.md`.
pub fn summary(figures: &Figures) -> Result<String, Error> {
    let mean = mean(figures, &table::decoding("bytes", "1460"))?.median;
    let inputs = INPUTS.len();
    Ok(format!(
        "Decoding to borrowed events is {mean:.1} times as fast as the fastest other crate on each input: the geometric mean over \
         {inputs} inputs, in\nchunks of 1460 bytes.\n"
    ))
}

/// Says when, on which CPU and how often the figures were measured.
fn measured(figures: &Figures) -> String {
    let Figures { date, cpu, rounds, runs, .. } = figures;
    let cpu = cpu.as_ref().map(|cpu| format!(" on this CPU: {cpu}")).unwrap_or_default();
    let runs = if *runs == 1 { "from one run".into() } else { format!("the median of {runs} runs") };
    format!("Measured on {date}{cpu}. Each figure is {runs}. Rounds per run: {rounds}.\n")
}

fn decoding(figures: &Figures) -> Result<String, Error> {
    let mut text = format!(
        "| chunks | events as | mean | {} |\n|---|---|--:|{}\n",
        INPUTS.map(|(_, label)| label).join(" | "),
        "--:|".repeat(INPUTS.len())
    );
    for (chunk, label, _) in CHUNKS {
        for events in EVENTS {
            let table = table::decoding(events, chunk);
            text += &format!("| {label} | {events} | **{:.2}** |", mean(figures, &table)?.median);
            for (input, _) in INPUTS {
                text += &format!(" {:.2} |", figures.ratio(&table, input)?.median);
            }
            text.push('\n');
        }
    }
    Ok(text)
}

/// Says how much the means differ from run to run.
fn ranges(figures: &Figures) -> Result<String, Error> {
    let mut parts = Vec::new();
    for (chunk, _, phrase) in CHUNKS {
        let range = |events| mean(figures, &table::decoding(events, chunk)).map(|mean| range(&mean));
        parts.push(format!("{} as bytes and {} as text for {phrase}", range("bytes")?, range("text")?));
    }
    Ok(format!("Range of the means over the runs: {}.\n", parts.join("; ")))
}

fn streams(figures: &Figures) -> Result<String, Error> {
    let mut parts = Vec::new();
    for &(peer, ..) in STREAMS {
        let mean = mean(figures, &table::stream(peer))?;
        parts.push(format!("{} times as fast as `{}`", with_range(figures, &mean), crate_name(peer)));
    }
    Ok(format!(
        "`io::futures::EventStream` over `Bytes` of 1460 bytes, owned events: {}, geometric means.\n",
        parts.join(" and ")
    ))
}

/// Lists these inputs with their ratios.
fn list<const N: usize>(figures: &Figures, table: &str, inputs: [&str; N]) -> Result<String, Error> {
    let mut parts = Vec::new();
    for (name, label) in INPUTS.iter().filter(|(name, _)| inputs.contains(name)) {
        parts.push(format!("{label} {}", with_range(figures, &figures.ratio(table, name)?)));
    }
    Ok(parts.join(", "))
}

fn mean(figures: &Figures, table: &str) -> Result<Spread, Error> {
    figures.mean(table, INPUTS.iter().map(|(name, _)| *name))
}

/// Renders a figure, and its range if there are several runs.
fn with_range(figures: &Figures, spread: &Spread) -> String {
    match figures.runs {
        1 => format!("{:.2}", spread.median),
        _ => format!("{:.2} ({})", spread.median, range(spread)),
    }
}

fn range(spread: &Spread) -> String {
    format!("{:.2} to {:.2}", spread.least, spread.most)
}

/// Returns the crate of a contender: one crate can have several rows.
pub fn crate_name(peer: &str) -> &str {
    peer.split(' ').next().unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs;

    /// Figures of one run, in which the ratio rises by 0.01 from input to input.
    fn figures() -> Figures {
        let mut figures = Figures::new("2026-01-05".into(), Some("Some CPU".into()), 15);
        figures.runs = 1;
        let mut fill = |table: String, first: f64, inputs: &[&str]| {
            let rows =
                inputs.iter().enumerate().map(|(index, &input)| (input.into(), vec![first + index as f64 / 100.0]));
            figures.ratios.insert(table, rows.collect());
        };
        let inputs = INPUTS.map(|(name, _)| name);
        for (index, (chunk, ..)) in CHUNKS.iter().enumerate() {
            fill(table::decoding("bytes", chunk), 4.0 - index as f64, &inputs);
            fill(table::decoding("text", chunk), 3.5 - index as f64 / 2.0, &inputs);
        }
        fill(table::LIMIT.into(), 0.9, &inputs);
        fill(table::WRITING.into(), 2.5, &WRITTEN);
        fill(table::stream("sse-stream of Bytes"), 1.2, &inputs);
        fill(table::stream("eventsource-stream"), 15.0, &inputs);
        for (chunk, ..) in CHUNKS {
            let rows = inputs.map(|input| (input.into(), vec!["sse-core".into()]));
            figures.fastest.insert(chunk.into(), rows.into());
        }
        figures
    }

    /// Adds a second run, in which one ratio is lower.
    fn with_second_run(mut figures: Figures) -> Figures {
        figures.runs = 2;
        figures.ratios.values_mut().flat_map(|table| table.values_mut()).for_each(|runs| runs.push(runs[0] + 0.2));
        figures.fastest.values_mut().flat_map(|table| table.values_mut()).for_each(|runs| runs.push(runs[0].clone()));
        let lower = |figures: &mut Figures, table: &str, input: &str| {
            figures.ratios.get_mut(table).expect("the table").get_mut(input).expect("the input")[1] = 0.8;
        };
        lower(&mut figures, &table::decoding("text", "64"), "comments");
        figures.fastest.get_mut("64").expect("the table").get_mut("comments").expect("the input")[1] =
            "sse-stream of Bytes".into();
        figures
    }

    const ONE_RUN: &str = "\
Measured on 2026-01-05 on this CPU: Some CPU. Each figure is from one run. Rounds per run: 15.

| chunks | events as | mean | tokens | named | tiny | 64 KiB line | 20 lines | CRLF | CR | comments | change feed | UTF-8 |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
| whole | bytes | **4.04** | 4.00 | 4.01 | 4.02 | 4.03 | 4.04 | 4.05 | 4.06 | 4.07 | 4.08 | 4.09 |
| whole | text | **3.54** | 3.50 | 3.51 | 3.52 | 3.53 | 3.54 | 3.55 | 3.56 | 3.57 | 3.58 | 3.59 |
| 16 KiB | bytes | **3.04** | 3.00 | 3.01 | 3.02 | 3.03 | 3.04 | 3.05 | 3.06 | 3.07 | 3.08 | 3.09 |
| 16 KiB | text | **3.04** | 3.00 | 3.01 | 3.02 | 3.03 | 3.04 | 3.05 | 3.06 | 3.07 | 3.08 | 3.09 |
| 1460 | bytes | **2.04** | 2.00 | 2.01 | 2.02 | 2.03 | 2.04 | 2.05 | 2.06 | 2.07 | 2.08 | 2.09 |
| 1460 | text | **2.54** | 2.50 | 2.51 | 2.52 | 2.53 | 2.54 | 2.55 | 2.56 | 2.57 | 2.58 | 2.59 |
| 64 | bytes | **1.04** | 1.00 | 1.01 | 1.02 | 1.03 | 1.04 | 1.05 | 1.06 | 1.07 | 1.08 | 1.09 |
| 64 | text | **2.04** | 2.00 | 2.01 | 2.02 | 2.03 | 2.04 | 2.05 | 2.06 | 2.07 | 2.08 | 2.09 |

Lowest ratio over all inputs, chunk sizes and runs: 1.00 as bytes (`sse-core` on tokens, chunks of 64 bytes), 2.00 as text (`sse-core` on tokens, chunks of 64 bytes), 1.20 as owned events (`sse-stream` on tokens, chunks of 1460 bytes). No other crate was faster in any run.

Decoding throughput as bytes, relative to a bare `memchr2` scan from line end to line end over the whole input: tokens 0.90, named 0.91, tiny 0.92, 64 KiB line 0.93, 20 lines 0.94, CRLF 0.95, CR 0.96, comments 0.97, change feed 0.98, UTF-8 0.99.

Writing, relative to `russe`, the fastest other crate that refuses line breaks in types and IDs: tokens 2.50, named 2.51, tiny 2.52, 64 KiB line 2.53, 20 lines 2.54, change feed 2.55.

`io::futures::EventStream` over `Bytes` of 1460 bytes, owned events: 1.24 times as fast as `sse-stream` and 15.04 times as fast as `eventsource-stream`, geometric means.
";

    const TWO_RUNS: &str = "\
Measured on 2026-01-05 on this CPU: Some CPU. Each figure is the median of 2 runs. Rounds per run: 15.

| chunks | events as | mean | tokens | named | tiny | 64 KiB line | 20 lines | CRLF | CR | comments | change feed | UTF-8 |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
| whole | bytes | **4.14** | 4.10 | 4.11 | 4.12 | 4.13 | 4.14 | 4.15 | 4.16 | 4.17 | 4.18 | 4.19 |
| whole | text | **3.64** | 3.60 | 3.61 | 3.62 | 3.63 | 3.64 | 3.65 | 3.66 | 3.67 | 3.68 | 3.69 |
| 16 KiB | bytes | **3.14** | 3.10 | 3.11 | 3.12 | 3.13 | 3.14 | 3.15 | 3.16 | 3.17 | 3.18 | 3.19 |
| 16 KiB | text | **3.14** | 3.10 | 3.11 | 3.12 | 3.13 | 3.14 | 3.15 | 3.16 | 3.17 | 3.18 | 3.19 |
| 1460 | bytes | **2.14** | 2.10 | 2.11 | 2.12 | 2.13 | 2.14 | 2.15 | 2.16 | 2.17 | 2.18 | 2.19 |
| 1460 | text | **2.64** | 2.60 | 2.61 | 2.62 | 2.63 | 2.64 | 2.65 | 2.66 | 2.67 | 2.68 | 2.69 |
| 64 | bytes | **1.14** | 1.10 | 1.11 | 1.12 | 1.13 | 1.14 | 1.15 | 1.16 | 1.17 | 1.18 | 1.19 |
| 64 | text | **2.03** | 2.10 | 2.11 | 2.12 | 2.13 | 2.14 | 2.15 | 2.16 | 1.44 | 2.18 | 2.19 |

Range of the means over the runs: 4.04 to 4.24 as bytes and 3.54 to 3.74 as text for whole inputs; 3.04 to 3.24 as bytes and 3.04 to 3.24 as text for chunks of 16 KiB; 2.04 to 2.24 as bytes and 2.54 to 2.74 as text for chunks of 1460 bytes; 1.04 to 1.24 as bytes and 2.02 to 2.04 as text for chunks of 64 bytes.

Lowest ratio over all inputs, chunk sizes and runs: 1.00 as bytes (`sse-core` on tokens, chunks of 64 bytes), 0.80 as text (`sse-stream` on comments, chunks of 64 bytes), 1.20 as owned events (`sse-stream` on tokens, chunks of 1460 bytes). Where the ratio is below 1, the other crate was faster.

Decoding throughput as bytes, relative to a bare `memchr2` scan from line end to line end over the whole input: tokens 1.00 (0.90 to 1.10), named 1.01 (0.91 to 1.11), tiny 1.02 (0.92 to 1.12), 64 KiB line 1.03 (0.93 to 1.13), 20 lines 1.04 (0.94 to 1.14), CRLF 1.05 (0.95 to 1.15), CR 1.06 (0.96 to 1.16), comments 1.07 (0.97 to 1.17), change feed 1.08 (0.98 to 1.18), UTF-8 1.09 (0.99 to 1.19).

Writing, relative to `russe`, the fastest other crate that refuses line breaks in types and IDs: tokens 2.60 (2.50 to 2.70), named 2.61 (2.51 to 2.71), tiny 2.62 (2.52 to 2.72), 64 KiB line 2.63 (2.53 to 2.73), 20 lines 2.64 (2.54 to 2.74), change feed 2.65 (2.55 to 2.75).

`io::futures::EventStream` over `Bytes` of 1460 bytes, owned events: 1.34 (1.24 to 1.44) times as fast as `sse-stream` and 15.14 (15.04 to 15.24) times as fast as `eventsource-stream`, geometric means.
";

    #[test]
    fn one_run_is_rendered_without_ranges() {
        assert_eq!(tables(&figures()).expect("all figures"), ONE_RUN);
    }

    #[test]
    fn several_runs_are_rendered_with_their_medians_and_ranges() {
        assert_eq!(tables(&with_second_run(figures())).expect("all figures"), TWO_RUNS);
    }

    #[test]
    fn the_summary_is_the_mean_as_bytes_in_chunks_of_1460() {
        assert_eq!(
            summary(&figures()).expect("all figures"),
            "Decoding to borrowed events is 2.0 times as fast as the fastest other crate on each input: the geometric mean over \
             10 inputs, in\nchunks of 1460 bytes.\n"
        );
    }

    #[test]
    fn the_cpu_is_left_out_if_it_is_not_known() {
        let text = measured(&Figures { cpu: None, ..figures() });
        assert_eq!(text, "Measured on 2026-01-05. Each figure is from one run. Rounds per run: 15.\n");
    }

    #[test]
    fn a_missing_figure_is_an_error_that_names_it() {
        let mut figures = figures();
        figures.ratios.get_mut(table::WRITING).expect("the table").remove("tiny");
        let error = tables(&figures).expect_err("a figure is missing");
        assert!(
            matches!(&error, Error::Missing { table, input } if table == table::WRITING && input == "tiny"),
            "{error:?}"
        );
    }

    #[test]
    fn the_tables_show_all_inputs() {
        assert!(inputs::all().iter().map(|input| input.name).eq(INPUTS.map(|(name, _)| name)));
        assert!(inputs::to_write().iter().map(|input| input.name).eq(WRITTEN));
    }
}
