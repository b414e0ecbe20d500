//! What a GPU check found, as a page for people.
//!
//! The record is JSON, written by `quaero gpu-check` as it goes; this page is drawn from it and
//! from nothing else, so a recorded check can be drawn again. What a step did not find is left out,
//! never a zero. It judges nothing: outcomes stand in the record.

use serde_json::Value;

use crate::table;

/// The page, in Markdown.
#[must_use]
pub fn page(record: &Value) -> String {
    let mut out = head(record);
    out.push_str(&steps(record));
    out.push_str(&training(record));
    out.push_str(&self_play(record));
    out.push_str(&kernels(record));
    out.push_str(&bits(record));
    out
}

/// What the step `name` found; null if it did not run.
fn found<'a>(record: &'a Value, name: &str) -> &'a Value {
    let steps = record["steps"].as_array().map_or(&[][..], Vec::as_slice);
    steps.iter().find(|step| step["step"] == name).map_or(&Value::Null, |step| &step["found"])
}

fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    }
}

fn head(record: &Value) -> String {
    let machine = found(record, "machine");
    let baseline = &found(record, "kernels")["torch"]["version"];
    let mut facts = vec![format!("commit `{}`", words(&record["commit"]))];
    let mut add = |label: &str, value: &Value| {
        if !value.is_null() {
            facts.push(format!("{label} {}", words(value)));
        }
    };
    add("driver", &machine["driver_version"]);
    add("CUDA", &record["facts"]["cuda"]);
    add("PyTorch", baseline);
    add("clock of the multiprocessors at most (MHz)", &machine["clocks.max.sm"]);
    add("of the memory", &machine["clocks.max.mem"]);
    add("power limit (W)", &machine["power.limit"]);
    format!(
        "# GPU check: {}, {}\n\n{}. Written by `quaero gpu-check` in {:.0} s; the record lies \
         beside this page.\n\n",
        words(&record["device"]),
        words(&record["date"]),
        facts.join("; "),
        record["seconds"].as_f64().unwrap_or(0.0),
    )
}

fn steps(record: &Value) -> String {
    let mut out =
        "## Steps\n\n| step | outcome | s | limit s | what came of it |\n|---|---|--:|--:|---|\n"
            .to_owned();
    for step in record["steps"].as_array().into_iter().flatten() {
        let seconds = step["seconds"].as_f64().map_or("–".to_owned(), |s| format!("{s:.1}"));
        let told = words(&step["summary"]).replace('|', "\\|");
        out.push_str(&format!(
            "| {} | {} | {seconds} | {} | {told} |\n",
            words(&step["step"]),
            words(&step["outcome"]),
            words(&step["limit_s"]),
        ));
    }
    out.push('\n');
    for step in record["steps"].as_array().into_iter().flatten() {
        let told: Vec<String> = step["told"].as_array().into_iter().flatten().map(words).collect();
        if !told.is_empty() {
            out.push_str(&format!(
                "`{}` said:\n\n```\n{}\n```\n\n",
                words(&step["step"]),
                told.join("\n")
            ));
        }
    }
    out
}

/// The step of a random model: rates, and what share of the ceiling the update reached.
fn training(record: &Value) -> String {
    let step = found(record, "step");
    if step.is_null() {
        return String::new();
    }
    let number = |key: &str, scale: f64, digits: usize| {
        step[key].as_f64().map_or("–".to_owned(), |x| format!("{:.digits$}", x / scale))
    };
    let ceiling = found(record, "kernels")["ceilings"]["matmul_tflop_s"].as_f64();
    let share = |key: &str| match (step[key].as_f64(), ceiling) {
        (Some(reached), Some(top)) => {
            format!("{:.1} % of the {top:.0} TFLOP/s of this run", 100.0 * reached / top)
        }
        _ => "–".to_owned(),
    };
    let rows = [
        ("parameters", number("parameters", 1e6, 1) + " M"),
        ("steps that were timed", number("steps", 1.0, 0)),
        ("generated tokens/s", number("rollout_tok_s", 1.0, 0)),
        ("learned tokens/s", number("update_tok_s", 1.0, 0)),
        ("a step, s", number("step_s", 1.0, 3)),
        ("arithmetic of the update (6 N a token), TFLOP/s", number("update_tflops", 1.0, 1)),
        ("MFU of the update", share("update_tflops")),
        ("memory of the device, GiB", number("memory_bytes", (1_u64 << 30) as f64, 2)),
        ("log-probs of sampler and trainer differ by at most", words(&step["logp_gap_max"])),
    ];
    // Checks of before graphs have no rate by them.
    let key = "rollout_tok_s_by_graphs";
    let by_graphs = step[key]
        .is_number()
        .then(|| ("generated tokens/s, decoding by graphs", number(key, 1.0, 0)));
    let rows = rows.into_iter().chain(by_graphs);
    let rows: Vec<String> = rows.map(|(name, x)| format!("| {name} | {x} |")).collect();
    format!(
        "## A training step\n\n{} prompts of {} tokens, {} completions of {} tokens each, random \
         weights.\n\n| | |\n|---|--:|\n{}\n\n",
        words(&step["prompts"]),
        words(&step["prompt_tokens"]),
        words(&step["samples"]),
        words(&step["completion_tokens"]),
        rows.join("\n")
    )
}

/// The last step of self-play with the seed model.
fn self_play(record: &Value) -> String {
    let scalars = found(record, "self-play")["scalars"].as_object();
    let Some(scalars) = scalars.filter(|scalars| !scalars.is_empty()) else {
        return String::new();
    };
    let rows: Vec<String> =
        scalars.iter().map(|(name, x)| format!("| `{name}` | {} |", words(x))).collect();
    format!(
        "## Self-play of the seed model, its last step\n\n| | |\n|---|--:|\n{}\n\n",
        rows.join("\n")
    )
}

fn kernels(record: &Value) -> String {
    let kernels = found(record, "kernels");
    let rows: Vec<Vec<String>> =
        kernels["cases"].as_array().into_iter().flatten().map(table::cells).collect();
    if rows.is_empty() {
        return String::new();
    }
    let notes: Vec<String> = kernels["notes"].as_array().into_iter().flatten().map(words).collect();
    format!(
        "## Kernels\n\nµs, the spread of two series, the share of the floor by this run's \
         ceilings, PyTorch's µs, ours by PyTorch's (below 1 is faster).\n\n```\n{}{}\n```\n\n",
        columns(&table::HEADER, &rows),
        notes.join("\n")
    )
}

/// Trials whose outputs have other bits than the emulation gives them.
fn bits(record: &Value) -> String {
    let other: Vec<String> =
        found(record, "trials")["other_bits"].as_array().into_iter().flatten().map(words).collect();
    if other.is_empty() {
        return String::new();
    }
    format!(
        "## Where the bits are not the emulation's\n\nWithin the budgets of their oracles, as the \
         step `trials` shows; `ex2.approx`, `lg2.approx` and the sums of tensor cores are not \
         emulated to the last bit.\n\n```\n{}\n```\n",
        other.join("\n")
    )
}

/// Columns under their heads, the first to the left and the others to the right.
fn columns(header: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([header[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let head: Vec<String> = header.iter().map(|&cell| cell.to_owned()).collect();
    let mut out = String::new();
    for row in std::iter::once(&head).chain(rows) {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests;
