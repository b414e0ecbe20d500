//! Lines over steps as SVG: labelled axes, a band where there is an interval, the last value in
//! words beside each line's name.
//!
//! A long noisy line is drawn twice: every step faintly, and the mean of the steps around boldly.

use std::fmt::Write;

use crate::axis::{Axis, BOTTOM, Format, HEIGHT, LEFT, RIGHT, WIDTH, x, y};
use crate::text::html;

/// (step, value), by step.
pub(crate) type Points = Vec<(f64, f64)>;

/// One line of a chart.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// What it is called in the legend.
    pub(crate) name: String,
    /// The scalar it shows, if it shows one as it is.
    pub(crate) scalar: Option<String>,
    pub(crate) points: Points,
    /// Lower and upper bounds at the same steps.
    pub(crate) band: Option<(Points, Points)>,
    /// Which of the page's colours.
    pub(crate) colour: usize,
}

/// Colours of `page.css`, `c0` and on.
pub(crate) const N_COLOURS: usize = 8;

/// Lines with this many points or more get a trend.
const TREND_FROM: usize = 25;
/// Most points of a line that are drawn: a screen shows no more.
const POINTS_MAX: usize = 400;

/// A chart of lines.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    pub(crate) title: String,
    /// What it shows, for those who do not know.
    pub(crate) hint: &'static str,
    pub(crate) format: Format,
    pub(crate) lines: Vec<Line>,
}

impl Chart {
    pub(crate) fn x_axis(&self) -> Axis {
        Axis::within(self.all().map(|p| p.0), 5)
    }

    fn all(&self) -> impl Iterator<Item = &(f64, f64)> {
        self.lines.iter().flat_map(|line| {
            let (low, high) = line.band.as_ref().map_or((&[][..], &[][..]), |(l, h)| (l, h));
            line.points.iter().chain(low).chain(high)
        })
    }

    /// Whether every value of every line is 0.
    pub(crate) fn is_zero(&self) -> bool {
        self.lines.iter().all(|line| line.points.iter().all(|p| p.1 == 0.0))
    }

    /// The picture alone.
    pub(crate) fn svg(&self) -> String {
        let (across, up) = (self.x_axis(), Axis::around(self.all().map(|p| p.1), 4, self.format));
        let mut svg = open(&format!("{} by step", self.title));
        grid(&mut svg, &up);
        steps_below(&mut svg, &across);
        for line in &self.lines {
            draw(&mut svg, line, &across, &up);
        }
        svg.push_str("</svg>");
        svg
    }

    /// Each line's colour, name and last value.
    pub(crate) fn legend(&self) -> String {
        let entry = |line: &Line| {
            let last = line.points.last().map_or(f64::NAN, |p| p.1);
            format!(
                "<li><i class=\"c{}\"></i>{} <data value=\"{last}\">{}</data></li>",
                line.colour,
                html(&line.name),
                self.format.value(last)
            )
        };
        let entries: String = self.lines.iter().map(entry).collect();
        format!("<ul class=\"legend\">{entries}</ul>")
    }
}

/// Begins a picture with its name for those who cannot see it.
pub(crate) fn open(label: &str) -> String {
    format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">", html(label))
}

/// Horizontal lines with their numbers.
pub(crate) fn grid(svg: &mut String, up: &Axis) {
    for &tick in &up.ticks {
        let at = y(up, tick);
        let class = if tick == 0.0 { "grid zero" } else { "grid" };
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            "<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text class=\"y\" x=\"{}\" y=\"{:.1}\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            at + 3.5,
            up.label(tick)
        );
    }
}

/// Steps along the lower edge.
pub(crate) fn steps_below(svg: &mut String, across: &Axis) {
    let base = HEIGHT - BOTTOM;
    for &tick in &across.ticks {
        let at = x(across, tick);
        let _ = write!(
            svg,
            "<line class=\"tick\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{base}\" y2=\"{}\"/>\
             <text class=\"x\" x=\"{at:.1}\" y=\"{}\">{}</text>",
            base + 4.0,
            base + 16.0,
            across.label(tick)
        );
    }
    let _ = write!(svg, "<text class=\"unit\" x=\"4\" y=\"{}\">step</text>", base + 16.0);
}

