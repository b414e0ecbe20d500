//! What a benchmark's answers come to: the mean score with its interval, and pass@k.

use std::collections::BTreeMap;

use quaero_evals::published::pass_at;
use quaero_evals::{Interval, clustered, wilson};
use serde_json::json;

use super::log::Sample;
use crate::args::Eval;
use quaero_terminal::print;

/// The `k` that people compare.
const KS: [usize; 4] = [1, 5, 10, 100];

/// Counts over items.
#[derive(Default)]
pub(super) struct Score {
    /// Right and judged answers of each item that has any.
    items: Vec<(usize, usize)>,
    n_unjudged: usize,
    n_truncated: usize,
    statuses: BTreeMap<String, usize>,
}

impl Score {
    /// Adds the answers to an item.
    pub(super) fn add(&mut self, samples: &[Sample]) {
        let judged = samples.iter().filter(|sample| sample.is_judged()).count();
        let right = samples.iter().filter(|sample| sample.is_right()).count();
        if judged == 0 {
            self.n_unjudged += 1;
        } else {
            self.items.push((right, judged));
        }
        for sample in samples {
            *self.statuses.entry(sample.status.clone()).or_default() += 1;
            self.n_truncated += usize::from(sample.truncated);
        }
    }

    /// The mean share of right answers.
    pub(super) fn mean(&self) -> Option<f64> {
        let sum: f64 = self.items.iter().map(|&(right, n)| right as f64 / n as f64).sum();
        (!self.items.is_empty()).then(|| sum / self.items.len() as f64)
    }

    /// pass@k with its interval, of the items with at least `k` answers.
    fn pass(&self, k: usize) -> Option<Interval> {
        let enough = self.items.iter().filter(|(_, n)| *n >= k);
        let rates: Vec<f64> = enough.map(|&(right, n)| pass_at(k, n, right)).collect();
        if rates.is_empty() {
            return None;
        }
        if self.items.iter().all(|(_, n)| *n == 1) {
            let right = self.items.iter().filter(|(right, _)| *right == 1).count();
            return Some(wilson(right as u64, self.items.len() as u64));
        }
        Some(clustered(&rates))
    }

    /// Prints it.
    pub(super) fn show(&self, args: &Eval) -> anyhow::Result<()> {
        let passes: Vec<(usize, Interval)> =
            KS.iter().filter_map(|&k| Some((k, self.pass(k)?))).collect();
        if passes.is_empty() {
            anyhow::bail!(
                "none of the {} items has an answer that could be judged: a prompt that is longer \
                 than the model's context is not asked",
                self.n_unjudged
            );
        }
        if args.json.json {
            let pass: serde_json::Map<_, _> =
                passes.iter().map(|(k, interval)| (k.to_string(), json!(interval))).collect();
            let object = json!({"suite": args.suite, "pass": pass, "items": self.items.len(),
                "unjudged": self.n_unjudged, "truncated": self.n_truncated,
                "statuses": self.statuses});
            print::line(&serde_json::to_string_pretty(&object)?);
            return Ok(());
        }
        let percent = |x: f64| format!("{:.1}", 100.0 * x);
        let rows: Vec<Vec<String>> = passes
            .iter()
            .map(|(k, Interval { mean, low, high })| {
                let (items, unjudged) = (self.items.len().to_string(), self.n_unjudged.to_string());
                let name = format!("{} pass@{k}", args.suite);
                vec![name, percent(*mean), percent(*low), percent(*high), items, unjudged]
            })
            .collect();
        print::table(&["suite", "score %", "low", "high", "items", "unjudged"], &rows);
        let statuses = self.statuses.iter().map(|(status, n)| format!("{status} {n}"));
        let statuses = statuses.collect::<Vec<_>>().join(", ");
        print::note(&format!("answers: {statuses}; cut at their limit: {}", self.n_truncated));
        Ok(())
    }
}
