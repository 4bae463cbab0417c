//! Draws the curves into one chart.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use crate::measure::Measured;

const COLORS: [RGBColor; 5] = [
    RGBColor(0x0A, 0x69, 0xDA),
    RGBColor(0xCF, 0x22, 0x2E),
    RGBColor(0xAF, 0xB8, 0xC1),
    RGBColor(0x1A, 0x7F, 0x37),
    RGBColor(0x9A, 0x67, 0x00),
];

/// Draws the chart: nanoseconds per byte over the length of the stream or of the event.
pub fn draw(curves: &[Measured], path: &Path) -> Result<(), Box<dyn Error>> {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let longest = points().map(|point| point.length).max().unwrap_or(1) as f64;
    let shortest = points().map(|point| point.length).min().unwrap_or(1) as f64;
    let most = points().map(|point| point.nanoseconds).fold(0.0, f64::max);
    let area = SVGBackend::new(path, (760, 400)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption("Decoding: nanoseconds per byte", ("sans-serif", 18))
        .margin(12)
        .margin_right(30)
        .x_label_area_size(36)
        .y_label_area_size(40)
        .build_cartesian_2d((shortest..longest).log_scale(), 0.0..most * 1.15)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("length of the stream or of the event")
        .x_label_formatter(&|&length| short(length))
        .y_label_formatter(&|time| format!("{time:.1}"))
        .draw()?;
    for (curve, color) in curves.iter().zip(COLORS.iter().cycle()) {
        let points: Vec<_> = curve.points.iter().map(|point| (point.length as f64, point.nanoseconds)).collect();
        chart
            .draw_series(LineSeries::new(points, color.stroke_width(2)).point_size(3))?
            .label(curve.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
    }
    let mut legend = chart.configure_series_labels();
    legend.position(SeriesLabelPosition::UpperRight).border_style(BLACK.mix(0.3)).background_style(WHITE).draw()?;
    Ok(area.present()?)
}

/// Returns a power of ten with its unit, as in `10 kB`.
fn short(length: f64) -> String {
    let units = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let (size, unit) = units.into_iter().find(|(size, _)| length >= *size).unwrap_or((1.0, "bytes"));
    format!("{:.0} {unit}", length / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_at_the_axis_are_short() {
        assert_eq!(
            [1e1, 1e2, 1e3, 1e5, 1e6, 1e10].map(short),
            ["10 bytes", "100 bytes", "1 kB", "100 kB", "1 MB", "10 GB"]
        );
    }
}
