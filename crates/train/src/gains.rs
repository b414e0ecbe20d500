//! How far a run has come: its held-out scores at its start and now. A run that goes on reads its
//! start from `metrics.jsonl`, so that it is compared with the same start as one never stopped.

use std::path::Path;

use quaero_evals::Interval;
use serde_json::{Map, Value};

use crate::Error;
use crate::error::fail;

/// A held-out score at the start of a run and at its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Gain {
    /// `suite`, `suite.kind` or `probe/level`.
    pub name: String,
    /// At the first evaluation that took it.
    pub first: Interval,
    /// At the last.
    pub last: Interval,
}

/// Scores of one evaluation by name.
type Scores = Vec<(String, Interval)>;

/// The scores of the first and of the last evaluation.
#[derive(Debug, Default)]
pub(crate) struct Gains {
    first: Scores,
    last: Scores,
}

impl Gains {
    /// What the run in `folder` measured so far.
    pub(crate) fn of_run(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("metrics.jsonl");
        let text = std::fs::read_to_string(&path).map_err(fail("read", &path))?;
        let mut gains = Self::default();
        for line in text.lines() {
            let row: Map<String, Value> = serde_json::from_str(line).unwrap_or_default();
            gains.add(scores(&row));
        }
        Ok(gains)
    }

    /// Adds an evaluation; one without a score is none.
    pub(crate) fn add(&mut self, scores: Scores) {
        if scores.is_empty() {
            return;
        }
        for (name, score) in &scores {
            if !self.first.iter().any(|(known, _)| known == name) {
                self.first.push((name.clone(), *score));
            }
        }
        self.last = scores;
    }

    /// The scores of the last evaluation, each beside its first.
    pub(crate) fn list(&self) -> Vec<Gain> {
        let first = |name: &str| self.first.iter().find(|(known, _)| known == name);
        let gain = |(name, last): &(String, Interval)| {
            let (_, first) = first(name)?;
            Some(Gain { name: name.clone(), first: *first, last: *last })
        };
        self.last.iter().filter_map(gain).collect()
    }
}

/// The scores in a line of `metrics.jsonl`.
fn scores(row: &Map<String, Value>) -> Scores {
    let score = |key: &String| {
        let name = key.strip_prefix("eval/")?.strip_suffix("/score")?;
        let get = |what: &str| row.get(&format!("eval/{name}/{what}"))?.as_f64();
        let interval = Interval { mean: get("score")?, low: get("low")?, high: get("high")? };
        Some((name.to_owned(), interval))
    };
    row.keys().filter_map(score).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &str, expected: &[(&str, f64, f64)]) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("metrics.jsonl"), lines).unwrap();
        let gains = Gains::of_run(folder.path()).unwrap().list();
        let got: Vec<_> =
            gains.iter().map(|g| (g.name.as_str(), g.first.mean, g.last.mean)).collect();
        assert_eq!(got, expected, "{lines}");
    }

    #[test]
    fn the_closing_table_begins_at_the_start_of_the_run() {
        let row = |step: u64, name: &str, mean: f64| {
            let n = format!("eval/{name}");
            format!("{{\"step\":{step},\"{n}/low\":0,\"{n}/high\":1,\"{n}/score\":{mean}}}\n")
        };
        check("", &[]);
        check("{\"step\":0,\"pool/a/size\":3}\n", &[]);
        let (start, end) = (row(0, "s.a", 0.25), row(9, "s.a", 0.5));
        check(&start, &[("s.a", 0.25, 0.25)]);
        check(
            &format!("{start}{{\"step\":1}}\n{}{end}", row(5, "s.a", 0.75)),
            &[("s.a", 0.25, 0.5)],
        );
        // A score that was not taken at the start begins where it was.
        check(&format!("{start}{}", row(9, "probe/easy", 1.0)), &[("probe/easy", 1.0, 1.0)]);
    }
}
