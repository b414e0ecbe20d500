//! Bars: stacked over steps, and side by side over classes.

use std::fmt::Write;

use crate::axis::{Axis, BOTTOM, Format, HEIGHT, LEFT, RIGHT, WIDTH, y};
use crate::chart::{N_COLOURS, Points, grid, open};
use crate::text::html;

/// Most bars of a chart; steps beyond are taken together.
const BARS_MAX: usize = 48;
/// Most parts with a colour of their own; the smaller ones become `other`.
const PARTS_MAX: usize = N_COLOURS - 1;

/// A part with its name, its values and their sum.
type Ranked = (String, Points, f64);

/// Bars of parts on top of each other, one a stretch of steps.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    pub(crate) title: String,
    pub(crate) hint: &'static str,
    /// Name and (step, value) of each part; a step where it is absent counts 0.
    pub(crate) parts: Vec<(String, Points)>,
    /// All steps there are.
    pub(crate) steps: Vec<f64>,
}

impl Stack {
    /// The largest parts by name, and the rest as one, with their sums.
    fn ranked(&self) -> Vec<Ranked> {
        let total = |points: &[(f64, f64)]| points.iter().map(|p| p.1).sum::<f64>();
        let mut ranked: Vec<_> =
            self.parts.iter().map(|(name, p)| (name.clone(), p.clone(), total(p))).collect();
        ranked.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
        if ranked.len() > PARTS_MAX + 1 {
            let rest: Vec<_> = ranked.split_off(PARTS_MAX);
            let points = rest.iter().flat_map(|part| part.1.clone()).collect();
            let sum = rest.iter().map(|part| part.2).sum();
            ranked.push((format!("{} others", rest.len()), points, sum));
        }
        ranked
    }

    pub(crate) fn svg(&self) -> String {
        let per_bar = self.steps.len().div_ceil(BARS_MAX).max(1);
        let bars: Vec<&[f64]> = self.steps.chunks(per_bar).collect();
        let ranked = self.ranked();
        let mean = |points: &[(f64, f64)], bar: &[f64]| {
            let inside = |p: &&(f64, f64)| bar[0] <= p.0 && p.0 <= bar[bar.len() - 1];
            points.iter().filter(inside).map(|p| p.1).sum::<f64>() / bar.len() as f64
        };
        let heights: Vec<Vec<f64>> = bars
            .iter()
            .map(|bar| ranked.iter().map(|(_, points, _)| mean(points, bar)).collect())
            .collect();
        let tops = heights.iter().map(|parts| parts.iter().sum::<f64>());
        let up = Axis::around(tops.chain([0.0]), 4, Format::Plain);
        let mut svg = open(&format!("{} by step", self.title));
        grid(&mut svg, &up);
        let slot = (WIDTH - LEFT - RIGHT) / bars.len().max(1) as f64;
        let gap = (slot * 0.18).min(4.0);
        for (bar_idx, parts) in heights.iter().enumerate() {
            let mut base = 0.0;
            for (part_idx, height) in parts.iter().enumerate() {
                let top = y(&up, base + height);
                let tall = y(&up, base) - top;
                base += height;
                if tall > 0.05 {
                    let left = LEFT + slot * bar_idx as f64 + gap / 2.0;
                    let _ = write!(
                        svg,
                        "<rect class=\"bar c{}\" x=\"{left:.1}\" y=\"{top:.1}\" \
                         width=\"{:.1}\" height=\"{tall:.1}\"/>",
                        part_idx % N_COLOURS,
                        slot - gap
                    );
                }
            }
        }
        self.steps_below(&mut svg, &bars, slot);
        svg.push_str("</svg>");
        svg
    }

    fn steps_below(&self, svg: &mut String, bars: &[&[f64]], slot: f64) {
        let base = HEIGHT - BOTTOM + 16.0;
        let every = bars.len().div_ceil(6).max(1);
        for (bar_idx, bar) in bars.iter().enumerate().step_by(every) {
            let at = LEFT + slot * (bar_idx as f64 + 0.5);
            let _ = write!(svg, "<text class=\"x\" x=\"{at:.1}\" y=\"{base}\">{}</text>", bar[0]);
        }
        let _ = write!(svg, "<text class=\"unit\" x=\"4\" y=\"{base}\">step</text>");
    }

    /// Each part's colour, name and share of the whole.
    pub(crate) fn legend(&self) -> String {
        let ranked = self.ranked();
        let whole: f64 = ranked.iter().map(|part| part.2).sum();
        let entry = |(idx, (name, _, sum)): (usize, &Ranked)| {
            format!(
                "<li><i class=\"c{}\"></i>{} <data value=\"{sum}\">{:.0} %</data></li>",
                idx % N_COLOURS,
                html(name),
                if whole > 0.0 { 100.0 * sum / whole } else { 0.0 }
            )
        };
        let entries: String = ranked.iter().enumerate().map(entry).collect();
        format!("<ul class=\"legend\">{entries}</ul>")
    }
}

/// Bars side by side: a group a class, a bar a series.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    pub(crate) title: String,
    pub(crate) hint: &'static str,
    pub(crate) classes: Vec<&'static str>,
    /// Name, how many it counts, and the share of each class.
    pub(crate) series: Vec<(String, usize, Vec<f64>)>,
}

impl Histogram {
    pub(crate) fn svg(&self) -> String {
        let shares = self.series.iter().flat_map(|(_, _, shares)| shares.iter().copied());
        let up = Axis::around(shares.chain([0.0]), 4, Format::Percent);
        let mut svg = open(&self.title);
        grid(&mut svg, &up);
        let slot = (WIDTH - LEFT - RIGHT) / self.classes.len() as f64;
        let wide = slot * 0.76 / self.series.len().max(1) as f64;
        for (class_idx, class) in self.classes.iter().enumerate() {
            let left = LEFT + slot * class_idx as f64;
            for (series_idx, (_, _, shares)) in self.series.iter().enumerate() {
                let top = y(&up, shares[class_idx]);
                let _ = write!(
                    svg,
                    "<rect class=\"bar h{series_idx}\" x=\"{:.1}\" y=\"{top:.1}\" \
                     width=\"{:.1}\" height=\"{:.1}\"/>",
                    left + slot * 0.12 + wide * series_idx as f64,
                    wide - 1.0,
                    HEIGHT - BOTTOM - top
                );
            }
            let _ = write!(
                svg,
                "<text class=\"x\" x=\"{:.1}\" y=\"{}\">{class}</text>",
                left + slot / 2.0,
                HEIGHT - BOTTOM + 16.0
            );
        }
        svg.push_str("</svg>");
        svg
    }

    pub(crate) fn legend(&self) -> String {
        let entry = |(idx, (name, n, _)): (usize, &(String, usize, Vec<f64>))| {
            format!(
                "<li><i class=\"h{idx}\"></i>{} <data value=\"{n}\">{n} tasks</data></li>",
                html(name)
            )
        };
        let entries: String = self.series.iter().enumerate().map(entry).collect();
        format!("<ul class=\"legend\">{entries}</ul>")
    }
}
