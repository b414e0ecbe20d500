//! Measures of a proposed program that AZR's proposer terms pay for: how complex it is, and how far
//! from its references. A program of ours (`measure.py`) computes them from its text in the
//! interpreter, which parses it and runs none of it.
//!
//! Left out: `black` before it (a tree has no layout), and AZR's diversity of inputs and outputs of
//! induction, for which a family would need to remember tasks.

use quaero_sdk::{Answer, Job, Metric, Outcome, Value};

use crate::options::Options;

/// A job that measures `program` beside the programs of its references.
pub(crate) fn job(options: &Options, program: &str, references: Vec<String>) -> Job {
    let text = |text: &str| Value::Str(text.to_owned());
    let references = Value::List(references.iter().map(|reference| text(reference)).collect());
    Job {
        program: include_str!("measure.py").to_owned(),
        entry: "f".to_owned(),
        calls: vec![format!("{}, {references}", text(program))],
        runs: 1,
        value_bytes_max: 1024,
        deadline_ms: options.deadline_ms,
    }
}

/// The measures in an outcome; none where it did not come to them (too deep a tree, say).
pub(crate) fn metrics(outcome: &Outcome) -> Vec<Metric> {
    let Outcome::Done(answers) = outcome else { return Vec::new() };
    let [Answer::Value(text)] = answers.as_slice() else { return Vec::new() };
    let Ok(Value::Tuple(values)) = Value::parse(text, usize::MAX) else { return Vec::new() };
    let number = |value: &Value| match value {
        Value::Int(_) | Value::Float(_) => value.to_string().parse::<f64>().ok(),
        _ => None,
    };
    let [cognitive, cyclomatic, volume, effort, distance] = values.as_slice() else {
        return Vec::new();
    };
    let (Some(cognitive), Some(cyclomatic)) = (number(cognitive), number(cyclomatic)) else {
        return Vec::new();
    };
    let (volume, effort) = (number(volume).unwrap_or(0.0), number(effort).unwrap_or(0.0));
    let named = [
        ("cognitive", Some(cognitive)),
        ("cyclomatic", Some(cyclomatic)),
        ("halstead_volume", Some(volume)),
        ("halstead_effort", Some(effort)),
        ("complexity", Some(cognitive / 15.0)),
        ("halstead", Some(halstead(effort, cyclomatic, volume))),
        ("edit_distance", number(distance)),
    ];
    let metric =
        |(name, value): (&str, Option<f64>)| Some(Metric { name: name.to_owned(), value: value? });
    named.into_iter().filter_map(metric).collect()
}

/// AZR's one number of the three, each up to 1 (`get_halstead_reward` of its code).
fn halstead(effort: f64, cyclomatic: f64, volume: f64) -> f64 {
    let up_to_1 = |x: f64| x.min(1.0);
    0.5 * up_to_1(effort / 10_000.0)
        + 0.3 * up_to_1(cyclomatic / 10.0)
        + 0.2 * up_to_1(volume / 500.0)
}
