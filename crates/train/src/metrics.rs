//! One step's scalars, named as the README names them. What was not measured is absent.

use std::collections::BTreeMap;

use quaero_advantage::{Learnability, Signal, mean_change};
use quaero_telemetry::Metrics;
use quaero_types::{Attempt, Finish, Judged, Proposal, Role, Status, TaskRole, Verdict};
use quaero_update::Stats;

use crate::clock::Stopwatch;
use crate::credit::{Credit, Played, is_late, seat};
use crate::retest::Memory;
use crate::run::Run;
use crate::{Error, Options};

/// Seconds by part of the step.
#[derive(Debug, Default)]
pub(crate) struct Timer(BTreeMap<&'static str, f64>);

impl Timer {
    /// Does `work` and adds its time to `part`.
    pub(crate) fn time<T>(&mut self, part: &'static str, work: impl FnOnce() -> T) -> T {
        let watch = Stopwatch::start();
        let done = work();
        *self.0.entry(part).or_default() += watch.seconds();
        done
    }

    fn seconds(&self, parts: &[&str]) -> f64 {
        parts.iter().filter_map(|part| self.0.get(part)).sum()
    }
}

/// All scalars of a step but those of evaluation and checkpoint.
pub(crate) fn of_step(
    run: &mut Run<'_>,
    step: u64,
    timer: &Timer,
    played: &Played,
    memory: &Memory,
    credit: &Credit,
    stats: &Stats,
) -> Result<Metrics, Error> {
    let mut metrics = Metrics::default();
    let mut means = describe_play(&mut metrics, played, credit);
    describe_memory(&mut means, run.options, memory, played, credit);
    means.write(&mut metrics);
    if is_late(run.options)
        && let Some(change) = mean_change(&memory.archive())
    {
        metrics.set("policy/archive_drop", -change);
    }
    describe_update(&mut metrics, stats);
    if let Some(share) = credit.equal_groups {
        metrics.set("policy/equal_groups", share);
    }
    describe_work(&mut metrics, run, timer, played, stats);
    for (kind, _) in &run.options.mix {
        let summary = run.pool.summary(kind, step)?;
        metrics.set(&format!("pool/{kind}/size"), summary.size as f64);
        metrics.set(&format!("pool/{kind}/distinct"), summary.distinct as f64);
        if let Some(age) = summary.age_mean {
            metrics.set(&format!("pool/{kind}/age"), age);
        }
    }
    Ok(metrics)
}

/// A running mean with its deviation.
#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    n: f64,
    sum: f64,
    squares: f64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.n += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    fn mean(self) -> f64 {
        self.sum / self.n
    }

    fn std(self) -> f64 {
        (self.squares / self.n - self.mean().powi(2)).max(0.0).sqrt()
    }
}

/// Means by full key.
#[derive(Debug, Default)]
struct Means(BTreeMap<String, Mean>);

impl Means {
    fn add(&mut self, seat: &TaskRole, name: &str, value: f64) {
        self.0.entry(format!("{seat}/{name}")).or_default().add(value);
    }

    fn flag(&mut self, seat: &TaskRole, name: &str, value: bool) {
        self.add(seat, name, f64::from(u8::from(value)));
    }

    fn write(self, metrics: &mut Metrics) {
        for (key, mean) in self.0 {
            metrics.set(&key, mean.mean());
            if key.ends_with("/reward") {
                metrics.set(&format!("{key}_std"), mean.std());
            }
        }
    }
}

fn describe_play(metrics: &mut Metrics, played: &Played, credit: &Credit) -> Means {
    let mut means = Means::default();
    for ((proposal, judged), reward) in
        played.proposals.iter().zip(&played.judged).zip(&credit.proposals)
    {
        // Where rewards come late, those of this step are not all known: they count in the next.
        let reward = reward.filter(|_| credit.held.is_empty());
        describe_proposal(&mut means, proposal, judged, reward);
        if let Judged::Rejected(why) = judged {
            let key = format!("{}/rejected/{}", seat(Role::Propose, &proposal.kind), why.cause);
            metrics.set(&key, metrics.get(&key).unwrap_or(0.0) + 1.0);
        }
    }
    for (task, rate) in played.estimates.tasks.iter().zip(&credit.rates) {
        if let Some(mean) = rate.mean() {
            let seat = seat(Role::Propose, &task.kind);
            means.add(&seat, "learnability", Learnability::OneMinus.of(mean));
        }
    }
    let training = played.training();
    for ((attempt, verdict), reward) in
        training.attempts.iter().zip(&training.verdicts).zip(&credit.attempts)
    {
        describe_attempt(&mut means, attempt, verdict, *reward);
    }
    means
}

/// What changed since earlier steps: nothing where the reward does not ask for it.
fn describe_memory(
    means: &mut Means,
    options: &Options,
    memory: &Memory,
    played: &Played,
    credit: &Credit,
) {
    for (kind, old) in &memory.old {
        let solver = seat(Role::Solve, kind);
        old.iter().for_each(|task| means.add(&solver, "retest_change", task.change()));
    }
    match options.advantage.rewards.proposer.signal {
        Signal::Rate(_) => {}
        Signal::LearningProgress(_) => {
            for (proposal, worth) in played.proposals.iter().zip(&credit.worths) {
                let proposer = seat(Role::Propose, &proposal.kind);
                worth.iter().for_each(|worth| means.add(&proposer, "progress", *worth));
            }
        }
        Signal::PowerPlay(gate) => {
            for (late, reward) in memory.late.iter().zip(&credit.late) {
                let proposer = seat(Role::Propose, &late.held.kind);
                reward.iter().for_each(|reward| means.add(&proposer, "reward", f64::from(*reward)));
                if let Some((_, now)) = late.now {
                    means.flag(&proposer, "newly_solved", gate.newly_solved(0.0, now));
                }
            }
        }
    }
}

