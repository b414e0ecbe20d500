//! What the words of a step's commands mean: figures for the record, a line for people, and
//! whether they are wrong.

use serde_json::{Map, Value, json};

use super::bundle::Bundle;
use super::child::Output;

/// What is asked of nvidia-smi.
pub(super) const FACTS: &[&str] = &[
    "name",
    "driver_version",
    "compute_cap",
    "memory.total",
    "clocks.max.sm",
    "clocks.max.mem",
    "clocks.sm",
    "clocks.mem",
    "power.limit",
    "temperature.gpu",
    "ecc.mode.current",
];
/// Lines that are kept of what went wrong.
const LINES_MAX: usize = 20;
/// Scalars of self-play's last step that the page shows.
const SCALARS: &[&str] = &[
    "step",
    "tokens/completion",
    "policy/loss",
    "policy/grad_norm",
    "policy/entropy",
    "policy/logp_gap_max",
    "perf/rollout_tok_s",
    "perf/update_tok_s",
    "time/total",
];

/// What a step found.
pub(super) struct Found {
    /// For the record; null if there is nothing.
    pub(super) found: Value,
    /// For people.
    pub(super) summary: String,
    /// Whether it must not be so.
    pub(super) wrong: bool,
    /// What stands on the page if the step did not end well.
    pub(super) told: Vec<String>,
}

impl Found {
    fn of(found: Value, summary: String, wrong: bool) -> Self {
        Self { found, summary, wrong, told: Vec::new() }
    }

    fn nothing(summary: &str) -> Self {
        Self::of(Value::Null, summary.to_owned(), false)
    }
}

/// The object that a command printed with `--json`.
fn object(outputs: Option<&Output>) -> Option<Value> {
    let text = outputs?.stdout.trim();
    let value = serde_json::from_str::<Value>(text).ok();
    value.filter(Value::is_object)
}

pub(super) fn machine(_: &Bundle, outputs: &[Output]) -> Found {
    let line =
        outputs.first().and_then(|outputs| outputs.stdout.lines().next()).unwrap_or_default();
    let values: Vec<&str> = line.split(',').map(str::trim).collect();
    if values.len() != FACTS.len() {
        return Found::nothing("nvidia-smi does not tell what was asked");
    }
    let pairs = FACTS.iter().zip(&values).map(|(name, value)| ((*name).to_owned(), json!(value)));
    let summary = format!("driver {}, {} MiB", values[1], values[3]);
    Found::of(Value::Object(pairs.collect()), summary, false)
}

/// Lines `ok    NAME errors; bits 1/2` and `WRONG NAME how`.
pub(super) fn conformance(_: &Bundle, outputs: &[Output]) -> Found {
    let text = outputs.first().map_or("", |outputs| outputs.stdout.as_str());
    let (mut n_ok, mut n_same, mut n_outputs) = (0_usize, 0_usize, 0_usize);
    let (mut wrong, mut other_bits) = (Vec::new(), Vec::new());
    for line in text.lines() {
        if line.starts_with("WRONG ") {
            wrong.push(line.chars().take(300).collect::<String>());
        }
        let Some(rest) = line.strip_prefix("ok ") else { continue };
        n_ok += 1;
        let Some((name, bits)) = rest.rsplit_once("; bits ") else { continue };
        let counts: Vec<usize> = bits.split('/').filter_map(|n| n.parse().ok()).collect();
        if let [same, of] = counts[..] {
            n_same += same;
            n_outputs += of;
            if same < of {
                other_bits.push(format!("{} {same}/{of}", name.trim()));
            }
        }
    }
    let n_wrong = wrong.len();
    let mut summary = format!("{} tests, {n_wrong} wrong", n_ok + n_wrong);
    if n_outputs > 0 {
        summary.push_str(&format!("; {n_same} of {n_outputs} outputs have the emulation's bits"));
    }
    let found = json!({"n_ok": n_ok, "n_wrong": n_wrong, "n_same": n_same,
                       "n_outputs": n_outputs, "other_bits": other_bits, "wrong": wrong});
    wrong.truncate(LINES_MAX);
    Found { told: wrong, ..Found::of(found, summary, n_wrong > 0) }
}

pub(super) fn products(_: &Bundle, outputs: &[Output]) -> Found {
    let Some(all) = object(outputs.first()) else { return Found::nothing("no figures") };
    let rows = all["bits"].as_array().cloned().unwrap_or_default();
    let different = |row: &Value| row["different"].as_array().map_or(0, Vec::len);
    let n_different: usize = rows.iter().map(different).sum();
    let n_compared: u64 = rows.iter().filter_map(|row| row["n_compared"].as_u64()).sum();
    let summary = format!("{n_compared} products of 1 to 4096 rows, {n_different} with other bits");
    Found::of(all["bits"].clone(), summary, n_different > 0 || n_compared == 0)
}

