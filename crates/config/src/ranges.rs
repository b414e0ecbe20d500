//! What each number may be, for those that no later code checks: here a bad one is an error that
//! names its key, later it would be a panic, a run without end or nonsense.

use crate::{Error, Raw, raw};

/// The most of anything that is counted: products of two counts then still fit 64 bits.
const COUNT_MAX: usize = i32::MAX as usize;

const ABOVE_0: &str = "must be above 0: greedy samples are all alike and teach nothing";

/// Checks every number.
pub(crate) fn check(raw: &Raw) -> Result<(), Error> {
    check_counts(raw)?;
    check_sampling(raw)?;
    check_reward(&raw.reward)?;
    check_objective(raw)?;
    check_optim(&raw.optim)
}

fn ensure(key: &'static str, ok: bool, got: impl ToString, expected: &str) -> Result<(), Error> {
    let error = || Error::Value { key, expected: expected.to_owned(), got: got.to_string() };
    if ok { Ok(()) } else { Err(error()) }
}

fn check_counts(raw: &Raw) -> Result<(), Error> {
    let some = raw.mix.values().any(|&n| n > 0);
    let mix = || format!("{:?}", raw.mix);
    ensure("mix", some, mix(), "at least one kind must have proposals")?;
    let is_count = |&n: &i64| (0..=COUNT_MAX as i64).contains(&n);
    let expected = format!("must not be negative, nor above {COUNT_MAX}");
    ensure("mix", raw.mix.values().all(is_count), mix(), &expected)?;
    let memory_mib = raw.interpreter.memory_mib;
    let expected = "must be 1 to 4096: a program addresses 32 bits";
    ensure("interpreter.memory_mib", (1..=4096).contains(&memory_mib), memory_mib, expected)?;
    let (propose, solve, engine) = (&raw.propose, &raw.solve, &raw.engine);
    for (key, n) in [
        ("propose.prompt_tokens_max", propose.prompt_tokens_max),
        ("propose.completion_tokens_max", propose.completion_tokens_max),
        ("solve.prompt_tokens_max", solve.prompt_tokens_max),
        ("solve.completion_tokens_max", solve.completion_tokens_max),
        ("solve.tasks_per_kind", solve.tasks_per_kind),
        ("solve.samples", solve.samples),
        ("pool.capacity_per_kind", raw.pool.capacity_per_kind),
        ("reward.reevaluated_tasks", raw.reward.reevaluated_tasks),
        ("reward.progress_neighbours", raw.reward.progress_neighbours),
        ("update.epochs", raw.update.epochs),
        ("update.minibatches", raw.update.minibatches),
        ("update.micro_batch_tokens", raw.update.micro_batch_tokens),
        ("engine.batch_max", engine.batch_max),
        ("engine.page_tokens", engine.page_tokens),
        ("engine.cache_mib", engine.cache_mib),
        ("checkpoint.keep", raw.checkpoint.keep),
    ] {
        let expected = format!("must be at least 1, and at most {COUNT_MAX}");
        ensure(key, (1..=COUNT_MAX).contains(&n), n, &expected)?;
    }
    for (key, n) in [
        ("seeding.tasks_per_kind", raw.seeding.tasks_per_kind),
        ("seeding.rounds_max", raw.seeding.rounds_max),
        ("propose.references", propose.references),
        ("reward.progress_window", raw.reward.progress_window),
        ("eval.limit_per_kind", raw.eval.limit_per_kind),
        ("eval.samples", raw.eval.samples),
        ("eval.level_samples", raw.eval.level_samples),
        ("eval.level_tasks_per_kind", raw.eval.level_tasks_per_kind),
    ] {
        ensure(key, n <= COUNT_MAX, n, &format!("must be at most {COUNT_MAX}"))?;
    }
    for (key, n) in [
        ("reward.progress_steps", raw.reward.progress_steps),
        ("eval.every", raw.eval.every),
        ("checkpoint.every", raw.checkpoint.every),
    ] {
        ensure(key, n >= 1, n, "must be at least 1")?;
    }
    let buffer = raw.advantage.overlong_buffer_tokens;
    let shortest = propose.completion_tokens_max.min(solve.completion_tokens_max);
    let expected = format!("must be at most the shorter completion_tokens_max, {shortest}");
    ensure("advantage.overlong_buffer_tokens", buffer <= shortest, buffer, &expected)
}

