//! `quaero seed-model`.

use std::collections::BTreeSet;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use quaero_engine::{Engine, Sampling};
use quaero_evals::{Suite, answer};
use quaero_play::{Player, ProposeRequest};
use quaero_policy::{Limits, Policy};
use quaero_rng::Key;
use quaero_seed::{Measured, Options, suite};
use quaero_terminal::print;
use quaero_types::{Judged, Kind, Pair};

use crate::args::SeedModel;
use crate::world;

/// The style of prompts that the model is primed on, and room for its longest programs.
const SETS: [&str; 2] = ["families.python.style=compact", "engine.cache_mib=512"];
const PROMPT_TOKENS_MAX: usize = 384;
const COMPLETION_TOKENS_MAX: usize = 128;

pub(crate) fn run(plugins: &Path, args: &SeedModel) -> anyhow::Result<()> {
    let resolved = quaero_config::load(None, &SETS.map(str::to_owned))?;
    // Before the priming, which takes long: without the families nothing can be measured.
    let host = world::host(&resolved, plugins)?;
    let suite = world::suite(&host, "heldout", None)?;
    let options = Options::default();
    let bar = ProgressBar::new(options.n_steps());
    let style = "{bar:24} {pos}/{len} updates  {elapsed} gone, {eta} left  {wide_msg}";
    bar.set_style(ProgressStyle::with_template(style)?.progress_chars("━╸ "));
    print::note(&format!("priming the seed model from nothing into {}", args.out.display()));
    let made = quaero_seed::make(&args.out, &options, &mut |progress| {
        bar.set_position(progress.step);
        bar.set_message(format!("loss {:.3}", progress.loss));
    })?;
    bar.finish_and_clear();
    print::note("measuring it: held-out tasks and proposals");
    let mut engine = Engine::new(resolved.train(None)?.engine);
    let policy = Policy::load(&args.out)?;
    let mut player = Player {
        policy: &policy,
        engine: &mut engine,
        host: &host,
        limits: limits(Sampling::plain(1.0)),
        on_tokens: &mut |_| (),
    };
    let measured = measure(&mut player, &suite, Key::new(options.seed).named("card"))?;
    quaero_seed::write_card(&args.out, &options, made, &measured)?;
    print::line(&format!("{}", args.out.display()));
    Ok(())
}

fn limits(sampling: Sampling) -> Limits {
    let (prompt_tokens_max, completion_tokens_max) = (PROMPT_TOKENS_MAX, COMPLETION_TOKENS_MAX);
    Limits { prompt_tokens_max, completion_tokens_max, sampling }
}

/// What the model solves of the suite, and what its proposals are worth: as many of each kind.
fn measure(player: &mut Player<'_>, suite: &Suite, key: Key) -> anyhow::Result<[Measured; 3]> {
    let mut all = Vec::new();
    for name in suite::KINDS {
        let tasks = suite.of_kinds(|kind| kind.name == name).tasks;
        let mut solved = |sampling| {
            player.limits = limits(sampling);
            let rates = answer(player, &tasks, 1, key)?;
            let sum: f64 = (0..tasks.len()).filter_map(|idx| rates.rate(idx)).sum();
            anyhow::Ok(sum / tasks.len() as f64)
        };
        let (greedy, sampled) = (solved(Sampling::greedy())?, solved(Sampling::plain(1.0))?);
        let (valid, distinct) = propose(player, suite, name, key)?;
        all.push(Measured { greedy, sampled, valid, distinct });
    }
    <[Measured; 3]>::try_from(all).map_err(|_| anyhow::anyhow!("the suite has three kinds"))
}

/// Shares of proposals that are tasks, and that are tasks unlike the others.
fn propose(
    player: &mut Player<'_>,
    suite: &Suite,
    name: &str,
    key: Key,
) -> anyhow::Result<(f64, f64)> {
    let kind = Kind::new("python", name);
    let programs = suite.of_kinds(|kind| kind.name == "deduction").tasks;
    let asked: Vec<ProposeRequest> = programs
        .iter()
        .map(|one| {
            // A proposer of induction is shown a program to write inputs for.
            let pair = Pair { public: one.task.public.clone(), secret: one.secret.clone() };
            let shown = (name == "induction").then_some((one.task.id, pair));
            ProposeRequest { kind: kind.clone(), references: shown.into_iter().collect() }
        })
        .collect();
    let n = asked.len() as f64;
    let (proposals, _) = quaero_play::propose(player, &asked, key.named("propose").named(name))?;
    let judged = quaero_verify::proposals(player.host, &proposals, 0);
    let tasks = judged.iter().filter_map(|one| match one {
        Judged::Task(task, _) => Some(task.id),
        Judged::Rejected(_) | Judged::Fault(_) => None,
    });
    let tasks: Vec<_> = tasks.collect();
    let distinct: BTreeSet<_> = tasks.iter().collect();
    Ok((tasks.len() as f64 / n, distinct.len() as f64 / n))
}
