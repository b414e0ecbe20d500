//! The solve step: the policy answers tasks.
//!
//! Public tasks in, [`Attempt`]s out. Gold answers are out of reach here by construction: a
//! [`Task`] does not carry one.

use std::sync::Arc;

use quaero_engine::Engine;
use quaero_policy::{GenerateRequest, Limits, Policy};
use quaero_rng::Key;
use quaero_runtime::Host;
use quaero_types::{Attempt, Fault, Kind, Opening, Role, Task};

/// What can go wrong with the world.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Generation failed.
    #[error(transparent)]
    Policy(#[from] quaero_policy::Error),
    /// A task's kind has no family.
    #[error("no loaded family plays {0}: `quaero plugin list` shows what is loaded")]
    UnknownKind(Kind),
}

/// What the step made.
#[derive(Clone, Debug, Default)]
pub struct Attempts {
    /// What the policy wrote: `n_samples` a task, in the order of the tasks.
    pub written: Vec<Attempt>,
    /// Tasks whose prompt is over the token limit: counted, not asked.
    pub prompts_too_long: usize,
    /// Families that failed to open an episode.
    pub faults: Vec<Fault>,
}

/// Answers every task `n_samples` times. `group_idx` of an attempt is its task's index in `tasks`.
///
/// # Errors
/// When a kind has no family or the engine fails.
#[expect(clippy::too_many_arguments, reason = "a step names all that it touches")]
pub fn solve(
    policy: &Policy,
    engine: &mut Engine,
    host: &Host,
    tasks: &[Arc<Task>],
    n_samples: usize,
    limits: &Limits,
    key: Key,
    on_tokens: &mut dyn FnMut(u64),
) -> Result<Attempts, Error> {
    let mut out = Attempts::default();
    let (mut asks, mut opened) = (Vec::new(), Vec::new());
    for (group_idx, task) in tasks.iter().enumerate() {
        let family =
            host.family(&task.kind.family).ok_or_else(|| Error::UnknownKind(task.kind.clone()))?;
        let key = key.with(task.id.low64()).with(group_idx as u64);
        let opening = Opening {
            kind: task.kind.clone(),
            role: Role::Solve,
            seed: key.seed(),
            public: task.public.clone(),
            references: Vec::new(),
        };
        match family.open(std::slice::from_ref(&opening)).remove(0) {
            Ok(prompt) => {
                asks.push(GenerateRequest {
                    text: prompt.text,
                    n_samples,
                    key: key.named("tokens"),
                });
                opened.push((group_idx, key.seed()));
            }
            Err(fault) => out.faults.push(fault),
        }
    }
    let written = policy.generate(engine, &asks, limits, on_tokens)?;
    for ((group_idx, seed), written) in opened.into_iter().zip(written) {
        match written {
            Ok(traces) => {
                out.written.extend(traces.into_iter().map(|trace| Attempt {
                    task: tasks[group_idx].clone(),
                    group_idx,
                    seed,
                    trace,
                }));
            }
            Err(_) => out.prompts_too_long += 1,
        }
    }
    Ok(out)
}
