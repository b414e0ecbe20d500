//! What the sides run: twenty small programs, and a training step made of them. Knows no side.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use quaero_runtime::Job;
use quaero_types::{Attempt, Kind, Origin, Proposed, Secret, Task, Trace};
use quaero_verify::Gold;
use serde_json::{Value, json};

/// The programs of the runtime's own example.
const PROGRAMS: &str = include_str!("../../../../../runtime/fixtures/prog20.json");
/// The same programs with six inputs each, and native CPython's answers (`verify_step.py`).
const TASKS: &str = include_str!("../../../../fixtures/verify_step.json");
/// Examples that an induction task shows; the others are hidden.
const N_SHOWN: usize = 3;
const DEADLINE_MS: u32 = 10_000;

/// Writes what the baselines read: `programs.json` and `step.json`.
pub(super) fn write(folder: &Path) -> anyhow::Result<()> {
    std::fs::write(folder.join("programs.json"), PROGRAMS)?;
    let step: Vec<Value> = answered()?.into_iter().map(|one| one.plain).collect();
    std::fs::write(folder.join("step.json"), serde_json::to_string(&step)?)?;
    Ok(())
}

/// The programs as jobs, each call evaluated twice.
pub(super) fn jobs() -> anyhow::Result<Vec<Job>> {
    list(&serde_json::from_str(PROGRAMS)?)?
        .iter()
        .map(|program| {
            Ok(Job {
                program: text(&program["code"])?,
                entry: text(&program["entry"])?,
                calls: texts(&program["inputs"])?,
                runs: 2,
                value_bytes_max: 1 << 20,
                deadline_ms: DEADLINE_MS,
            })
        })
        .collect()
}

/// A step for our side: its answers, and the gold store. `round` makes its programs new.
pub(super) fn step(round: usize) -> anyhow::Result<(Vec<Attempt>, Gold)> {
    let (mut out, mut gold) = (Vec::new(), Gold::default());
    let mark = format!("# {round}");
    let marked = |mut half: Value| {
        if let Some(program) = half["program"].as_str() {
            half["program"] = format!("{program}\n{mark}").into();
        }
        half.to_string()
    };
    for Answered { kind, public, secret, answer, .. } in answered()? {
        let (public, secret) = (marked(public), marked(secret));
        let proposed = Proposed {
            key: format!("{public}{secret}"),
            holdout_key: String::new(),
            public,
            secret: Secret::new(secret),
            format: true,
            metrics: Vec::new(),
        };
        let text = match (answer, kind) {
            (None, _) => "I do not know.".to_owned(),
            (Some(answer), "deduction") => format!("```output\n{answer}\n```\n"),
            (Some(answer), "abduction") => format!("```input\n{answer}\n```\n"),
            (Some(answer), _) => format!("```python\n{answer}\n{mark}\n```\n"),
        };
        let kind = Kind::new("python", kind);
        let task = quaero_verify::mint(&kind, &proposed, Vec::new(), Origin::Suite);
        gold.insert(task.id, proposed.secret);
        out.push(solved(task, out.len(), text));
    }
    Ok((out, gold))
}

fn solved(task: Task, group_idx: usize, text: String) -> Attempt {
    let trace = Trace { text, ..Trace::one_turn(&[], &[], Vec::new()) };
    Attempt { task: Arc::new(task), group_idx, seed: 0, trace }
}

/// One answer of a step.
struct Answered {
    kind: &'static str,
    public: Value,
    secret: Value,
    /// What stands in its block; `None` has no block.
    answer: Option<String>,
    /// The same for a baseline: no prompts, no blocks.
    plain: Value,
}

/// All answers of a step: three tasks on each program.
fn answered() -> anyhow::Result<Vec<Answered>> {
    let mut all = Vec::new();
    for task in list(&serde_json::from_str(TASKS)?)? {
        let program = text(&task["program"])?;
        let (inputs, outputs) = (texts(&task["inputs"])?, texts(&task["outputs"])?);
        all.extend(deduction(&program, &inputs, &outputs));
        all.extend(abduction(&program, &inputs, &outputs));
        all.extend(induction(&program, &inputs, &outputs));
    }
    Ok(all)
}

/// Eight answers as a policy in training gives them: half right (three of these alike), two wrong,
/// one that fails, one without an answer.
fn eight(
    right: &str,
    other: String,
    wrong: [String; 2],
    fails: &str,
) -> impl Iterator<Item = Option<String>> {
    let alike = std::iter::repeat_n(right.to_owned(), 3);
    alike.chain([other]).chain(wrong).chain([fails.to_owned()]).map(Some).chain([None])
}

fn deduction(program: &str, inputs: &[String], outputs: &[String]) -> Vec<Answered> {
    let (input, output) = (&inputs[0], &outputs[0]);
    let wrong = [outputs[1].clone(), "'?'".to_owned()];
    eight(output, format!(" {output} "), wrong, "[1, 2")
        .map(|answer| Answered {
            kind: "deduction",
            public: json!({"program": program, "input": input}),
            secret: json!({"output": output}),
            plain: json!({"kind": "deduction", "output": output, "answer": answer}),
            answer,
        })
        .collect()
}

fn abduction(program: &str, inputs: &[String], outputs: &[String]) -> Vec<Answered> {
    let (input, output) = (&inputs[0], &outputs[0]);
    let wrong = [inputs[1].clone(), inputs[2].clone()];
    eight(input, format!(" {input}"), wrong, "None, None, None, None")
        .map(|answer| Answered {
            kind: "abduction",
            public: json!({"program": program, "output": output}),
            secret: json!({"input": input}),
            plain: json!({"kind": "abduction", "program": program, "output": output,
                          "answer": answer}),
            answer,
        })
        .collect()
}

fn induction(program: &str, inputs: &[String], outputs: &[String]) -> Vec<Answered> {
    let pairs: Vec<Value> = inputs.iter().zip(outputs).map(|(a, b)| json!([a, b])).collect();
    let (shown, hidden) = pairs.split_at(N_SHOWN);
    let wrong = ["def f(*a):\n    return a".to_owned(), "def f(*a):\n    return ''".to_owned()];
    eight(program, format!("# another\n{program}"), wrong, "def f(*a):\n    return a[9]")
        .map(|answer| Answered {
            kind: "induction",
            public: json!({"message": "", "examples": shown}),
            secret: json!({"program": program, "hidden": hidden}),
            // A baseline runs the hidden examples, as Absolute Zero does; we run the shown ones
            // too.
            plain: json!({"kind": "induction", "hidden": hidden, "answer": answer}),
            answer,
        })
        .collect()
}

fn list(value: &Value) -> anyhow::Result<&Vec<Value>> {
    value.as_array().context("a fixture of the benchmark has no list where one belongs")
}

fn text(value: &Value) -> anyhow::Result<String> {
    let text =
        value.as_str().context("a fixture of the benchmark has no text where one belongs")?;
    Ok(text.to_owned())
}

fn texts(value: &Value) -> anyhow::Result<Vec<String>> {
    list(value)?.iter().map(text).collect()
}
