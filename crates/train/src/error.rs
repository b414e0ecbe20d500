//! What can stop a run. A model's output never does.

use std::path::Path;

/// A runtime failure, or a configuration that asks for what cannot be.
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
    #[error("{path} already holds a run: resume it with --resume, or choose another --run")]
    Exists {
        /// The folder.
        path: String,
    },
    /// Nothing to resume from.
    #[error("no complete checkpoint under {path}: start the run without --resume")]
    NoCheckpoint {
        /// The folder.
        path: String,
    },
    /// A KL penalty without the weights that it measures from.
    #[error(
        "{path} is missing, from which objective.kl_coef measures: the run was begun without it; \
         put the safetensors of its first weights there, or resume with objective.kl_coef = 0"
    )]
    NoReference {
        /// The file.
        path: String,
    },
    /// The 8-bit optimiser without a device for it.
    #[error(
        "optim.state_precision = \"8bit\" keeps weights in bf16, and the CPU computes in f32: set \
         optim.state_precision = \"f32\", or run.device = \"cuda\" or \"simt\""
    )]
    EightBitOnCpu,
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
    /// There are checkpoints, and all of them are damaged.
    #[error(
        "no checkpoint under {path} is whole ({why}): put back a copy of one, or start a new run \
         with another --run"
    )]
    NoneWhole {
        /// The run's folder.
        path: String,
        /// What is wrong with each, newest first.
        why: String,
    },
    /// A checkpoint of another version.
    #[error(
        "checkpoint {path} has format {found}, this build reads up to {expected}: use the build \
         that wrote it"
    )]
    Version {
        /// The checkpoint's folder.
        path: String,
        /// Its format.
        found: u32,
        /// The format of this build.
        expected: u32,
    },
    /// Too few checkpoints for cross-play.
    #[error(
        "cross-play compares the policies of at least two checkpoints, {path} keeps {n}: train \
         with --set checkpoint.keep_every=N, or let the run take more steps"
    )]
    FewCheckpoints {
        /// The run's folder.
        path: String,
        /// How many it keeps.
        n: usize,
    },
    /// No experience to draw tasks from.
    #[error("{path} is missing: cross-play draws its tasks from there")]
    NoExperience {
        /// The file.
        path: String,
    },
    /// Nothing was asked in the steps between two checkpoints.
    #[error(
        "no task was proposed in steps {from} to {to}, which lie before the checkpoint of step \
         {to}: with propose.train = false none ever is; else experience.db (proposals.cause) says \
         why, or move checkpoints/step-{to:06} away to join these steps to the next ones"
    )]
    EmptyPeriod {
        /// First step.
        from: u64,
        /// Last step.
        to: u64,
    },
    /// A kind in `mix` that no family plays.
    #[error("no loaded family plays `{kind}` (table [mix]): {near} Loaded: {loaded}")]
    UnknownKind {
        /// The kind.
        kind: String,
        /// The one that may be meant, or what helps.
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
    /// See [`quaero_play::Error`].
    #[error(transparent)]
    Play(#[from] quaero_play::Error),
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

/// How a file of the run failed: what was tried of `path`, for `map_err`.
pub(crate) fn fail(action: &'static str, path: &Path) -> impl Fn(std::io::Error) -> Error + use<> {
    let path = path.display().to_string();
    move |source| Error::File { action, path: path.clone(), source }
}

fn remedy(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::StorageFull
        | std::io::ErrorKind::QuotaExceeded
        | std::io::ErrorKind::FileTooLarge => {
            "; free some space, then resume with --resume: nothing before this step is lost"
        }
        std::io::ErrorKind::PermissionDenied => "; choose a folder you may write with --run",
        _ => "",
    }
}
