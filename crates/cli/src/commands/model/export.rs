//! `quaero model export`: a checkpoint as a folder of its own, with a model card.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use quaero_shape::DType;
use quaero_weights::Weights;
use serde_json::Value;

use crate::args::Export;
use quaero_terminal::{UsageError, print};

use crate::world;

/// What the trainer keeps beside a checkpoint: weights in f32, and its own state.
const TRAINER_FILE: &str = "trainer.safetensors";

pub(crate) fn run(args: &Export) -> anyhow::Result<()> {
    if args.out.exists() {
        let words = format!("{} exists; name a folder that does not", args.out.display());
        return Err(UsageError(words).into());
    }
    let (folder, run) = source(&args.source)?;
    let mut policy = world::policy(&folder)?;
    let exact = folder.join(TRAINER_FILE);
    if args.dtype == DType::F32 && exact.is_file() {
        let weights = Weights::open(&exact)?;
        for (name, tensor) in policy.model.params_mut().iter_mut() {
            let shape = tensor.shape().clone();
            weights.read_into(name, &shape, tensor.data_mut())?;
        }
    }
    let parent = args.out.parent().filter(|it| *it != Path::new("")).unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent)
        .with_context(|| format!("cannot make the folder {}", parent.display()))?;
    let partial = tempfile::Builder::new().prefix(".quaero-export-").tempdir_in(parent);
    let partial = partial.with_context(|| format!("cannot write in {}", parent.display()))?;
    policy.save(partial.path())?;
    // Once more, where bf16 is not what was asked for: the files beside it stay.
    if args.dtype != DType::BF16 {
        policy.model.save(partial.path(), args.dtype)?;
    }
    let card = card(&folder, run.as_deref(), args.dtype)?;
    let path = partial.path().join("README.md");
    std::fs::write(&path, card).with_context(|| format!("cannot write {}", path.display()))?;
    let kept = partial.keep();
    let opened = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&kept, opened)
        .and_then(|()| std::fs::rename(&kept, &args.out))
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    print::line(&args.out.display().to_string());
    Ok(())
}

/// The folder to export, and the run that it belongs to.
fn source(path: &Path) -> anyhow::Result<(PathBuf, Option<PathBuf>)> {
    if path.join("checkpoints").is_dir() {
        let newest = quaero_train::newest(path)?;
        let Some(checkpoint) = newest else {
            bail!("{} has no whole checkpoint yet", path.display());
        };
        return Ok((checkpoint.folder, Some(path.to_owned())));
    }
    let run = path.parent().filter(|it| it.ends_with("checkpoints")).and_then(Path::parent);
    let has_metrics = |run: &&Path| run.join("metrics.jsonl").is_file();
    Ok((path.to_owned(), run.filter(has_metrics).map(Path::to_owned)))
}

/// What the model is, in Markdown: where it comes from and what its run measured.
fn card(folder: &Path, run: Option<&Path>, dtype: DType) -> anyhow::Result<String> {
    let mut text = String::from("---\nlibrary_name: transformers\n---\n\n");
    let Some(run) = run else {
        text.push_str(&format!("# {}\n\nStored in {dtype}.\n", name(folder)));
        return Ok(text);
    };
    let config = read(&run.join("config.toml"))?;
    let base = config.lines().skip_while(|line| *line != "[model]").find_map(|line| {
        line.strip_prefix("path = ").map(|path| path.trim_matches('"').to_owned())
    });
    let metrics: Vec<Value> = read(&run.join("metrics.jsonl"))?
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let step = name(folder).trim_start_matches("step-").parse::<u64>().unwrap_or(0);
    text.push_str(&format!(
        "# {}, step {step}\n\nTrained by self-play with Quaero{}. Stored in {dtype}.\n",
        name(run),
        base.map_or_else(String::new, |base| format!(", from `{base}`")),
    ));
    let rows = scores(&metrics, step);
    if !rows.is_empty() {
        text.push_str("\n| held-out score | first | last |\n|---|---|---|\n");
        rows.iter().for_each(|row| text.push_str(row));
    }
    text.push_str(&format!("\n## Configuration\n\n```toml\n{}\n```\n", config.trim_end()));
    Ok(text)
}

/// For each suite its first and last score up to `step`, with intervals.
fn scores(metrics: &[Value], step: u64) -> Vec<String> {
    let seen = metrics.iter().filter(|row| row["step"].as_u64().is_none_or(|at| at <= step));
    let mut names: Vec<&String> = seen
        .clone()
        .filter_map(Value::as_object)
        .flat_map(|row| row.keys())
        .filter(|key| key.starts_with("eval/") && key.ends_with("/score"))
        .collect();
    names.sort_unstable();
    names.dedup();
    let show = |row: &Value, suite: &str| {
        let of = |what: &str| row[format!("{suite}/{what}")].as_f64();
        let score = of("score")?;
        let interval = of("low").zip(of("high"));
        let interval = interval.map_or_else(String::new, |(low, high)| {
            format!(" ({:.1} to {:.1})", 100.0 * low, 100.0 * high)
        });
        Some(format!("{:.1} %{interval}, step {}", 100.0 * score, row["step"]))
    };
    let row = |key: &&String| {
        let suite = key.trim_end_matches("/score");
        let mut shown = seen.clone().filter_map(|row| show(row, suite));
        let first = shown.next()?;
        let last = shown.next_back().unwrap_or_else(|| first.clone());
        Some(format!("| {} | {first} | {last} |\n", suite.trim_start_matches("eval/")))
    };
    names.iter().filter_map(row).collect()
}

fn name(folder: &Path) -> String {
    folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_card_has_the_first_and_the_last_score_of_each_suite() {
        let row = |step: u64, score: f64| {
            json!({"step": step, "eval/heldout/score": score, "eval/heldout/low": score - 0.1,
                   "eval/heldout/high": score + 0.1})
        };
        let metrics = [row(0, 0.3), json!({"step": 5}), row(10, 0.5), row(20, 0.9)];
        assert_eq!(
            scores(&metrics, 15),
            ["| heldout | 30.0 % (20.0 to 40.0), step 0 | 50.0 % (40.0 to 60.0), step 10 |\n"]
        );
    }
}
