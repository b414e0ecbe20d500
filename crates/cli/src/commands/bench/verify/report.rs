//! The tables, and the same as JSON.

use std::collections::BTreeMap;

use anyhow::Context;
use quaero_terminal::print;
use serde_json::{Value, json};

use super::side::Side;
use crate::args::BenchVerify;

/// One side's measurements on one core.
#[derive(Default)]
struct Rate {
    name: String,
    per_s: Vec<f64>,
    per_cpu_s: Vec<f64>,
    latencies: Vec<f64>,
}

/// Programs a second and core, by side; ours is the first.
pub(super) struct Rates(Vec<Rate>);

impl Rates {
    pub(super) fn new(sides: &[Side]) -> Self {
        Self(sides.iter().map(|s| Rate { name: s.name.clone(), ..Rate::default() }).collect())
    }

    /// A round of the side `idx`.
    pub(super) fn add(&mut self, idx: usize, reply: &Value) -> anyhow::Result<()> {
        let n = number(reply, "n")?;
        self.0[idx].per_s.push(n / number(reply, "wall")?);
        self.0[idx].per_cpu_s.push(n / number(reply, "cpu")?);
        Ok(())
    }

    /// Its latencies, in seconds.
    pub(super) fn latencies(&mut self, idx: usize, reply: &Value) -> anyhow::Result<()> {
        let list = reply["latencies"].as_array().context("no latencies")?;
        self.0[idx].latencies = list.iter().filter_map(Value::as_f64).collect();
        Ok(())
    }
}

/// Answers a second of a step's work, by side; ours is the first.
#[derive(Default)]
pub(super) struct Steps {
    order: Vec<String>,
    by_name: BTreeMap<String, Work>,
}

#[derive(Default)]
struct Work {
    per_s: Vec<f64>,
    per_cpu_s: Vec<f64>,
    n: f64,
    right: f64,
}

impl Steps {
    pub(super) fn add(&mut self, name: &str, reply: &Value) -> anyhow::Result<()> {
        if !self.order.iter().any(|known| known == name) {
            self.order.push(name.to_owned());
        }
        let work = self.by_name.entry(name.to_owned()).or_default();
        work.n = number(reply, "n")?;
        work.right = number(reply, "right")?;
        work.per_s.push(work.n / number(reply, "wall")?);
        work.per_cpu_s.push(work.n / number(reply, "cpu")?);
        Ok(())
    }
}

/// What only our side tells.
pub(super) struct Extras {
    /// Seconds.
    pub(super) cold: f64,
    pub(super) memory: Value,
}

/// Prints all of it.
pub(super) fn print(args: &BenchVerify, rates: &Rates, steps: &Steps, extras: &Extras) {
    let per_instance = extras.memory["bytes"].as_f64().unwrap_or(f64::NAN)
        / extras.memory["instances"].as_f64().unwrap_or(f64::NAN);
    let rows: Vec<Value> = rates.0.iter().map(|rate| rate.json(&rates.0[0])).collect();
    let step_rows: Vec<Value> = steps.order.iter().map(|name| steps.json(name)).collect();
    if args.json.json {
        let all = json!({"bench": "verify", "rounds": args.rounds, "per_core": rows,
                         "step": step_rows, "cold_start_s": extras.cold,
                         "bytes_per_instance": per_instance});
        print::line(&format!("{all:#}"));
        return;
    }
    let cell = |row: &Value, key: &str, digits: usize| {
        row[key].as_f64().map_or("–".to_owned(), |x| format!("{x:.digits$}"))
    };
    let name = |row: &Value| row["name"].as_str().unwrap_or_default().to_owned();
    print::line("programs on one core, each evaluated twice (medians of interleaved rounds)");
    let header = ["side", "per s", "per CPU s", "p50 ms", "p99 ms", "ours/it", "by CPU"];
    let table: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let cells = [
                ("per_s", 0),
                ("per_cpu_s", 0),
                ("p50_ms", 2),
                ("p99_ms", 2),
                ("ratio", 2),
                ("ratio_cpu", 2),
            ];
            let cells = cells.map(|(key, digits)| cell(row, key, digits));
            std::iter::once(name(row)).chain(cells).collect()
        })
        .collect();
    print::table(&header, &table);
    print::line("\na training step's work: 8 answers to each of 60 tasks");
    let table: Vec<Vec<String>> = step_rows
        .iter()
        .map(|row| {
            let cells =
                [("per_s", 0), ("per_cpu_s", 0), ("right", 0), ("ratio", 2), ("ratio_cpu", 2)];
            let cells = cells.map(|(key, digits)| cell(row, key, digits));
            std::iter::once(name(row)).chain(cells).collect()
        })
        .collect();
    let header = ["side", "answers/s", "per CPU s", "right", "ours/it", "by CPU"];
    print::table(&header, &table);
    print::line(&format!(
        "\ncold start from cache {:.2} s; memory that 1,000 programs leave behind {:.1} MB a \
         worker",
        extras.cold,
        per_instance / 1e6
    ));
}

impl Rate {
    fn json(&self, ours: &Self) -> Value {
        let (per_s, per_cpu_s) = (quantile(&self.per_s, 0.5), quantile(&self.per_cpu_s, 0.5));
        json!({
            "name": self.name,
            "per_s": per_s,
            "per_s_range": [quantile(&self.per_s, 0.0), quantile(&self.per_s, 1.0)],
            "per_cpu_s": per_cpu_s,
            "p50_ms": 1e3 * quantile(&self.latencies, 0.5),
            "p99_ms": 1e3 * quantile(&self.latencies, 0.99),
            "ratio": quantile(&ratios(&ours.per_s, &self.per_s), 0.5),
            "ratio_cpu": quantile(&ratios(&ours.per_cpu_s, &self.per_cpu_s), 0.5),
        })
    }
}

impl Steps {
    fn json(&self, name: &str) -> Value {
        let (ours, it) = (&self.by_name[&self.order[0]], &self.by_name[name]);
        json!({
            "name": name,
            "per_s": quantile(&it.per_s, 0.5),
            "per_cpu_s": quantile(&it.per_cpu_s, 0.5),
            "answers": it.n,
            "right": it.right,
            "ratio": quantile(&ratios(&ours.per_s, &it.per_s), 0.5),
            "ratio_cpu": quantile(&ratios(&ours.per_cpu_s, &it.per_cpu_s), 0.5),
        })
    }
}

/// Ours over theirs, round by round: what disturbs a round disturbs both.
fn ratios(ours: &[f64], theirs: &[f64]) -> Vec<f64> {
    ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect()
}

/// The value below which the share `q` lies, or NaN of none.
fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (q * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

fn number(reply: &Value, key: &str) -> anyhow::Result<f64> {
    reply[key].as_f64().with_context(|| format!("{reply} has no number {key:?}"))
}
