//! The configuration as meant, for each crate. Every table is taken apart in full, so that a
//! forgotten key does not compile.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use quaero_advantage::{
    Baseline, Combine, Estimator, Learnability, LearningProgress, Level, PowerPlay,
    ProposerRewards, RewardTable, Signal, SolverRewards, Term, Terms, Worth,
};
use quaero_engine::Sampling;
use quaero_objective::{Aggregation, Kl, KlEstimator};
use quaero_optim::{AdamWOptions, Schedule, StatePrecision};
use quaero_policy::Limits;
use quaero_pool::Order;
use quaero_types::Kind;

use crate::{Error, Raw, Resolved, raw};

impl Resolved {
    /// What the loop needs to know, but for the tasks of its evaluation.
    ///
    /// # Errors
    /// When a kind or the name of an estimator, level or aggregation is none.
    pub fn train(&self, eval: Option<quaero_train::Eval>) -> Result<quaero_train::Options, Error> {
        let raw = &self.raw;
        let raw::Run { seed, steps, device: _ } = &raw.run;
        let raw::Seeding { tasks_per_kind, rounds_max } = raw.seeding;
        let raw::Checkpoint { every, keep, keep_every } = raw.checkpoint;
        let raw::Report { every: report_every } = raw.report;
        let raw::Engine { batch_max, page_tokens, cache_mib, graphs } = raw.engine;
        let raw::Pool { capacity_per_kind } = raw.pool;
        let capacity = NonZeroUsize::new(capacity_per_kind).unwrap_or(NonZeroUsize::MIN);
        let (advantage, proposer_weight, solver_weight) = advantage(raw)?;
        let reevaluation = reevaluation(&raw.reward, &advantage.rewards.proposer.signal);
        Ok(quaero_train::Options {
            seed: *seed,
            steps: *steps,
            mix: mix(raw)?,
            seeding: quaero_train::Seeding { tasks_per_kind, rounds_max },
            propose: propose(&raw.propose),
            solve: solve(&raw.solve),
            reevaluation,
            pool: quaero_pool::Options { capacity },
            advantage,
            proposer_weight,
            solver_weight,
            update: update(raw)?,
            engine: quaero_engine::Options { batch_max, page_tokens, cache_mib, graphs },
            eval,
            checkpoint: quaero_train::CheckpointOptions { every, keep, keep_every },
            report_every,
        })
    }

    /// Where to compute.
    ///
    /// # Errors
    /// When the name is none.
    pub fn device(&self) -> Result<quaero_ops::Kind, Error> {
        let name = self.raw.run.device.as_str();
        let names = || quaero_ops::Kind::ALL.map(|(name, _)| name).join(", ");
        quaero_ops::Kind::named(name).ok_or_else(|| choice("run.device", &names(), name))
    }

    /// Whether untrusted programs run in processes of their own. Which executable they are is for
    /// the binary to say: [`Self::runtime`] leaves it open.
    #[must_use]
    pub fn processes(&self) -> bool {
        self.raw.interpreter.processes
    }

    /// What the sandbox needs to know; `folder` holds the built families.
    ///
    /// # Errors
    /// When a family's options are no JSON (a TOML date, say).
    pub fn runtime(
        &self,
        folder: PathBuf,
        cache: Option<PathBuf>,
        progress: quaero_runtime::Progress,
    ) -> Result<quaero_runtime::Options, Error> {
        let raw::Plugins { paths, grants } = &self.raw.plugins;
        let raw::Interpreter { memory_mib, cache_entries, processes: _ } = self.raw.interpreter;
        let mut options = quaero_runtime::Options {
            paths: std::iter::once(folder).chain(paths.iter().map(PathBuf::from)).collect(),
            cache,
            grants: grants.clone(),
            progress,
            ..quaero_runtime::Options::default()
        };
        options.interpreter.memory_bytes_max = (memory_mib as usize) << 20;
        options.interpreter.remembered_max = cache_entries;
        for (family, table) in &self.raw.families {
            let json = serde_json::to_string(table).map_err(|e| Error::Figment(e.to_string()))?;
            options.families.insert(family.clone(), json);
        }
        Ok(options)
    }
}

fn mix(raw: &Raw) -> Result<Vec<(Kind, usize)>, Error> {
    let in_play = raw.mix.iter().filter(|(_, n)| **n > 0);
    in_play
        .map(|(kind, n)| {
            let kind: Kind = kind.parse().map_err(|expected| Error::Value {
                key: "mix",
                expected,
                got: kind.clone(),
            })?;
            Ok((kind, *n as usize))
        })
        .collect()
}

