//! The configuration as meant: [`Raw`] taken apart in full, so that a forgotten field does not
//! compile.

use std::path::Path;

use figment::{Figment, Source};

use crate::{Error, Raw, raw};

/// A configuration ready for use.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The file as typed, all layers merged.
    pub raw: Raw,
    /// The same as TOML text: what a run's `config.toml` holds.
    pub text: String,
    /// BLAKE3 of `text`, 16 hex digits.
    pub hash: String,
}

/// Merges the layers and reads them.
///
/// # Errors
/// When the overlay is missing, a key is unknown (names the nearest) or a value is of the wrong
/// type or out of range.
pub fn load(overlay: Option<&Path>, sets: &[String]) -> Result<Resolved, Error> {
    let figment = crate::layers::merge(overlay, sets)?;
    let mut raw: Raw = figment.extract().map_err(Error::from_figment)?;
    place_paths(&figment, &mut raw.plugins.paths);
    check(&raw)?;
    let text = toml::to_string(&raw).map_err(|error| Error::Figment(error.to_string()))?;
    let hash = blake3::hash(text.as_bytes()).to_hex()[..16].to_owned();
    Ok(Resolved { raw, text, hash })
}

/// Plugin paths are seen from the file that names them, or from where the command was typed; what
/// is resolved means the same wherever a run goes on.
fn place_paths(figment: &Figment, paths: &mut [String]) {
    let file = figment.find_metadata("plugins.paths").and_then(|meta| match &meta.source {
        Some(Source::File(file)) => file.parent(),
        _ => None,
    });
    for path in paths {
        let seen = file.unwrap_or(Path::new("")).join(&*path);
        if let Ok(absolute) = std::path::absolute(seen) {
            *path = absolute.display().to_string();
        }
    }
}

const ABOVE_0: &str = "must be above 0: greedy samples are all alike and teach nothing";

/// Ranges that no later code checks.
fn check(raw: &Raw) -> Result<(), Error> {
    let value = |key, ok: bool, got: String, expected: &str| {
        if ok { Ok(()) } else { Err(Error::Value { key, expected: expected.to_owned(), got }) }
    };
    let some = raw.mix.values().any(|&n| n > 0);
    value("mix", some, format!("{:?}", raw.mix), "at least one kind must have proposals")?;
    let negative = raw.mix.values().all(|&n| n >= 0);
    value("mix", negative, format!("{:?}", raw.mix), "must not be negative")?;
    let (solve, propose) = (&raw.solve, &raw.propose);
    value("solve.samples", solve.samples >= 1, solve.samples.to_string(), "must be at least 1")?;
    for (key, t) in
        [("propose.temperature", propose.temperature), ("solve.temperature", solve.temperature)]
    {
        value(key, t > 0.0 && t.is_finite(), t.to_string(), ABOVE_0)?;
    }
    for (key, p) in [("propose.top_p", propose.top_p), ("solve.top_p", solve.top_p)] {
        value(key, p > 0.0 && p <= 1.0, p.to_string(), "must be in (0, 1]")?;
    }
    for (key, p) in [("propose.min_p", propose.min_p), ("solve.min_p", solve.min_p)] {
        value(key, (0.0..1.0).contains(&p), p.to_string(), "must be in [0, 1)")?;
    }
    for (key, x) in
        [("objective.tis_cap", raw.objective.tis_cap), ("objective.kl_coef", raw.objective.kl_coef)]
    {
        let off = "must be above 0, or 0 = off";
        value(key, x >= 0.0 && x.is_finite(), x.to_string(), off)?;
    }
    check_reward(&raw.reward)?;
    let (buffer, shortest) = (
        raw.advantage.overlong_buffer_tokens,
        propose.completion_tokens_max.min(solve.completion_tokens_max),
    );
    let fits = format!("must be at most the shorter completion_tokens_max, {shortest}");
    value("advantage.overlong_buffer_tokens", buffer <= shortest, buffer.to_string(), &fits)?;
    let lr = raw.optim.lr;
    value("optim.lr", lr > 0.0 && lr.is_finite(), lr.to_string(), "must be above 0")?;
    for (key, n) in [
        ("solve.tasks_per_kind", solve.tasks_per_kind),
        ("pool.capacity_per_kind", raw.pool.capacity_per_kind),
        ("update.micro_batch_tokens", raw.update.micro_batch_tokens),
        ("engine.batch_max", raw.engine.batch_max),
        ("engine.cache_mib", raw.engine.cache_mib),
        ("checkpoint.keep", raw.checkpoint.keep),
    ] {
        value(key, n >= 1, n.to_string(), "must be at least 1")?;
    }
    for (key, n) in [("eval.every", raw.eval.every), ("checkpoint.every", raw.checkpoint.every)] {
        value(key, n >= 1, n.to_string(), "must be at least 1")?;
    }
    Ok(())
}

/// Ranges of the rewards over time.
fn check_reward(reward: &raw::Reward) -> Result<(), Error> {
    let value = |key, ok: bool, got: String, expected: &str| {
        if ok { Ok(()) } else { Err(Error::Value { key, expected: expected.to_owned(), got }) }
    };
    for (key, n) in [
        ("reward.reevaluated_tasks", reward.reevaluated_tasks),
        ("reward.progress_neighbours", reward.progress_neighbours),
        ("reward.progress_steps", reward.progress_steps as usize),
    ] {
        value(key, n >= 1, n.to_string(), "must be at least 1")?;
    }
    let (window, neighbours) = (reward.progress_window, reward.progress_neighbours);
    let holds = format!("must be at least progress_neighbours, {neighbours}");
    value("reward.progress_window", window >= neighbours, window.to_string(), &holds)?;
    let (solved, drop, cost) =
        (reward.powerplay_solved, reward.powerplay_drop_max, reward.powerplay_cost);
    let expected = "must be in (0, 1]: a solve rate that counts as solved";
    value("reward.powerplay_solved", solved > 0.0 && solved <= 1.0, solved.to_string(), expected)?;
    let expected = "must be in [0, 1]: how far the old tasks' solve rate may fall";
    value("reward.powerplay_drop_max", (0.0..=1.0).contains(&drop), drop.to_string(), expected)?;
    let expected = "must be 0 or above";
    value("reward.powerplay_cost", cost >= 0.0 && cost.is_finite(), cost.to_string(), expected)
}