fn draw(svg: &mut String, line: &Line, across: &Axis, up: &Axis) {
    let colour = line.colour % N_COLOURS;
    let path = |points: &mut dyn Iterator<Item = &(f64, f64)>| {
        let pairs: Vec<String> = points
            .filter(|p| p.1.is_finite())
            .map(|&(step, v)| format!("{:.1},{:.1}", x(across, step), y(up, v)))
            .collect();
        pairs.join(" ")
    };
    if let Some((&[(step, low)], &[(_, high)])) =
        line.band.as_ref().map(|(low, high)| (&low[..], &high[..]))
    {
        // A band of one step has no area.
        let at = x(across, step);
        let _ = write!(
            svg,
            "<line class=\"line c{colour}\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{:.1}\" \
             y2=\"{:.1}\"/>",
            y(up, low),
            y(up, high)
        );
    } else if let Some((low, high)) = &line.band {
        let (low, high) = (thinned(low), thinned(high));
        let outline = path(&mut low.iter().chain(high.iter().rev()));
        let _ = write!(svg, "<polygon class=\"band c{colour}\" points=\"{outline}\"/>");
    }
    let points: Points = line.points.iter().filter(|p| p.1.is_finite()).copied().collect();
    let noisy = points.len() >= TREND_FROM;
    let faint = if noisy { " faint" } else { "" };
    let pairs = path(&mut thinned(&points).iter());
    let _ = write!(svg, "<polyline class=\"line c{colour}{faint}\" points=\"{pairs}\"/>");
    if noisy {
        let pairs = path(&mut thinned(&trend(&points)).iter());
        let _ = write!(svg, "<polyline class=\"line c{colour}\" points=\"{pairs}\"/>");
        return;
    }
    for &(step, value) in &points {
        let _ = write!(
            svg,
            "<circle class=\"dot c{colour}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.4\"/>",
            x(across, step),
            y(up, value)
        );
    }
}

/// How many points to each side a trend takes the mean of.
pub(crate) fn trend_reach(n_points: usize) -> usize {
    (n_points / 24).max(1)
}

/// The mean of the points around each point; fewer at the ends.
fn trend(points: &[(f64, f64)]) -> Points {
    let reach = trend_reach(points.len());
    let mean_at = |idx: usize| {
        let around = &points[idx.saturating_sub(reach)..(idx + reach + 1).min(points.len())];
        around.iter().map(|p| p.1).sum::<f64>() / around.len() as f64
    };
    points.iter().enumerate().map(|(idx, p)| (p.0, mean_at(idx))).collect()
}

/// At most [`POINTS_MAX`] points that look the same: the lowest and highest of each stretch, and
/// both ends.
pub(crate) fn thinned(points: &[(f64, f64)]) -> Points {
    thinned_to(points, POINTS_MAX)
}

/// See [`thinned`].
pub(crate) fn thinned_to(points: &[(f64, f64)], n_max: usize) -> Points {
    if points.len() <= n_max {
        return points.to_vec();
    }
    let inner = &points[1..points.len() - 1];
    let stretch = inner.len().div_ceil((n_max - 2) / 2);
    let mut kept = vec![points[0]];
    for part in inner.chunks(stretch) {
        let by_value = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let (low, high) = (part.iter().min_by(by_value), part.iter().max_by(by_value));
        let mut both: Points = low.into_iter().chain(high).copied().collect();
        both.sort_by(|a, b| a.0.total_cmp(&b.0));
        both.dedup();
        kept.extend(both);
    }
    kept.push(points[points.len() - 1]);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thinned_line_keeps_its_ends_and_its_spikes() {
        let mut points: Points = (0..10_000).map(|i| (f64::from(i), 0.5)).collect();
        (points[0].1, points[9_999].1) = (0.1, 0.2);
        (points[4_321].1, points[77].1) = (9.0, -9.0);
        let kept = thinned(&points);
        assert!(kept.len() <= POINTS_MAX, "{}", kept.len());
        for spike in [0, 9_999, 4_321, 77] {
            assert!(kept.contains(&points[spike]), "{spike}");
        }
        assert!(kept.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn a_trend_keeps_what_is_straight() {
        let points: Points = (0..50).map(|i| (f64::from(i), 2.0)).collect();
        assert_eq!(trend(&points), points);
        let steps: Points = (0..50).map(|i| (f64::from(i), f64::from(i % 2))).collect();
        assert!(trend(&steps)[10..40].iter().all(|p| (0.3..0.7).contains(&p.1)));
    }
}
