//! Finds where other crates come closest, and says so in one sentence of a block.

use crate::blocks::{CHUNKS, INPUTS, crate_name};
use crate::error::Error;
use crate::figures::{Figures, table};
use crate::verdict::STREAMS;

/// A ratio to another crate in one run, and where it was measured.
struct Place<'a> {
    ratio: f64,
    peer: &'a str,
    input: &'static str,
    chunks: &'static str,
}

/// Says where other crates come closest.
pub fn sentence(figures: &Figures) -> Result<String, Error> {
    let places =
        [("bytes", decoded(figures, "bytes")?), ("text", decoded(figures, "text")?), ("owned events", owned(figures)?)];
    let (mut parts, mut is_fastest) = (Vec::new(), true);
    for (events, places) in places {
        if let Some(Place { ratio, peer, input, chunks }) = places.iter().min_by(|a, b| a.ratio.total_cmp(&b.ratio)) {
            is_fastest &= *ratio >= 1.0;
            parts.push(format!("{ratio:.2} as {events} (`{}` on {input}, {chunks})", crate_name(peer)));
        }
    }
    let verdict = if is_fastest {
        "No other crate was faster in any run."
    } else {
        "Where the ratio is below 1, the other crate was faster."
    };
    Ok(format!("Lowest ratio over all inputs, chunk sizes and runs: {}. {verdict}\n", parts.join(", ")))
}

fn decoded<'a>(figures: &'a Figures, events: &str) -> Result<Vec<Place<'a>>, Error> {
    let mut places = Vec::new();
    for (chunk, _, chunks) in CHUNKS {
        for (name, input) in INPUTS {
            let ratios = figures.ratios(&table::decoding(events, chunk), name)?.iter();
            let runs = ratios.zip(figures.fastest(chunk, name)?);
            places.extend(runs.map(|(&ratio, peer)| Place { ratio, peer, input, chunks }));
        }
    }
    Ok(places)
}

fn owned(figures: &Figures) -> Result<Vec<Place<'_>>, Error> {
    let mut places = Vec::new();
    for &(peer, ..) in STREAMS {
        for (name, input) in INPUTS {
            let ratio = figures.ratio(&table::stream(peer), name)?.least;
            places.push(Place { ratio, peer, input, chunks: "chunks of 1460 bytes" });
        }
    }
    Ok(places)
}
