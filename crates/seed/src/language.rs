//! The seed language: tiny Python functions `def f(…)` over ints, int lists and lower-case strings.
//!
//! Knows no tokens and no model. A program is a tree ([`Program`]) that prints as Python and
//! evaluates with CPython's semantics for this subset; what raises evaluates to nothing. Everything
//! random is drawn under a key.
//!
//! # Layout
//! `value` what programs compute → `ast` what they are → `print` their text → `eval` what
//! they mean → `grammar`, `generate` where they come from.

mod ast;
mod eval;
mod generate;
mod grammar;
mod print;
mod value;

pub use ast::{BinaryOp, CompareOp, Comprehension, Expr, Function, Method, Program, Stmt};
pub use generate::{Case, Exercise, Generator};
pub use grammar::Type;
pub use print::canonical;
pub use value::{Value, repr_inputs};

/// Changes whenever the same key would draw another program or input, so that a list of held-out
/// programs cannot go stale unnoticed.
pub const LANGUAGE_VERSION: u32 = 1;

#[cfg(test)]
mod tests;
