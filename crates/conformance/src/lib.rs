//! What a kernel must pass: cases of ragged and real shapes, held against oracles in f64.
//!
//! A [`Test`] runs launchers on a device and says what must come out. The same tests run in the
//! tests (emulated, in two orders of threads, copies early and late), under sanitizers, against
//! planted bugs, on a user's own variant of a kernel, and on a GPU. Knows no models and no clock.
//!
//! # Layout
//! `test` what a test is and how it is judged → `norm`, `rows`, `attention`, `gemm`, `head`,
//! `sample`, `adam` the tests by family → [`mutants`] planted bugs

mod adam;
mod attention;
mod gemm;
mod head;
pub mod mutants;
mod norm;
mod rows;
mod sample;
mod test;

pub use test::{Expected, Output, Test, run};

/// Every test.
#[must_use]
pub fn all() -> Vec<Test> {
    let mut tests = Vec::new();
    norm::add(&mut tests);
    rows::add(&mut tests);
    attention::add(&mut tests);
    gemm::add(&mut tests);
    head::add(&mut tests);
    sample::add(&mut tests);
    adam::add(&mut tests);
    tests
}
