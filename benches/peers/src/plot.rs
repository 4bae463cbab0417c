//! Draws the chart for the README, with one bar for each reader.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::contender::Kind;
use crate::report::Ranked;

const WIDTH: i32 = 760;
const ROW: i32 = 34;
const TOP: i32 = 64;
const LEFT: i32 = 190;
const RIGHT: i32 = 150;

/// Draws the chart. `ranking` holds the readers, fastest first, with their speeds as multiples of the fastest peer's.
pub fn readers(path: &Path, ranking: &[Ranked], inputs: usize) -> Result<(), Box<dyn Error>> {
    let Some(longest) = ranking.first().map(|row| row.2) else {
        return Err("nothing was measured at 1460-byte chunks".into());
    };
    let height = TOP + ROW * ranking.len() as i32 + 16;
    let area = SVGBackend::new(path, (WIDTH as u32, height as u32)).into_drawing_area();
    area.fill(&WHITE)?;

    let text = |size: i32, color: &RGBColor, side: HPos| {
        ("sans-serif", size).into_font().color(color).pos(Pos::new(side, VPos::Center))
    };
    area.draw(&Text::new("Reading event streams in chunks of 1460 bytes", (16, 20), text(18, &INK, HPos::Left)))?;
    let subtitle =
        format!("Speed, geometric mean over {inputs} kinds of stream; the fastest other crate is 1. Longer is faster.");
    area.draw(&Text::new(subtitle, (16, 43), text(13, &FAINT, HPos::Left)))?;

    for (index, &(name, kind, speed, right)) in ranking.iter().enumerate() {
        let middle = TOP + ROW * index as i32 + ROW / 2;
        let end = LEFT + (f64::from(WIDTH - LEFT - RIGHT) * speed / longest).round() as i32;
        let color = if kind == Kind::Ours { OURS } else { THEIRS };
        area.draw(&Rectangle::new([(LEFT, middle - 10), (end.max(LEFT + 1), middle + 10)], color.filled()))?;
        area.draw(&Text::new(name, (LEFT - 8, middle), text(14, &INK, HPos::Right)))?;
        let note = if right == inputs { String::new() } else { format!(" (right on {right} of {inputs})") };
        area.draw(&Text::new(format!("{speed:.2}{note}"), (end + 6, middle), text(13, &INK, HPos::Left)))?;
    }
    Ok(area.present()?)
}

const INK: RGBColor = RGBColor(0x1F, 0x23, 0x28);
const FAINT: RGBColor = RGBColor(0x59, 0x63, 0x6E);
const OURS: RGBColor = RGBColor(0x0A, 0x69, 0xDA);
const THEIRS: RGBColor = RGBColor(0xAF, 0xB8, 0xC1);