fn propose(raw: &raw::Propose) -> quaero_train::Propose {
    let raw::Propose {
        train,
        references,
        recency,
        prompt_tokens_max,
        completion_tokens_max,
        temperature,
        top_p,
        top_k,
        min_p,
    } = *raw;
    let sampling = Sampling { temperature, top_k, top_p, min_p };
    quaero_train::Propose {
        train,
        references,
        order: if recency { Order::Recent } else { Order::Uniform },
        limits: Limits { prompt_tokens_max, completion_tokens_max, sampling },
    }
}

fn solve(raw: &raw::Solve) -> quaero_train::Solve {
    let raw::Solve {
        tasks_per_kind,
        samples,
        keep_estimates,
        prompt_tokens_max,
        completion_tokens_max,
        temperature,
        top_p,
        top_k,
        min_p,
    } = *raw;
    let sampling = Sampling { temperature, top_k, top_p, min_p };
    let limits = Limits { prompt_tokens_max, completion_tokens_max, sampling };
    quaero_train::Solve { tasks_per_kind, samples, keep_estimates, limits }
}

/// Advantage options, proposer weight, solver weight.
fn advantage(raw: &Raw) -> Result<(quaero_advantage::Options, f32, f32), Error> {
    let raw::Advantage {
        estimator,
        level,
        proposer_weight,
        solver_weight,
        drop_equal_groups,
        drop_truncated,
        overlong_buffer_tokens,
    } = &raw.advantage;
    let level = match level.as_str() {
        "token" => Level::Token,
        "sequence" => Level::Sequence,
        other => return Err(choice("advantage.level", "token or sequence", other)),
    };
    let estimator = match estimator.as_str() {
        "trr++" => Estimator::TrrPlusPlus { level, eps: 1e-8 },
        "grpo" => Estimator::Grpo { divide_by_std: true, eps: 1e-6 },
        "dr-grpo" => Estimator::Grpo { divide_by_std: false, eps: 0.0 },
        "rloo" => Estimator::Rloo,
        "reinforce++" => Estimator::ReinforcePlusPlus { level, eps: 1e-8 },
        "reinforce" => Estimator::Reinforce { baseline: Baseline::Batch },
        other => {
            let names = "trr++, grpo, dr-grpo, rloo, reinforce++ or reinforce";
            return Err(choice("advantage.estimator", names, other));
        }
    };
    let rewards = rewards(&raw.reward)?;
    let options = quaero_advantage::Options {
        rewards,
        estimator,
        drop_equal_groups: *drop_equal_groups,
        drop_truncated: *drop_truncated,
        overlong_buffer: *overlong_buffer_tokens,
    };
    Ok((options, *proposer_weight, *solver_weight))
}

fn rewards(raw: &raw::Reward) -> Result<RewardTable, Error> {
    let raw::Reward {
        proposer: _,
        solver_graded,
        solver_right,
        solver_wrong,
        solver_malformed,
        proposer_rejected,
        proposer_malformed,
        proposer_unlearnable,
        terms,
        terms_combine,
        reevaluated_tasks: _,
        progress_measure: _,
        progress_neighbours: _,
        progress_window: _,
        progress_steps: _,
        powerplay_solved: _,
        powerplay_drop_max: _,
        powerplay_cost: _,
    } = raw;
    Ok(RewardTable {
        solver: SolverRewards {
            malformed: *solver_malformed,
            wrong: *solver_wrong,
            right: *solver_right,
            graded: *solver_graded,
        },
        proposer: ProposerRewards {
            rejected: *proposer_rejected,
            malformed: *proposer_malformed,
            unlearnable: *proposer_unlearnable,
            signal: signal(raw)?,
            terms: self::terms(terms, terms_combine)?,
        },
    })
}

fn terms(terms: &[raw::Term], combine: &str) -> Result<Terms, Error> {
    let combine = match combine {
        "sum" => Combine::Sum,
        "multiply" => Combine::Multiply,
        "sum_multiply" => Combine::SumMultiply,
        "multiply_sum" => Combine::MultiplySum,
        other => {
            let names = "sum, multiply, sum_multiply or multiply_sum";
            return Err(choice("reward.terms_combine", names, other));
        }
    };
    let term = |raw::Term { measure, coef, max }: &raw::Term| Term {
        measure: measure.clone(),
        coef: *coef,
        max: *max,
    };
    Ok(Terms { terms: terms.iter().map(term).collect(), combine })
}

