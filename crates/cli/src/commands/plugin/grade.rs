//! `quaero plugin grade` and `propose`: JSON lines from a pipe, one line out for each, in their
//! order. What has come is judged together, so that a stream of one line at a time is answered at
//! once and a file goes in large batches.

use std::io::BufRead;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

use anyhow::Context;
use quaero_runtime::{Error, Family, Host, Refused};
use quaero_terminal::{UsageError, print};
use quaero_types::{Episode, Fault, Kind, Pair, Reply, Role, Secret};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::{Format, Grade};
use crate::world;

/// Completions judged in one call.
const BATCH: usize = 256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GradeLine {
    task: TaskLine,
    completion: String,
    #[serde(default)]
    truncated: bool,
    #[serde(default)]
    seed: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskLine {
    public: Value,
    secret: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProposeLine {
    completion: String,
    #[serde(default)]
    references: Vec<TaskLine>,
    #[serde(default)]
    truncated: bool,
    #[serde(default)]
    seed: u64,
}

/// What became of a line: an episode to be judged, or why it is none.
type Read = Result<Episode, String>;

pub(super) fn run(plugins: &Path, args: &Grade, role: Role) -> anyhow::Result<()> {
    let (host, refused) = open(plugins, args)?;
    let family = super::lookup::find(&host, refused, &args.family)?;
    let kind = super::lookup::kind(family, &args.kind)?;
    let (sender, receiver) = sync_channel(BATCH);
    let reader = std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let failed = line.is_err();
            if sender.send(line).is_err() || failed {
                break;
            }
        }
    });
    let n_bad = each_batch(family, &kind, role, &receiver)?;
    // It ended with the input.
    let _ = reader.join();
    if n_bad > 0 {
        return Err(UsageError(format!("{n_bad} lines could not be read, see above")).into());
    }
    Ok(())
}

/// The host with the family told which format completions are to keep. The default goes unsaid to a
/// family that knows no such option.
fn open(plugins: &Path, args: &Grade) -> anyhow::Result<(Host, Vec<Refused>)> {
    let (config, sets) = (args.configured.config.as_deref(), &args.configured.sets);
    let style = if args.format == Some(Format::Azr) { "azr" } else { "plain" };
    let mut told = sets.clone();
    told.push(format!("families.{}.format={style}", args.family));
    let opened = world::host_each(&quaero_config::load(config, &told)?, plugins)?;
    let its_own = |one: &Refused| match &one.error {
        Error::Configure { family, .. } => *family == args.family,
        _ => false,
    };
    if args.format == Some(Format::Azr) || !opened.1.iter().any(its_own) {
        return Ok(opened);
    }
    world::host_each(&quaero_config::load(config, sets)?, plugins)
}

/// Judges what comes, as it comes; gives back how many lines could not be read.
fn each_batch(
    family: &Family,
    kind: &Kind,
    role: Role,
    lines: &Receiver<std::io::Result<String>>,
) -> anyhow::Result<usize> {
    let (mut n_bad, mut line_no) = (0, 0);
    while let Ok(first) = lines.recv() {
        let waiting = std::iter::once(first).chain(lines.try_iter()).take(BATCH);
        let mut batch: Vec<Read> = Vec::new();
        for line in waiting {
            let line = line.context("cannot read standard input")?;
            line_no += 1;
            if !line.trim().is_empty() {
                batch.push(read(kind, role, &line).map_err(|why| format!("line {line_no}: {why}")));
            }
        }
        n_bad += batch.iter().filter(|one| one.is_err()).count();
        if !batch.is_empty() {
            print::line(&judged(family, batch));
        }
    }
    Ok(n_bad)
}

fn read(kind: &Kind, role: Role, text: &str) -> Read {
    let wrong = |error: serde_json::Error| match role {
        Role::Solve => format!(
            "{error}; a line is {{\"task\": {{\"public\": …, \"secret\": …}}, \
             \"completion\": \"…\"}}"
        ),
        Role::Propose => format!("{error}; a line is {{\"completion\": \"…\"}}"),
    };
    match role {
        Role::Solve => {
            let line: GradeLine = serde_json::from_str(text).map_err(wrong)?;
            let mut episode = super::lookup::episode(kind, role, line.seed);
            episode.opening.public = line.task.public.to_string();
            episode.secret = Some(Secret::new(line.task.secret.to_string()));
            episode.completion = line.completion;
            episode.truncated = line.truncated;
            Ok(episode)
        }
        Role::Propose => {
            let line: ProposeLine = serde_json::from_str(text).map_err(wrong)?;
            let mut episode = super::lookup::episode(kind, role, line.seed);
            let pair = |task: TaskLine| Pair {
                public: task.public.to_string(),
                secret: Secret::new(task.secret.to_string()),
            };
            episode.opening.references = line.references.into_iter().map(pair).collect();
            episode.completion = line.completion;
            episode.truncated = line.truncated;
            Ok(episode)
        }
    }
}

/// One line for each of the batch.
fn judged(family: &Family, batch: Vec<Read>) -> String {
    let mut told: Vec<Option<String>> = Vec::with_capacity(batch.len());
    let mut episodes = Vec::with_capacity(batch.len());
    for one in batch {
        told.push(one.as_ref().err().map(|why| {
            print::note(&format!("error: {why}"));
            json!({ "error": why }).to_string()
        }));
        episodes.extend(one);
    }
    let mut replies = family.step(&episodes).into_iter();
    let lines = told
        .into_iter()
        .map(|one| one.unwrap_or_else(|| replies.next().map_or_else(String::new, line)));
    lines.collect::<Vec<_>>().join("\n")
}

fn line(reply: Result<Reply, Fault>) -> String {
    match reply {
        Ok(Reply::Verdict(v)) => {
            json!({"score": v.score, "status": v.status, "reason": v.reason}).to_string()
        }
        Ok(Reply::Proposed(task)) => format!("{{\"task\":{}}}", quaero_verify::wire(&task)),
        Ok(Reply::Rejected(why)) => {
            json!({"rejected": why.cause, "detail": why.detail}).to_string()
        }
        Ok(Reply::Observation(text)) => json!({ "observation": text }).to_string(),
        Err(fault) => {
            let reason = format!("{}: {}", fault.cause, fault.detail);
            json!({"score": 0.0, "status": "fault", "reason": reason}).to_string()
        }
    }
}
