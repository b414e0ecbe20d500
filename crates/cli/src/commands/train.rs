//! `quaero train`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Context;
use quaero_config::Resolved;
use quaero_dashboard::Dashboard;
use quaero_evals::{Grading, Suite};
use quaero_ops::{Device, Kind, Place};
use quaero_runtime::Host;
use quaero_terminal::{INTERRUPTED, print};
use quaero_train::{Control, End, Eval, Observer, Options, Plan, Setup, check_mix, train};

use crate::args::Train;
use crate::progress::Progress;
use crate::world;

pub(crate) fn run(plugins: &Path, args: &Train) -> anyhow::Result<ExitCode> {
    let folder = run_folder(args)?;
    let resolved = resolve(args, &folder, &[])?;
    let kind = resolved.device()?;
    if args.dry_run {
        return dry_run(plugins, &resolved, kind).map(|()| ExitCode::SUCCESS);
    }
    let device = world::device(plugins, kind)?;
    // What a run was begun on is part of its configuration: it goes on there.
    let found = (kind == Kind::Auto)
        .then(|| format!("run.device={}", if device.is_cpu() { "cpu" } else { "cuda" }));
    let resolved = resolve(args, &folder, found.as_slice())?;
    print::note(&format!("run {} (configuration {})", folder.display(), resolved.hash));
    let host = world::host(&resolved, plugins)?;
    let options = resolved.train(eval(&resolved, &host)?)?;
    let path = Path::new(&resolved.raw.model.path);
    print::note(&fits(path, &options, &device)?);
    let policy = world::placed(world::policy(path)?, &device)?;
    let millions = policy.model.params().n_elements() as f64 / 1e6;
    let (threads, kinds) = (rayon::current_num_threads(), kinds(&resolved));
    let place = if device.is_cpu() { format!("{threads} threads") } else { device.name() };
    print::note(&format!("model {millions:.2} M parameters · {place} · {kinds}"));
    let control = stop_on_interrupt()?;
    let done = if args.resume { done_steps(&folder)? } else { 0 };
    let dashboard = args.dashboard.map(|address| dashboard(&folder, address, done)).transpose()?;
    let mut progress = Progress::new(done, options.steps, dashboard);
    let setup = Setup { folder: &folder, config: &resolved.text, resume: args.resume };
    let observer: &mut dyn Observer = &mut progress;
    let end = train(&setup, &options, policy, &host, &control, observer);
    progress.finish();
    let end = end.with_context(|| format!("run {} stopped", folder.display()))?;
    say_farewell(&folder, &end, options.report_every > 0);
    Ok(if end.whole { ExitCode::SUCCESS } else { ExitCode::from(INTERRUPTED) })
}

/// Serves the run's page and says where.
fn dashboard(folder: &Path, address: SocketAddr, done: u64) -> anyhow::Result<Dashboard> {
    let dashboard = Dashboard::start(folder, address, (done > 0).then_some(done))?;
    let address = dashboard.address();
    print::note(&format!("dashboard: http://{address}/"));
    if !address.ip().is_loopback() {
        print::note(&format!(
            "warning: whoever reaches {address} can read all of this run; there is no password"
        ));
    }
    Ok(dashboard)
}

/// As typed, or the first free `runs/<config>-<n>`.
fn run_folder(args: &Train) -> anyhow::Result<PathBuf> {
    if let Some(folder) = &args.run {
        return Ok(folder.clone());
    }
    if args.resume {
        anyhow::bail!("--resume needs the run's folder: add --run runs/NAME");
    }
    let stem = args.config.file_stem().unwrap_or_default().to_string_lossy();
    let numbered = (1..).map(|n| PathBuf::from(format!("runs/{stem}-{n}")));
    numbered.into_iter().find(|path| !path.exists()).context("no free name under runs/")
}

/// A resumed run has its own configuration; what is typed now lies over it.
fn resolve(args: &Train, folder: &Path, found: &[String]) -> anyhow::Result<Resolved> {
    let mut sets = args.sets.clone();
    sets.extend(args.device.map(|device| format!("run.device={}", device.name())));
    sets.extend_from_slice(found);
    sets.extend(args.steps.map(|steps| format!("run.steps={steps}")));
    let kept = folder.join("config.toml");
    let overlay = if args.resume { &kept } else { &args.config };
    if args.resume && !kept.is_file() {
        anyhow::bail!("no run to go on with at {}: it holds no config.toml", folder.display());
    }
    Ok(quaero_config::load(Some(overlay), &sets)?)
}

