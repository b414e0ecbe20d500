//! The training loop, its phases, checkpoints and resume.
//!
//! The only crate that writes: pool, metrics, events and checkpoints all pass through here, a step
//! at a time, so that a run killed at any moment goes on as if it had not been. Knows no task
//! family by name and no configuration file.
//!
//! # Layout
//! `run` the loop → `step` one step → `world` what it may use: `World`, `Cast`, `Pool` → `select`
//! what is asked → `round` what comes of it → `admit` proposals to tasks → `settle` attempts to
//! verdicts → `credit` verdicts to a batch → `record` what happened → `metrics` what is measured →
//! `books` what is written.
//! For rewards of what changes over time: `reevaluate` old tasks again → `deferred` rewards that
//! come a step late.
//! Around the steps: `mix` the kinds in play → `seeding` the phase before the first update →
//! `probe` its graded tasks → `evaluate` held-out scores → `checkpoint` saving and resuming →
//! `folder` where a run lives → `report` its page → `gains` how far it came → `observe` who watches
//! → `memory` what all of it takes → `options`, `error`, `clock`.
//! Beside the loop: `crossplay`, a run's checkpoints on each other's tasks.

mod admit;
mod books;
mod checkpoint;
mod clock;
mod credit;
mod crossplay;
mod deferred;
mod error;
mod evaluate;
mod folder;
mod gains;
mod memory;
mod metrics;
mod mix;
mod observe;
mod options;
mod probe;
mod record;
mod reevaluate;
mod report;
mod round;
mod run;
mod seeding;
mod select;
mod settle;
mod step;
mod world;

pub use checkpoint::{Checkpoint, checkpoints, newest};
pub use crossplay::{Cross, CrossPlay, Matrix, crossplay};
pub use error::Error;
pub use gains::Gain;
pub use memory::{Misfit, Plan};
pub use mix::check_mix;
pub use observe::{Observer, Silent};
pub use options::{CheckpointOptions, Eval, Options, Propose, ReevaluationOptions, Seeding, Solve};
pub use run::{Control, End, Setup, train};