fn describe_proposal(means: &mut Means, proposal: &Proposal, judged: &Judged, reward: Option<f32>) {
    if matches!(judged, Judged::Fault(_)) {
        return;
    }
    let seat = seat(Role::Propose, &proposal.kind);
    means.flag(&seat, "valid_rate", matches!(judged, Judged::Task(..)));
    means.add(&seat, "length", proposal.sample.tokens.len() as f64);
    means.flag(&seat, "truncated", proposal.sample.finish == Finish::Length);
    if let Some(reward) = reward {
        means.add(&seat, "reward", f64::from(reward));
    }
    if let Judged::Task(task, proposed) = judged {
        means.flag(&seat, "format_rate", proposed.format);
        for (name, value) in &task.metrics {
            match name.strip_suffix("_diversity") {
                Some(name) => means.add(&seat, &format!("diversity/{name}"), *value),
                None => means.add(&seat, &format!("complexity/{name}"), *value),
            }
        }
    }
}

fn describe_attempt(means: &mut Means, attempt: &Attempt, verdict: &Verdict, reward: Option<f32>) {
    if verdict.status == Status::Fault {
        return;
    }
    let seat = seat(Role::Solve, &attempt.task.kind);
    means.add(&seat, "solve_rate", f64::from(verdict.score));
    means.add(&seat, "length", attempt.sample.tokens.len() as f64);
    means.flag(&seat, "truncated", attempt.sample.finish == Finish::Length);
    means.flag(&seat, "format_rate", verdict.format && verdict.status != Status::Unparsable);
    if let Some(reward) = reward {
        means.add(&seat, "reward", f64::from(reward));
    }
}

fn describe_update(metrics: &mut Metrics, stats: &Stats) {
    metrics.set("policy/loss", stats.loss);
    metrics.set("policy/grad_norm", stats.grad_norm);
    metrics.set("policy/lr", stats.lr);
    if stats.n_steps > 1 {
        metrics.set("policy/optimiser_steps", stats.n_steps as f64);
    }
    let tokens = &stats.tokens;
    for (name, value) in [
        ("entropy", tokens.entropy_mean()),
        ("logp_gap_mean", tokens.logp_gap_mean()),
        ("logp_gap_max", (tokens.n_tokens > 0).then_some(tokens.logp_gap_max)),
        ("ratio_mean", tokens.ratio_mean()),
        ("clip_fraction", tokens.clip_fraction()),
        ("kl", tokens.kl_mean()),
        ("tis_weight", tokens.tis_mean()),
        ("tis_capped", tokens.tis_capped()),
    ] {
        if let Some(value) = value {
            metrics.set(&format!("policy/{name}"), value);
        }
    }
}

fn describe_work(
    metrics: &mut Metrics,
    run: &mut Run<'_>,
    timer: &Timer,
    played: &Played,
    stats: &Stats,
) {
    for (part, seconds) in &timer.0 {
        metrics.set(&format!("time/{part}"), *seconds);
    }
    let engine = std::mem::take(&mut run.work);
    metrics.set("tokens/prompt", engine.prompt_tokens as f64);
    metrics.set("tokens/completion", engine.completion_tokens as f64);
    let rollout = timer.seconds(&["propose", "solve"]);
    metrics.set("perf/rollout_tok_s", engine.completion_tokens as f64 / rollout);
    metrics.set("perf/update_tok_s", stats.n_tokens as f64 / timer.seconds(&["update"]));
    let jobs = run.host.stats().jobs;
    let new_jobs = jobs - std::mem::replace(&mut run.jobs_seen, jobs);
    metrics.set("perf/programs_s", new_jobs as f64 / timer.seconds(&["verify"]));
    describe_families(metrics, run);
    let dropped = std::mem::take(&mut run.dropped);
    metrics.set("prompts_too_long", dropped.prompts_too_long as f64);
    let verdicts = played.estimates.verdicts.iter().chain(&played.training().verdicts);
    let verdicts = verdicts.chain(&played.retests.verdicts);
    let faulted = verdicts.filter(|verdict| verdict.status == Status::Fault).count();
    let unjudged = played.judged.iter().filter(|one| matches!(one, Judged::Fault(_))).count();
    metrics.set("faults", (dropped.faults + faulted + unjudged) as f64);
}

/// What each family cost in this step, so that one sees which is slow, fat or ill. It depends on
/// the machine and on what is remembered, so it stands under `perf/`.
fn describe_families(metrics: &mut Metrics, run: &mut Run<'_>) {
    for family in run.host.families() {
        let (name, now) = (&family.manifest().name, family.usage());
        let before = run.usage_seen.insert(name.clone(), now.clone()).unwrap_or_default();
        let usage = now.since(&before);
        let mib = |bytes: usize| bytes as f64 / f64::from(1 << 20);
        let mut set = |key: &str, value: f64| metrics.set(&format!("perf/{name}/{key}"), value);
        set("calls", usage.calls as f64);
        set("items", usage.items as f64);
        set("cpu_s", usage.cpu.as_secs_f64());
        set("memory_mib", mib(usage.memory_bytes_max));
        if family.runs_programs() {
            set("programs", usage.programs as f64);
            set("program_cpu_s", usage.program_cpu.as_secs_f64());
            set("program_memory_mib", mib(usage.program_memory_bytes_max));
            set("program_timeouts", usage.program_timeouts as f64);
        }
        for (cause, n) in &usage.faults {
            set(&format!("faults/{cause}"), *n as f64);
        }
    }
}