pub(super) fn twice(_: &Bundle, outputs: &[Output]) -> Found {
    let (Some(a), Some(b)) = (object(outputs.first()), object(outputs.get(1))) else {
        return Found::nothing("no two results");
    };
    let gap = a["logp_gap_max"].as_f64();
    let same =
        |b: &Value| a["digest"].is_string() && a["digest"] == b["digest"] && a["loss"] == b["loss"];
    let (equal, by_graphs) = (same(&b), object(outputs.get(2)));
    let graphs_equal = by_graphs.as_ref().is_some_and(same);
    let say = |equal| if equal { "equal" } else { "DIFFERENT" };
    let summary = format!(
        "two runs: {} by bits; with graphs: {}; log-prob gap at most {}",
        say(equal),
        if by_graphs.is_some() { say(graphs_equal) } else { "no result" },
        gap.map_or("unknown".to_owned(), |gap| format!("{gap:e}"))
    );
    let digests = [&a, &b].map(|run| run["digest"].clone());
    let found = json!({"equal": equal, "graphs_equal": graphs_equal, "digests": digests,
                       "logp_gap_max": gap, "loss": a["loss"]});
    Found::of(found, summary, !equal || !graphs_equal || gap != Some(0.0))
}

pub(super) fn kernels(_: &Bundle, outputs: &[Output]) -> Found {
    let Some(all) = object(outputs.first()) else { return Found::nothing("no figures") };
    let cases = all["cases"].as_array().cloned().unwrap_or_default();
    let wrong = |case: &&Value| case["error"].is_string();
    let told: Vec<String> = cases
        .iter()
        .filter(wrong)
        .take(LINES_MAX)
        .map(|case| format!("{}: {}", case["case"], case["error"]))
        .collect();
    let n_beside = cases.iter().filter(|case| case["ratio"].is_number()).count();
    let summary = format!(
        "{} cases, {} wrong, {n_beside} beside PyTorch",
        cases.len(),
        cases.iter().filter(wrong).count()
    );
    Found { told: told.clone(), ..Found::of(all, summary, !told.is_empty() || cases.is_empty()) }
}

pub(super) fn step(_: &Bundle, outputs: &[Output]) -> Found {
    let Some(mut all) = object(outputs.first()) else { return Found::nothing("no figures") };
    let by_graphs = object(outputs.get(1)).map_or(Value::Null, |run| run["rollout_tok_s"].clone());
    all["rollout_tok_s_by_graphs"] = by_graphs;
    let rate = |key: &str| all[key].as_f64().unwrap_or(f64::NAN);
    let gap = all["logp_gap_max"].as_f64();
    let summary = format!(
        "{:.0} tokens/s generated ({:.0} with graphs), {:.0} learned; log-prob gap at most {}",
        rate("rollout_tok_s"),
        rate("rollout_tok_s_by_graphs"),
        rate("update_tok_s"),
        gap.map_or("unknown".to_owned(), |gap| format!("{gap:e}"))
    );
    Found::of(all, summary, gap != Some(0.0))
}

pub(super) fn self_play(bundle: &Bundle, _: &[Output]) -> Found {
    let text = std::fs::read_to_string(bundle.run_folder().join("metrics.jsonl"));
    last_step(&text.unwrap_or_default())
}

/// The scalars of the last line of a run's metrics; the log-prob gap of every line must be 0.
pub(super) fn last_step(metrics: &str) -> Found {
    let rows: Vec<Value> =
        metrics.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let Some(last) = rows.last() else { return Found::nothing("no step ended") };
    let kept = SCALARS.iter().filter(|name| !last[**name].is_null());
    let scalars: Map<String, Value> =
        kept.map(|name| ((*name).to_owned(), last[*name].clone())).collect();
    let gaps: Vec<f64> =
        rows.iter().filter_map(|row| row["policy/logp_gap_max"].as_f64()).collect();
    let gap = gaps.iter().copied().fold(0.0, f64::max);
    let n_learned = gaps.len();
    let summary =
        format!("{} steps, {n_learned} of them learned; log-prob gap at most {gap:e}", rows.len());
    Found::of(json!({"scalars": scalars, "n_steps": rows.len()}), summary, gap != 0.0)
}

/// compute-sanitizer's own words, beside those of the tests that it watched.
pub(super) fn sanitizer(bundle: &Bundle, outputs: &[Output]) -> Found {
    let text = outputs.first().map_or("", |outputs| outputs.stdout.as_str());
    let own: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with("========="))
        .map(|line| line.chars().take(300).collect())
        .collect();
    let verdict = own.iter().rev().find(|line| line.contains("SUMMARY"));
    let clean =
        verdict.is_some_and(|line| line.contains(" 0 errors") || line.contains(" 0 hazards"));
    let of_tests = conformance(bundle, outputs);
    let summary = match verdict {
        Some(line) => format!("{}; {}", line.trim_matches(['=', ' ']), of_tests.summary),
        None => format!("no summary; {}", of_tests.summary),
    };
    let found = json!({"clean": clean, "conformance": of_tests.found});
    let wrong = of_tests.wrong || (verdict.is_some() && !clean);
    let told = own.into_iter().take(LINES_MAX).collect();
    Found { told, ..Found::of(found, summary, wrong) }
}
