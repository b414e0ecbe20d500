//! The loop.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use quaero_engine::{Engine, Sampling};
use quaero_evals::{Probe, answer};
use quaero_model::Model;
use quaero_optim::Memory;
use quaero_policy::{Limits, Policy};
use quaero_pool::Pool;
use quaero_rng::Key;
use quaero_runtime::Host;
use quaero_telemetry::{JsonLines, Metrics, TensorBoard};
use quaero_update::{Learner, load_reference, save_reference};

use crate::checkpoint::newest_whole;
use crate::clock::{Stopwatch, wall_seconds};
use crate::gains::{Gain, Gains};
use crate::held::{self, Held};
use crate::select::check_mix;
use crate::{Checkpoint, Error, Observer, Options, folder, probe, report, seeding, step};

/// Where a run lives and what it starts from.
#[derive(Debug)]
pub struct Setup<'a> {
    /// The run's folder.
    pub folder: &'a Path,
    /// The resolved configuration, kept as `config.toml`; of a run that goes on, with what it was
    /// before.
    pub config: &'a str,
    /// Go on from the newest whole checkpoint.
    pub resume: bool,
}

/// How a run can be stopped from outside.
#[derive(Debug, Default)]
pub struct Control {
    /// Set it: the step is finished, a checkpoint written, the run ends.
    pub stop: AtomicBool,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// The last step that was taken.
    pub step: u64,
    /// Whether all steps were taken.
    pub whole: bool,
    /// The held-out scores since the run was begun; empty where none was taken.
    pub scores: Vec<Gain>,
    /// The newest checkpoint.
    pub checkpoint: PathBuf,
}

/// What a run carries from step to step beside the policy.
pub(crate) struct Run<'a> {
    pub(crate) options: &'a Options,
    pub(crate) host: &'a Host,
    pub(crate) engine: Engine,
    pub(crate) pool: Pool,
    pub(crate) learner: Learner,
    /// Proposals of the last step that wait for their reward.
    pub(crate) held: Vec<Held>,
    pub(crate) events: JsonLines,
    pub(crate) observer: &'a mut dyn Observer,
    pub(crate) step: u64,
    pub(crate) dropped: Dropped,
    pub(crate) work: Work,
    pub(crate) jobs_seen: u64,
    /// What each family had cost when the last step was measured.
    pub(crate) usage_seen: BTreeMap<String, quaero_runtime::Usage>,
    /// The graded tasks, and the seconds that grading them took now.
    probe: Option<(Probe, f64)>,
    metrics: JsonLines,
    board: TensorBoard,
    folder: &'a Path,
    gains: Gains,
}

/// What fell out of a step before it was judged.
#[derive(Debug, Default)]
pub(crate) struct Dropped {
    pub(crate) prompts_too_long: usize,
    pub(crate) faults: usize,
}

/// Tokens that the engine dealt with in a step.
#[derive(Debug, Default)]
pub(crate) struct Work {
    pub(crate) prompt_tokens: u64,
    pub(crate) completion_tokens: u64,
}

/// Trains `policy` by self-play until all steps are taken or `control` says stop.
///
/// # Errors
/// When the world fails; the newest checkpoint stands and `resume` goes on from it.
pub fn train(
    setup: &Setup<'_>,
    options: &Options,
    policy: Policy,
    host: &Host,
    control: &Control,
    observer: &mut dyn Observer,
) -> Result<End, Error> {
    // Before anything of a run is there.
    check_mix(options, host)?;
    let (mut run, mut policy) = Run::open(setup, options, policy, host, observer)?;
    if run.pool.last_step().is_none() {
        run.begin(&policy)?;
    }
    run.observer.phase("self-play: propose, verify, solve, verify, learn");
    while run.step < options.steps && !control.stop.load(Ordering::Relaxed) {
        run.step += 1;
        policy = run.advance(policy)?;
    }
    let checkpoint = run.save(&policy)?;
    if options.report_every > 0 {
        run.report();
    }
    let scores = run.gains.list();
    Ok(End { step: run.step, whole: run.step >= options.steps, scores, checkpoint })
}

