//! `quaero bench gate`: proposals of known truth against the python family's gate, whole: what it
//! lets through that is no task, and what it refuses or gets wrong that is one.
//!
//! The cases are data (`plugins/python/redteam`, with the script that writes more of them); what is
//! right of the accepted ones was said by CPython.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use quaero_evals::wilson;
use quaero_types::{Episode, Fault, Kind, Opening, Reply, Role};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::BenchGate;
use quaero_terminal::print;

use crate::world;

/// Those that ship with the program.
const CASES: &str = include_str!("../../../../../plugins/python/redteam/cases.jsonl");
/// Judged in one call.
const BATCH: usize = 256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    class: String,
    program: String,
    input: String,
    /// The value of the task that it is; `None` if it must not become one.
    truth: Option<String>,
}

/// What was found in cases of one truth.
#[derive(Default)]
struct Count {
    n: u64,
    n_wrong: u64,
}

/// Plays the cases, prints the rates, and fails where something got through.
pub(crate) fn run(plugins: &Path, args: &BenchGate) -> anyhow::Result<()> {
    let read;
    let text = match &args.cases {
        Some(path) => {
            read = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            &read
        }
        None => CASES,
    };
    let cases: Vec<Case> = text
        .lines()
        .enumerate()
        .map(|(idx, line)| {
            serde_json::from_str(line).with_context(|| format!("case {}: no case", idx + 1))
        })
        .collect::<anyhow::Result<_>>()?;
    anyhow::ensure!(!cases.is_empty(), "no cases");
    // Whether an output depends on its input is a matter of taste, not of truth.
    let set = ["families.python.require_input_dependence=false".to_owned()];
    let host = world::host(&quaero_config::load(None, &set)?, plugins)?;
    let family = host.family("python").context("the family python is not there")?;
    let mut counts: BTreeMap<(bool, &str), Count> = BTreeMap::new();
    let mut left = args.show;
    for batch in cases.chunks(BATCH) {
        let episodes: Vec<Episode> = batch.iter().map(episode).collect();
        for (case, reply) in batch.iter().zip(family.step(&episodes)) {
            let count = counts.entry((case.truth.is_some(), case.class.as_str())).or_default();
            count.n += 1;
            if let Some(said) = fault(case, &reply) {
                count.n_wrong += 1;
                if left > 0 {
                    left -= 1;
                    let Case { class, program, input, truth } = case;
                    let told = json!({"class": class, "truth": truth, "said": said,
                                      "program": program, "input": input});
                    print::note(&told.to_string());
                }
            }
        }
    }
    report(args, &counts)
}

/// The proposal as a model would write it.
fn episode(case: &Case) -> Episode {
    let runs = case.program.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(runs.max(2) + 1);
    let Case { program, input, .. } = case;
    let completion = format!("{fence}python\n{program}\n{fence}\n```input\n{input}\n```");
    let opening = Opening {
        kind: Kind::new("python", "deduction"),
        role: Role::Propose,
        seed: 0,
        public: String::new(),
        references: Vec::new(),
    };
    Episode { opening, secret: None, turns: Vec::new(), completion, truncated: false }
}

/// What was said, where it is not the truth.
fn fault(case: &Case, reply: &Result<Reply, Fault>) -> Option<String> {
    match (reply, &case.truth) {
        (Ok(Reply::Proposed(task)), truth) => {
            let wire: Value = quaero_verify::wire(task).parse().unwrap_or_default();
            let secret = &wire["secret"];
            let output = match secret.as_str() {
                Some(text) => text.parse::<Value>().unwrap_or_default()["output"].clone(),
                None => secret["output"].clone(),
            };
            let right = truth.as_deref().is_some_and(|truth| output == truth);
            (!right).then(|| format!("a task with the output {output}"))
        }
        (Ok(Reply::Rejected(why)), Some(_)) => Some(format!("{}: {}", why.cause, why.detail)),
        (Ok(Reply::Rejected(_)), None) => None,
        // A fault escapes the penalty.
        (Ok(_), _) => Some("neither task nor rejection".to_owned()),
        (Err(fault), _) => Some(format!("fault {}: {}", fault.cause, fault.detail)),
    }
}

fn report(args: &BenchGate, counts: &BTreeMap<(bool, &str), Count>) -> anyhow::Result<()> {
    let total = |valid: bool| {
        let of = counts.iter().filter(|((truth, _), _)| *truth == valid);
        of.fold((0, 0), |(n, wrong), (_, count)| (n + count.n, wrong + count.n_wrong))
    };
    let rate = |(n, n_wrong): (u64, u64)| {
        if n == 0 { Value::Null } else { json!(wilson(n_wrong, n)) }
    };
    let (bad, good) = (total(false), total(true));
    if args.json.json {
        let row = |((valid, class), count): (&(bool, &str), &Count)| {
            let Count { n, n_wrong } = *count;
            json!({"class": class, "valid": valid, "n": n, "wrong": n_wrong})
        };
        let told = json!({"bench": "gate",
            "false_accepts": {"n": bad.0, "wrong": bad.1, "rate": rate(bad)},
            "false_rejects": {"n": good.0, "wrong": good.1, "rate": rate(good)},
            "classes": counts.iter().map(row).collect::<Vec<_>>()});
        print::line(&serde_json::to_string_pretty(&told)?);
    } else {
        let share = |(n, n_wrong): (u64, u64)| match n {
            0 => "–".to_owned(),
            _ => {
                let rate = wilson(n_wrong, n);
                let percent = |x: f64| format!("{:.3} %", 100.0 * x);
                format!("{} ({} to {})", percent(rate.mean), percent(rate.low), percent(rate.high))
            }
        };
        let row = |name: &str, count: (u64, u64)| {
            vec![name.to_owned(), count.0.to_string(), count.1.to_string(), share(count)]
        };
        let mut rows: Vec<Vec<String>> = counts
            .iter()
            .map(|((valid, class), count)| {
                let truth = if *valid { "is a task" } else { "is none" };
                row(&format!("{class}: {truth}"), (count.n, count.n_wrong))
            })
            .collect();
        rows.push(row("false accepts", bad));
        rows.push(row("false rejects, or another value", good));
        print::table(&["class", "cases", "wrong", "rate (95 %)"], &rows);
    }
    anyhow::ensure!(bad.1 == 0, "{} of {} that are no task got through", bad.1, bad.0);
    Ok(())
}
