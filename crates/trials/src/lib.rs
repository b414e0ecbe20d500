//! What a kernel must pass: cases of ragged and real shapes, held against oracles in f64.
//!
//! A [`Trial`] runs launchers on a device and says what must come out. The same trials run in the
//! tests (emulated, in two orders of threads, copies early and late), under sanitizers, against
//! planted bugs, on a user's own variant of a kernel, and on a GPU. Knows no models and no clock.
//!
//! # Layout
//! `trial` what a trial is and how it is judged → `norm`, `rows`, `attention`, `gemm`, `head`,
//! `sample`, `adam` the trials by family → [`mutants`] planted bugs

mod adam;
mod attention;
mod gemm;
mod head;
pub mod mutants;
mod norm;
mod rows;
mod sample;
mod trial;

pub use trial::{Got, Trial, Want, run};

/// Every trial.
#[must_use]
pub fn all() -> Vec<Trial> {
    let mut trials = Vec::new();
    norm::add(&mut trials);
    rows::add(&mut trials);
    attention::add(&mut trials);
    gemm::add(&mut trials);
    head::add(&mut trials);
    sample::add(&mut trials);
    adam::add(&mut trials);
    trials
}
