//! Decides whether a written mathematical answer equals another: LaTeX, plain text, and what models
//! make of both.
//!
//! [`judge`] reads both sides, [`extract()`] finds the answer of a completion. Equality is
//! symmetric. Rational numbers, polynomials and rational functions are compared exactly;
//! expressions in radicals by balls of the precision that their separation bound asks for; the rest
//! by balls far beyond its own scale. What runs into a limit is never equal. Knows nothing of tasks
//! or of wasm.
//!
//! # Layout
//! `extract` → `token` → `parse` reading; `node` the tree; `compare` equality of whole answers,
//! with `relation`, `region`, `units`, `text`; `decide` equality of scalars, by `exact`, `poly`,
//! `bound` and `eval` over `complex` and `ball`.

mod ball;
mod base;
mod bound;
mod compare;
mod complex;
mod condition;
mod constant;
mod decide;
mod ending;
mod eval;
mod exact;
mod extract;
mod node;
mod parse;
mod period;
mod phrase;
mod plain;
mod poly;
mod reading;
mod region;
mod relation;
mod text;
mod token;
mod truth;
mod units;
mod vector;

pub use compare::{Decimals, Judgement, Rules, judge};
pub use extract::{Extracted, Graded, extract, grade};
pub use truth::{By, Truth};

/// An exact rational number.
pub(crate) type Rat = num_rational::BigRational;

/// Why a number was not computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// There is none: a division by zero, a logarithm of zero.
    Undefined,
    /// It is not real where a real one is asked for.
    NotReal,
    /// More precision would tell.
    Precision,
    /// It would take more than the named limit.
    Limit(&'static str),
    /// The expression is no number: an ellipsis, a set, an unknown function.
    NoNumber,
}

#[cfg(test)]
mod tests;