fn check_sampling(raw: &Raw) -> Result<(), Error> {
    let (propose, solve) = (&raw.propose, &raw.solve);
    for (key, t) in
        [("propose.temperature", propose.temperature), ("solve.temperature", solve.temperature)]
    {
        ensure(key, t > 0.0 && t.is_finite(), t, ABOVE_0)?;
    }
    for (key, p) in [("propose.top_p", propose.top_p), ("solve.top_p", solve.top_p)] {
        ensure(key, p > 0.0 && p <= 1.0, p, "must be in (0, 1]")?;
    }
    for (key, p) in [("propose.min_p", propose.min_p), ("solve.min_p", solve.min_p)] {
        ensure(key, (0.0..1.0).contains(&p), p, "must be in [0, 1)")?;
    }
    Ok(())
}

fn check_reward(reward: &raw::Reward) -> Result<(), Error> {
    for (key, x) in [
        ("reward.solver_right", reward.solver_right),
        ("reward.solver_wrong", reward.solver_wrong),
        ("reward.solver_malformed", reward.solver_malformed),
        ("reward.proposer_rejected", reward.proposer_rejected),
        ("reward.proposer_malformed", reward.proposer_malformed),
        ("reward.proposer_unlearnable", reward.proposer_unlearnable),
    ] {
        ensure(key, x.is_finite(), x, "must be a finite number")?;
    }
    for raw::Term { measure, coef, max } in &reward.terms {
        let got = || format!("{measure}: coef {coef}, max {max}");
        let finite = coef.is_finite() && max.is_finite();
        ensure("reward.terms", finite, got(), "coef and max must be finite numbers")?;
    }
    let (window, neighbours) = (reward.progress_window, reward.progress_neighbours);
    let holds = format!("must be at least progress_neighbours, {neighbours}");
    ensure("reward.progress_window", window >= neighbours, window, &holds)?;
    let (solved, drop, cost) =
        (reward.powerplay_solved, reward.powerplay_drop_max, reward.powerplay_cost);
    let expected = "must be in (0, 1]: a solve rate that counts as solved";
    ensure("reward.powerplay_solved", solved > 0.0 && solved <= 1.0, solved, expected)?;
    let expected = "must be in [0, 1]: how far the old tasks' solve rate may fall";
    ensure("reward.powerplay_drop_max", (0.0..=1.0).contains(&drop), drop, expected)?;
    ensure("reward.powerplay_cost", cost >= 0.0 && cost.is_finite(), cost, "must be 0 or above")
}

fn check_objective(raw: &Raw) -> Result<(), Error> {
    let (advantage, objective) = (&raw.advantage, &raw.objective);
    for (key, x, expected) in [
        ("advantage.proposer_weight", advantage.proposer_weight, "must be 0 or above"),
        ("advantage.solver_weight", advantage.solver_weight, "must be 0 or above"),
        ("objective.clip_low", objective.clip_low, "must be 0 or above"),
        ("objective.clip_high", objective.clip_high, "must be 0 or above"),
        ("objective.negative_weight", objective.negative_weight, "must be 0 or above"),
        ("objective.tis_cap", objective.tis_cap, "must be above 0, or 0 = off"),
        ("objective.kl_coef", objective.kl_coef, "must be above 0, or 0 = off"),
    ] {
        ensure(key, x >= 0.0 && x.is_finite(), x, expected)?;
    }
    let (dual_clip, entropy_coef) = (objective.dual_clip, objective.entropy_coef);
    let on = dual_clip > 1.0 && dual_clip.is_finite();
    ensure(
        "objective.dual_clip",
        on || dual_clip == 0.0,
        dual_clip,
        "must be above 1, or 0 = off",
    )?;
    let expected = "must be a finite number";
    ensure("objective.entropy_coef", entropy_coef.is_finite(), entropy_coef, expected)
}

fn check_optim(optim: &raw::Optim) -> Result<(), Error> {
    for (key, x) in [("optim.lr", optim.lr), ("optim.eps", optim.eps)] {
        ensure(key, x > 0.0 && x.is_finite(), x, "must be above 0")?;
    }
    let is_beta = |beta: &f32| (0.0..1.0).contains(beta);
    let (betas, decay, norm) = (optim.betas, optim.weight_decay, optim.grad_norm_max);
    ensure("optim.betas", betas.iter().all(is_beta), format!("{betas:?}"), "must be in [0, 1)")?;
    ensure("optim.weight_decay", decay >= 0.0 && decay.is_finite(), decay, "must be 0 or above")?;
    ensure("optim.grad_norm_max", norm > 0.0, norm, "must be above 0; inf = never cut")
}
