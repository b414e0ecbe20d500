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
use quaero_terminal::{INTERRUPTED, UsageError, print};
use quaero_train::{Control, End, Eval, Gain, Observer, Options, Plan, Setup, check_mix, train};

use crate::args::Train;
use crate::progress::Progress;
use crate::world;

/// What a run takes if nothing is named.
const DEFAULT: &str = "configs/default.toml";

pub(crate) fn run(plugins: &Path, args: &Train) -> anyhow::Result<ExitCode> {
    let folder = run_folder(args)?;
    let resolved = resolve(args, &folder, &[])?;
    check_overlay(args, &folder, &resolved)?;
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
    let config = if args.resume { with_history(&folder, done, &resolved)? } else { resolved.text };
    let setup = Setup { folder: &folder, config: &config, resume: args.resume };
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
    let stem = overlay(args).file_stem().unwrap_or_default().to_string_lossy();
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
    let overlay = if args.resume { &kept } else { overlay(args) };
    if args.resume && !kept.is_file() {
        anyhow::bail!("no run to resume at {}: it holds no config.toml", folder.display());
    }
    Ok(quaero_config::load(Some(overlay), &sets)?)
}

/// The overlay that a new run takes.
fn overlay(args: &Train) -> &Path {
    args.config.as_deref().unwrap_or(Path::new(DEFAULT))
}

/// A run that goes on has its own configuration. One that is named all the same must say nothing
/// else: to pass over it in silence would train what nobody asked for.
fn check_overlay(args: &Train, folder: &Path, run: &Resolved) -> anyhow::Result<()> {
    let Some(file) = args.config.as_deref().filter(|_| args.resume) else { return Ok(()) };
    // `auto` is what a run was begun with and is resolved to what it found.
    let device = format!("run.device={}", run.raw.run.device);
    let begun = Train { resume: false, ..args.clone() };
    let asked = resolve(&begun, folder, &[])?;
    let asked =
        if asked.raw.run.device == "auto" { resolve(&begun, folder, &[device])? } else { asked };
    let changes = asked.changes(run);
    if changes.is_empty() {
        return Ok(());
    }
    let (file, folder) = (file.display(), folder.display());
    let list = changes.iter().map(|change| format!("\n  {change}")).collect::<String>();
    Err(UsageError(format!(
        "a run that goes on keeps its own configuration, {folder}/config.toml, and {file} says \
         something else: leave {file} out, or change a key by --set; it would set{list}"
    ))
    .into())
}

/// What the lines of `config.toml` begin with that say what was changed, and when.
const HISTORY: &str = "# after step ";

/// The configuration of a run that goes on: as it stands or, where `--set` changes something, with
/// a line for each key that was changed, now and before.
fn with_history(folder: &Path, done: u64, now: &Resolved) -> anyhow::Result<String> {
    let path = folder.join("config.toml");
    let kept = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let changes = now.changes(&quaero_config::load(Some(&path), &[])?);
    if changes.is_empty() {
        return Ok(kept);
    }
    let before = kept.lines().filter(|line| line.starts_with(HISTORY)).map(str::to_owned);
    let new = changes.iter().map(|change| format!("{HISTORY}{done}: {change}"));
    new.clone().for_each(|line| print::note(line.trim_start_matches("# ")));
    let history = before.chain(new).collect::<Vec<_>>().join("\n");
    Ok(format!("{}\n\n{history}\n", now.text.trim_end()))
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
    if !end.scores.is_empty() {
        say("held-out tasks solved at the start of the run and now, 95 % intervals:".to_owned());
    }
    for Gain { name, first, last } in &end.scores {
        say(format!("  {name:<28} {first} → {last}"));
    }
    let quoted = |name: &str| print::quoted(&folder.join(name));
    let run = print::quoted(folder);
    if !end.whole {
        say(format!("interrupted after step {}; nothing is lost", end.step));
        say(format!("go on:  cargo xtask train --run {run} --resume"));
        return;
    }
    say(format!("model:      {}", end.checkpoint.display()));
    if page {
        say(format!("to look at: {}, tensorboard --logdir {run}", quoted("report.html")));
    } else {
        say(format!("to look at: quaero report {run}, tensorboard --logdir {run}"));
    }
    let store = quoted("experience.db");
    say(format!("what it asked itself: sqlite3 {store} 'SELECT * FROM task_stats'"));
    say(format!("train on:   cargo xtask train --run {run} --resume --steps {}", 2 * end.step));
}
