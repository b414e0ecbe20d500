//! One step's scalars, from its record, named as the README names them. What was not measured is
//! absent.

use std::collections::BTreeMap;

use quaero_advantage::{Learnability, Signal, mean_change};
use quaero_engine::Refusal;
use quaero_runtime::Host;
use quaero_telemetry::Metrics;
use quaero_types::{Attempt, Finish, Judged, Proposal, Role, Status, TaskRole, Verdict};
use quaero_update::Stats;

use crate::deferred::is_deferred;
use crate::record::{Meter, Record};
use crate::round::Round;
use crate::world::{Pool, World};
use crate::{Error, Options};

/// All scalars of a step but those of evaluation and checkpoint.
pub(crate) fn of_step(world: &World<'_>, pool: &Pool, record: &Record) -> Result<Metrics, Error> {
    let mut metrics = Metrics::default();
    let mut means = describe_play(&mut metrics, world.options, record);
    describe_changes(&mut means, world.options, record);
    means.write(&mut metrics);
    if is_deferred(world.options)
        && let Some(change) = mean_change(&record.graded.compared.archive())
    {
        metrics.set("policy/archive_drop", -change);
    }
    describe_update(&mut metrics, &record.stats);
    if let Some(share) = record.credit.equal_groups {
        metrics.set("policy/equal_groups", share);
    }
    describe_work(&mut metrics, record);
    describe_cost(&mut metrics, world.host, &record.meter, record);
    for (kind, _) in &world.options.mix {
        let summary = pool.store.summary(kind, record.step)?;
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
    fn add(&mut self, task_role: &TaskRole, name: &str, value: f64) {
        self.0.entry(format!("{task_role}/{name}")).or_default().add(value);
    }

    fn flag(&mut self, task_role: &TaskRole, name: &str, value: bool) {
        self.add(task_role, name, f64::from(u8::from(value)));
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

fn describe_play(metrics: &mut Metrics, options: &Options, record: &Record) -> Means {
    let mut means = Means::default();
    let (graded, credit) = (&record.graded, &record.credit);
    let judged = graded.played.proposals.iter().zip(&graded.played.judged);
    for ((proposal, judged), reward) in judged.zip(&credit.proposals) {
        // Where rewards come late, those of this step are not all known: they count in the next.
        let reward = reward.filter(|_| !is_deferred(options));
        describe_proposal(&mut means, proposal, judged, reward);
        if let Judged::Rejected(why) = judged {
            let key =
                format!("{}/rejected/{}", TaskRole::new(Role::Propose, &proposal.kind), why.cause);
            metrics.set(&key, metrics.get(&key).unwrap_or(0.0) + 1.0);
        }
    }
    for task in graded.played.estimates().flat_map(|round| &round.tasks) {
        if let Some(mean) = graded.rates.get(&task.id).and_then(|rate| rate.mean()) {
            let task_role = TaskRole::new(Role::Propose, &task.kind);
            means.add(&task_role, "learnability", Learnability::OneMinus.of(mean));
        }
    }
    let training = graded.played.training().flat_map(Round::judged);
    for ((attempt, verdict), reward) in training.zip(&credit.attempts) {
        describe_attempt(&mut means, attempt, verdict, *reward);
    }
    means
}

/// What changed since earlier steps: nothing where the reward does not ask for it.
fn describe_changes(means: &mut Means, options: &Options, record: &Record) {
    let (graded, credit) = (&record.graded, &record.credit);
    for (kind, old) in &graded.compared.old {
        let solver = TaskRole::new(Role::Solve, kind);
        old.iter().for_each(|task| means.add(&solver, "reevaluation_change", task.change()));
    }
    match &options.advantage.rewards.proposer.signal {
        Signal::Rate(_) | Signal::Expression(_) => {}
        Signal::LearningProgress(_) => {
            for (proposal, worth) in graded.played.proposals.iter().zip(&credit.worths) {
                let proposer = TaskRole::new(Role::Propose, &proposal.kind);
                worth.iter().for_each(|worth| means.add(&proposer, "progress", *worth));
            }
        }
        Signal::PowerPlay(gate) => {
            for (due, reward) in graded.compared.due.iter().zip(&credit.due) {
                let proposer = TaskRole::new(Role::Propose, &due.proposal.kind);
                reward.iter().for_each(|reward| means.add(&proposer, "reward", f64::from(*reward)));
                if let Some((_, now)) = due.now {
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
    let task_role = TaskRole::new(Role::Propose, &proposal.kind);
    means.flag(&task_role, "valid_rate", matches!(judged, Judged::Task(..)));
    means.add(&task_role, "length", proposal.trace.n_written() as f64);
    means.flag(&task_role, "truncated", proposal.trace.finish == Finish::Length);
    if let Some(reward) = reward {
        means.add(&task_role, "reward", f64::from(reward));
    }
    if let Judged::Task(task, proposed) = judged {
        means.flag(&task_role, "format_rate", proposed.format);
        for (name, value) in &task.metrics {
            match name.strip_suffix("_diversity") {
                Some(name) => means.add(&task_role, &format!("diversity/{name}"), *value),
                None => means.add(&task_role, &format!("complexity/{name}"), *value),
            }
        }
    }
}

fn describe_attempt(means: &mut Means, attempt: &Attempt, verdict: &Verdict, reward: Option<f32>) {
    if verdict.status == Status::Fault {
        return;
    }
    let task_role = TaskRole::new(Role::Solve, &attempt.task.kind);
    means.add(&task_role, "solve_rate", f64::from(verdict.score));
    means.add(&task_role, "length", attempt.trace.n_written() as f64);
    means.flag(&task_role, "truncated", attempt.trace.finish == Finish::Length);
    means.flag(&task_role, "format_rate", verdict.format && verdict.status != Status::Unparsable);
    if let Some(reward) = reward {
        means.add(&task_role, "reward", f64::from(reward));
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

/// What was played, dropped and not judged.
fn describe_work(metrics: &mut Metrics, record: &Record) {
    let played = &record.graded.played;
    metrics.set("tokens/prompt", played.work.prompt_tokens as f64);
    metrics.set("tokens/completion", played.work.completion_tokens as f64);
    let too_long = played.work.refusals.len() - played.refused().count();
    metrics.set("prompts_too_long", too_long as f64);
    for why in played.refused() {
        let key = format!("refused/{}", refusal(why));
        metrics.set(&key, metrics.get(&key).unwrap_or(0.0) + 1.0);
    }
    metrics.set("faults", played.n_faults() as f64);
}

fn refusal(why: &Refusal) -> &'static str {
    match why {
        Refusal::EmptyPrompt => "empty_prompt",
        Refusal::TooLong { .. } => "too_long",
        Refusal::NeedsCache { .. } => "needs_cache",
        Refusal::UnknownToken { .. } => "unknown_token",
        Refusal::Sampling { .. } => "sampling",
    }
}

/// What the step took. It depends on the machine and on what is remembered, so it stands under
/// `time/` and `perf/`; by family, so that one sees which is slow, fat or ill.
fn describe_cost(metrics: &mut Metrics, host: &Host, meter: &Meter, record: &Record) {
    for (part, seconds) in &meter.seconds {
        metrics.set(&format!("time/{part}"), *seconds);
    }
    let seconds =
        |parts: &[&str]| -> f64 { parts.iter().filter_map(|part| meter.seconds.get(part)).sum() };
    let (completion_tokens, rollout) =
        (record.graded.played.work.completion_tokens as f64, seconds(&["propose", "solve"]));
    metrics.set("perf/rollout_tok_s", completion_tokens / rollout);
    metrics.set("perf/update_tok_s", record.stats.n_tokens as f64 / seconds(&["update"]));
    let programs = (host.stats().jobs - meter.jobs) as f64;
    metrics.set("perf/programs_s", programs / seconds(&["verify"]));
    for family in host.families() {
        let name = &family.manifest().name;
        let usage = family.usage();
        let usage = meter.usage.get(name).map_or(usage.clone(), |before| usage.since(before));
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
