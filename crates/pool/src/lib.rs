//! The experience store: tasks, provenance, attempts, sampling.
//!
//! Serves every step: it lends references to `play`, takes tasks from `verify`, and keeps what
//! was written and how it was judged. One SQLite file, `experience.db`, holds a run's experience;
//! anybody may read it while the run goes on. Knows no tensors, no clock and no policy; a secret
//! goes in and comes out sealed.
//!
//! Invariant: the pool at step N is a function of the rows with step ≤ N. All rows of a step are
//! written in one transaction, and [`Pool::rewind`] takes back whole steps; so a run killed at any
//! moment goes on from a checkpoint as if it had never stopped. Nothing depends on the time or on
//! the order in which SQLite happens to return rows.
//!
//! # Layout
//! `store` opening, steps, rewinding → `write` what a step records → `read` references, replay,
//! summaries → `answers` how rare an answer is → `gradings` solve rates over time → `index` the
//! ring buffers in memory → `error`; the tables stand in `schema.sql` and `gradings.sql`.

mod answers;
mod error;
mod gradings;
mod index;
mod read;
mod store;
mod write;

pub use error::Error;
pub use gradings::Reevaluated;
pub use index::Order;
pub use read::{Stored, Summary};
pub use store::{Options, Pool};

#[cfg(test)]
mod tests;