fn signal(raw: &raw::Reward) -> Result<Signal, Error> {
    Ok(match raw.proposer.as_str() {
        "learnability" => Signal::Rate(Learnability::OneMinus),
        "inverse" => Signal::Rate(Learnability::Inverse),
        "uncertainty" => Signal::Rate(Learnability::Uncertainty),
        "variance" => Signal::Rate(Learnability::Variance),
        "band" => Signal::Rate(Learnability::Band),
        "ssr" => Signal::Rate(Learnability::Ssr),
        "validity" => Signal::Rate(Learnability::Validity),
        "learning_progress" => {
            Signal::LearningProgress(LearningProgress { neighbours: raw.progress_neighbours })
        }
        "powerplay" => Signal::PowerPlay(PowerPlay {
            solved: raw.powerplay_solved,
            drop_max: raw.powerplay_drop_max,
            cost: raw.powerplay_cost,
        }),
        word if word.len() > 1 && word.chars().all(|c| c.is_ascii_alphabetic() || c == '_') => {
            let names = "learnability, inverse, uncertainty, variance, band, ssr, validity, \
                         learning_progress or powerplay, or an expression as 1 - s";
            return Err(choice("reward.proposer", names, word));
        }
        other => Signal::Expression(
            Worth::new(other).map_err(|why| Error::Expression { key: "reward.proposer", why })?,
        ),
    })
}

/// The old tasks that a signal over time needs. PowerPlay asks for them whatever their age.
fn reevaluation(raw: &raw::Reward, signal: &Signal) -> Option<quaero_train::ReevaluationOptions> {
    let (steps_max, window) = match signal {
        Signal::Rate(_) | Signal::Expression(_) => return None,
        Signal::LearningProgress(_) => (raw.progress_steps, raw.progress_window),
        Signal::PowerPlay(_) => (u64::MAX, 0),
    };
    let (tasks_per_kind, measure) = (raw.reevaluated_tasks, raw.progress_measure.clone());
    Some(quaero_train::ReevaluationOptions { tasks_per_kind, steps_max, window, measure })
}

fn update(raw: &Raw) -> Result<quaero_update::Options, Error> {
    let raw::Objective {
        clip_low,
        clip_high,
        dual_clip,
        tis_cap,
        kl_estimator,
        kl_coef,
        aggregation,
        entropy_coef,
        negative_weight,
    } = &raw.objective;
    let raw::Optim { state_precision, lr, warmup_steps, betas, eps, weight_decay, grad_norm_max } =
        &raw.optim;
    let state_precision = match state_precision.as_str() {
        "f32" => StatePrecision::F32,
        "8bit" => StatePrecision::EightBit,
        other => return Err(choice("optim.state_precision", "f32 or 8bit", other)),
    };
    let raw::Update { epochs, minibatches, micro_batch_tokens, recompute } = raw.update;
    let aggregation = self::aggregation(raw, aggregation)?;
    let estimator = match kl_estimator.as_str() {
        "k1" => KlEstimator::K1,
        "k2" => KlEstimator::K2,
        "k3" => KlEstimator::K3,
        other => return Err(choice("objective.kl_estimator", "k1, k2 or k3", other)),
    };
    Ok(quaero_update::Options {
        objective: quaero_objective::Options {
            clip_low: *clip_low,
            clip_high: *clip_high,
            dual_clip: (*dual_clip > 0.0).then_some(*dual_clip),
            tis_cap: (*tis_cap > 0.0).then_some(*tis_cap),
            aggregation,
            entropy_coef: *entropy_coef,
            kl: (*kl_coef > 0.0).then_some(Kl { estimator, coef: *kl_coef }),
            negative_weight: *negative_weight,
        },
        adamw: AdamWOptions {
            betas: (betas[0], betas[1]),
            eps: *eps,
            weight_decay: *weight_decay,
            decay_vectors: false,
            state_precision,
        },
        schedule: Schedule { warmup_steps: *warmup_steps, ..Schedule::constant(f64::from(*lr)) },
        grad_norm_max: f64::from(*grad_norm_max),
        epochs,
        minibatches,
        micro_batch_tokens,
        recompute,
    })
}

fn aggregation(raw: &Raw, name: &str) -> Result<Aggregation, Error> {
    Ok(match name {
        "task_role_mean" => Aggregation::TaskRoleMean,
        "token_mean" => Aggregation::TokenMean,
        "sequence_mean" => Aggregation::SequenceMean,
        "group_mean" => Aggregation::GroupMean,
        "fixed_length" => {
            let longest = raw.propose.completion_tokens_max.max(raw.solve.completion_tokens_max);
            Aggregation::FixedLength(longest as f32)
        }
        other => {
            let names = "task_role_mean, token_mean, sequence_mean, group_mean or \
                         fixed_length";
            return Err(choice("objective.aggregation", names, other));
        }
    })
}

fn choice(key: &'static str, names: &str, got: &str) -> Error {
    Error::Value { key, expected: format!("must be {names}"), got: got.to_owned() }
}
