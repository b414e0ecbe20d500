//! Every number of base.toml at its worst: an error that names the key, or a value that works.

use std::panic::catch_unwind;

use expect_test::expect;

use crate::load;

/// Dotted keys of the numbers in `table`, with the number each stands for.
fn numbers(prefix: &str, table: &toml::Table, out: &mut Vec<(String, toml::Value)>) {
    for (key, value) in table {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => numbers(&path, inner, out),
            toml::Value::Integer(_) | toml::Value::Float(_) => out.push((path, value.clone())),
            toml::Value::Array(items) if items.iter().any(toml::Value::is_float) => {
                out.push((path, value.clone()));
            }
            _ => {}
        }
    }
}

#[test]
fn issue_20_no_number_passes_that_panics_later() {
    let base: toml::Table = include_str!("../../../../configs/base.toml").parse().unwrap();
    let mut keys = Vec::new();
    numbers("", &base, &mut keys);
    assert!(keys.len() > 60, "{}", keys.len());
    let mut accepted = Vec::new();
    for (key, value) in &keys {
        let mut takes = Vec::new();
        for worst in ["0", "-1", "9223372036854775807", "-0.5", "1e300", "nan", "inf", "-inf"] {
            let typed = if value.is_array() { format!("[{worst}, 0.9]") } else { worst.to_owned() };
            let sets = [format!("{key}={typed}")];
            let resolve =
                || load(None, &sets).and_then(|resolved| resolved.train(None).map(|_| ()));
            match catch_unwind(resolve) {
                Err(_) => panic!("{} panics", sets[0]),
                Ok(Ok(())) => takes.push(worst),
                // A kind's number is an error of the whole mix.
                Ok(Err(error)) => {
                    let named = if key.starts_with("mix.") { "mix" } else { key.as_str() };
                    assert!(error.to_string().contains(named), "{}: {error}", sets[0]);
                }
            }
        }
        accepted.push(format!("{key}: {}\n", takes.join(" ")));
    }
    expect![[r#"
        run.seed: 0 9223372036854775807
        run.steps: 0 9223372036854775807
        interpreter.memory_mib: 
        interpreter.cache_entries: 0 9223372036854775807
        mix.python/deduction: 0
        mix.python/abduction: 0
        mix.python/induction: 0
        mix.python/error: 0
        seeding.tasks_per_kind: 0
        seeding.rounds_max: 0
        propose.references: 0
        propose.prompt_tokens_max: 
        propose.completion_tokens_max: 
        propose.temperature: 9223372036854775807
        propose.top_p: 
        propose.top_k: 0 9223372036854775807
        propose.min_p: 0
        solve.tasks_per_kind: 
        solve.samples: 
        solve.prompt_tokens_max: 
        solve.completion_tokens_max: 
        solve.temperature: 9223372036854775807
        solve.top_p: 
        solve.top_k: 0 9223372036854775807
        solve.min_p: 0
        pool.capacity_per_kind: 
        reward.solver_right: 0 -1 9223372036854775807 -0.5
        reward.solver_wrong: 0 -1 9223372036854775807 -0.5
        reward.solver_malformed: 0 -1 9223372036854775807 -0.5
        reward.proposer_rejected: 0 -1 9223372036854775807 -0.5
        reward.proposer_malformed: 0 -1 9223372036854775807 -0.5
        reward.proposer_unlearnable: 0 -1 9223372036854775807 -0.5
        reward.reevaluated_tasks: 
        reward.progress_neighbours: 
        reward.progress_window: 
        reward.progress_steps: 9223372036854775807
        reward.powerplay_solved: 
        reward.powerplay_drop_max: 0
        reward.powerplay_cost: 0 9223372036854775807 1e300
        advantage.proposer_weight: 0 9223372036854775807
        advantage.solver_weight: 0 9223372036854775807
        advantage.overlong_buffer_tokens: 0
        objective.clip_low: 0 9223372036854775807
        objective.clip_high: 0 9223372036854775807
        objective.dual_clip: 0 9223372036854775807
        objective.tis_cap: 0 9223372036854775807
        objective.kl_coef: 0 9223372036854775807
        objective.entropy_coef: 0 -1 9223372036854775807 -0.5
        objective.negative_weight: 0 9223372036854775807
        optim.lr: 9223372036854775807
        optim.warmup_steps: 0 9223372036854775807
        optim.betas: 0
        optim.eps: 9223372036854775807
        optim.weight_decay: 0 9223372036854775807
        optim.grad_norm_max: 9223372036854775807 1e300 inf
        update.epochs: 
        update.minibatches: 
        update.micro_batch_tokens: 
        engine.batch_max: 
        engine.page_tokens: 
        engine.cache_mib: 
        eval.every: 9223372036854775807
        eval.limit_per_kind: 0
        eval.samples: 0
        eval.level_samples: 0
        eval.level_tasks_per_kind: 0
        checkpoint.every: 9223372036854775807
        checkpoint.keep: 
        checkpoint.keep_every: 0 9223372036854775807
        report.every: 0 9223372036854775807
    "#]]
    .assert_eq(&accepted.concat());
}
