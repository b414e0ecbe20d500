//! The cases: one launcher at one shape each, every kernel of the registry in at least one.

mod attention;
mod case;
mod gemm;
mod head;
mod optimiser;
mod rows;

pub use case::{Case, Outputs, Set};

use crate::shapes::{QWEN, REFERENCE, SMALL_HEADS, Shapes};

/// Every case.
#[must_use]
pub fn all() -> Vec<Case> {
    let mut cases = of(&REFERENCE);
    cases.extend(of(&QWEN));
    attention::add(&mut cases, SMALL_HEADS);
    cases
}

/// The cases of one model's shapes.
#[must_use]
pub fn of(shapes: &Shapes) -> Vec<Case> {
    let mut cases = Vec::new();
    rows::add(&mut cases, *shapes);
    attention::add(&mut cases, *shapes);
    gemm::add(&mut cases, *shapes);
    head::add(&mut cases, *shapes);
    optimiser::add(&mut cases, *shapes);
    cases
}

#[cfg(test)]
mod tests;