impl<'a> Run<'a> {
    /// The root of a step's randomness.
    pub(crate) fn key(&self, step: u64) -> Key {
        Key::new(self.options.seed).named("step").with(step)
    }

    /// Counts what a round of generation did and dropped.
    pub(crate) fn count(&mut self, prompts_too_long: usize, faults: usize) {
        self.dropped.prompts_too_long += prompts_too_long;
        self.dropped.faults += faults;
        self.work.prompt_tokens += self.engine.stats().prompt_tokens;
        self.work.completion_tokens += self.engine.stats().completion_tokens;
    }

    /// Opens the folder's files at the newest checkpoint, or makes them.
    fn open(
        setup: &Setup<'a>,
        options: &'a Options,
        mut policy: Policy,
        host: &'a Host,
        observer: &'a mut dyn Observer,
    ) -> Result<(Self, Policy), Error> {
        let folder = setup.folder;
        if options.update.adamw.memory == Memory::Lean {
            if policy.model.device().is_cpu() {
                return Err(Error::LeanOnCpu);
            }
            policy.model = policy.model.into_bf16()?;
        }
        let mut learner = Learner::new(&options.update, &policy.model)?;
        let checkpoint = match setup.resume {
            true => newest_whole(folder, &mut |words| observer.warning(words))?,
            false => None,
        };
        match &checkpoint {
            Some(_) => folder::keep(folder, setup.config)?,
            None => folder::make(folder, setup.config, setup.resume)?,
        }
        let mut engine = Engine::new(options.engine);
        // Before the weights of a checkpoint take the place of the first ones.
        let probe = probe::of_run(folder, options, &policy, &mut engine, host, observer)?;
        let step = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.step);
        let mut held = Vec::new();
        if let Some(checkpoint) = &checkpoint {
            policy = checkpoint.restore(policy, &mut learner)?;
            held = held::load(&checkpoint.folder)?;
        }
        if learner.needs_reference() {
            let path = folder.join("reference.safetensors");
            learner.set_reference(reference(&policy, &path, checkpoint.is_some())?);
        }
        let mut pool = Pool::open(&folder.join("experience.db"), options.pool)?;
        if checkpoint.is_some() {
            pool.rewind(step)?;
        }
        let held_out = options.eval.iter().flat_map(|eval| eval.held_out.iter().cloned());
        pool.hold_out(held_out);
        // Opening it takes back the lines of later steps.
        let metrics = JsonLines::open(&folder.join("metrics.jsonl"), step)?;
        let run = Self {
            options,
            host,
            engine,
            pool,
            learner,
            held,
            events: JsonLines::open(&folder.join("logs/events.jsonl"), step)?,
            observer,
            step,
            dropped: Dropped::default(),
            work: Work::default(),
            jobs_seen: host.stats().jobs,
            usage_seen: host.families().map(seen).collect(),
            probe,
            metrics,
            board: TensorBoard::create(folder, wall_seconds())?,
            folder,
            gains: Gains::of_run(folder)?,
        };
        Ok((run, policy))
    }

    /// Step 0: fills the buffers, evaluates, saves.
    fn begin(&mut self, policy: &Policy) -> Result<(), Error> {
        self.observer.phase("seeding: the model fills its buffers from the family's seed tasks");
        let watch = Stopwatch::start();
        self.pool.begin(0, policy.version)?;
        seeding::fill(self, policy)?;
        self.pool.commit()?;
        let mut metrics = Metrics::default();
        metrics.set("time/seeding", watch.seconds());
        if let Some((_, seconds)) = &self.probe {
            metrics.set("time/probe", *seconds);
        }
        // Step 1 must not count what seeding did: a resumed run would not know of it.
        let (work, _) = (std::mem::take(&mut self.work), std::mem::take(&mut self.dropped));
        metrics.set("tokens/prompt", work.prompt_tokens as f64);
        metrics.set("tokens/completion", work.completion_tokens as f64);
        for (kind, _) in &self.options.mix {
            metrics.set(&format!("pool/{kind}/size"), self.pool.size(kind) as f64);
        }
        self.finish_step(policy, metrics)?;
        self.save(policy).map(|_| ())
    }

    /// One step with all that belongs to it on disk.
    fn advance(&mut self, policy: Policy) -> Result<Policy, Error> {
        let (watch, at) = (Stopwatch::start(), self.step);
        self.pool.begin(at, policy.version)?;
        let (policy, mut metrics) = step::step(self, policy, at)?;
        self.pool.commit()?;
        metrics.set("policy_version", policy.version.0 as f64);
        metrics.set("time/total", watch.seconds());
        self.finish_step(&policy, metrics)?;
        if self.options.checkpoint.due(self.step) {
            self.save(&policy)?;
        }
        // The last step's page is written at the end of the run.
        let every = self.options.report_every;
        if every > 0 && self.step.is_multiple_of(every) && self.step < self.options.steps {
            self.report();
        }
        Ok(policy)
    }

    /// Writes the run's page; what goes wrong is told and no more.
    fn report(&mut self) {
        if let Err(why) = report::write(self.folder) {
            self.observer.warning(&format!("report.html was not written: {why}"));
        }
    }

    fn finish_step(&mut self, policy: &Policy, mut metrics: Metrics) -> Result<(), Error> {
        self.evaluate(policy, &mut metrics)?;
        self.events.commit()?;
        self.metrics.push(&metrics.to_json(self.step));
        self.metrics.commit()?;
        self.board.write(wall_seconds(), self.step, &metrics)?;
        self.observer.step(self.step, self.options.steps, &metrics);
        Ok(())
    }

    fn evaluate(&mut self, policy: &Policy, metrics: &mut Metrics) -> Result<(), Error> {
        let Some(eval) = &self.options.eval else { return Ok(()) };
        let due = self.step.is_multiple_of(eval.every) || self.step == self.options.steps;
        if !due {
            return Ok(());
        }
        let watch = Stopwatch::start();
        let (mut scores, mut by_level) = (Vec::new(), Vec::new());
        for (suite, sampling, samples) in [
            (&eval.suite, self.options.solve.limits.sampling, eval.samples),
            (&eval.greedy_suite, Sampling::greedy(), 1),
        ] {
            let limits = Limits { sampling, ..self.options.solve.limits };
            let key = Key::new(self.options.seed).named("eval").with(self.step);
            let (engine, host) = (&mut self.engine, self.host);
            let rates = answer(policy, engine, host, &suite.tasks, samples, &limits, key)?;
            scores.extend(rates.scores(suite));
            if let Some((probe, _)) = self.probe.as_ref().filter(|_| suite.name == eval.suite.name)
            {
                by_level = probe.scores(suite, &rates);
            }
        }
        scores.append(&mut by_level);
        self.jobs_seen = self.host.stats().jobs;
        self.usage_seen = self.host.families().map(seen).collect();
        for score in &scores {
            metrics.set(&format!("eval/{}/score", score.name), score.interval.mean);
            metrics.set(&format!("eval/{}/low", score.name), score.interval.low);
            metrics.set(&format!("eval/{}/high", score.name), score.interval.high);
        }
        metrics.set("time/eval", watch.seconds());
        self.observer.evaluated(self.step, &scores);
        self.gains.add(scores.into_iter().map(|score| (score.name, score.interval)).collect());
        Ok(())
    }

    fn save(&mut self, policy: &Policy) -> Result<PathBuf, Error> {
        let (held, options) = (&self.held, self.options.checkpoint);
        let folder =
            Checkpoint::write(self.folder, self.step, policy, &self.learner, held, options)?;
        self.observer.checkpoint(&folder);
        Ok(folder)
    }
}

/// The policy that the KL penalty measures from: the run's first weights, which its folder keeps so
/// that a run that goes on measures from the same.
fn reference(policy: &Policy, path: &Path, goes_on: bool) -> Result<Model, Error> {
    if !goes_on {
        save_reference(&policy.model, path)?;
        return Ok(policy.model.clone());
    }
    if !path.exists() {
        return Err(Error::NoReference { path: path.display().to_string() });
    }
    Ok(load_reference(&policy.model, path)?)
}

/// A family's cost so far, by its name.
fn seen(family: &quaero_runtime::Family) -> (String, quaero_runtime::Usage) {
    (family.manifest().name.clone(), family.usage())
}
