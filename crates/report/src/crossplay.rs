//! The cross-play matrix: each checkpoint's policy on the tasks of each period of the run, as a
//! heat map. The file `crossplay.json` is written by a command of its own.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

use crate::text::{html, lossy, percent};

/// Rows are policies, columns the periods whose tasks they answered.
type Matrix = Vec<Vec<Option<f64>>>;

/// `crossplay.json`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CrossPlay {
    /// The step of each policy.
    policies: Vec<u64>,
    /// First and last step of each period.
    periods: Vec<[u64; 2]>,
    solve_rate: BTreeMap<String, Matrix>,
    #[serde(default)]
    low: BTreeMap<String, Matrix>,
    #[serde(default)]
    high: BTreeMap<String, Matrix>,
    /// What the matrix says, in words.
    #[serde(default)]
    reading: Vec<String>,
}

impl CrossPlay {
    /// `None` when the run has none.
    pub(crate) fn read(folder: &Path) -> Option<Result<Self, String>> {
        let bytes = std::fs::read(folder.join("crossplay.json")).ok()?;
        let parsed = serde_json::from_str::<Self>(&lossy(&bytes));
        let this = parsed.map_err(|error| format!("crossplay.json does not read: {error}"));
        Some(this.and_then(|this| this.checked()))
    }

    fn checked(self) -> Result<Self, String> {
        let (rows, columns) = (self.policies.len(), self.periods.len());
        let fits = |m: &Matrix| m.len() == rows && m.iter().all(|row| row.len() == columns);
        if rows == 0 || columns == 0 || !self.solve_rate.values().all(fits) {
            return Err(format!(
                "crossplay.json does not read: expected matrices of {rows} policies by {columns} \
                 periods"
            ));
        }
        Ok(self)
    }

    /// What the matrix says, a paragraph a sentence.
    pub(crate) fn words(&self) -> String {
        self.reading.iter().map(|words| format!("<p>{}</p>\n", html(words))).collect()
    }

    /// A heat map for each kind.
    pub(crate) fn figures(&self) -> String {
        self.solve_rate.iter().map(|(kind, matrix)| self.figure(kind, matrix)).collect()
    }

    fn figure(&self, kind: &str, matrix: &Matrix) -> String {
        let (left, top, cell_h) = (62.0, 36.0, 28.0);
        let cell_w = (380.0 - left - 4.0) / self.periods.len() as f64;
        let height = top + cell_h * self.policies.len() as f64 + 4.0;
        let mut svg = format!(
            "<svg viewBox=\"0 0 380 {height}\" role=\"img\" aria-label=\"{}: solve rate of each \
             policy on each period's tasks\"><text class=\"x\" x=\"{}\" y=\"12\">tasks of steps\
             </text><text class=\"unit\" x=\"2\" y=\"28\">policy at</text>",
            html(kind),
            left + (380.0 - left) / 2.0
        );
        // As many periods are named as there is room for.
        let stride = self.periods.len().div_ceil(7);
        for (column, [from, to]) in self.periods.iter().enumerate().step_by(stride) {
            let at = left + cell_w * (column as f64 + 0.5);
            let steps = if from == to { to.to_string() } else { format!("{from}–{to}") };
            let _ = write!(svg, "<text class=\"x\" x=\"{at:.1}\" y=\"28\">{steps}</text>");
        }
        for (row, step) in self.policies.iter().enumerate() {
            let y = top + cell_h * row as f64;
            let _ = write!(
                svg,
                "<text class=\"y\" x=\"{}\" y=\"{:.1}\">step {step}</text>",
                left - 6.0,
                y + cell_h / 2.0 + 3.5
            );
            for (column, rate) in matrix[row].iter().enumerate() {
                let x = left + cell_w * column as f64;
                let bound = |of: &BTreeMap<String, Matrix>| {
                    of.get(kind)?.get(row)?.get(column)?.as_ref().copied()
                };
                let interval = bound(&self.low)
                    .zip(bound(&self.high))
                    .map_or_else(String::new, |(low, high)| {
                        format!(", 95 % {} to {}", percent(low), percent(high))
                    });
                let rate = rate.filter(|rate| rate.is_finite());
                let shade = rate.unwrap_or(0.0).clamp(0.0, 1.0);
                let words = rate.map_or_else(|| "–".to_owned(), |r| format!("{:.0}%", 100.0 * r));
                let _ = write!(
                    svg,
                    "<g><title>policy at step {step}: {words}{interval}</title>\
                     <rect class=\"cell\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" \
                     height=\"{:.1}\" fill-opacity=\"{:.2}\"/>\
                     <text class=\"x{}\" x=\"{:.1}\" y=\"{:.1}\">{words}</text></g>",
                    cell_w - 2.0,
                    cell_h - 2.0,
                    0.06 + 0.94 * shade,
                    if shade > 0.5 { " on" } else { " ink" },
                    x + cell_w / 2.0 - 1.0,
                    y + cell_h / 2.0 + 3.0
                );
            }
        }
        format!("<figure><figcaption>{}</figcaption>{svg}</svg></figure>\n", html(kind))
    }
}
