//! `quaero plugin …`.

use std::io::BufRead;
use std::path::Path;

use anyhow::Context;
use quaero_runtime::{Family, Host};
use quaero_types::{Episode, Kind, Opening, Reply, Role, Secret};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::{Format, Grade};
use crate::{print, world};

/// Completions judged in one call.
const BATCH: usize = 256;

pub(crate) fn list(plugins: &Path, as_json: bool) -> anyhow::Result<()> {
    let host = world::host(&quaero_config::load(None, &[])?, plugins)?;
    let rows = host.families().map(|family| {
        let manifest = family.manifest();
        let kinds: Vec<&str> = manifest.kinds.iter().map(|kind| kind.name.as_str()).collect();
        (manifest, kinds, family.source())
    });
    if as_json {
        let all: Vec<Value> = rows
            .map(|(m, kinds, source)| {
                json!({"name": m.name, "version": m.version, "license": m.license, "kinds": kinds,
                       "capabilities": m.capabilities, "summary": m.summary, "source": source})
            })
            .collect();
        print::line(&serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    let rows: Vec<Vec<String>> = rows
        .map(|(m, kinds, _)| {
            let (kinds, needs) = (kinds.join(", "), m.capabilities.join(", "));
            vec![m.name.clone(), m.version.clone(), m.license.clone(), kinds, needs]
        })
        .collect();
    print::table(&["family", "version", "licence", "kinds", "capabilities"], &rows);
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GradeLine {
    task: TaskLine,
    completion: String,
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
}

pub(crate) fn grade(plugins: &Path, args: &Grade) -> anyhow::Result<()> {
    let kind = Kind::new(&args.family, &args.kind);
    each_batch(plugins, args, |text| {
        let line: GradeLine = serde_json::from_str(text)?;
        let mut episode = episode(&kind, Role::Solve, line.completion);
        episode.opening.public = line.task.public.to_string();
        episode.secret = Some(Secret::new(line.task.secret.to_string()));
        Ok(episode)
    })
}

pub(crate) fn propose(plugins: &Path, args: &Grade) -> anyhow::Result<()> {
    let kind = Kind::new(&args.family, &args.kind);
    each_batch(plugins, args, |text| {
        let line: ProposeLine = serde_json::from_str(text)?;
        Ok(episode(&kind, Role::Propose, line.completion))
    })
}

fn episode(kind: &Kind, role: Role, completion: String) -> Episode {
    let opening = Opening {
        kind: kind.clone(),
        role,
        seed: 0,
        public: String::new(),
        references: Vec::new(),
    };
    Episode { opening, secret: None, turns: Vec::new(), completion, truncated: false }
}

/// Reads JSON lines from stdin, judges them a batch at a time and writes one line for each.
fn each_batch(
    plugins: &Path,
    args: &Grade,
    read: impl Fn(&str) -> anyhow::Result<Episode>,
) -> anyhow::Result<()> {
    let style = match args.format {
        Format::Azr => "azr",
        Format::Plain => "plain",
    };
    let host = open_as(plugins, &args.family, style)?;
    let family = find(&host, args)?;
    let mut batch = Vec::new();
    for (idx, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line.context("cannot read standard input")?;
        if line.trim().is_empty() {
            continue;
        }
        batch.push(read(&line).with_context(|| format!("line {} of standard input", idx + 1))?);
        if batch.len() == BATCH {
            flush(family, &mut batch);
        }
    }
    flush(family, &mut batch);
    Ok(())
}

/// The host with `family` told the format of completions, if it knows such an option.
fn open_as(plugins: &Path, family: &str, format: &str) -> anyhow::Result<Host> {
    let set = format!("families.{family}.format={format}");
    world::host(&quaero_config::load(None, &[set])?, plugins)
}

fn find<'a>(host: &'a Host, args: &Grade) -> anyhow::Result<&'a Family> {
    let family = host
        .family(&args.family)
        .with_context(|| format!("no family `{}`: see `quaero plugin list`", args.family))?;
    let kinds = &family.manifest().kinds;
    if !kinds.iter().any(|kind| kind.name == args.kind) {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name.as_str()).collect();
        let (family, kind) = (&args.family, &args.kind);
        anyhow::bail!("family `{family}` has no kind `{kind}`: it has {}", names.join(", "));
    }
    Ok(family)
}

fn flush(family: &Family, batch: &mut Vec<Episode>) {
    for reply in family.step(batch) {
        let line = match reply {
            Ok(Reply::Verdict(v)) => {
                json!({"score": v.score, "status": v.status, "reason": v.reason})
            }
            Ok(Reply::Proposed(proposed)) => {
                print::line(&format!("{{\"task\":{}}}", quaero_verify::wire(&proposed)));
                continue;
            }
            Ok(Reply::Rejected(why)) => json!({"rejected": why.cause, "detail": why.detail}),
            Ok(Reply::Observation(text)) => json!({"observation": text}),
            Err(fault) => {
                let reason = format!("{}: {}", fault.cause, fault.detail);
                json!({"score": 0.0, "status": "fault", "reason": reason})
            }
        };
        print::line(&line.to_string());
    }
    batch.clear();
}
