//! `quaero plugin try`: one task played by hand.

use std::io::{BufRead, IsTerminal};
use std::path::Path;

use anyhow::Context;
use quaero_runtime::Family;
use quaero_terminal::print;
use quaero_types::{Episode, Fault, Kind, Pair, Proposed, Reply, Role, Secret, Turn};

use crate::args::PluginTry;
use crate::world;

/// References shown to a proposer where the kind does not say how many.
const REFERENCES: usize = 2;

pub(super) fn run(plugins: &Path, args: &PluginTry) -> anyhow::Result<()> {
    let configured = &args.configured;
    let resolved = quaero_config::load(configured.config.as_deref(), &configured.sets)?;
    let (host, refused) = world::host_each(&resolved, plugins, 0)?;
    let family = super::find(&host, refused, &args.family)?;
    let kind = match &args.kind {
        Some(name) => super::kind(family, name)?,
        None => Kind::new(&args.family, &family.manifest().kinds[0].name),
    };
    let (episode, gold) = if args.propose {
        (proposing(family, &kind, args.seed)?, None)
    } else {
        let (episode, task) = solving(family, &kind, args.seed)?;
        (episode, Some(task))
    };
    let prompt = family.open(std::slice::from_ref(&episode.opening)).remove(0);
    let prompt = prompt.map_err(|fault| failed("open the episode", &fault))?;
    print::line(&prompt.text);
    play(family, episode)?;
    if let Some(task) = gold {
        print::line(&format!("the task: {}", quaero_verify::wire(&task)));
    }
    Ok(())
}

/// A solver's episode on one of the family's own tasks.
fn solving(family: &Family, kind: &Kind, seed: u64) -> anyhow::Result<(Episode, Proposed)> {
    let mut seeds = seeds(family, &kind.name)?;
    anyhow::ensure!(!seeds.is_empty(), "the family has no seed tasks of {kind}: try --propose");
    let task = seeds.swap_remove((seed % seeds.len() as u64) as usize);
    Ok((on(&task, kind, seed), task))
}

/// A proposer's episode, shown some of the family's own tasks.
fn proposing(family: &Family, kind: &Kind, seed: u64) -> anyhow::Result<Episode> {
    let mut episode = super::episode(kind, Role::Propose, seed);
    episode.opening.references = references(family, kind, seed)?;
    Ok(episode)
}

/// As many seed tasks as a proposer of `kind` is shown, the `seed`th first.
pub(super) fn references(family: &Family, kind: &Kind, seed: u64) -> anyhow::Result<Vec<Pair>> {
    let kinds = &family.manifest().kinds;
    let own = kinds.iter().find(|one| one.name == kind.name);
    let from = own.map_or(&[][..], |one| &one.references_from);
    let sources = if from.is_empty() { std::slice::from_ref(&kind.name) } else { from };
    let mut all = Vec::new();
    for name in sources {
        all.extend(seeds(family, name)?);
    }
    let exactly = own.map_or(0, |one| one.references_exactly as usize);
    let n = if exactly > 0 { exactly } else { REFERENCES }.min(all.len());
    if !all.is_empty() {
        let at = (seed % all.len() as u64) as usize;
        all.rotate_left(at);
    }
    let pair = |task: Proposed| Pair { public: task.public, secret: task.secret };
    Ok(all.into_iter().take(n).map(pair).collect())
}

fn seeds(family: &Family, kind: &str) -> anyhow::Result<Vec<Proposed>> {
    family.seeds(kind).map_err(|fault| failed("give its seed tasks", &fault))
}

fn failed(what: &str, fault: &Fault) -> anyhow::Error {
    anyhow::anyhow!("the family failed to {what}: {}: {}", fault.cause, fault.detail)
}

/// Reads completions until the family has said its last word.
fn play(family: &Family, mut episode: Episode) -> anyhow::Result<()> {
    loop {
        episode.completion = completion()?;
        let reply = family.step(std::slice::from_ref(&episode)).remove(0);
        match reply {
            Ok(Reply::Observation(text)) => {
                print::line(&text);
                let completion = std::mem::take(&mut episode.completion);
                episode.turns.push(Turn { completion, observation: text });
                continue;
            }
            Ok(Reply::Verdict(verdict)) => {
                let status = format!("{:?}", verdict.status).to_lowercase();
                let format = if verdict.format { "kept" } else { "not kept" };
                let reason =
                    if verdict.reason.is_empty() { "" } else { &format!(" · {}", verdict.reason) };
                print::line(&format!(
                    "{status} · score {} · format {format}{reason}",
                    verdict.score
                ));
            }
            Ok(Reply::Proposed(task)) => {
                print::line(&format!("a task: {}", quaero_verify::wire(&task)));
                for (name, value) in &task.metrics {
                    print::line(&format!("  {name} {value}"));
                }
            }
            Ok(Reply::Rejected(why)) => {
                print::line(&format!("rejected: {} · {}", why.cause, why.detail));
            }
            Err(fault) => return Err(failed("judge this", &fault)),
        }
        return Ok(());
    }
}

/// What is typed, to a line with a single dot or the end of the input.
fn completion() -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        print::note("— write the completion; a line with a single dot ends it —");
    }
    let mut lines = Vec::new();
    for line in stdin.lock().lines() {
        let line = line.context("cannot read standard input")?;
        if line == "." {
            break;
        }
        lines.push(line);
    }
    Ok(lines.join("\n"))
}

/// Both halves of a task, for an episode on it.
pub(super) fn on(task: &Proposed, kind: &Kind, seed: u64) -> Episode {
    let mut episode = super::episode(kind, Role::Solve, seed);
    episode.opening.public.clone_from(&task.public);
    episode.secret = Some(Secret::clone(&task.secret));
    episode
}
