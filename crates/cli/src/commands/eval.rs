//! `quaero eval`.
//!
//! # Layout
//! `published` benchmarks from their published files → `log` results on disk → `score` what they come
//! to; suites of tasks here.

mod log;
mod published;
mod score;

use std::path::Path;

use quaero_engine::{Engine, Sampling};
use quaero_evals::answer;
use quaero_evals::published::Benchmark;
use quaero_play::Player;
use quaero_policy::Limits;
use quaero_rng::Key;
use quaero_terminal::{UsageError, print};

use crate::args::Eval;
use crate::world;

pub(crate) fn run(plugins: &Path, args: &Eval) -> anyhow::Result<()> {
    if let Some(benchmark) = Benchmark::named(&args.suite) {
        return published::run(plugins, args, benchmark);
    }
    let Some(model) = &args.model else {
        return Err(UsageError("--gold is for benchmarks in published formats".to_owned()).into());
    };
    let resolved = quaero_config::load(Some(&args.config), &[])?;
    let options = resolved.train(None)?;
    let host = world::host(&resolved, plugins)?;
    let device = world::device(plugins, args.device)?;
    let policy = world::placed(world::policy(model)?, &device)?;
    let suite = world::suite(&host, &args.suite, args.data.as_deref())?.limited(args.limit);
    let sampling = match args.samples {
        Some(_) => Sampling { top_p: args.top_p, ..Sampling::plain(args.temperature) },
        None => Sampling::greedy(),
    };
    let limits = Limits { sampling, ..options.solve.limits };
    let samples = args.samples.unwrap_or(1);
    let (mut engine, key) = (Engine::new(options.engine), Key::new(options.seed).named("eval"));
    let mut player = Player {
        policy: &policy,
        engine: &mut engine,
        host: &host,
        limits,
        on_tokens: &mut |_| (),
    };
    let scores = answer(&mut player, &suite.tasks, samples, key)?.scores(&suite);
    if scores.is_empty() {
        anyhow::bail!(
            "none of the {} tasks of {} could be judged: their prompts are longer than \
             solve.prompt_tokens_max = {} or the model's context, or the judge failed on each",
            suite.tasks.len(),
            suite.name,
            limits.prompt_tokens_max
        );
    }
    if args.json.json {
        print::line(&serde_json::to_string_pretty(&scores)?);
        return Ok(());
    }
    let rows: Vec<Vec<String>> = scores
        .iter()
        .map(|score| {
            let percent = |x: f64| format!("{:.1}", 100.0 * x);
            let interval = score.interval;
            let (low, high) = (percent(interval.low), percent(interval.high));
            let (tasks, unjudged) = (score.n_tasks.to_string(), score.n_unjudged.to_string());
            vec![score.name.clone(), percent(interval.mean), low, high, tasks, unjudged]
        })
        .collect();
    print::table(&["suite", "score %", "low", "high", "tasks", "unjudged"], &rows);
    Ok(())
}