/// The memory that the run takes, in a line, before any of it is taken.
fn fits(model: &Path, options: &Options, device: &Device) -> anyhow::Result<String> {
    let (config, place) = (world::model_config(model)?, device.place());
    let free = world::free_bytes(device);
    let plan = Plan::check(&config, place, options, free.unwrap_or(usize::MAX))?;
    Ok(plan.summary(free))
}

/// A GPU's plan needs no GPU.
fn dry_run(plugins: &Path, resolved: &Resolved, kind: Kind) -> anyhow::Result<()> {
    let options = resolved.train(None)?;
    check_mix(&options, &world::host(resolved, plugins)?)?;
    let config = world::model_config(Path::new(&resolved.raw.model.path))?;
    let place = match kind {
        Kind::Cpu => Place::Cpu,
        Kind::Cuda(_) | Kind::Simt(_) => Place::Device,
        Kind::Auto => world::device(plugins, kind)?.place(),
    };
    let plan = Plan::of(&config, place, &options).to_string();
    print::line(resolved.text.trim_end());
    let n_proposals: usize = options.mix.iter().map(|(_, n)| n).sum();
    let n_tasks: usize =
        options.mix.iter().map(|(_, n)| (*n).max(options.solve.tasks_per_kind)).sum();
    let n_again = options.reevaluation.map_or(0, |again| again.tasks_per_kind * options.mix.len());
    let n_tasks = n_tasks + n_again;
    print::line(&format!(
        "\n# a step: {n_proposals} proposals, up to {n_tasks} tasks of {} attempts each; \
         configuration {}\n#\n# memory:",
        options.solve.samples, resolved.hash
    ));
    plan.lines().for_each(|line| print::line(&format!("#   {line}")));
    Ok(())
}

fn kinds(resolved: &Resolved) -> String {
    let in_play = resolved.raw.mix.iter().filter(|(_, n)| **n > 0);
    in_play.map(|(kind, n)| format!("{kind} {n}")).collect::<Vec<_>>().join(", ")
}

/// The held-out suite, unless the configuration wants none.
fn eval(resolved: &Resolved, host: &Host) -> anyhow::Result<Option<Eval>> {
    let raw = &resolved.raw.eval;
    if raw.suite == "none" {
        return Ok(None);
    }
    let path = Path::new(&raw.suite);
    let data = (raw.suite != "heldout").then_some(path);
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let in_play =
        |kind: &quaero_types::Kind| resolved.raw.mix.get(&kind.to_string()).is_some_and(|&n| n > 0);
    let whole = world::suite(host, &name, data)?;
    let suite = whole.of_kinds(in_play).limited(raw.limit_per_kind);
    let greedy_suite = Suite { name: format!("{name}_greedy"), ..suite.clone() };
    let held_out = whole.held_out;
    let (samples, tasks_per_kind) = (raw.level_samples, raw.level_tasks_per_kind);
    let grading = Grading { samples, tasks_per_kind };
    let (every, samples) = (raw.every, raw.samples);
    Ok(Some(Eval { every, samples, suite, greedy_suite, grading, held_out }))
}

/// The first Ctrl-C finishes the step and saves; the second ends at once (and loses one step).
fn stop_on_interrupt() -> anyhow::Result<Arc<Control>> {
    let control = Arc::new(Control::default());
    let shared = Arc::clone(&control);
    ctrlc::set_handler(move || {
        if shared.stop.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
        print::note("finishing this step, then saving; interrupt again to stop at once");
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(control)
}

fn done_steps(folder: &Path) -> anyhow::Result<u64> {
    Ok(quaero_train::newest(folder)?.map_or(0, |checkpoint| checkpoint.step))
}

fn say_farewell(folder: &Path, end: &End, page: bool) {
    let say = |text: String| print::note(&text);
    if let Some((first, last)) = &end.scores {
        say("held-out tasks solved, 95 % intervals:".to_owned());
        for (a, b) in first.iter().zip(last) {
            say(format!("  {:<28} {} → {}", a.name, a.interval, b.interval));
        }
    }
    let folder = folder.display();
    if !end.whole {
        say(format!("interrupted after step {}; nothing is lost", end.step));
        say(format!("go on:  cargo xtask train --run {folder} --resume"));
        return;
    }
    say(format!("model:      {}", end.checkpoint.display()));
    if page {
        say(format!("to look at: {folder}/report.html, tensorboard --logdir {folder}"));
    } else {
        say(format!("to look at: quaero report {folder}, tensorboard --logdir {folder}"));
    }
    say(format!("what it asked itself: sqlite3 {folder}/experience.db 'SELECT * FROM task_stats'"));
    say(format!("train on:   cargo xtask train --run {folder} --resume --steps {}", 2 * end.step));
}
