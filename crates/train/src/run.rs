//! The loop.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use quaero_engine::Engine;
use quaero_model::Model;
use quaero_optim::StatePrecision;
use quaero_policy::Policy;
use quaero_pool::Pool as Store;
use quaero_runtime::Host;
use quaero_telemetry::Metrics;
use quaero_update::{Learner, load_reference, save_reference};

use crate::books::Books;
use crate::checkpoint::newest_whole;
use crate::clock::Stopwatch;
use crate::evaluate::evaluate;
use crate::gains::Gain;
use crate::mix::check_mix;
use crate::step::step;
use crate::world::{Cast, Pool, World};
use crate::{Error, Observer, Options, deferred, folder, metrics, probe, seeding};

/// Where a run lives and what it starts from.
#[derive(Debug)]
pub struct Setup<'a> {
    /// The run's folder.
    pub folder: &'a Path,
    /// The resolved configuration, kept as `config.toml`; of a run that goes on, with what it was
    /// before.
    pub config: &'a str,
    /// Resume from the latest complete checkpoint.
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

/// A run between two steps.
struct Run<'a> {
    world: World<'a>,
    cast: Cast,
    pool: Pool,
    books: Books<'a>,
    /// The last step that was taken.
    step: u64,
}

/// Trains `policy` by self-play until all steps are taken or `control` says stop.
///
/// # Errors
/// When something fails at runtime; `resume` continues from the latest checkpoint.
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
    let (mut run, grading_s) = Run::open(setup, options, policy, host, observer)?;
    if run.pool.store.last_step().is_none() {
        run = run.begin(grading_s)?;
    }
    run.books.observer.phase("self-play: propose, verify, solve, verify, learn");
    while run.step < options.steps && !control.stop.load(Ordering::Relaxed) {
        run = run.advance()?;
    }
    let checkpoint = run.save()?;
    if options.report_every > 0 {
        run.books.report();
    }
    let (step, whole) = (run.step, run.step >= options.steps);
    Ok(End { step, whole, scores: run.books.gains.list(), checkpoint })
}

impl<'a> Run<'a> {
    /// Opens the folder's files at the newest checkpoint, or makes them; with the seconds that
    /// grading the probe set took.
    fn open(
        setup: &Setup<'a>,
        options: &'a Options,
        mut policy: Policy,
        host: &'a Host,
        observer: &'a mut dyn Observer,
    ) -> Result<(Self, f64), Error> {
        let folder = setup.folder;
        if options.update.adamw.state_precision == StatePrecision::EightBit {
            if policy.model.device().is_cpu() {
                return Err(Error::EightBitOnCpu);
            }
            policy.model = policy.model.into_bf16()?;
        }
        let learner = Learner::new(&options.update, &policy.model)?;
        let checkpoint = if setup.resume {
            newest_whole(folder, &mut |words| observer.warning(words))?
        } else {
            None
        };
        match &checkpoint {
            Some(_) => folder::keep(folder, setup.config)?,
            None => folder::make(folder, setup.config, setup.resume)?,
        }
        let mut cast = Cast { policy, learner, engine: Engine::new(options.engine) };
        let mut world = World { host, options, probe: None };
        // Before the weights of a checkpoint take the place of the first ones.
        let watch = Stopwatch::start();
        world.probe = probe::of_run(folder, &world, &mut cast, observer)?;
        let grading_s = watch.seconds();
        let step = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.step);
        let mut pending = Vec::new();
        if let Some(checkpoint) = &checkpoint {
            cast.policy = checkpoint.restore(cast.policy, &mut cast.learner)?;
            pending = deferred::load(&checkpoint.folder)?;
        }
        if cast.learner.needs_reference() {
            let path = folder.join("reference.safetensors");
            let reference = reference(&cast.policy, &path, checkpoint.is_some())?;
            cast.learner.set_reference(reference);
        }
        let mut store = Store::open(&folder.join("experience.db"), options.pool)?;
        if checkpoint.is_some() {
            store.rewind(step)?;
        }
        store.hold_out(options.eval.iter().flat_map(|eval| eval.held_out.iter().cloned()));
        let books = Books::open(folder, step, observer)?;
        let pool = Pool { store, pending };
        Ok((Self { world, cast, pool, books, step }, grading_s))
    }

    /// Step 0: fills the buffers, evaluates, saves.
    fn begin(mut self, grading_s: f64) -> Result<Self, Error> {
        let Self { world, cast, pool, books, .. } = &mut self;
        books.observer.phase("seeding: the model fills its buffers from the family's seed tasks");
        let watch = Stopwatch::start();
        pool.store.begin(0, cast.policy.version)?;
        let work = seeding::fill(world, cast, pool, books.observer)?;
        pool.store.commit()?;
        let mut metrics = Metrics::default();
        metrics.set("time/seeding", watch.seconds());
        if world.probe.is_some() {
            metrics.set("time/probe", grading_s);
        }
        metrics.set("tokens/prompt", work.prompt_tokens as f64);
        metrics.set("tokens/completion", work.completion_tokens as f64);
        for (kind, _) in &world.options.mix {
            metrics.set(&format!("pool/{kind}/size"), pool.store.size(kind) as f64);
        }
        self.close(metrics)?;
        self.save()?;
        Ok(self)
    }

    /// One step with all that belongs to it on disk.
    fn advance(self) -> Result<Self, Error> {
        let Self { world, cast, mut pool, mut books, step: before } = self;
        let (watch, at) = (Stopwatch::start(), before + 1);
        pool.store.begin(at, cast.policy.version)?;
        let (cast, record) = step(&world, cast, &mut pool, books.observer, at)?;
        pool.record(&record)?;
        let mut metrics = metrics::of_step(&world, &pool, &record)?;
        pool.store.commit()?;
        books.log(&record);
        metrics.set("policy_version", cast.policy.version.0 as f64);
        metrics.set("time/total", watch.seconds());
        let mut run = Self { world, cast, pool, books, step: at };
        run.close(metrics)?;
        let options = run.world.options;
        if options.checkpoint.due(at) {
            run.save()?;
        }
        // The last step's page is written at the end of the run.
        let every = options.report_every;
        if every > 0 && at.is_multiple_of(every) && at < options.steps {
            run.books.report();
        }
        Ok(run)
    }

    /// Evaluates where that is due, and writes the step's scalars.
    fn close(&mut self, mut metrics: Metrics) -> Result<(), Error> {
        let watch = Stopwatch::start();
        if let Some(scores) = evaluate(&self.world, &mut self.cast, self.step)? {
            metrics.set("time/eval", watch.seconds());
            self.books.evaluated(self.step, scores, &mut metrics);
        }
        self.books.close(self.step, self.world.options.steps, &metrics)
    }

    fn save(&mut self) -> Result<PathBuf, Error> {
        self.books.save(&self.world, &self.cast, &self.pool, self.step)
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
