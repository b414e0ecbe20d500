//! What can stop a run. A model's output never does.

/// The world failed, or the configuration asks for what cannot be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder of the run.
    #[error("cannot {action} {path}: {source}{}", remedy(source))]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The run's folder is in use.
    #[error("{path} already holds a run: go on with it by --resume, or choose another --run")]
    Exists {
        /// The folder.
        path: String,
    },
    /// Nothing to go on from.
    #[error("no whole checkpoint under {path}: start the run without --resume")]
    NoCheckpoint {
        /// The folder.
        path: String,
    },
    /// A KL penalty without the weights that it measures from.
    #[error(
        "{path} is missing, from which objective.kl_coef measures: the run was begun without it; \
         put the safetensors of its first weights there, or go on with objective.kl_coef = 0"
    )]
    NoReference {
        /// The file.
        path: String,
    },
    /// A checkpoint does not read.
    #[error(
        "checkpoint {path} is damaged: {why}; remove that folder to resume from the one before"
    )]
    Damaged {
        /// The checkpoint's folder.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// A kind in `mix` that no family plays.
    #[error(
        "no loaded family plays `{kind}` (table [mix]){near}; loaded: {loaded}; add its plugin's \
         folder to plugins.paths or set the kind to 0"
    )]
    UnknownKind {
        /// The kind.
        kind: String,
        /// The one that may be meant.
        near: String,
        /// What is there.
        loaded: String,
    },
    /// A family failed where it must not.
    #[error("family {family} failed to {action}: {why}")]
    Family {
        /// The family.
        family: String,
        /// What was asked of it.
        action: &'static str,
        /// Why.
        why: String,
    },
    /// The proposer fills no buffer and there is nothing to solve.
    #[error(
        "step {step}: there is no task to solve: no buffer holds one and no proposal was valid; \
         look at experience.db (proposals.cause) for why"
    )]
    NothingToSolve {
        /// The step.
        step: u64,
    },
    /// See [`quaero_pool::Error`].
    #[error(transparent)]
    Pool(#[from] quaero_pool::Error),
    /// See [`quaero_telemetry::Error`].
    #[error(transparent)]
    Telemetry(#[from] quaero_telemetry::Error),
    /// See [`quaero_propose::Error`].
    #[error(transparent)]
    Propose(#[from] quaero_propose::Error),
    /// See [`quaero_solve::Error`].
    #[error(transparent)]
    Solve(#[from] quaero_solve::Error),
    /// See [`quaero_update::Error`].
    #[error(transparent)]
    Update(#[from] quaero_update::Error),
    /// See [`quaero_evals::Error`].
    #[error(transparent)]
    Eval(#[from] quaero_evals::Error),
    /// See [`quaero_policy::Error`].
    #[error(transparent)]
    Policy(#[from] quaero_policy::Error),
    /// See [`quaero_model::Error`].
    #[error(transparent)]
    Model(#[from] quaero_model::Error),
    /// See [`quaero_weights::Error`].
    #[error(transparent)]
    Weights(#[from] quaero_weights::Error),
    /// See [`quaero_engine::Error`].
    #[error(transparent)]
    Engine(#[from] quaero_engine::Error),
}

fn remedy(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::StorageFull => {
            "; free some space, then go on with --resume: nothing before this step is lost"
        }
        std::io::ErrorKind::PermissionDenied => "; choose a folder you may write with --run",
        _ => "",
    }
}
