//! The training loop, its phases, checkpoints and resume.
//!
//! The only crate that writes: pool, metrics, events and checkpoints all pass through here, a step
//! at a time, so that a run killed at any moment goes on as if it had not been. Knows no task
//! family by name and no configuration file.
//!
//! # Layout
//! `run` the loop → `step` one step in seven lines → `select` what is asked of the proposer →
//! `play` tasks to graded attempts → `retest` old tasks again → `credit` verdicts to a batch →
//! `held` proposals that wait for their reward → `metrics` what is measured → `seeding` the phase
//! before the first update → `probe` its graded tasks → `checkpoint` saving and going on → `folder`
//! where a run lives → `report` its page → `gains` how far it came → `observe` who watches →
//! `memory` what all of it takes → `options`, `error`, `clock`.
//! Beside the loop: `crossplay`, a run's checkpoints on each other's tasks.

mod checkpoint;
mod clock;
mod credit;
mod crossplay;
mod error;
mod folder;
mod gains;
mod held;
mod memory;
mod metrics;
mod observe;
mod options;
mod play;
mod probe;
mod report;
mod retest;
mod run;
mod seeding;
mod select;
mod step;

pub use checkpoint::{Checkpoint, checkpoints, newest};
pub use crossplay::{Cross, CrossPlay, Matrix, crossplay};
pub use error::Error;
pub use gains::Gain;
pub use memory::{Misfit, Plan};
pub use observe::{Observer, Silent};
pub use options::{CheckpointOptions, Eval, Options, Propose, Retests, Seeding, Solve};
pub use run::{Control, End, Setup, train};
pub use select::check_mix;
