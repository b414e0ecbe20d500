//! Numeric expressions of a configuration: `valid ? (s > 0 ? 1 - s : 0) : -1`.
//!
//! The language is the part of the Common Expression Language (<https://cel.dev>) that speaks of
//! numbers and truth values: literals, names, `+ - * / %`, comparisons, `&& || !`, `c ? a : b`,
//! parentheses and calls. An expression is read and checked once, when the configuration is: its
//! syntax, its types and every name. It knows nothing of rewards; whoever offers [`Names`] says
//! what they mean.
//!
//! # Where this differs from CEL
//! - There is one kind of number, f64: `1 - s` is fine, `7 / 2` is 3.5, and `%` takes numbers.
//! - A name whose value is *missing* makes the result missing, never zero, if its value is needed:
//!   `c ? a : b` needs the branch that it takes, `false && x` and `true || x` need no `x` (on
//!   either side, as in CEL).
//! - A result that is not finite (a division by zero) is missing.
//! - Functions: see [`FUNCTIONS`]. `known(x)` tells whether `x` has a value.
//!
//! The `cel` crate was tried: it fails on `1 - s`, has no `abs`, `min`, `exp`, and costs 45
//! CPU-seconds of a cold build. Its syntax tree is not needed for so small a part, and results are
//! compared with another implementation of CEL in the tests.
//!
//! # Layout
//! [`lex`] → [`parse`] → [`check`] (names and types) → [`evaluate`].

mod check;
mod error;
mod evaluate;
mod lex;
mod names;
mod parse;

pub use check::{Expression, FUNCTIONS};
pub use error::{Error, Fault};
pub use names::{Names, Type};

#[cfg(test)]
mod tests;
